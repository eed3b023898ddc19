/**
 * What the broker can see inside one member's publication, without any other member: how often tokens repeat, which records
 * share a token, which records stand out by their counts. Each of these singles people out or lets a graph of records be laid
 * over a graph of known persons; so each has a bound.
 *
 * Equal identifiers have equal tokens and different ones different tokens, within one epoch and domain: encoded identifiers
 * stand in for tokens here and every figure is the same. The layout is the one that publishes. Padding that is shared would only flatter
 * the shares, so occurrences are those of real tokens.
 *
 * Whether records can be named by all of it together, or by their order, is tried on what the code that publishes sends (`naming.ts`).
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { paddedCount } from "../../agency-node/core/padding.ts";
import type { Alignment, JointSignature } from "./naming.ts";
import { alignmentOf, jointSignatureOf, knownOf, publishedOf } from "./naming.ts";
import { publishFile } from "./published.ts";
import { randomBytes } from "../../shared/world/random.ts";
import type { Subject } from "../../agency-node/core/record.ts";
import { subjectFromFtm } from "../../agency-node/intake/ftm.ts";
import { encodeIdentifier, identifiersOf } from "../../agency-node/linkage/identifiers.ts";
import { classOf } from "../../agency-node/linkage/scheme.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { TokenClass } from "../../shared/core/data-plane.ts";
import { isCausewayError } from "../../shared/core/errors.ts";

/** `kind` names the figure's cause for people; the broker does not see it. */
export type PublishedToken = { readonly class: TokenClass; readonly token: string; readonly kind: string };

export type PublishedRecord = readonly PublishedToken[];

export type Exposure = {
  readonly records: number;
  /** Of real tokens. */
  readonly tokensPerRecord: number;
  readonly tokensMax: number;
  /** Share of token occurrences whose token stands in five or more records. */
  readonly seenFiveTimes: number;
  /** Pairs of records that share a token / possible pairs. */
  readonly graphDensity: number;
  /** Records that a record shares a token with, on average. */
  readonly meanLinks: number;
  /** Share of records that share a token with any other. */
  readonly linkedRecords: number;
  /** Share of records in the largest set that is connected by shared tokens. */
  readonly largestComponent: number;
  /** Share of records whose padded class counts no other record has. */
  readonly uniqueCountVectors: number;
  /** Kinds of the tokens that are seen five or more times, commonest first, with their occurrences. */
  readonly repeatedKinds: readonly (readonly [kind: string, occurrences: number])[];
  /** Kinds of the tokens that link records, commonest first, with the pairs they link. */
  readonly linkingKinds: readonly (readonly [kind: string, pairs: number])[];
};

/**
 * The bounds. `tokensPerRecord` is held on lists of real persons.
 *
 * Graphs: what unmasks records is matching the shape of a large connected graph against a graph of known persons. Below one
 * link a record on average, a random graph has no large connected part (Erdős and Rényi, 1960): it falls into
 * pairs and triples that look alike. A quarter of that is the bound: room for what real lists hold, persons listed twice and
 * families, while the largest part of a random graph stays near ln(records) / 0.64 records, 12 of 2,500. Real graphs are
 * less even than random ones, so the largest part is bounded by itself. Known weakness: at the same density, links a record
 * grow with the number of records, so a large publication must be measured as it is; half its size says too little.
 */
const BOUNDS = {
  tokensPerRecord: 24,
  seenFiveTimes: 0.005,
  meanLinks: 0.25,
  largestComponent: 0.02,
  uniqueCountVectors: 0.01,
} as const satisfies Partial<Record<keyof Exposure, number>>;

const SEEN_OFTEN = 5;

export function publishedRecordOf(subject: Subject): PublishedRecord {
  return identifiersOf(subject).map((identifier) => ({
    class: classOf(identifier.kind),
    token: toHex(encodeIdentifier(identifier)),
    kind: identifier.kind,
  }));
}

/** What naming comes to: `jointSignature` is bounded, and `alignment` must do no better than its control. */
export type Naming = { readonly jointSignature: JointSignature; readonly alignment: Alignment };

export const SINGLED_OUT_MAX = 0.01;

/** By chance an alignment names about one record, whatever their number. */
export const RIGHT_BY_CHANCE_MAX = 12;

export async function namingOf(subjects: readonly Subject[]): Promise<Naming> {
  const published = await publishFile(subjects);
  const dump = published.map(({ entry }) => publishedOf(entry));
  const truth = published.map(({ record }) => record);
  const [first] = published;
  // The attacker knows handling and review day of all of them.
  const label = first === undefined ? "" : `${first.entry.handling} ${first.entry.reviewByDay}`;
  const list = subjects.map((subject) => knownOf(tokensByClass(publishedRecordOf(subject)), label));
  return {
    jointSignature: jointSignatureOf(list, dump, truth),
    alignment: alignmentOf(list, dump, { truth, random: randomBytes }),
  };
}

