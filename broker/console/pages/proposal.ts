/** One proposal, with everything that its approval would bind. */
import { html } from "../../../shared/web/html.ts";
import { toHex } from "../../../shared/core/bytes.ts";
import { commands } from "../commands.ts";
import type { Proposal } from "../console-data.ts";
import { boardBefore, describeDirective, directiveType } from "../../../shared/words/directive.ts";
import { factRows } from "../names.ts";
import type { Asked, Page } from "../page.ts";
import {
  several,
  command,
  facts,
  fingerprint,
  heading,
  inset,
  link,
  live,
  named,
  paragraph,
  time,
  worded,
} from "../../../shared/web/pieces.ts";
import type { Html } from "../../../shared/web/html.ts";
import { digestOf, mayApprove, signerIds } from "../proposals.ts";
import { count } from "../../../shared/words/figures.ts";
import { missingWords, stateTag } from "./proposals.ts";
import { say } from "../../../shared/words/say.ts";

export function proposalPage(asked: Asked): Page | undefined {
  const { data, names, parameter } = asked;
  const wanted = parameter("digest");
  const proposal = data.proposals().find((each) => digestOf(each) === wanted);
  if (proposal === undefined) return undefined;
  const { directive } = proposal.signed;
  const {
    headline,
    effect,
    facts: parameters,
  } = describeDirective(directive.body, {
    names,
    boardBefore: boardBefore(data.chain().directives, directive.number),
  });
  return {
    title: say("proposal.title", { headline }),
    section: "proposals",
    body: html`
      ${live("state", [html`<p class="govuk-body">${stateTag(proposal.state)}</p>`, stateWords(proposal)])}
      ${heading(say("proposal.effect"))} ${paragraph(effect)} ${facts(factRows(parameters, names))}
      ${live("approvals", approvals(asked, proposal))} ${live("approve", approve(asked, proposal))}
      ${heading(say("proposal.bound"))}
      ${facts([
        [say("proposal.digest"), fingerprint(digestOf(proposal))],
        [say("label.type"), directiveType(directive.body.type)],
        [say("proposal.number"), count(directive.number)],
        [say("proposal.previous"), fingerprint(toHex(directive.prevHash))],
        [say("label.nonce"), fingerprint(toHex(directive.nonce))],
        [say("label.issued"), time(directive.issuedAtMs)],
        [say("proposals.expires"), time(directive.notAfterMs)],
      ])}
    `,
  };
}

function stateWords({ state, signed }: Proposal): Html {
  const { number } = signed.directive;
  const directive = link(`/directives/${number}`, say("proposal.directive", { number }));
  switch (state) {
    case "waiting":
      return html``;
    case "accepted":
    case "overtaken":
      return inset(worded(`proposal.${state}`, { directive }));
    case "expired":
      return inset(say("proposal.expired"));
  }
}

function approvals({ data, names }: Asked, proposal: Proposal): Html {
  const { federation } = data.chain();
  const signer = (id: string, index: number) => {
    const name = named(names.administrator(id));
    return index === 0 ? worded("proposal.proposer", { name }) : name;
  };
  return html`${heading(say("proposal.whoSigned"))}
  ${facts([
    [say("proposal.signed"), several(signerIds(proposal).map(signer))],
    proposal.state === "waiting" ? [say("proposals.approvals"), missingWords(proposal, federation)] : undefined,
  ])}`;
}

function approve({ data, person }: Asked, proposal: Proposal): Html {
  if (proposal.state !== "waiting") return html``;
  const { federation } = data.chain();
  const mine = person.role === "administrator" && mayApprove(proposal, federation, person.subject);
  const words = say(mine ? "proposal.approveYours" : "proposal.approveOthers");
  return html`${heading(say("proposal.approve"))}
  ${mine || person.role === "auditor" ? "" : paragraph(say("proposal.notYours"))}
  ${paragraph(say("proposal.typeDigest"))} ${command(words, commands.approve(digestOf(proposal)))}`;
}
