/**
 * Brings the files of the broker's databases, which nobody has open, to what the stream says: carries out what they lack, and makes anew what is
 * missing, damaged, or another branch. A file that is replaced is put aside under another name, never deleted.
 */
import { existsSync, renameSync } from "node:fs";
import { replaceFile } from "../../shared/party/key-files.ts";
import { Replica } from "../../shared/store/replica.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { MachineFault } from "../../shared/core/machine-fault.ts";
import type { World } from "../../shared/world/world.ts";
import type { DatabasePaths } from "../ports.ts";
import { decide } from "./core/decide.ts";
import type { FileHeads } from "./core/decide.ts";
import { sameHead } from "./core/record.ts";
import type { Head, JournalRecord } from "./core/record.ts";
import { follows, headOf, StreamCopy } from "./core/stream-copy.ts";
import type { DatabaseCopy } from "./core/stream-copy.ts";
import type { OwnFiles } from "./file-look.ts";
import { JOURNAL_TABLE } from "./recorded-database.ts";
import { JOURNAL_STREAM, readBatches } from "./stream.ts";
import type { ReadParts } from "./stream.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import { events } from "./events.ts";

export const DATABASES = ["ledger", "board", "evaluator", "console"] as const;
export type DatabaseName = (typeof DATABASES)[number];

export type FollowerParts = ReadParts & {
  readonly bus: Pick<Bus, "replay" | "streamState">;
  readonly databases: DatabasePaths;
  readonly files: OwnFiles | undefined;
  /** Whether this directory stood by when it was last used. */
  readonly isStandby: () => boolean;
  readonly world: Pick<World, "clock" | "log">;
};

