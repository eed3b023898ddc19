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
import { say } from "../../../shared/words/say.ts";

export function directivesPage({ data, names, query }: Asked): Page {
  const newestFirst = data.chain().directives.toReversed();
  const shown = pageOf(newestFirst, query("page"), ROWS_PER_PAGE);
  return {
    title: say("section.directives"),
    section: "directives",
    body: html`
      ${paragraph(say("directives.means"))}
      ${live(
        "directives",
        table({
          caption: say("directives.caption"),
          captionHidden: true,
          columns: [say("label.directive"), say("label.decision"), say("label.issued"), say("label.signedBy")],
          rows: shown.items.map((signed) => directiveRow(signed, names)),
          empty: say("directives.none"),
        }),
      )}
      ${pagination({ path: "/directives", ...shown })} ${heading(say("directives.freshness"))}
      ${paragraph(say("directives.freshnessMeans"))} ${command(say("directives.stateFreshness"), commands.freshness())}
      ${heading(say("directives.places"))} ${paragraph(say("directives.placesMean"))}
      ${command(say("directives.changePlaces"), commands.places())}
      ${command(say("directives.tlsRoots"), commands.tlsRoots())}
    `,
  };
}

function directiveRow({ directive, signatures }: SignedDirective, names: Names): Content[] {
  return [
    link(`/directives/${directive.number}`, say("directive.title", directive)),
    describeDirective(directive.body, { names }).headline,
    time(directive.issuedAtMs),
    listed(signatures.map(({ keyId }) => names.administrator(keyId))),
  ];
}
