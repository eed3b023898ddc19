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
  live,
  named,
  paragraph,
  time,
} from "../../../shared/web/pieces.ts";
import type { Html } from "../../../shared/web/html.ts";
import { digestOf, mayApprove, signerIds } from "../proposals.ts";
import { count } from "../../../shared/words/figures.ts";
import { missingWords, stateTag } from "./proposals.ts";

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
    title: `Proposal: ${headline}`,
    section: "proposals",
    body: html`
      ${live("state", [html`<p class="govuk-body">${stateTag(proposal.state)}</p>`, stateWords(proposal)])}
      ${heading("What it does")} ${paragraph(effect)} ${facts(factRows(parameters, names))}
      ${live("approvals", approvals(asked, proposal))} ${live("approve", approve(asked, proposal))}
      ${heading("What approvals are bound to")}
      ${facts([
        ["Digest", fingerprint(digestOf(proposal))],
        ["Type", directiveType(directive.body.type)],
        ["Would be directive", count(directive.number)],
        ["Follows directive with hash", fingerprint(toHex(directive.prevHash))],
        ["Nonce", fingerprint(toHex(directive.nonce))],
        ["Issued", time(directive.issuedAtMs)],
        ["Expires", time(directive.notAfterMs)],
      ])}
    `,
  };
}

function stateWords({ state, signed }: Proposal): Html {
  const { number } = signed.directive;
  switch (state) {
    case "waiting":
      return html``;
    case "accepted":
      return inset(html`It took effect as <a class="govuk-link" href="/directives/${number}">directive ${number}</a>.`);
    case "overtaken":
      return inset(
        html`Another decision became <a class="govuk-link" href="/directives/${number}">directive ${number}</a> first.
          If this one is still wanted, it must be proposed again.`,
      );
    case "expired":
      return inset("It did not find enough signatures in time. If it is still wanted, it must be proposed again.");
  }
}

function approvals({ data, names }: Asked, proposal: Proposal): Html {
  const { federation } = data.chain();
  const signer = (id: string, index: number) => [named(names.administrator(id)), index === 0 ? " (proposed it)" : ""];
  return html`${heading("Who has signed")}
  ${facts([
    ["Signed", several(signerIds(proposal).map(signer))],
    proposal.state === "waiting" ? ["Approvals", missingWords(proposal, federation)] : undefined,
  ])}`;
}

function approve({ data, person }: Asked, proposal: Proposal): Html {
  if (proposal.state !== "waiting") return html``;
  const { federation } = data.chain();
  const mine = person.role === "administrator" && mayApprove(proposal, federation, person.subject);
  const words = mine ? "Approve it" : "The command with which an administrator approves it";
  return html`${heading("Approve")}
  ${mine || person.role === "auditor" ? "" : paragraph("You have signed it, or have no seat that counts for it.")}
  ${paragraph(
    "The command says again what it does, from the very bytes that you sign, and asks for the digest. Type it as the proposer reads it to you, not from this page.",
  )}
  ${command(words, commands.approve(digestOf(proposal)))}`;
}
