/**
 * Large files through a node's own service: very many invented records, as a dry run, which is what an officer does first; and one
 * line without an end, which must fill no memory and hold nobody up.
 */
import { pause } from "../../shared/world/wait.ts";
import { systemTimers } from "../../shared/world/world.ts";
import type { ImportReceipt, ImportResponse } from "../../agency-node/wire/gen/causeway/node/v1/records.ts";
import { IMPORT_DEFAULTS, TestFederation } from "../support/federation.ts";

export type BigImport = {
  readonly slowestStatusMs: number;
  readonly seconds: number;
  readonly receipt: ImportReceipt | undefined;
};

export type EndlessLine = {
  readonly seconds: number;
  readonly events: readonly ImportResponse[];
  /** By which the memory of this process, node and client together, grew at most. */
  readonly mebibytes: number;
  /** The longest that the node took to say how it is meanwhile. */
  readonly slowestStatusMs: number;
};

export type BigImportReport = {
  readonly drill: "big-import";
  readonly records: number;
  readonly rejected: number;
  readonly seconds: number;
  readonly recordsPerSecond: number;
  readonly slowestStatusMs: number;
  readonly lineBytes: number;
  readonly lineSeconds: number;
  readonly lineMebibytes: number;
  readonly lineSlowestStatusMs: number;
};

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const CHUNK_BYTES = 256 * 1024;
const WATCH_MS = 50;

/** At a node of `federation` that runs. */
export async function importedFile(federation: TestFederation, records: number): Promise<BigImport> {
  const file = inventedFile(records);
  const imported = new AbortController();
  const watching = watch(federation, imported.signal);
  const started = performance.now();
  const events = await federation.import("ct", file, { dryRun: true });
  const seconds = secondsSince(started);
  imported.abort();
  const { slowestStatusMs } = await watching;
  const last = events.at(-1)?.event;
  return { seconds, receipt: last?.$case === "receipt" ? last.value : undefined, slowestStatusMs };
}

/** Sends so many bytes without a line end, then `after`, while asking the node how it is. */
export async function endlessLine(federation: TestFederation, bytes: number, after: string): Promise<EndlessLine> {
  const started = performance.now();
  const before = process.memoryUsage.rss();
  const imported = new AbortController();
  const watching = watch(federation, imported.signal);
  using records = federation.records("ct");
  const events: ImportResponse[] = [];
  async function* requests() {
    yield {
      request: { $case: "options" as const, value: { ...IMPORT_DEFAULTS, format: "ftm", reviewBy: reviewDay() } },
    };
    const chunk = Buffer.alloc(CHUNK_BYTES, "a");
    for (let sent = 0; sent < bytes; sent += CHUNK_BYTES) yield { request: { $case: "chunk" as const, value: chunk } };
    yield { request: { $case: "chunk" as const, value: Buffer.from(`\n${after}`) } };
  }
  for await (const event of records.client.import(requests())) events.push(event);
  imported.abort();
  const { peak, slowestStatusMs } = await watching;
  return { seconds: secondsSince(started), events, mebibytes: Math.round((peak - before) / MIB), slowestStatusMs };
}

async function watch(federation: TestFederation, until: AbortSignal) {
  let [peak, slowest] = [0, 0];
  while (!until.aborted) {
    const asked = performance.now();
    await federation.status("ct");
    slowest = Math.max(slowest, performance.now() - asked);
    peak = Math.max(peak, process.memoryUsage.rss());
    await pause(systemTimers, WATCH_MS, until);
  }
  return { peak, slowestStatusMs: Math.round(slowest) };
}

export async function bigImport(records: number): Promise<BigImportReport> {
  await using federation = await TestFederation.found();
  await federation.startNode("ct");
  const line = await endlessLine(federation, GIB, "");
  const { seconds, receipt, slowestStatusMs } = await importedFile(federation, records);
  const rejected = receipt === undefined ? records : Number(receipt.rejected);
  return {
    drill: "big-import",
    records,
    rejected,
    seconds,
    recordsPerSecond: Math.round(records / seconds),
    slowestStatusMs,
    lineBytes: GIB,
    lineSeconds: line.seconds,
    lineMebibytes: line.mebibytes,
    lineSlowestStatusMs: line.slowestStatusMs,
  };
}

const secondsSince = (started: number): number => Math.round((performance.now() - started) / 100) / 10;

/** Every unit may keep a record so long. */
export const reviewDay = (): string => new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);

function inventedFile(records: number): Uint8Array {
  const lines = Array.from({ length: records }, (_, i) => {
    const birthDate = [
      `${1950 + (i % 50)}-${String(1 + (i % 12)).padStart(2, "0")}-${String(1 + (i % 28)).padStart(2, "0")}`,
    ];
    const properties = { name: [`Invented Person ${syllables(i)}`], birthDate, passportNumber: [`ZQ${1_000_000 + i}`] };
    return JSON.stringify({ id: `BIG-${i}`, schema: "Person", properties });
  });
  return Buffer.from(`${lines.join("\n")}\n`);
}

/** A name for a number. */
function syllables(number: number): string {
  const parts = ["ba", "ke", "mi", "lo", "su", "ra", "te", "ni", "vo", "du"];
  const text = [...String(number)].map((digit) => parts[Number(digit)]).join("");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
