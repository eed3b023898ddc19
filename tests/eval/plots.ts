/**
 * The figures of an evaluation as one page of HTML: precision against recall over every score that could be the threshold,
 * with the three grades marked, and tables of the same. It needs nothing beside itself: no script, font, style or image from
 * anywhere. Tooltips are the browser's own; every figure a reader needs stands in a table too.
 */
import { curvePlot, gradeMarker } from "./precision-recall.ts";
import { GRADES } from "./set-result.ts";
import type { GradeFigures, ScriptRecall, SetResult } from "./set-result.ts";

/** The whole page, as UTF-8 text. */
export function plotsPage(results: readonly SetResult[]): string {
  const title = "How well records are linked";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>An alert is right if the two records are about one subject. <strong>Precision</strong> is the share of alerts that are
right, <strong>recall</strong> the share of true pairs that are found, F1 their harmonic mean. Each grade includes the grades above
it.</p>
${summary(results)}
${results.map(section).join("\n")}
</main>
</body>
</html>
`;
}

function summary(results: readonly SetResult[]): string {
  return table(
    "All sets",
    ["Set", "F1, probable", "Recall, possible", "False alerts in 10,000"],
    results.map(({ set, grades, falseAlertsPer10k }) => [
      `<a href="#${anchorOf(set)}">${escaped(set)}</a>`,
      ...(hasTruth(grades) ? [share(grades.probable.f1), share(grades.possible.recall)] : ["none true", "none true"]),
      number(Number(falseAlertsPer10k.toPrecision(3))),
    ]),
  );
}

function section(result: SetResult): string {
  const { set, grades, comparisons, falseAlertsPer10k, tokensPerRecord, seconds, scripts = [] } = result;
  const name = escaped(set);
  const plot = hasTruth(grades)
    ? `<figure>${curvePlot(result, name)}<figcaption>${legend()}</figcaption></figure>`
    : `<p>This set has no true pair: every alert is a false one, and there is no recall to plot.</p>`;
  return `<section id="${anchorOf(set)}">
<h2>${name}</h2>
<p>${number(comparisons)} comparisons, ${number(Number(falseAlertsPer10k.toPrecision(3)))} false alerts in 10,000, ${number(tokensPerRecord)} tokens a record,
${number(seconds)} seconds.</p>
<div class="pair">
${plot}
<div>
${gradeTable(grades)}
${scripts.length === 0 ? "" : scriptTable(scripts)}
</div>
</div>
</section>`;
}

function gradeTable(grades: SetResult["grades"]): string {
  const row = (name: string, of: (figures: GradeFigures) => string) => [
    name,
    ...GRADES.map((grade) => of(grades[grade])),
  ];
  return table(
    "Grades",
    ["", "Strong", "Probable", "Possible"],
    [
      row("Precision", ({ precision, tp, fp }) => (tp + fp === 0 ? "no alert" : share(precision))),
      ...(hasTruth(grades) ? [row("Recall", ({ recall }) => share(recall)), row("F1", ({ f1 }) => share(f1))] : []),
      row("Right alerts", ({ tp }) => number(tp)),
      row("False alerts", ({ fp }) => number(fp)),
      row("Missed pairs", ({ fn }) => number(fn)),
    ],
  );
}

function scriptTable(scripts: readonly ScriptRecall[]): string {
  return table(
    "Recall by script",
    ["Scripts", "Pairs", "Probable", "Possible"],
    scripts.map(({ script, pairs, recall }) => [
      escaped(script),
      number(pairs),
      share(recall.probable),
      share(recall.possible),
    ]),
  );
}

function legend(): string {
  const items = GRADES.map((grade) => {
    const marker = `<svg viewBox="-10 -10 20 20" width="20" height="20" aria-hidden="true">${gradeMarker(grade, 0, 0)}</svg>`;
    return `<li>${marker} ${grade}</li>`;
  });
  return `<ul class="legend"><li><svg viewBox="0 -10 24 20" width="24" height="20" aria-hidden="true"><path class="curve" d="M1 0H23"/></svg>
other thresholds</li>${items.join("")}</ul>`;
}

/** `rows` hold HTML; the first cell of each is its heading. */
function table(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const body = rows.map(
    ([first, ...rest]) => `<tr><th scope="row">${first}</th>${rest.map((cell) => `<td>${cell}</td>`).join("")}</tr>`,
  );
  const headings = head.map((cell) => (cell === "" ? "<td></td>" : `<th scope="col">${cell}</th>`)).join("");
  return `<table><caption>${caption}</caption><thead><tr>${headings}</tr></thead><tbody>
${body.join("\n")}
</tbody></table>`;
}

function hasTruth({ possible }: SetResult["grades"]): boolean {
  return possible.tp + possible.fn > 0;
}

function share(value: number): string {
  return value.toFixed(4);
}

function number(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 20 });
}

function anchorOf(set: string): string {
  return `set-${set.replaceAll(/[^A-Za-z0-9-]/g, "-")}`;
}

/** Names of sets are names of folders: whoever runs the evaluation chose them, but they stay text. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Plain, black on white; every colour has a contrast of 4.5 or more, and none carries a meaning alone. */
const STYLE = `
body { margin: 0; color: #0b0c0c; background: #fff; font: 1rem/1.5 Arial, Helvetica, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; border-top: .6rem solid #1d70b8; }
h1 { font-size: 2rem; line-height: 1.15; margin: 0 0 1rem; }
h2 { font-size: 1.5rem; line-height: 1.2; margin: 3rem 0 .5rem; padding-top: 1rem; border-top: 1px solid #b1b4b6; }
h1, h2, th { overflow-wrap: break-word; }
p { max-width: 42rem; }
a { color: #1d70b8; text-underline-offset: .15em; }
a:focus { outline: 3px solid #fd0; background: #fd0; color: #0b0c0c; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.5rem 2.5rem; }
table { width: 100%; border-collapse: collapse; margin: 0 0 1.5rem; }
caption { font-weight: bold; text-align: left; padding: 0 0 .25rem; }
th, td { padding: .4rem .5rem .4rem 0; border-bottom: 1px solid #b1b4b6; text-align: left; vertical-align: top; }
thead th { vertical-align: bottom; }
td { font-variant-numeric: tabular-nums; }
th:not(:first-child), td:not(:first-child) { text-align: right; padding: .4rem 0 .4rem .5rem; }
tbody th { font-weight: normal; }
figure { margin: 0; }
figure > svg { display: block; width: 100%; max-width: 28rem; height: auto; font: 13px Arial, Helvetica, sans-serif; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .25rem 0 0; padding: 0; list-style: none; }
.legend svg { vertical-align: -.3rem; }
.curve { fill: none; stroke: #1d70b8; stroke-width: 2; }
.point { fill: #1d70b8; }
.grade { fill: none; stroke: #0b0c0c; stroke-width: 2; }
.grid { stroke: #b1b4b6; }
text { fill: #0b0c0c; }
@media (max-width: 40em) {
  h1 { font-size: 1.5rem; }
  h2 { font-size: 1.25rem; }
  table { font-size: .875rem; }
}
@media print { h2, figure, table { break-inside: avoid; } }
`;
