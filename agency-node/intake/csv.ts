/**
 * CSV to fields: one row, one record. A row that is broken is reported and the next line is tried as a new row, so a
 * forgotten quotation mark costs one row and not the rest of the file.
 */
import { type Options, parse } from "csv-parse/sync";
import { type MappedColumn, type MappingOverrides, delimiterOf, mapColumns } from "./columns.ts";
import { type DayMonthOrder, orderOf } from "./dates.ts";
import { type Fields } from "./fields.ts";
import { type FieldName, isSingle } from "./field-names.ts";
import type { Parsed, ParsedRow } from "./parsed.ts";
import { type Problem, problem } from "./problem.ts";
import { LINE_BYTES_MAX, type Line, type LineFault, faultProblem } from "./reader.ts";

/** A quotation mark that is not closed within so many lines was not meant to open a cell. */
const ROW_LINES_MAX = 100;

/** Rows that are read ahead to learn in which order the file writes day and month. */
const SNIFF_ROWS = 1_000;

export type CsvOptions = { readonly mapping?: MappingOverrides; readonly dateOrder?: DayMonthOrder };

/** The mapping once enough rows are known, then every row. Ends after a problem that leaves the headings unusable. */
export async function* readCsv(lines: AsyncIterable<readonly Line[]>, options: CsvOptions): AsyncGenerator<Parsed> {
  const reader = new CsvReader(options);
  for await (const group of lines) {
    yield* reader.push(group);
    if (reader.stopped) return;
  }
  yield* reader.end();
}

class CsvReader {
  readonly #options: CsvOptions;
  #delimiter = ",";
  #assembler: RowAssembler | undefined;
  #columns: readonly MappedColumn[] | undefined;
  /** Rows that wait for the order of day and month; undefined once it is settled. */
  #waiting: ParsedRow[] | undefined = [];
  #rows = 0;
  stopped = false;

  constructor(options: CsvOptions) {
    this.#options = options;
  }

