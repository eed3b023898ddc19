/** Decisions that wait for signatures. */
import { html } from "../../../shared/web/html.ts";
import type { Federation } from "../../../shared/core/directive.ts";
import { tallyOf } from "../../../shared/core/proposal.ts";
import { commands } from "../commands.ts";
import type { Proposal } from "../console-data.ts";
import { describeDirective } from "../../../shared/words/directive.ts";
import type { Names } from "../../../shared/words/names.ts";
import type { Asked, Page } from "../page.ts";
import { command, heading, link, live, named, paragraph, table, tag, time } from "../../../shared/web/pieces.ts";
import type { Content, Html } from "../../../shared/web/html.ts";
import { proposalPath, signerIds } from "../proposals.ts";
import { say } from "../../../shared/words/say.ts";

export function proposalsPage({ data, names }: Asked): Page {
  const { federation } = data.chain();
  const proposals = data.proposals();
  const row = (proposal: Proposal): Content[] => proposalRow(proposal, federation, names);
  const columns = [
    say("label.decision"),
    say("label.state"),
    say("proposals.by"),
    say("proposals.at"),
    say("proposals.expires"),
    say("proposals.approvals"),
  ];
  return {
    title: say("section.proposals"),
    section: "proposals",
    body: html`
      ${paragraph(say("proposals.means"))}
      ${live(
        "waiting",
        table({
          caption: say("proposals.waiting"),
          columns,
          rows: proposals.filter(({ state }) => state === "waiting").map(row),
          empty: say("label.none"),
        }),
      )}
      ${live(
        "past",
        table({
          caption: say("proposals.past"),
          columns,
          rows: proposals.filter(({ state }) => state !== "waiting").map(row),
          empty: say("label.none"),
        }),
      )}
      ${command(say("proposals.list"), commands.proposals())} ${heading(say("proposals.shares"))}
      ${paragraph(say("proposals.sharesMean"))} ${command(say("proposals.releaseShares"), commands.releaseShares())}
    `,
  };
}

function proposalRow(proposal: Proposal, federation: Federation, names: Names): Content[] {
  const { directive } = proposal.signed;
  const signers = signerIds(proposal);
  const [proposer = ""] = signers;
  return [
    link(proposalPath(proposal), describeDirective(directive.body, { names }).headline),
    stateTag(proposal.state),
    named(names.administrator(proposer)),
    time(proposal.proposedAtMs),
    time(directive.notAfterMs),
    proposal.state === "waiting"
      ? missingWords(proposal, federation)
      : say("figures.signatures", { count: signers.length }),
  ];
}

export function stateTag(state: Proposal["state"]): Html {
  const colours = { waiting: "blue", accepted: "green", overtaken: "grey", expired: "grey" } as const;
  return tag(say(`proposalState.${state}`), colours[state]);
}

/** "1 of 2; 1 more needed" */
export function missingWords({ signed }: Pick<Proposal, "signed">, federation: Federation): string {
  const { boards, signers } = tallyOf(federation, signed);
  const [now, next] = boards;
  if (next === undefined) return say("approvals.missing", now);
  return say("approvals.missingOfBoth", { given: signers.length, ofBoard: now.missing, ofNewBoard: next.missing });
}
