/** `causeway node import FILE`: what was understood, what is wrong and where, and a receipt. */
import { createReadStream, fstatSync, openSync } from "node:fs";
import { basename } from "node:path";
import { SingleBar } from "cli-progress";
import { CausewayError } from "../../shared/core/errors.ts";
import { fileFault, SystemFault } from "../../shared/platform/file-faults.ts";
import { parseOverride } from "../intake/columns.ts";
import { EXIT } from "../../shared/terminal/exit.ts";
import { table } from "../../shared/terminal/output.ts";
import type { Output } from "../../shared/terminal/output.ts";
import type { ImportEvent, ImportOptions, ImportProblem, ImportReceipt, NodeClient } from "./rpc/node-client.ts";
import { printable } from "../../shared/terminal/printable.ts";
import { say } from "../../shared/words/say.ts";

export type ImportFlags = {
  readonly format: ImportOptions["format"];
  readonly dryRun?: boolean;
  readonly urgent?: boolean;
  readonly map: readonly string[];
  readonly kind?: string;
  readonly role?: string;
  readonly legalBasis?: string;
  readonly case?: string;
  readonly handling?: string;
  readonly reviewBy?: string;
  readonly country?: string;
  readonly dateOrder?: string;
};

/** Ten thousand bad rows are usually a few mistakes. */
const PROBLEMS_SHOWN_MAX = 40;
const LINES_NAMED_MAX = 5;

/** Imports `file` ("-": standard input). Sets exit code 3 when rows were refused. */
export async function importFile(node: NodeClient, file: string, flags: ImportFlags, output: Output): Promise<void> {
  const options = optionsFrom(flags);
  const source = open(file);
  const bar = progressBar(source.bytes);
  const report = new Report(output);
  try {
    for await (const event of node.importRecords(options, source.stream)) {
      if (event.kind === "progress") bar?.update(event.bytes);
      report.take(event);
    }
  } finally {
    bar?.stop();
    source.stream.destroy();
  }
  report.end(basename(file));
}

/** Throws INVALID for a mapping that names no field. */
function optionsFrom(flags: ImportFlags): ImportOptions {
  const mapping = flags.map.map((text) => {
    const pair = parseOverride(text);
    if (pair === undefined) {
      throw new CausewayError(
        "INVALID",
        "a mapping is written column=field; causeway node import --help names the fields",
        {
          fields: ["map"],
        },
      );
    }
    return pair;
  });
  return {
    format: flags.format,
    dryRun: flags.dryRun ?? false,
    urgent: flags.urgent ?? false,
    kind: flags.kind ?? "",
    role: flags.role ?? "",
    legalBasis: flags.legalBasis ?? "",
    caseReference: flags.case ?? "",
    handling: flags.handling ?? "",
    reviewBy: flags.reviewBy ?? "",
    defaultCountry: flags.country ?? "",
    dateOrder: flags.dateOrder ?? "",
    mapping: Object.fromEntries(mapping),
  };
}

function open(file: string) {
  if (file === "-") return { stream: process.stdin, bytes: undefined };
  try {
    const descriptor = openSync(file, "r");
    const stats = fstatSync(descriptor);
    // Opening one succeeds; only reading would fail.
    if (stats.isDirectory()) throw new SystemFault("EISDIR");
    return { stream: createReadStream(file, { fd: descriptor }), bytes: stats.size };
  } catch (error) {
    throw fileFault(file, "cannot be read", error);
  }
}

function progressBar(bytes: number | undefined): SingleBar | undefined {
  if (!process.stderr.isTTY || bytes === undefined || bytes === 0) return undefined;
  const bar = new SingleBar({
    format: "{bar} {percentage}% of the file",
    stream: process.stderr,
    clearOnComplete: true,
  });
  bar.start(bytes, 0);
  return bar;
}

class Report {
  readonly #output: Output;
  #problems: ImportProblem[] = [];
  #receipt: ImportReceipt | undefined;

  constructor(output: Output) {
    this.#output = output;
  }

  take(event: ImportEvent): void {
    if (event.kind !== "progress") this.#output.json(event);
    if (event.kind === "mapping") this.#sayMapping(event.columns);
    if (event.kind === "problem") this.#problems.push(event);
    if (event.kind === "receipt") this.#receipt = event;
  }

  end(file: string): void {
    const receipt = this.#receipt;
    if (receipt === undefined) throw new CausewayError("INTERNAL", "the import ended without a receipt");
    this.#sayProblems();
    const { rows, added, amended, unchanged, rejected, warnings } = receipt;
    const stored = receipt.dryRun ? "import.dryRun" : "import.stored";
    this.#output.say(say(stored, { file, rows, added, amended, unchanged }));
    this.#output.say(say("import.refused", { rejected, warnings }));
    const properties = receipt.ignored.join(", ");
    if (properties !== "") this.#output.say(printable(say("import.ignored", { properties })));
    if (!receipt.dryRun) this.#output.say(say("import.receipt", receipt));
    if (rejected > 0 || this.#problems.some(({ error }) => error)) process.exitCode = EXIT.someRefused;
  }

  #sayMapping(columns: readonly { readonly column: string; readonly field: string }[]): void {
    this.#output.say(say("import.mapping"));
    const rows = columns.map(({ column, field }) => [`  ${column}`, field === "" ? say("import.notRead") : field]);
    for (const line of table(rows)) this.#output.say(line);
  }

  #sayProblems(): void {
    const groups = Object.values(
      Object.groupBy(this.#problems, ({ error, field, code }) => `${error} ${field} ${code}`),
    );
    const rows = groups.map((group = []) => problemCells(group));
    for (const line of table(rows.slice(0, PROBLEMS_SHOWN_MAX))) this.#output.say(line);
    if (rows.length > PROBLEMS_SHOWN_MAX) this.#output.say(say("import.more"));
    const missing = new Set(this.#problems.filter(({ code }) => code === "MISSING").map(({ field }) => FLAGS[field]));
    const flags = [...missing].filter((flag) => flag !== undefined);
    if (flags.length > 0) this.#output.say(say("import.flags", { flags: flags.join(", ") }));
  }
}

/** The flag that fills a field. */
const FLAGS: Readonly<Record<string, string>> = {
  kind: "--kind",
  role: "--role",
  legalBasis: "--legal-basis",
  caseReference: "--case",
  handling: "--handling",
  reviewBy: "--review-by",
};

/** Problems that differ in their line only, as one row. */
function problemCells(group: readonly ImportProblem[]): string[] {
  const [first] = group;
  if (first === undefined) return [];
  const lines = group.map(({ line }) => line).filter((line) => line > 0);
  const named = lines.slice(0, LINES_NAMED_MAX).join(", ");
  const many = lines.length > LINES_NAMED_MAX ? "import.manyLines" : "import.lines";
  const place = lines.length === 0 ? say("import.wholeFile") : say(many, { count: lines.length, named });
  return [say(first.error ? "import.rowRefused" : "import.rowWarning"), `${first.field} ${first.text}`.trim(), place];
}
