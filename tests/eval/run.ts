/**
 * Matching quality: `node tests/eval/run.ts --set DIR [--json]` reads `DIR/{left,right}.ftm.jsonl` and `DIR/truth.csv`
 * (left_id,right_id) and prints, for each grade and everything above it, precision, recall and F1 of identities.
 * `--evidence N` adds the N commonest causes of misses and of false alerts, as the kinds that met, with ids for examples.
 * `--plots FILE` writes a page with the precision-recall curve over all scores.
 * Associations are counted apart: they say that two subjects share something, not that they are one.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join as joinPath } from "node:path";
import { parseArgs } from "node:util";
import { subjectFromFtm } from "../../agency-node/intake/ftm.ts";
import { evidenceLines, recallByScript } from "./evidence.ts";
import { type Entry, type Pair, join } from "./join.ts";
import { plotsPage } from "./plots.ts";
import { GRADES, type ScriptRecall, curveOf } from "./set-result.ts";

type Counts = { tp: number; fp: number; fn: number; precision: number; recall: number; f1: number };

export type Report = {
  readonly set: string;
  readonly grades: Readonly<Record<(typeof GRADES)[number], Counts>>;
  readonly comparisons: number;
  readonly falseAlertsPer10k: number;
  readonly associations: number;
  readonly tokensPerRecord: number;
  readonly seconds: number;
  readonly scripts: readonly ScriptRecall[];
};

export function evaluate(set: string, left: readonly Entry[], right: readonly Entry[], truth: ReadonlySet<string>) {
  const started = performance.now();
  const { pairs, tokens } = join(left, right);
  const seconds = (performance.now() - started) / 1000;
  const identities = pairs.filter(({ grading }) => grading.kind === "identity" && grading.grade !== "none");
  const strong = counts(identities, ["strong"], truth);
  const probable = counts(identities, ["strong", "probable"], truth);
  const possible = counts(identities, GRADES, truth);
  const comparisons = left.length * right.length;
  const byPair = new Map(pairs.map((pair) => [`${pair.left},${pair.right}`, pair]));
  const report: Report = {
    set,
    grades: { strong, probable, possible },
    comparisons,
    falseAlertsPer10k: rounded((possible.fp * 10_000) / comparisons, 6),
    associations: pairs.filter(({ grading }) => grading.kind === "association" && grading.grade !== "none").length,
    tokensPerRecord: rounded(tokens / (left.length + right.length), 2),
    seconds: rounded(seconds, 2),
    scripts: recallByScript(byPair, truth, byId(left), byId(right)),
  };
  return { report, pairs, byPair };
}

function byId(entries: readonly Entry[]): ReadonlyMap<string, Entry> {
  return new Map(entries.map((entry) => [entry.id, entry]));
}

function counts(pairs: readonly Pair[], grades: readonly string[], truth: ReadonlySet<string>): Counts {
  const alerts = pairs.filter(({ grading }) => grades.includes(grading.grade));
  const tp = alerts.filter(({ left, right }) => truth.has(`${left},${right}`)).length;
  const fp = alerts.length - tp;
  const fn = truth.size - tp;
  const precision = alerts.length === 0 ? 1 : tp / alerts.length;
  const recall = truth.size === 0 ? 1 : tp / truth.size;
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { tp, fp, fn, precision: rounded(precision, 4), recall: rounded(recall, 4), f1: rounded(f1, 4) };
}

function rounded(value: number, places: number): number {
  return Number(value.toFixed(places));
}

function readEntries(path: string): Entry[] {
  const lines = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const entity = JSON.parse(line) as { readonly id: string };
    return { id: entity.id, subject: subjectFromFtm(entity).subject };
  });
}

function readTruth(path: string): Set<string> {
  const lines = readFileSync(path, "utf8").split(/\r?\n/).slice(1);
  return new Set(lines.filter((line) => line !== ""));
}

function print(report: Report): void {
  console.log(`${report.set}: ${report.comparisons} comparisons, ${report.tokensPerRecord} tokens a record`);
  for (const grade of GRADES) {
    const { tp, fp, fn, precision, recall, f1 } = report.grades[grade];
    console.log(
      `  ${grade.padEnd(8)}  tp ${tp}  fp ${fp}  fn ${fn}  precision ${precision}  recall ${recall}  F1 ${f1}`,
    );
  }
  console.log(`  false alerts per 10,000 comparisons ${report.falseAlertsPer10k}, ${report.associations} associations`);
  for (const { script, pairs, recall } of report.scripts) {
    console.log(
      `  ${script}: ${pairs} pairs, recall ${GRADES.map((grade) => `${grade} ${rounded(recall[grade], 4)}`).join(", ")}`,
    );
  }
  console.log(`  ${report.seconds} s`);
}

function writePlots(file: string, report: Report, pairs: readonly Pair[], truth: ReadonlySet<string>): void {
  const scored = pairs
    .filter(({ grading }) => grading.kind === "identity")
    .map(({ left, right, grading }) => ({ score: grading.score, isTrue: truth.has(`${left},${right}`) }));
  writeFileSync(file, plotsPage([{ ...report, curve: curveOf(scored, truth.size) }]));
}

function main(): void {
  const { values } = parseArgs({
    options: {
      set: { type: "string" },
      left: { type: "string" },
      right: { type: "string" },
      truth: { type: "string" },
      json: { type: "boolean", default: false },
      evidence: { type: "string" },
      plots: { type: "string" },
    },
  });
  if (values.set === undefined) {
    console.error(
      "usage: node tests/eval/run.ts --set DIR [--left FILE] [--right FILE] [--truth FILE] [--evidence N] [--plots FILE] [--json]",
    );
    process.exitCode = 2;
    return;
  }
  const directory = values.set;
  const at = (file: string | undefined, usual: string) => file ?? joinPath(directory, usual);
  const truth = readTruth(at(values.truth, "truth.csv"));
  const { report, pairs, byPair } = evaluate(
    basename(directory),
    readEntries(at(values.left, "left.ftm.jsonl")),
    readEntries(at(values.right, "right.ftm.jsonl")),
    truth,
  );
  if (values.plots !== undefined) writePlots(values.plots, report, pairs, truth);
  if (values.json) console.log(JSON.stringify(report));
  else print(report);
  if (values.evidence === undefined || values.json) return;
  for (const grade of ["probable", "possible"] as const) {
    for (const line of evidenceLines(byPair, truth, grade, Number(values.evidence))) console.log(line);
  }
}

if (import.meta.main) main();
