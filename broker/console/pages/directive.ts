/** One directive, with everything that was signed. */
import { html } from "../../../shared/web/html.ts";
import { toHex } from "../../../shared/core/bytes.ts";
import { directiveHash } from "../../../shared/core/chain.ts";
import { commands } from "../commands.ts";
import { boardBefore, describeDirective, directiveType } from "../../../shared/words/directive.ts";
import { factRows } from "../names.ts";
import type { Asked, Page } from "../page.ts";
import {
  command,
  facts,
  fingerprint,
  heading,
  hex,
  named,
  paragraph,
  table,
  time,
} from "../../../shared/web/pieces.ts";

export function directivePage({ data, names, parameter }: Asked): Page | undefined {
  const signed = data.chain().directives[Number(parameter("number")) - 1];
  if (signed === undefined) return undefined;
  const { directive, signatures, payload } = signed;
  const {
    headline,
    effect,
    facts: parameters,
  } = describeDirective(directive.body, {
    names,
    boardBefore: boardBefore(data.chain().directives, directive.number),
  });
  return {
    title: `Directive ${directive.number}: ${headline}`,
    section: "directives",
    body: html`
      ${paragraph(effect)} ${facts(factRows(parameters, names))}
      ${table({
        caption: "Signatures",
        columns: ["Administrator", "Key", "Signature"],
        rows: signatures.map(({ keyId, signature }) => [
          named(names.administrator(keyId)),
          hex(toHex(keyId)),
          hex(toHex(signature)),
        ]),
        empty: "None.",
      })}
      ${heading("Its place in the chain")}
      ${facts([
        ["Type", directiveType(directive.body.type)],
        ["Hash", fingerprint(toHex(directiveHash(payload)))],
        ["Hash of the one before", fingerprint(toHex(directive.prevHash))],
        ["Nonce", hex(toHex(directive.nonce))],
        ["Issued", time(directive.issuedAtMs)],
        ["Valid to arrive until", time(directive.notAfterMs)],
      ])}
      ${command("Prove it on your own machine", commands.showChain())}
    `,
  };
}