export class Follower implements Disposable {
  readonly #parts: FollowerParts;
  readonly #open = new Map<DatabaseName, Replica>();
  /** The first message that was not read; undefined if all of them have to be. */
  #next: number | undefined;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  /**
   * Locks the files that are there, and puts aside those that are damaged. Answers with the names of those that are not there then. Throws
   * ENVIRONMENT if another process has one.
   */
  lookAtFiles(): DatabaseName[] {
    return DATABASES.filter((name) => this.#replica(name) === undefined);
  }

  /** Reads what is new in the stream and carries it out. Throws UNAVAILABLE, and as `readBatches`. */
  async follow(): Promise<void> {
    const state = await this.#parts.bus.streamState(JOURNAL_STREAM);
    if (state === undefined) return;
    if (this.#next === undefined || state.firstSequence > this.#next) await this.#followWhole();
    else if (state.lastSequence >= this.#next) await this.#followOn(this.#next);
  }

  [Symbol.dispose](): void {
    for (const replica of this.#open.values()) replica[Symbol.dispose]();
    this.#open.clear();
  }

  async #followWhole(): Promise<void> {
    const stream = new StreamCopy();
    let next = 1;
    for await (const { records, last } of readBatches(this.#parts, 0)) {
      stream.take(records);
      next = last + 1;
    }
    // First, so that a crash between does not leave databases of now beside keys of before.
    if (this.#parts.isStandby() || this.#isBehind(stream)) {
      for (const [name, bytes] of stream.files) this.#takeFile(name, bytes === "gone" ? undefined : bytes);
    }
    for (const name of DATABASES) {
      const copy = stream.of(name);
      if (copy !== undefined && copy !== "broken") this.#bringTo(name, copy);
    }
    this.#next = next;
  }

  /**
   * Whether another broker was active since: its files count. Otherwise those of this directory do, since its operator may have put a chain, a
   * certificate or a key there while it was stopped.
   */
  #isBehind(stream: StreamCopy): boolean {
    return DATABASES.some((name) => {
      const [copy, replica] = [stream.of(name), this.#replica(name)];
      if (copy === undefined || copy === "broken") return false;
      return replica === undefined || ["apply", "rebuild"].includes(decide(headsOf(replica), copy).kind);
    });
  }

  async #followOn(from: number): Promise<void> {
    for await (const { records, last } of readBatches(this.#parts, from)) {
      for (const record of records) if (!this.#take(record)) return void (this.#next = undefined);
      this.#next = last + 1;
    }
  }

  /** False if this one alone does not say what to do. */
  #take(record: JournalRecord): boolean {
    if (record.kind === "file") this.#takeFile(record.name, record.bytes);
    if (record.kind === "fileGone") this.#takeFile(record.name, undefined);
    if (record.kind !== "change" && record.kind !== "image") return true;
    const replica = this.#replica(record.name as DatabaseName);
    if (replica === undefined) return false;
    const head = headsOf(replica).at(-1) as Head;
    if (record.kind === "image") return sameHead(record, head);
    if (!follows(head, record)) return false;
    replica.apply([record.bytes], () => setHead(replica, record));
    return true;
  }

  #bringTo(name: DatabaseName, copy: DatabaseCopy): void {
    const replica = this.#replica(name);
    const decision = replica === undefined ? ({ kind: "rebuild" } as const) : decide(headsOf(replica), copy);
    if (decision.kind === "rebuild") this.#rebuild(name, copy);
    if (decision.kind !== "apply" || replica === undefined) return;
    const lacking = copy.changes.filter(({ position }) => position > decision.after);
    replica.apply(
      lacking.map(({ bytes }) => bytes),
      () => setHead(replica, headOf(copy)),
    );
    events.journal.applied(this.#parts.world.log, { database: name, changes: lacking.length });
  }

  #rebuild(name: DatabaseName, copy: DatabaseCopy): void {
    const { databases, world } = this.#parts;
    const path = databases(name);
    using made = Replica.fromImage(copy.image.bytes);
    made.apply(
      copy.changes.map(({ bytes }) => bytes),
      () => setHead(made, headOf(copy)),
    );
    this.#open.get(name)?.[Symbol.dispose]();
    this.#open.delete(name);
    const file = existsSync(path) ? this.#setAside(path) : undefined;
    replaceFile(path, made.image, 0o600);
    events.journal.rebuilt(world.log, { database: name, file });
  }

  #replica(name: DatabaseName): Replica | undefined {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const { databases, world } = this.#parts;
    const path = databases(name);
    const replica = wholeAt(path, name);
    if (replica !== "damaged") {
      if (replica !== undefined) this.#open.set(name, replica);
      return replica;
    }
    const file = this.#setAside(path);
    events.journal.damaged(world.log, undefined, { database: name, file });
    return undefined;
  }

  /** With its log, so that nothing of it is taken for the new one's. */
  #setAside(path: string): string {
    const stamp = new Date(this.#parts.world.clock()).toISOString().replaceAll(/[-:]|\.[0-9]+/g, "");
    const aside = `${path}.set-aside-${stamp}`;
    for (const part of ["", "-wal", "-shm"]) if (existsSync(path + part)) renameSync(path + part, aside + part);
    return aside;
  }

  #takeFile(name: string, bytes: Uint8Array | undefined): void {
    const { files } = this.#parts;
    if (bytes === undefined) files?.remove(name);
    else if (!same(files?.read(name), bytes)) files?.write(name, bytes);
  }
}

function wholeAt(path: string, name: string): Replica | "damaged" | undefined {
  let replica: Replica | undefined;
  try {
    replica = Replica.open(path, `the ${name}`, "write");
    if (replica === undefined) return undefined;
    if (replica.isWhole && replica.has(JOURNAL_TABLE)) return replica;
    // Of before the journal: the program that opens it begins one.
    if (replica.isWhole) {
      replica[Symbol.dispose]();
      return undefined;
    }
  } catch (error) {
    if (!(error instanceof MachineFault)) throw error;
    if (!/^is (damaged|not a database)/.test(error.reason))
      throw new CausewayError("ENVIRONMENT", error.message, { cause: error });
  }
  replica?.[Symbol.dispose]();
  return "damaged";
}

function headsOf(replica: Replica): FileHeads {
  const heads = replica.all<Head>(`SELECT position, hash FROM ${JOURNAL_TABLE} ORDER BY position`);
  return heads as [Head, ...Head[]];
}

function setHead(replica: Replica, { position, hash }: Head): void {
  replica.run(`DELETE FROM ${JOURNAL_TABLE}`);
  replica.run(`INSERT INTO ${JOURNAL_TABLE} VALUES (?, ?, ?)`, position, hash, new Uint8Array(0));
}

function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}
