/** All that can be had of a federation, as heaps of bytes to search. */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import { readSealingKeys } from "../../shared/party/keys.ts";
import { silentLog } from "../../shared/world/log.ts";
import { connectNats } from "../../shared/platform/nats.ts";
import { openMessage } from "../../shared/wire/envelope.ts";
import { BROKER_INBOX_PREFIX, deliverySubject, submissionStream } from "../../shared/wire/subjects.ts";
import type { TestFederation, UnitName } from "../support/federation.ts";
import type { Haystack } from "./search.ts";

/** A sealed message, and what its recipient reads. */
export type StreamMessage = {
  readonly kind: "submission" | "delivery";
  readonly unit: UnitName;
  readonly subject: string;
  readonly sealed: Uint8Array;
  /** The signed message inside. */
  readonly opened: Uint8Array;
};

const UNITS: readonly UnitName[] = ["ct", "thb", "wcu"];
const EPOCH = 1;

/** Every file of the whole federation, under its path. */
export function files(federation: TestFederation): Haystack[] {
  return readdirSync(federation.root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ place: relative(federation.root, path), bytes: readIfThere(path) }));
}

/** The nats-server replaces files at any moment: what has gone is read under its new name. */
function readIfThere(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Uint8Array();
    throw error;
  }
}

/** Every value of every row of every database: in the file a long value may lie in pieces. */
export function rows(federation: TestFederation): Haystack[] {
  return files(federation)
    .filter(({ place }) => place.endsWith(".sqlite"))
    .flatMap(({ place }) => withCopy(join(federation.root, place), (database) => [...valuesOf(place, database)]));
}

/**
 * Submissions as they lie in the streams, and deliveries as they were sent, since those that are acknowledged vanish (none, if the
 * federation is not tapped); opened with the keys of those they are for.
 */
export async function messages(federation: TestFederation): Promise<StreamMessage[]> {
  const brokerKeys = readSealingKeys(federation.dir("broker"), EPOCH);
  const stop = new AbortController();
  await using bus = await connectNats({
    url: federation.nats.url,
    creds: readNatsCredentials(federation.dir("broker")),
    roots: readTls(federation.dir("broker")).rootsPem,
    inboxPrefix: BROKER_INBOX_PREFIX,
    name: "test",
    signal: stop.signal,
    log: silentLog,
  });
  const found: StreamMessage[] = [];
  for (const unit of UNITS) {
    for await (const { subject, data } of bus.replay(submissionStream(federation.member(unit)))) {
      found.push({ kind: "submission", unit, subject, sealed: data, opened: openMessage(data, brokerKeys) });
    }
  }
  return [...found, ...deliveries(federation)];
}

/** What the broker has sent to each unit, in a tapped federation. */
export function deliveries(federation: TestFederation): StreamMessage[] {
  const { published } = federation.wiretap;
  return UNITS.flatMap((unit) => {
    const unitKeys = readSealingKeys(federation.dir(unit));
    return published
      .filter(({ subject }) => subject === deliverySubject(federation.member(unit)))
      .map(({ subject, data }): StreamMessage => {
        return { kind: "delivery", unit, subject, sealed: data, opened: openMessage(data, unitKeys) };
      });
  });
}

export function opened(all: readonly StreamMessage[]): Haystack[] {
  return all.map(({ kind, unit, opened: bytes }, i) => ({ place: `${kind} ${i} of ${unit}, opened`, bytes }));
}

/** What the programs wrote, line by line, and the nats-server. */
export function logs(federation: TestFederation): Haystack[] {
  const lines = [...federation.log.text.split("\n"), ...federation.nats.log.split("\n")];
  return lines.map((line) => ({ place: `log: ${line.slice(0, 120)}`, bytes: Buffer.from(line) }));
}

/** Opens a copy, so that the running program's locks are left alone. */
export function withCopy<T>(path: string, look: (database: DatabaseSync, copy: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), "causeway-copy-"));
  const copy = join(dir, "copy.sqlite");
  for (const suffix of ["", "-wal"]) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
  const database = new DatabaseSync(copy);
  try {
    return look(database, copy);
  } finally {
    if (database.isOpen) database.close();
    rmSync(dir, { recursive: true });
  }
}

function* valuesOf(place: string, database: DatabaseSync): Generator<Haystack> {
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  for (const table of tables) {
    for (const row of database.prepare(`SELECT * FROM "${String(table["name"])}"`).all()) {
      for (const [column, value] of Object.entries(row)) {
        const bytes = value instanceof Uint8Array ? value : Buffer.from(String(value));
        yield { place: `${place}: ${String(table["name"])}.${column}`, bytes };
      }
    }
  }
}
