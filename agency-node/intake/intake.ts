/**
 * Import: a byte stream in, events out. Nothing is stored here and nothing is asked of the world, so looking at the
 * events without keeping the records is the dry run.
 *
 * Events carry plaintext records and the file's own headings: they stay at the node and never reach a log. Problems and
 * counts hold no value of the file and may.
 */
import { z } from "zod";
import type { Domain } from "../../shared/core/domain.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { DeconflictionRecord } from "../core/record.ts";
import type { ColumnMapping, MappingOverrides } from "./columns.ts";
import { contentHash } from "./content-hash.ts";
import { readCsv } from "./csv.ts";
import { type DayMonthOrder, isIsoDay } from "./dates.ts";
import { readFtm } from "./ftm.ts";
import type { Parsed, ParsedRow } from "./parsed.ts";
import { type Problem, problem } from "./problem.ts";
import { type Line, readLines } from "./reader.ts";
import { type ImportDefaults, type Rules, defaultProblems, validate } from "./validate.ts";

/** References are remembered to find duplicates, so this bounds memory. */
const ROWS_MAX = 1_000_000;

/** A file can invent a property for every row. */
const IGNORED_NAMES_MAX = 200;
const IGNORED_NAME_CHARACTERS_MAX = 64;

export type IntakeOptions = {
  readonly format: "auto" | "ftm" | "csv";
  readonly defaults: ImportDefaults;
  /** CSV only: heading or `#3`, to a field. */
  readonly mapping?: MappingOverrides;
  /** CSV only: for dates with strokes or hyphens, instead of what the file shows. */
  readonly dateOrder?: DayMonthOrder;
  /** Country of phone numbers without country code, as code or name. */
  readonly defaultCountry?: string;
  /** ISO day. */
  readonly today: string;
  /** Latest review day that is accepted, in days from today. */
  readonly retentionDaysMax: number;
  /** Of the unit's mandate. */
  readonly domains: readonly Domain[];
};

export type Counts = {
  /** Rows or entities, blank lines left out: accepted + rejected + unchanged. */
  readonly rows: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Identical repeats of a record accepted before in this file. */
  readonly unchanged: number;
  /** Warnings, of accepted rows or not. */
  readonly warnings: number;
};

export type Summary = {
  readonly counts: Counts;
  /** Properties that were not read, as the file spells them: for the importer's eyes, never for a log. */
  readonly ignored: readonly { readonly name: string; readonly rows: number }[];
};

export type IntakeEvent =
  | { readonly kind: "mapping"; readonly mapping: ColumnMapping }
  | {
      readonly kind: "record";
      readonly line: number;
      readonly record: DeconflictionRecord;
      /** See `content-hash.ts`: as guessable as the record. */
      readonly contentHash: Uint8Array;
    }
  | { readonly kind: "unchanged"; readonly line: number; readonly firstLine: number }
  | { readonly kind: "problem"; readonly problem: Problem }
  | ({ readonly kind: "summary" } & Summary);

/**
 * Reads a file of records. Good rows go on while bad ones are reported; the summary is always the last event.
 * Throws INVALID, naming the options, before the first event where `options` cannot be used.
 */
export async function* intake(bytes: AsyncIterable<Uint8Array>, options: IntakeOptions): AsyncGenerator<IntakeEvent> {
  checkOptions(options);
  const session = new Session(options);
  const lines = readLines(bytes);
  try {
    for await (const parsed of parse(lines, options)) {
      yield* session.take(parsed);
      if (session.isFull) break;
    }
  } finally {
    await lines.return(undefined);
  }
  yield* session.end();
}

const Options = z.object({
  format: z.enum(["auto", "ftm", "csv"]),
  dateOrder: z.enum(["dmy", "mdy"]).optional(),
  today: z.string().refine(isIsoDay),
  retentionDaysMax: z.int().min(1).max(36_525),
});

function checkOptions(options: IntakeOptions): void {
  const checked = Options.safeParse(options);
  const fields = checked.success
    ? defaultProblems(options).map(({ field }) => `defaults.${field}`)
    : checked.error.issues.map(({ path }) => path.join("."));
  if (fields.length > 0) throw new CausewayError("INVALID", "import options that cannot be used", { fields });
}

async function* parse(groups: AsyncGenerator<readonly Line[]>, options: IntakeOptions): AsyncGenerator<Parsed> {
  const { first, lines } = await peek(groups);
  if (first === undefined) {
    yield { kind: "problem", problem: problem(0, "", "FILE_EMPTY") };
  } else if (options.format !== "csv" && first.text.trim().startsWith("[")) {
    yield { kind: "problem", problem: problem(first.number, "", "NOT_JSON_LINES") };
  } else if (options.format === "ftm" || (options.format === "auto" && first.text.trim().startsWith("{"))) {
    yield* readFtm(lines);
  } else {
    yield* readCsv(lines, options);
  }
}

