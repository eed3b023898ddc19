/** The history of what the board has decided, and who signed it. */
import { html } from "../../../shared/web/html.ts";
import type { SignedDirective } from "../../../shared/core/directive.ts";
import { commands } from "../commands.ts";
import { describeDirective } from "../../../shared/words/directive.ts";
import { ROWS_PER_PAGE } from "../limits.ts";
import { pageOf } from "../../../shared/web/page.ts";
import type { Asked, Page } from "../page.ts";
import { command, heading, link, live, pagination, paragraph, table, time } from "../../../shared/web/pieces.ts";
import type { Content } from "../../../shared/web/html.ts";
import type { Names } from "../../../shared/words/names.ts";
import { listed } from "../../../shared/words/figures.ts";

export function directivesPage({ data, names, query }: Asked): Page {
  const newestFirst = data.chain().directives.toReversed();
  const shown = pageOf(newestFirst, query("page"), ROWS_PER_PAGE);
  return {
    title: "Directives",
    section: "directives",
    body: html`
      ${paragraph("Each names the hash of the one before it. Every node verifies the chain for itself; this page is not proof.")}
      ${live(
        "directives",
        table({
          caption: "History, newest first",
          captionHidden: true,
          columns: ["Directive", "Decision", "Issued", "Signed by"],
          rows: shown.items.map((signed) => directiveRow(signed, names)),
          empty: "The federation has not been founded.",
        }),
      )}
      ${pagination({ path: "/directives", ...shown })} ${heading("Freshness")}
      ${paragraph("Nodes want to know, every day, that no later directive is kept from them. The registrar states it by itself.")}
      ${command("State by hand that the latest directive is the latest", commands.freshness())}
    `,
  };
}

function directiveRow({ directive, signatures }: SignedDirective, names: Names): Content[] {
  return [
    link(`/directives/${directive.number}`, `Directive ${directive.number}`),
    describeDirective(directive.body, { names }).headline,
    time(directive.issuedAtMs),
    listed(signatures.map(({ keyId }) => names.administrator(keyId))),
  ];
}