export function tokensByClass(record: PublishedRecord): Record<TokenClass, string[]> {
  const of = (tokenClass: TokenClass) => record.filter((token) => token.class === tokenClass).map(({ token }) => token);
  return Object.fromEntries(TOKEN_CLASSES.map((each) => [each, of(each)])) as Record<TokenClass, string[]>;
}

export function exposureOf(publication: readonly PublishedRecord[]): Exposure {
  const holders = holdersOf(publication);
  const occurrences = publication.reduce((sum, record) => sum + record.length, 0);
  const often = publication.flatMap((record) =>
    record.filter((token) => holdersIn(holders, token).length >= SEEN_OFTEN),
  );
  const graph = graphOf(publication, holders);
  const records = publication.length;
  return {
    records,
    tokensPerRecord: share(occurrences, records),
    tokensMax: publication.reduce((most, record) => Math.max(most, record.length), 0),
    seenFiveTimes: share(often.length, occurrences),
    graphDensity: share(graph.links, (records * (records - 1)) / 2),
    meanLinks: share(2 * graph.links, records),
    linkedRecords: share(graph.linked, records),
    largestComponent: share(graph.largestComponent, records),
    uniqueCountVectors: share(uniqueVectors(publication), records),
    repeatedKinds: countBy(often.map(({ kind }) => kind)),
    linkingKinds: linkingKinds(publication, holders),
  };
}

/** The figures that break their bound. */
export function brokenBounds(exposure: Exposure): (keyof typeof BOUNDS)[] {
  return (Object.keys(BOUNDS) as (keyof typeof BOUNDS)[]).filter((name) => exposure[name] > BOUNDS[name]);
}

type Holders = ReadonlyMap<string, readonly number[]>;

/** The index keeps classes apart, so an equal token of another class is another token. */
function keyOf({ class: tokenClass, token }: PublishedToken): string {
  return `${tokenClass} ${token}`;
}

function holdersOf(publication: readonly PublishedRecord[]): Holders {
  const holders = new Map<string, number[]>();
  for (const [record, tokens] of publication.entries()) {
    for (const key of new Set(tokens.map(keyOf))) {
      const known = holders.get(key);
      if (known === undefined) holders.set(key, [record]);
      else known.push(record);
    }
  }
  return holders;
}

function holdersIn(holders: Holders, token: PublishedToken): readonly number[] {
  return holders.get(keyOf(token)) ?? [];
}

type Graph = { readonly links: number; readonly linked: number; readonly largestComponent: number };

function graphOf(publication: readonly PublishedRecord[], holders: Holders): Graph {
  const roots = publication.map((_, record) => record);
  const rootOf = (record: number): number => {
    let root = record;
    while (roots[root] !== root) root = roots[root] = roots[roots[root] as number] as number;
    return root;
  };
  let ends = 0;
  let linked = 0;
  for (const [record, tokens] of publication.entries()) {
    const neighbours = new Set(tokens.flatMap((token) => holdersIn(holders, token)));
    neighbours.delete(record);
    ends += neighbours.size;
    if (neighbours.size > 0) linked += 1;
    for (const other of neighbours) roots[rootOf(other)] = rootOf(record);
  }
  const sizes = countBy(roots.map((_, record) => rootOf(record))).map(([, size]) => size);
  return { links: ends / 2, linked, largestComponent: linked === 0 ? 0 : (sizes[0] ?? 0) };
}

/** Each holder of a token counts half of its pairs with the others. */
function linkingKinds(publication: readonly PublishedRecord[], holders: Holders): [kind: string, pairs: number][] {
  const pairs = new Map<string, number>();
  for (const token of publication.flat()) {
    const others = holdersIn(holders, token).length - 1;
    if (others > 0) pairs.set(token.kind, (pairs.get(token.kind) ?? 0) + others / 2);
  }
  return [...pairs].sort(([, a], [, b]) => b - a);
}

function uniqueVectors(publication: readonly PublishedRecord[]): number {
  const vectors = publication.map((record) => {
    const countOf = (tokenClass: TokenClass) => record.filter((token) => token.class === tokenClass).length;
    return TOKEN_CLASSES.map((tokenClass) => paddedCount(tokenClass, countOf(tokenClass))).join(" ");
  });
  return countBy(vectors).filter(([, records]) => records === 1).length;
}