type Peeked = { readonly first?: Line; readonly lines: AsyncIterable<readonly Line[]> };

/** The first line that is not blank, and all lines again from the start. */
async function peek(groups: AsyncGenerator<readonly Line[]>): Promise<Peeked> {
  for (let next = await groups.next(); next.done !== true; next = await groups.next()) {
    const group = next.value;
    const first = group.find(({ text, fault }) => fault !== undefined || text.trim() !== "");
    if (first !== undefined) return { first, lines: prepend(group, groups) };
  }
  return { lines: groups };
}

async function* prepend<T>(first: T, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}

class Session {
  readonly #rules: { -readonly [name in keyof Rules]: Rules[name] };
  readonly #seen = new Map<string, { line: number; hash: string }>();
  readonly #ignored = new Map<string, number>();
  readonly #counts = { rows: 0, accepted: 0, rejected: 0, unchanged: 0, warnings: 0 };

  constructor(options: IntakeOptions) {
    this.#rules = { ...options };
  }

  get isFull(): boolean {
    return this.#counts.rows > ROWS_MAX;
  }

  *take(parsed: Parsed): Generator<IntakeEvent> {
    switch (parsed.kind) {
      case "mapping":
        if (parsed.mapping.dateOrder) this.#rules.dateOrder = parsed.mapping.dateOrder;
        return yield parsed;
      case "problem":
        return yield this.#problem(parsed.problem);
      case "row":
        this.#counts.rows += 1;
        if (this.isFull) return yield this.#reject(problem(parsed.line, "", "FILE_ROWS", ROWS_MAX));
        return yield* this.#row(parsed);
    }
  }

  *end(): Generator<IntakeEvent> {
    if (this.#ignored.size > 0) yield this.#problem(problem(0, "", "PROPERTIES_IGNORED", this.#ignored.size));
    const ignored = [...this.#ignored].map(([name, rows]) => ({ name, rows }));
    yield { kind: "summary", counts: { ...this.#counts }, ignored };
  }

  *#row(row: ParsedRow): Generator<IntakeEvent> {
    for (const name of row.ignored ?? []) this.#ignore(name);
    const { reference, record, problems } = validate(row, this.#rules);
    for (const found of problems) yield this.#problem(found);
    const hash = record && contentHash(record);
    const earlier = reference === undefined ? undefined : this.#remember(reference, row.line, hash);
    if (record === undefined || hash === undefined) this.#counts.rejected += 1;
    else if (earlier === undefined) yield this.#accept(row.line, record, hash);
    else if (earlier.hash === hexOf(hash)) yield this.#repeat(row.line, earlier.line);
    else yield this.#reject(problem(row.line, "reference", "DUPLICATE_REFERENCE", earlier.line));
  }

  /** The row that had the reference before. A rejected one counts: nobody can say which of the two was meant. */
  #remember(reference: string, line: number, hash?: Uint8Array): { line: number; hash: string } | undefined {
    const earlier = this.#seen.get(reference);
    if (earlier === undefined) this.#seen.set(reference, { line, hash: hash ? hexOf(hash) : "" });
    return earlier;
  }

  #accept(line: number, record: DeconflictionRecord, hash: Uint8Array): IntakeEvent {
    this.#counts.accepted += 1;
    return { kind: "record", line, record, contentHash: hash };
  }

  #repeat(line: number, firstLine: number): IntakeEvent {
    this.#counts.unchanged += 1;
    return { kind: "unchanged", line, firstLine };
  }

  #reject(found: Problem): IntakeEvent {
    this.#counts.rejected += 1;
    return this.#problem(found);
  }

  #problem(found: Problem): IntakeEvent {
    if (found.severity === "warning") this.#counts.warnings += 1;
    return { kind: "problem", problem: found };
  }

  #ignore(name: string): void {
    const short = name.slice(0, IGNORED_NAME_CHARACTERS_MAX);
    if (!this.#ignored.has(short) && this.#ignored.size >= IGNORED_NAMES_MAX) return;
    this.#ignored.set(short, (this.#ignored.get(short) ?? 0) + 1);
  }
}

/** Half of the hash tells rows of one file apart. */
function hexOf(hash: Uint8Array): string {
  return Buffer.from(hash.subarray(0, 16)).toString("hex");
}
