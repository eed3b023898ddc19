/** `causeway node log` and its export: what the node's own log says of who did what. */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { CausewayError } from "../../shared/core/errors.ts";
import { fileFault } from "../../shared/platform/file-faults.ts";
import type { Output } from "../../shared/terminal/output.ts";
import { printable } from "../../shared/terminal/printable.ts";
import { say, wordFor } from "../../shared/words/say.ts";
import { CSV_HEADINGS, csvLine, csvRow } from "./log-csv.ts";
import type { LogEntry, LogQuery, NodeClient } from "./rpc/node-client.ts";

export type LogFlags = {
  readonly since?: string;
  readonly until?: string;
  readonly verb?: string;
  readonly record?: string;
  readonly match?: string;
  readonly reason?: string;
};

export type ExportFlags = LogFlags & { readonly reason: string };

/** Of a longer list the first are named; --json has them all. */
const NAMED_MAX = 3;

export async function showLog(node: NodeClient, flags: LogFlags, output: Output): Promise<void> {
  let isEmpty = true;
  for await (const entry of node.log(queryOf(flags))) {
    isEmpty = false;
    output.json(entry);
    output.say(printable(sentenceOf(entry)));
  }
  if (isEmpty) output.say(say("log.none"));
}

/**
 * Writes a new file that its owner alone may read. Throws INVALID for another ending than .jsonl or .csv, ENVIRONMENT when the file is
 * there already or cannot be written; then it leaves none behind.
 */
export async function exportLog(node: NodeClient, file: string, flags: ExportFlags, output: Output): Promise<void> {
  const [lineOf, heading] = formOf(file);
  const query = { ...queryOf(flags), export: true };
  // Before the node is asked, and writes down that it was exported.
  const descriptor = create(file);
  let count = 0;
  try {
    writeSync(descriptor, heading);
    for await (const entry of node.log(query)) {
      writeSync(descriptor, lineOf(entry));
      count += 1;
    }
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(file);
    throw error instanceof CausewayError ? error : fileFault(file, "cannot be written", error);
  } finally {
    closeSync(descriptor);
  }
  output.json({ exported: count, file });
  output.say(printable(say("log.exported", { count, file })));
}

function formOf(file: string): readonly [lineOf: (entry: LogEntry) => string, heading: string] {
  if (file.endsWith(".jsonl")) return [(entry) => `${JSON.stringify(entry)}\n`, ""];
  if (file.endsWith(".csv")) return [(entry) => csvLine(csvRow(entry)), csvLine(CSV_HEADINGS)];
  throw new CausewayError("INVALID", "the file's name must end in .jsonl or .csv", { fields: ["file"] });
}

function create(file: string): number {
  try {
    return openSync(file, "wx", 0o600);
  } catch (error) {
    throw fileFault(file, "cannot be written", error);
  }
}

function queryOf({ since, until, verb = "", record = "", match = "", reason = "" }: LogFlags): LogQuery {
  const sinceMs = since === undefined ? 0 : timeIn("since", since, 0);
  const untilMs = until === undefined ? 0 : timeIn("until", until, 1);
  return { sinceMs, untilMs, verb, reference: record, matchId: match, reason, export: false };
}

/** In ms, of this machine's local time. A day without a time counts `days` later. */
function timeIn(field: string, text: string, days: 0 | 1): number {
  const [day = "", time] = text.split("T");
  const isTime = time === undefined || /^\d{2}:\d{2}(?::\d{2})?$/.test(time);
  const at = /^\d{4}-\d{2}-\d{2}$/.test(day) && isTime ? new Date(`${day}T${time ?? "00:00"}`) : new Date(Number.NaN);
  if (time === undefined) at.setDate(at.getDate() + days);
  const ms = at.getTime();
  if (ms > 0) return ms;
  throw new CausewayError("INVALID", `--${field} is a day, YYYY-MM-DD, or a minute, YYYY-MM-DDTHH:MM`, {
    fields: [field],
  });
}

/** One entry in a line. */
export function sentenceOf(entry: LogEntry): string {
  const time = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" }).format(entry.atMs);
  const what = [...aboutOf(entry), ...whyOf(entry)].join("; ");
  return say("log.entry", { time, verb: wordFor("activity", entry.verb), who: whoOf(entry), what });
}

function whoOf({ actor }: LogEntry): string {
  const { workstation } = actor;
  return workstation === "" ? nameOf(actor) : say("log.atWorkstation", { who: nameOf(actor), workstation });
}

function nameOf({ kind, name, uid }: LogEntry["actor"]): string {
  if (kind === "program") return say("log.program", { name });
  if (kind !== "person") return say("log.unknown");
  return uid === undefined ? say("log.person", { name }) : say("log.personWithNumber", { name, uid: String(uid) });
}

function aboutOf({ references, every, matchIds, caseReferences }: LogEntry): string[] {
  const named = references.slice(0, NAMED_MAX).join(", ");
  const of = { count: references.length, named };
  return [
    ...(every ? [say("log.everyRecord")] : []),
    ...(of.count === 0 ? [] : [say(of.count > NAMED_MAX ? "log.manyRecords" : "log.records", of)]),
    ...(matchIds.length === 0 ? [] : [say("log.matches", { count: matchIds.length, named: matchIds[0] ?? "" })]),
    ...(caseReferences.length === 0
      ? []
      : [say("log.cases", { count: caseReferences.length, named: caseReferences[0] ?? "" })]),
  ];
}

function whyOf({ detail, receipt, recipient, reason }: LogEntry): string[] {
  return [
    ...(detail === "" ? [] : [detail]),
    ...(receipt === "" ? [] : [say("log.receipt", { receipt })]),
    ...(recipient === undefined ? [] : [recipientOf(recipient)]),
    ...(reason === "" ? [] : [say("log.reason", { reason })]),
  ];
}

function recipientOf({ name, mandate }: NonNullable<LogEntry["recipient"]>): string {
  const recipient = [name, mandate].filter((each) => each !== "").join(", ");
  return recipient === "" ? say("log.recipientUnnamed") : say("log.recipient", { recipient });
}
