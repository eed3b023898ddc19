/** What a unit's commands print comes from the catalogue: in an invented language every line of theirs changes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { importFile } from "../../agency-node/cli/import-command.ts";
import { exportLog, showLog } from "../../agency-node/cli/log-commands.ts";
import type {
  ImportEvent,
  LogEntry,
  MatchView,
  NodeClient,
  NodeStatus,
} from "../../agency-node/cli/rpc/node-client.ts";
import { inbox, listRecords, revalidate, showStatus, withdraw } from "../../agency-node/cli/unit-commands.ts";
import { speaking } from "../../shared/words/say.ts";
import { hasMark, PSEUDO } from "../support/pseudo-language.ts";

const STATUS: NodeStatus = {
  slug: "ct",
  memberName: "Invented Unit",
  mandate: "counter-terrorism",
  epoch: 1,
  scheme: "causeway-3",
  directiveNumber: 7,
  policyUnprovenSinceMs: 1,
  records: 3,
  tokens: 40,
  rejected: 1,
  hardening: 0,
  outbox: 2,
  notices: 5,
  openMatches: 1,
  brokerConnected: false,
  unprovenMatches: 0,
  version: "0.1.0",
  hardened: 40,
  hardeningSeconds: 1.5,
  waiting: 0,
  publishingHalt: "EXHAUSTED",
  publishingResumesMs: 1,
  lostSubmissions: 1,
  brokenNotices: 0,
  epochs: [
    { epoch: 1, state: "closing", records: 3, published: 3, digestAgreedMs: 1, obstacle: "" },
    { epoch: 2, state: "staging", records: 3, published: 0, digestAgreedMs: 0, obstacle: "salts" },
  ],
  budgets: [
    { at: "", used: 1, perDay: 2, available: 1 },
    { at: "key-office", used: 1, perDay: 2, available: 1 },
  ],
  alarms: ["an invented item"],
  certificateUntilMs: 1,
  membershipEnd: "suspended",
  skippedNotices: 1,
  silenceUnprovenSinceMs: 1,
  hindrance: "suspended",
  heldStrays: 2,
  clockSkewMs: -40_000,
  retries: [{ what: "submissions", code: "UNAVAILABLE", sinceMs: 1, attempts: 3 }],
  liveRecords: 4,
  notCompared: [
    { reason: "waitingForReceipt", records: 2 },
    { reason: "refused:budget", records: 1 },
  ],
  overlapsWithoutRecord: 1,
};

const MATCH: MatchView = {
  id: "00",
  reference: "CT-014",
  subjectKind: "person",
  caseReference: "Invented",
  grade: "strong",
  kind: "identity",
  reasons: ["x"],
  state: "open",
  closeReason: "",
  openedAtMs: 0,
  updatedAtMs: 0,
  nextStep: "",
  handling: "open",
  reviewBy: "2027-03-31",
  endedUnproven: false,
};

const EVENTS: readonly ImportEvent[] = [
  {
    kind: "mapping",
    columns: [
      { column: "Invented column", field: "" },
      { column: "Other", field: "name" },
    ],
  },
  { kind: "problem", line: 3, field: "kind", code: "MISSING", text: "", error: true },
  { kind: "problem", line: 0, field: "name", code: "ODD", text: "", error: false },
  {
    kind: "receipt",
    receipt: "r-1",
    rows: 4,
    added: 1,
    amended: 1,
    unchanged: 1,
    rejected: 1,
    warnings: 1,
    dryRun: false,
    ignored: ["Invented column"],
  },
];

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

const UNKNOWN = { kind: "unknown", name: "", role: "", known: "", workstation: "" };
const UNNAMED = { name: "", mandate: "" };

const ENTRY: LogEntry = {
  number: 1,
  atMs: 1_795_000_000_000,
  verb: "disclosure",
  actor: { kind: "person", name: "Invented Name", uid: 1, role: "", known: "stated", workstation: "" },
  references: ["CT-1", "CT-2"],
  every: true,
  matchIds: ["d1".repeat(16)],
  caseReferences: ["C-1"],
  reason: "x",
  recipient: { name: "Invented Unit", mandate: "" },
  detail: "",
  receipt: "r1",
  program: "0.1.0",
};

const NODE: NodeClient = {
  importRecords: () => each(EVENTS),
  records: () => each([]),
  withdraw: async () => undefined,
  revalidate: async () => undefined,
  status: async () => STATUS,
  strays: async () => [{ handle: "00", sinceMs: 1, overlaps: 1 }],
  withdrawStrays: async () => 1,
  matches: async () => ({
    matches: [MATCH],
    silenceUnprovenSinceMs: 1,
    skippedNotices: 1,
    liveRecords: 4,
    notCompared: STATUS.notCompared,
    overlapsWithoutRecord: 1,
  }),
  watch: () => each([]),
  log: ({ verb }) => each(verb === "" ? [ENTRY, { ...ENTRY, actor: UNKNOWN, recipient: UNNAMED }] : []),
  [Symbol.dispose]: () => undefined,
};

let dir = "";
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "causeway-words-"))));
afterEach(() => {
  rmSync(dir, { recursive: true });
  process.exitCode = undefined;
});

async function linesOf(
  command: (output: { say(text: string): void; json(): void }) => Promise<void>,
): Promise<string[]> {
  const lines: string[] = [];
  await speaking(PSEUDO, () => command({ say: (text) => lines.push(text), json: () => undefined }));
  expect(lines).not.toEqual([]);
  return lines;
}

describe("in an invented language", () => {
  it("a unit's status is said in it, label by label", async () => {
    const lines = await linesOf((output) => showStatus(NODE, output));
    expect(lines.length).toBe(25);
    for (const line of lines) {
      const [label = "", ...rest] = line.split(/ {2,}/);
      expect(hasMark(label), line).toBe(true);
      if (!rest.join().startsWith("0.1.0") && !rest.join().startsWith("Invented Unit")) {
        expect(hasMark(rest.join()), line).toBe(true);
      }
    }
  });

  it("so is what its other commands say", async () => {
    const said = [
      ...(await linesOf((output) => listRecords(NODE, "", output))),
      ...(await linesOf((output) => withdraw(NODE, "CT-1", "x", output))),
      ...(await linesOf((output) => revalidate(NODE, "CT-1", { reviewBy: "2027-01-01", reason: "x" }, output))),
      ...(await linesOf((output) => inbox(NODE, { all: false, reason: "" }, output))),
      ...(await linesOf((output) => showLog(NODE, {}, output))),
      ...(await linesOf((output) => showLog(NODE, { verb: "erasure" }, output))),
      ...(await linesOf((output) => exportLog(NODE, join(dir, "log.csv"), { reason: "x" }, output))),
    ];
    for (const line of said) expect(hasMark(line), line).toBe(true);
  });

  it("so is what became of an import, but for the file's own words", async () => {
    const file = join(dir, "invented.csv");
    writeFileSync(file, "");
    const lines = await linesOf((output) => importFile(NODE, file, { format: "csv", map: [] }, output));
    for (const line of lines) if (!line.startsWith("  Other")) expect(hasMark(line), line).toBe(true);
    expect(lines.join("\n")).toContain("--kind");
  });
});
