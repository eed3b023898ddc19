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
  const columns = ["Decision", "State", "Proposed by", "Proposed", "Expires", "Approvals"];
  return {
    title: "Proposals",
    section: "proposals",
    body: html`
      ${paragraph(
        "A proposal is a directive that lacks signatures. Approvals are bound to its digest: whoever changes a word of it starts anew.",
      )}
      ${live(
        "waiting",
        table({
          caption: "Waiting for approval",
          columns,
          rows: proposals.filter(({ state }) => state === "waiting").map(row),
          empty: "None.",
        }),
      )}
      ${live(
        "past",
        table({
          caption: "Lately accepted, overtaken or expired",
          columns,
          rows: proposals.filter(({ state }) => state !== "waiting").map(row),
          empty: "None.",
        }),
      )}
      ${command("List what waits, from bytes that your own machine verifies", commands.proposals())}
      ${heading("Shares of salts")}
      ${paragraph(
        "Whoever admits, reinstates or gives new keys to a member while an epoch is open needs the others’ shares of its salts first.",
      )}
      ${command("See who asks for yours, and for what", commands.releaseShares())}
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
  switch (state) {
    case "waiting":
      return tag("Waiting", "blue");
    case "accepted":
      return tag("Accepted", "green");
    case "overtaken":
      return tag("Overtaken", "grey");
    case "expired":
      return tag("Expired", "grey");
  }
}

/** "1 of 2; 1 more needed" */
export function missingWords({ signed }: Pick<Proposal, "signed">, federation: Federation): string {
  const { boards, signers } = tallyOf(federation, signed);
  const [now, next] = boards;
  if (next === undefined) return say("approvals.missing", now);
  return say("approvals.missingOfBoth", { given: signers.length, ofBoard: now.missing, ofNewBoard: next.missing });
}