  *push(lines: readonly Line[]): Generator<Parsed> {
    for (const line of lines) {
      if (this.#assembler === undefined && !this.#open(line)) continue;
      this.#assembler?.push(line);
    }
    yield* this.#take();
  }

  *end(): Generator<Parsed> {
    this.#assembler?.end();
    yield* this.#take();
    if (this.stopped) return;
    yield* this.#settle();
    if (this.#rows === 0) yield { kind: "problem", problem: problem(0, "", "NO_ROWS") };
  }

  /** Whether `line` is the first that counts. Spreadsheets write `sep=;` before the headings. */
  #open(line: Line): boolean {
    const [, given] = /^sep=([,;\t])$/.exec(line.text) ?? [];
    if (given !== undefined) this.#delimiter = given;
    if (given !== undefined || (line.text.trim() === "" && line.fault === undefined)) return false;
    if (this.#delimiter === ",") this.#delimiter = delimiterOf(line.text);
    this.#assembler = new RowAssembler(this.#delimiter);
    return true;
  }

  *#take(): Generator<Parsed> {
    for (const row of cellsOf(this.#assembler?.take() ?? [], this.#delimiter)) {
      if (this.stopped) return;
      if (this.#columns === undefined) yield* this.#readHeadings(row);
      else yield* this.#readRow(row, this.#columns);
    }
  }

  *#readHeadings(row: Row): Generator<Parsed> {
    const damaged = "fault" in row;
    if (damaged || row.cells.some((cell) => cell.includes("\r"))) {
      this.stopped = true;
      const fault = problem(row.line, "", damaged ? "HEADER_DAMAGED" : "LINE_ENDS");
      return yield { kind: "problem", problem: fault };
    }
    const { columns, problems } = mapColumns(row.cells, this.#options.mapping ?? {}, row.line);
    this.#columns = columns;
    for (const found of problems) yield { kind: "problem", problem: found };
    if (columns.some(({ field }) => field !== undefined && field !== "ignore")) return;
    this.stopped = true;
    yield { kind: "problem", problem: problem(row.line, "", "HEADER_UNKNOWN") };
  }

  *#readRow(row: Row, columns: readonly MappedColumn[]): Generator<Parsed> {
    if (!("fault" in row) && row.cells.every((cell) => cell.trim() === "")) return;
    this.#rows += 1;
    const parsed = parsedRow(row, columns);
    if (this.#waiting === undefined) return yield parsed;
    this.#waiting.push(parsed);
    if (this.#waiting.length >= SNIFF_ROWS) yield* this.#settle();
  }

  *#settle(): Generator<Parsed> {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined || this.#columns === undefined) return;
    const dateOrder = this.#options.dateOrder ?? orderOf(waiting.flatMap(({ fields }) => datesOf(fields)));
    const mapping = { delimiter: this.#delimiter, columns: this.#columns, ...(dateOrder && { dateOrder }) };
    yield { kind: "mapping", mapping };
    yield* waiting;
  }
}

function datesOf(fields: Fields = {}): string[] {
  return [...(fields.birthDate ?? []), ...(fields.reviewBy ?? [])];
}

function parsedRow(row: Row, columns: readonly MappedColumn[]): ParsedRow {
  const { line } = row;
  if ("fault" in row) return { kind: "row", line, problems: [faultProblem(line, row.fault)] };
  const problems: Problem[] = [];
  if (row.cells.slice(columns.length).some((cell) => cell.trim() !== "")) {
    return { kind: "row", line, problems: [problem(line, "", "ROW_LONG")] };
  }
  if (row.cells.length < columns.length) problems.push(problem(line, "", "ROW_SHORT"));
  return { kind: "row", line, fields: fieldsOf(row.cells, columns), problems };
}

function fieldsOf(cells: readonly string[], columns: readonly MappedColumn[]): Fields {
  const fields: { [name in FieldName]?: string[] } = {};
  for (const [i, { field }] of columns.entries()) {
    const cell = cells[i] ?? "";
    if (field === undefined || field === "ignore" || cell === "") continue;
    const values = isSingle(field) ? [cell] : cell.split(/[;|]/);
    fields[field] = fields[field] === undefined ? values : [...fields[field], ...values];
  }
  return fields;
}

type RowFault = LineFault | "QUOTES" | "TRUNCATED";
type Faulty = { readonly line: number; readonly fault: RowFault };
type RawRow = { readonly line: number; readonly text: string } | Faulty;
type Row = { readonly line: number; readonly cells: readonly string[] } | Faulty;

/** Joins the lines of cells that hold line ends. */
class RowAssembler {
  readonly #delimiter: string;
  #rows: RawRow[] = [];
  /** Lines of a row whose last cell is still open. */
  #pending: Line[] = [];
  #pendingLength = 0;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  push(line: Line): void {
    if (this.#pending.length === 0 && line.text.trim() === "" && line.fault === undefined) return;
    const state = scanQuotes(line.text, this.#delimiter, this.#pending.length > 0);
    this.#pending.push(line);
    this.#pendingLength += line.text.length;
    if (state === "closed") this.#complete();
    else if (state === "broken" || this.#isTooLong()) this.#giveUp("QUOTES");
  }

  end(): void {
    while (this.#pending.length > 0) this.#giveUp(this.#pending.length === 1 ? "TRUNCATED" : "QUOTES");
  }

  take(): RawRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  #isTooLong(): boolean {
    return this.#pending.length >= ROW_LINES_MAX || this.#pendingLength > LINE_BYTES_MAX;
  }

  #complete(): void {
    const lines = this.#clear();
    const line = lines[0]?.number ?? 0;
    const fault = lines.find((each) => each.fault !== undefined)?.fault;
    this.#rows.push(fault ? { line, fault } : { line, text: lines.map(({ text }) => text).join("\n") });
  }

  /** Rejects the line that opened the cell and tries the others as rows of their own. */
  #giveUp(fault: RowFault): void {
    const [opening, ...others] = this.#clear();
    if (opening !== undefined) this.#rows.push({ line: opening.number, fault: opening.fault ?? fault });
    for (const line of others) this.push(line);
  }

  #clear(): Line[] {
    const lines = this.#pending;
    this.#pending = [];
    this.#pendingLength = 0;
    return lines;
  }
}

/**
 * Whether a cell is open after `text`. A quotation mark opens only at the start of a cell (elsewhere it is a character
 * of the cell), doubled it stands for itself, and after the closing one the cell must end.
 */
function scanQuotes(text: string, delimiter: string, startsInside: boolean): "open" | "closed" | "broken" {
  let inside = startsInside;
  let at = 0;
  while (at <= text.length) {
    if (!inside && text[at] === '"') {
      inside = true;
      at += 1;
    }
    if (!inside) {
      const next = text.indexOf(delimiter, at);
      if (next === -1) return "closed";
      at = next + 1;
      continue;
    }
    const quote = text.indexOf('"', at);
    if (quote === -1) return "open";
    at = quote + 2;
    if (text[quote + 1] === '"') continue;
    inside = false;
    if (quote + 1 === text.length) return "closed";
    if (text[quote + 1] !== delimiter) return "broken";
  }
  return inside ? "open" : "closed";
}

/**
 * All rows at once, because a parser for each row costs seven times as much; each by itself should the library see the
 * ends of rows elsewhere than we do.
 */
function cellsOf(rows: readonly RawRow[], delimiter: string): Row[] {
  const texts = rows.flatMap((row) => ("text" in row ? [row.text] : []));
  const parsed = parseCells(`${texts.join("\n")}\n`, delimiter);
  const all = parsed?.length === texts.length ? parsed : undefined;
  let next = 0;
  return rows.map((row) => {
    if ("fault" in row) return row;
    const cells = all?.[next] ?? parseCells(row.text, delimiter)?.[0];
    next += 1;
    return cells === undefined ? { line: row.line, fault: "QUOTES" } : { line: row.line, cells };
  });
}

function parseCells(text: string, delimiter: string): string[][] | undefined {
  const options: Options = {
    delimiter,
    record_delimiter: "\n",
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: 0,
  };
  try {
    return parse(text, options);
  } catch {
    return undefined;
  }
}
