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
import { say } from "../../../shared/words/say.ts";

export function budgetsPage({ data, names }: Asked): Page {
  const { federation } = data.chain();
  const { policy } = federation;
  const present = names.members.filter(({ standing }) => standing === "active");
  const all = data.spending();
  return {
    title: say("section.budgets"),
    section: "budgets",
    body: html`
      ${paragraph(say("budgets.means", { percent: policy.budgetAlarmPercent }))}
      ${live(
        "budgets",
        table({
          caption: say("budgets.caption"),
          captionHidden: true,
          columns: [
            say("label.member"),
            say("budgets.at"),
            say("label.state"),
            say("budgets.spent"),
            say("budgets.left"),
            say("budgets.asOf"),
          ],
          rows: present.flatMap((membership) => memberRows(membership, all, names, policy.budgetAlarmPercent)),
          empty: say("label.noMembers"),
        }),
      )}
      ${elsewhere(federation, all)} ${command(say("budgets.policy"), commands.policy())}
    `,
  };
}

function memberRows({ admit }: Membership, all: readonly Spending[], names: Names, alarmPercent: number): Content[][] {
  const link = memberLink(names, admit.member);
  const own = all
    .filter(({ member }) => member === admit.member)
    .sort((a, b) => (a.evaluator ?? "").localeCompare(b.evaluator ?? "", "en"));
  if (own.length === 0) return [[link, say("budgets.nothing"), "–", "–", "–", "–"]];
  return own.map(({ evaluator, used, perDay, initialLeft, asOfMs }) => [
    link,
    evaluator === undefined ? say("budgets.broker") : say("budgets.evaluator", { name: evaluator }),
    spendTag(used, perDay, alarmPercent),
    progress(
      evaluator === undefined
        ? say("budgets.spentAtBroker", { member: admit.name })
        : say("budgets.spentAtEvaluator", { member: admit.name, name: evaluator }),
      used,
      perDay,
      say("budgets.spentIs", { used, perDay, share: percent(used, perDay) }),
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
    say("budgets.elsewhere", {
      evaluators: listed(unknown.map((name) => say("budgets.evaluatorNamed", { name }))),
      command: "causeway node status",
    }),
  );
}

function spendTag(used: number, perDay: number, alarmPercent: number): Html {
  if (used >= perDay) return tag(say("budgets.usedUp"), "red");
  return 100 * used >= alarmPercent * perDay
    ? tag(say("budgets.nearEnd"), "yellow")
    : tag(say("budgets.inBounds"), "green");
}