function countBy<T>(values: readonly T[]): (readonly [value: T, count: number])[] {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** The records of a file, and how many of its lines are no subject that could be published. */
export function readSubjects(path: string): { subjects: Subject[]; skipped: number } {
  const subjects: Subject[] = [];
  let skipped = 0;
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line.trim() === "") continue;
    try {
      const { subject } = subjectFromFtm(JSON.parse(line));
      publishedRecordOf(subject);
      subjects.push(subject);
    } catch (error) {
      if (!(isCausewayError(error, "INVALID") || error instanceof SyntaxError)) throw error;
      skipped += 1;
    }
  }
  return { subjects, skipped };
}

/** Decimal places of shares in JSON: a density of one pair in a thousand million still shows. */
const PLACES = 9;

function print(
  file: string,
  { exposure, naming, skipped }: { exposure: Exposure; naming: Naming; skipped: number },
): void {
  const percent = (value: number) => `${(100 * value).toFixed(3)} %`;
  const rows: [string, string, keyof typeof BOUNDS | undefined, string?][] = [
    ["tokens a record, average", exposure.tokensPerRecord.toFixed(2), "tokensPerRecord", "24"],
    ["tokens a record, most", String(exposure.tokensMax), undefined],
    ["occurrences of tokens seen five or more times", percent(exposure.seenFiveTimes), "seenFiveTimes", "0.5 %"],
    ["graph: density", exposure.graphDensity.toExponential(2), undefined],
    ["graph: links a record", exposure.meanLinks.toFixed(4), "meanLinks", "0.25"],
    ["graph: records with a link", percent(exposure.linkedRecords), undefined],
    ["graph: largest connected part", percent(exposure.largestComponent), "largestComponent", "2 %"],
    ["records with a unique count vector", percent(exposure.uniqueCountVectors), "uniqueCountVectors", "1 %"],
  ];
  const broken = brokenBounds(exposure);
  console.log(
    `${file}: ${exposure.records} records${skipped > 0 ? `, ${skipped} lines that cannot be published` : ""}`,
  );
  for (const [name, value, bound, limit] of rows) {
    const verdict = bound === undefined ? "" : `  at most ${limit}${broken.includes(bound) ? "  EXCEEDED" : ""}`;
    console.log(`  ${name.padEnd(46)}${value.padStart(12)}${verdict}`);
  }
  printNaming(naming);
  printKinds("kinds of tokens seen five or more times, with occurrences", exposure.repeatedKinds);
  printKinds("kinds of tokens that link records, with pairs", exposure.linkingKinds);
}

function printNaming({ jointSignature, alignment }: Naming): void {
  const { singledOut, share } = jointSignature;
  const { claims, right, controlClaims, controlRight } = alignment;
  const tooMany = share > SINGLED_OUT_MAX ? "  EXCEEDED" : "";
  const tooRight = right > controlRight + RIGHT_BY_CHANCE_MAX ? "  EXCEEDED" : "";
  console.log(
    `  ${"records named by all of this together".padEnd(46)}${String(singledOut).padStart(12)}  ${(100 * share).toFixed(3)} %, at most 1 %${tooMany}`,
  );
  console.log(
    `  ${"records named by their order, right of claimed".padEnd(46)}${`${right} of ${claims}`.padStart(12)}  on a shuffled order ${controlRight} of ${controlClaims}${tooRight}`,
  );
}

const KINDS_SHOWN = 8;

function printKinds(title: string, kinds: readonly (readonly [kind: string, count: number])[]): void {
  if (kinds.length === 0) return;
  console.log(`  ${title}:`);
  for (const [kind, count] of kinds.slice(0, KINDS_SHOWN)) console.log(`    ${kind.padEnd(44)}${count}`);
}

/** `exposure FILE [--json]`. Nothing of the file's values is printed. */
export async function runExposure(args: readonly string[]): Promise<void> {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: "boolean", default: false } },
  });
  const [file] = positionals;
  if (file === undefined || positionals.length !== 1) {
    console.error("usage: node tests/eval/main.ts exposure FILE [--json]");
    process.exitCode = 2;
    return;
  }
  const { subjects, skipped } = readSubjects(file);
  const exposure = exposureOf(subjects.map(publishedRecordOf));
  const naming = await namingOf(subjects);
  if (!values.json) return print(file, { exposure, naming, skipped });
  const rounded = Object.entries(exposure).map(([name, value]) => [
    name,
    typeof value === "number" ? Number(value.toFixed(PLACES)) : value,
  ]);
  console.log(JSON.stringify({ exposure: { file, skipped, ...Object.fromEntries(rounded), ...naming } }));
}
