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
import { say } from "../../../shared/words/say.ts";

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
    title: say("directivePage.title", { number: directive.number, headline }),
    section: "directives",
    body: html`
      ${paragraph(effect)} ${facts(factRows(parameters, names))}
      ${table({
        caption: say("directivePage.signatures"),
        columns: [say("directivePage.administrator"), say("directivePage.key"), say("directivePage.signature")],
        rows: signatures.map(({ keyId, signature }) => [
          named(names.administrator(keyId)),
          hex(toHex(keyId)),
          hex(toHex(signature)),
        ]),
        empty: say("label.none"),
      })}
      ${heading(say("directivePage.place"))}
      ${facts([
        [say("label.type"), directiveType(directive.body.type)],
        [say("directivePage.hash"), fingerprint(toHex(directiveHash(payload)))],
        [say("directivePage.previous"), fingerprint(toHex(directive.prevHash))],
        [say("label.nonce"), hex(toHex(directive.nonce))],
        [say("label.issued"), time(directive.issuedAtMs)],
        [say("directivePage.validUntil"), time(directive.notAfterMs)],
      ])}
      ${command(say("directivePage.prove"), commands.showChain())}
    `,
  };
}
