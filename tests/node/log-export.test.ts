/** What a unit sees of its node's log, and the file that it hands to oversight. All names are invented. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { actingPerson } from "../../agency-node/cli/acting-person.ts";
import { exportLog, sentenceOf, showLog } from "../../agency-node/cli/log-commands.ts";
import { CSV_HEADINGS, csvRow } from "../../agency-node/cli/log-csv.ts";
import type { LogEntry, LogQuery, NodeClient } from "../../agency-node/cli/rpc/node-client.ts";

const ENTRY: LogEntry = {
  number: 7,
  atMs: 1_795_000_000_000,
  verb: "disclosure",
  actor: { kind: "person", name: "Quillon Overbeck-Test", uid: 4711, role: "", known: "stated", workstation: "" },
  references: ["R-1", "R-2"],
  every: false,
  matchIds: ["d1".repeat(16)],
  caseReferences: ["C-1"],
  reason: 'asked "why", twice,\nand told',
  recipient: { name: "Invented Unit", mandate: "war-crimes" },
  detail: "",
  receipt: "",
  program: "0.1.0",
};
const FORMULA: LogEntry = { ...ENTRY, number: 8, reason: '=HYPERLINK("x")' };

let dir: string;
let asked: LogQuery[];
let said: string[];
const output = { say: (text: string) => void said.push(text), json: () => undefined };

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "causeway-log-export-"));
  [asked, said] = [[], []];
});
afterEach(() => rmSync(dir, { recursive: true }));

function nodeWith(...entries: readonly LogEntry[]): NodeClient {
  async function* log(query: LogQuery) {
    asked.push(query);
    yield* entries;
  }
  return { log } as Partial<NodeClient> as NodeClient;
}

/** A reader of RFC 4180 of its own. */
function cellsOf(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = "", end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)!.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === "\r\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

it("an export in JSON lines gives back every entry as it was, to its owner alone, and says how many", async () => {
  const file = join(dir, "log.jsonl");
  await exportLog(nodeWith(ENTRY, FORMULA), file, { reason: "an audit" }, output);
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([ENTRY, FORMULA]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(said.join()).toContain(`2 entries are in ${file}`);
  expect(asked).toEqual([expect.objectContaining({ reason: "an audit", export: true })]);
});

it("an export for spreadsheets has a row for each entry, and no cell that is taken for a formula", async () => {
  const file = join(dir, "log.csv");
  await exportLog(nodeWith(ENTRY, FORMULA), file, { reason: "an audit" }, output);
  const [headings, first, second] = cellsOf(readFileSync(file, "utf8"));
  expect(headings).toEqual(CSV_HEADINGS);
  expect(first).toEqual(csvRow(ENTRY));
  expect(second).toEqual(csvRow(FORMULA).map((cell) => (cell.startsWith("=") ? `'${cell}` : cell)));
});

it("an export never overwrites, leaves nothing of one that failed, and asks nothing for a file that it cannot write", async () => {
  const file = join(dir, "log.jsonl");
  writeFileSync(file, "kept");
  await expect(exportLog(nodeWith(ENTRY), file, { reason: "x" }, output)).rejects.toMatchObject({
    code: "ENVIRONMENT",
  });
  expect(readFileSync(file, "utf8")).toBe("kept");
  const text = exportLog(nodeWith(ENTRY), join(dir, "log.txt"), { reason: "x" }, output);
  await expect(text).rejects.toMatchObject({ code: "INVALID" });
  expect(asked).toEqual([]);
  const cut = join(dir, "cut.csv");
  const node = nodeWith(ENTRY, { ...ENTRY, atMs: Number.NaN });
  await expect(exportLog(node, cut, { reason: "x" }, output)).rejects.toThrow();
  expect(existsSync(cut)).toBe(false);
});

it("days and minutes are of this machine's time, the last day to its end", async () => {
  await showLog(nodeWith(), { since: "2026-11-01", until: "2026-11-30", verb: "erasure", record: "R-1" }, output);
  await showLog(nodeWith(), { since: "2026-11-01T08:30" }, output);
  expect(asked).toMatchObject([
    {
      sinceMs: new Date(2026, 10, 1).getTime(),
      untilMs: new Date(2026, 11, 1).getTime(),
      verb: "erasure",
      reference: "R-1",
      export: false,
    },
    { sinceMs: new Date(2026, 10, 1, 8, 30).getTime(), untilMs: 0, verb: "", reference: "" },
  ]);
  for (const since of ["yesterday", "2026-13-01", "2026-11-01T8", "01.11.2026"]) {
    await expect(showLog(nodeWith(), { since }, output)).rejects.toMatchObject({ code: "INVALID", fields: ["since"] });
  }
});

it("a line says when, what, who and as how known, about what, to whom and why", () => {
  const line = sentenceOf({ ...ENTRY, reason: "asked" });
  expect(line).toMatch(
    /^2026-11-1\d \d\d:\d\d:\d\d {2}disclosure by Quillon Overbeck-Test \(user 4711, as the client says\): /,
  );
  expect(line).toContain("records R-1, R-2; overlap d1d1");
  expect(line).toContain("case C-1; recipient Invented Unit, war-crimes; reason: asked");
  const away = { ...ENTRY, actor: { ...ENTRY.actor, workstation: "desk-2" } };
  expect(sentenceOf(away)).toContain("(user 4711, as the client says) at the workstation desk-2: ");
  expect(csvRow(away)[CSV_HEADINGS.indexOf("workstation")]).toBe("desk-2");
  const references = ["R-1", "R-2", "R-3", "R-4"];
  const itself = { kind: "program", name: "causeway node", role: "", known: "itself", workstation: "" };
  expect(sentenceOf({ ...ENTRY, references, actor: itself })).toContain(
    "by the program causeway node: 4 records (R-1, R-2, R-3, …)",
  );
});

it("the person at the terminal is whoever called sudo, else the process's own user", () => {
  expect(actingPerson({ SUDO_USER: "invented", SUDO_UID: "1042" })).toEqual({
    kind: "person",
    name: "invented",
    uid: 1042,
  });
  expect(actingPerson({})).toMatchObject({ kind: "person", uid: process.getuid?.() });
  expect(actingPerson({}).name).not.toBe("");
});
