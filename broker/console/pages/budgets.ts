/** What each member has used of what it may: elements at the evaluators, new distinct tokens at the broker. */
import { html, nothing } from "../../../shared/web/html.ts";
import { commands } from "../commands.ts";
import type { Spending } from "../console-data.ts";
import { evaluatorsIn } from "../../../shared/platform/standing.ts";
import type { Federation } from "../../../shared/core/directive.ts";
import type { Membership, Names } from "../../../shared/words/names.ts";
import { memberLink } from "../names.ts";
import type { Asked, Page } from "../page.ts";
import { command, live, paragraph, progress, table, tag, time } from "../../../shared/web/pieces.ts";
import type { Content, Html } from "../../../shared/web/html.ts";
import { count, listed, percent } from "../../../shared/words/figures.ts";

export function budgetsPage({ data, names }: Asked): Page {
  const { federation } = data.chain();
  const { policy } = federation;
  const present = names.members.filter(({ standing }) => standing === "active");
  const all = data.spending();
  return {
    title: "Budgets",
    section: "budgets",
    body: html`
      ${paragraph(
        `Counted over any 24 hours. An alarm is raised when ${policy.budgetAlarmPercent} % is spent; beyond 100 % the member is refused, and nobody else is.`,
      )}
      ${live(
        "budgets",
        table({
          caption: "Spending of members",
          captionHidden: true,
          columns: ["Member", "Metered at", "State", "Spent in 24 hours", "Left of the first grant", "As of"],
          rows: present.flatMap((membership) => memberRows(membership, all, names, policy.budgetAlarmPercent)),
          empty: "There are no members in good standing.",
        }),
      )}
      ${elsewhere(federation, all)}
      ${command("Change allowances or the threshold, by a change of the policy", commands.policy())}
    `,
  };
}

function memberRows({ admit }: Membership, all: readonly Spending[], names: Names, alarmPercent: number): Content[][] {
  const link = memberLink(names, admit.member);
  const own = all
    .filter(({ member }) => member === admit.member)
    .sort((a, b) => (a.evaluator ?? "").localeCompare(b.evaluator ?? "", "en"));
  if (own.length === 0) return [[link, "Nothing reported yet", "–", "–", "–", "–"]];
  return own.map(({ evaluator, used, perDay, initialLeft, asOfMs }) => [
    link,
    evaluator === undefined ? "Broker: new tokens" : `Evaluator ${evaluator}: elements`,
    spendTag(used, perDay, alarmPercent),
    progress(
      `Spent by ${admit.name} at ${evaluator === undefined ? "the broker" : `evaluator ${evaluator}`}`,
      used,
      perDay,
      `${count(used)} of ${count(perDay)}, ${percent(used, perDay)}`,
    ),
    count(initialLeft),
    time(asOfMs),
  ]);
}

/** Evaluators of other operators tell the broker nothing: what is not known is said to be so. */
function elsewhere(federation: Federation, all: readonly Spending[]): Content {
  const names = [...new Set(evaluatorsIn(federation).map(({ name }) => name))];
  const unknown = names.filter((name) => !all.some(({ evaluator }) => evaluator === name));
  if (unknown.length === 0) return nothing;
  return paragraph(
    `Not shown: elements at ${listed(unknown.map((name) => `evaluator ${name}`))}, whose operator keeps the account: this broker does not know it. Each member sees its own with causeway node status.`,
  );
}

function spendTag(used: number, perDay: number, alarmPercent: number): Html {
  if (used >= perDay) return tag("Used up", "red");
  return 100 * used >= alarmPercent * perDay ? tag("Near the end", "yellow") : tag("In bounds", "green");
}
