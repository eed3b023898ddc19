/** The log as a table for spreadsheets (RFC 4180). For machines there is JSON, which is exact. */
import type { LogEntry } from "./rpc/node-client.ts";

export const CSV_HEADINGS = [
  "number",
  "time",
  "verb",
  "actorKind",
  "actor",
  "uid",
  "role",
  "known",
  "workstation",
  "everyRecord",
  "references",
  "matches",
  "cases",
  "reason",
  "recipientName",
  "recipientMandate",
  "detail",
  "receipt",
  "program",
] as const;

/** Times in UTC; several values in one cell stand on a line each. */
export function csvRow(entry: LogEntry): string[] {
  const { number, atMs, verb, actor, references, every, matchIds, caseReferences } = entry;
  const { reason, recipient, detail, receipt, program } = entry;
  return [
    String(number),
    new Date(atMs).toISOString(),
    verb,
    actor.kind,
    actor.name,
    String(actor.uid ?? ""),
    actor.role,
    actor.known,
    actor.workstation,
    String(every),
    references.join("\n"),
    matchIds.join("\n"),
    caseReferences.join("\n"),
    reason,
    recipient?.name ?? "",
    recipient?.mandate ?? "",
    detail,
    receipt,
    program,
  ];
}

export function csvLine(cells: readonly string[]): string {
  return `${cells.map(cell).join(",")}\r\n`;
}

/** Names and reasons are somebody's text: a spreadsheet would take one that begins like a formula for one. */
function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
