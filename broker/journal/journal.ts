/**
 * The second copy of the broker's databases: every transaction goes, sealed and chained by hash, to a stream at NATS that only one broker can
 * append to. Either copy can be made from the other (`core/decide.ts`). What the broker tells others waits until what it rests on is in both.
 *
 * The stream does not grow for ever: now and then it begins anew with an image of each database (`base`). At the end of an epoch it begins
 * anew under another key, and the one before is destroyed, so that an old copy of the stream opens for nobody.
 */
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import type { Database } from "../../shared/store/database.ts";
import type { SecondCopy } from "../../shared/store/second-copy.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import { insist } from "../bus/insist.ts";
import { Appender, Fenced, StreamLost } from "./appender.ts";
import { decide } from "./core/decide.ts";
import type { Decision } from "./core/decide.ts";
import { BATCH_BYTES_MAX, FILES_LOOK_MS, GROWN_BYTES_MIN, GROWN_MESSAGES, GROWN_TIMES } from "./core/limits.ts";
import type { JournalRecord } from "./core/record.ts";
import { StreamCopy } from "./core/stream-copy.ts";
import { FileLook } from "./file-look.ts";
import type { OwnFiles } from "./file-look.ts";
import { RecordedDatabase } from "./recorded-database.ts";
import type { SealingKey } from "./sealing.ts";
import { JOURNAL_BYTES_MAX, JOURNAL_STREAM, journalStreamSettings, readBatches, UnknownJournalKey } from "./stream.ts";
import type { JournalKeys, JournalSizes, ReadParts } from "./stream.ts";
import { events } from "./events.ts";

export type JournalParts = {
  readonly bus: Pick<Bus, "append" | "connected" | "ensureStream" | "purgeBefore" | "replay" | "streamState">;
  readonly keys: JournalKeys;
  readonly files: OwnFiles | undefined;
  readonly federation: Uint8Array;
  readonly sizes: JournalSizes;
  readonly world: World;
  readonly signal: AbortSignal;
  /** Tells all that this process does to end. */
  readonly stop: () => void;
  /** NATS refuses to store, or stores again. */
  readonly onRefusal: (isRefused: boolean) => void;
};

export type JournalStatus = {
  /** Of the ledger's last change that is in both copies. */
  readonly position: number;
  /** Changes that are not. */
  readonly unsent: number;
  /** When a message was last stored; 0 if none was since the start. */
  readonly storedAtMs: number;
  /** Since when NATS does not store, by its own number for the reason, 0 if it does not answer; undefined while it does. */
  readonly refused: { readonly sinceMs: number; readonly reason: number } | undefined;
};

type Waiter = { readonly ordinal: number; readonly resolve: () => void; readonly reject: (error: unknown) => void };

export class Journal {
  readonly #parts: JournalParts;
  readonly #databases = new Map<string, RecordedDatabase>();
  readonly #wake: Wake;
  readonly #files: FileLook | undefined;
  readonly #stepDown = Promise.withResolvers<void>();
  /** Of databases that were opened after the copies were compared. */
  #found = new StreamCopy();
  #appender: Appender | undefined;
  #key: SealingKey | undefined;
  /** Transactions since the start, and those of them that the stream has. */
  #recorded = 0;
  #stored = 0;
  #waiters: Waiter[] = [];
  /** Who waits for a new key. */
  #begun: Waiter[] = [];
  #ended: CausewayError | undefined;
  #base: "due" | "newKeyDue" | undefined;
  #grown = { bytes: 0, messages: 0 };
  #storedAtMs = 0;
  #hasStored = false;
  #refused: JournalStatus["refused"];

  constructor(parts: JournalParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
    this.#files = parts.files && new FileLook(parts.files);
    parts.signal.addEventListener("abort", () => this.#end(stopping()), { once: true });
  }

  /** Resolves when this process has to give way: another broker is active, or its files have to be made anew. */
  get steppedDown(): Promise<void> {
    return this.#stepDown.promise;
  }

  get status(): JournalStatus {
    const ledger = this.#databases.get("ledger");
    const unsent = [...this.#databases.values()].reduce((sum, each) => sum + each.unsent.length, 0);
    return { position: ledger?.kept ?? 0, unsent, storedAtMs: this.#storedAtMs, refused: this.#refused };
  }

  /** For the store that keeps the database of this name. */
  copyOf(name: string): SecondCopy {
    return { record: (database) => this.#record(name, database), kept: () => this.kept() };
  }

  /** Of all databases, see `SecondCopy`. */
  async kept(): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#stored >= this.#recorded && this.#appender !== undefined) return;
    const ordinal = this.#recorded;
    await new Promise<void>((resolve, reject) => this.#waiters.push({ ordinal, resolve, reject }));
  }

  /** As `kept`, and for the files that a standby needs. */
  async keptWithFiles(): Promise<void> {
    if (this.#files?.hasNews() === true) this.#told();
    await this.kept();
  }

  /** Begins the stream anew under another key; resolves when nothing that was stored before can be opened any more. Throws as `kept`. */
  async beginAnew(): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    this.#base = "newKeyDue";
    this.#wake.set();
    await new Promise<void>((resolve, reject) => this.#begun.push({ ordinal: 0, resolve, reject }));
  }

  /**
   * Compares both copies, before anything else is done with the databases. False if their files have to be made anew first: then this process
   * gives way. Throws UNAVAILABLE while NATS does not answer, ENVIRONMENT where the key of the stream is missing.
   */
  async compare(): Promise<boolean> {
    const { bus, sizes, keys, world } = this.#parts;
    await bus.ensureStream(journalStreamSettings(sizes));
    const state = await bus.streamState(JOURNAL_STREAM);
    const { copy: stream, oldest, newest } = await readWhole(this.#parts);
    const decisions = [...this.#databases.values()].map(
      (each) => [each, decide(each.heads, stream.of(each.name))] as const,
    );
    if (decisions.some(([, { kind }]) => kind === "apply" || kind === "rebuild")) {
      this.giveWay();
      return false;
    }
    for (const [database, decision] of decisions) this.#settle(database, decision);
    const generation = newest ?? Math.max(...keys.generations(), 1);
    this.#key = { generation, key: keys.prepare(generation) };
    if (oldest !== undefined) this.#destroyKeysBefore(oldest);
    this.#found = stream;
    this.#files?.known(stream.files);
    this.#grown = { bytes: state?.bytes ?? 0, messages: state?.messages ?? 0 };
    const onRefused = (reason: number): void => this.#noteRefusal(reason);
    this.#appender = new Appender({ ...this.#parts, onRefused }, state?.lastSequence ?? 0);
    this.#storedAtMs = world.clock();
    this.#answerWaiters();
    return true;
  }

  /** Brings what is recorded into the stream, until the signal aborts or another broker is active. */
  async run(): Promise<void> {
    const { signal } = this.#parts;
    while (!signal.aborted && this.#ended === undefined) {
      try {
        if (!(await this.#storeNext())) await this.#wake.wait(FILES_LOOK_MS, signal);
      } catch (error) {
        await this.#meet(error);
      }
    }
  }

  #record(name: string, database: Database): void {
    const recorded = new RecordedDatabase(name, database, this.#parts.world, () => this.#told());
    this.#databases.set(name, recorded);
    if (this.#appender === undefined) return;
    const decision = decide(recorded.heads, this.#found.of(name));
    if (decision.kind === "apply" || decision.kind === "rebuild") this.giveWay();
    else this.#settle(recorded, decision);
  }

  #settle(database: RecordedDatabase, decision: Decision): void {
    if (decision.kind === "agree") database.keptUpTo(database.head.position);
    if (decision.kind === "append") database.keptUpTo(decision.after);
    if (decision.kind !== "newBase") return;
    this.#base ??= "due";
    this.#recorded += 1;
    events.journal.newBase(this.#parts.world.log, { database: database.name });
  }

  #told(): void {
    this.#recorded += 1;
    this.#wake.set();
  }

  /** False if there was nothing. */
  async #storeNext(): Promise<boolean> {
    const upTo = this.#recorded;
    if (this.#base !== undefined) await this.#storeBase();
    else if (!(await this.#storeChanges())) {
      // All that was told of is stored, or was nothing.
      this.#answer(upTo);
      return false;
    }
    return true;
  }

  async #storeChanges(): Promise<boolean> {
    const changes = this.#files?.changes() ?? [];
    let bytes = 0;
    const taken = new Map<RecordedDatabase, number>();
    const records: JournalRecord[] = [...changes];
    const upTo = this.#recorded;
    let isAll = true;
    for (const database of this.#databases.values()) {
      for (const change of database.unsent) {
        if (bytes > 0 && bytes + change.bytes.length > BATCH_BYTES_MAX) isAll = false;
        if (!isAll) break;
        records.push(change);
        bytes += change.bytes.length;
        taken.set(database, change.position);
      }
    }
    if (records.length === 0) return false;
    await this.#append(records);
    for (const [database, position] of taken) database.keptUpTo(position);
    if (isAll) this.#answer(upTo);
    this.#lookAtSize();
    return true;
  }

  /** The stream anew, with images of all databases and the files of the directory. */
  async #storeBase(): Promise<void> {
    const { bus, keys } = this.#parts;
    const isNewKey = this.#base === "newKeyDue";
    const before = this.#key as SealingKey;
    if (isNewKey) {
      const generation = before.generation + 1;
      const key = keys.prepare(generation);
      await this.#append([{ kind: "key", generation, bytes: key }]);
      this.#key = { generation, key };
    }
    // All that was recorded is in the images.
    const [upTo, asked] = [this.#recorded, this.#begun.length];
    const images = [...this.#databases.values()].map((database) => database.image());
    const first = (this.#appender as Appender).last + 1;
    await this.#append([...images, ...(this.#files?.all() ?? [])]);
    await bus.purgeBefore(JOURNAL_STREAM, first);
    this.#destroyKeysBefore((this.#key as SealingKey).generation);
    if (isNewKey) for (const { resolve } of this.#begun.splice(0, asked)) resolve();
    this.#base = this.#begun.length > 0 ? "newKeyDue" : undefined;
    this.#grown = { bytes: 0, messages: 0 };
    this.#answer(upTo);
  }

  #destroyKeysBefore(generation: number): void {
    const { keys } = this.#parts;
    for (const each of keys.generations()) if (each < generation) keys.destroy(each);
  }

  async #append(records: readonly JournalRecord[]): Promise<void> {
    const bytes = await (this.#appender as Appender).append(records, this.#key as SealingKey);
    this.#noteStored();
    this.#grown = { bytes: this.#grown.bytes + bytes, messages: this.#grown.messages + 1 };
  }

  #noteStored(): void {
    const { world, onRefusal } = this.#parts;
    this.#storedAtMs = world.clock();
    if (this.#refused !== undefined) events.journal.storesAgain(world.log);
    const mayBeOpen = this.#refused !== undefined || !this.#hasStored;
    [this.#refused, this.#hasStored] = [undefined, true];
    // A process before this one may have been refused as well.
    if (mayBeOpen) onRefusal(false);
  }

  #lookAtSize(): void {
    const { bytes, messages } = this.#grown;
    const { journalBytesMax = JOURNAL_BYTES_MAX } = this.#parts.sizes;
    if (messages < GROWN_MESSAGES && bytes < Math.min(GROWN_BYTES_MIN, journalBytesMax / 2)) return;
    const size = [...this.#databases.values()].reduce((sum, each) => sum + each.size, 0);
    if (messages >= GROWN_MESSAGES || bytes > journalBytesMax / 2 || bytes > GROWN_TIMES * size) this.#base ??= "due";
  }

  async #meet(error: unknown): Promise<void> {
    const { signal, world } = this.#parts;
    if (signal.aborted) return;
    if (error instanceof Fenced) {
      events.journal.fenced(world.log);
      this.giveWay();
    } else if (error instanceof StreamLost) {
      events.journal.streamLost(world.log, error);
      this.#base ??= "due";
      this.#recorded += 1;
      await insist({ world, signal }, () => (this.#appender as Appender).findEnd());
    } else if (isCausewayError(error, "UNAVAILABLE")) {
      await this.#wake.wait(500, signal);
    } else {
      throw error;
    }
  }

  #noteRefusal(reason: number): void {
    if (this.#refused !== undefined) return;
    const { world, onRefusal } = this.#parts;
    events.journal.refused(world.log, undefined, { natsCode: reason });
    this.#refused = { sinceMs: world.clock(), reason };
    onRefusal(true);
  }

  /** Nothing is kept any more, and nobody told: another broker is active, or is to be. */
  giveWay(): void {
    this.#stepDown.resolve();
    this.#ended ??= new Fenced();
    // First, so that nothing that fails because of this counts as a failure of the program.
    this.#parts.stop();
    this.#end(this.#ended);
  }

  #end(error: CausewayError): void {
    this.#ended ??= error;
    const waiters = [...this.#waiters, ...this.#begun];
    [this.#waiters, this.#begun] = [[], []];
    for (const { reject } of waiters) reject(this.#ended);
    this.#wake.set();
  }

  #answer(upTo: number): void {
    this.#stored = Math.max(this.#stored, upTo);
    this.#answerWaiters();
  }

  #answerWaiters(): void {
    const due = this.#waiters.filter(({ ordinal }) => ordinal <= this.#stored);
    this.#waiters = this.#waiters.filter(({ ordinal }) => ordinal > this.#stored);
    for (const { resolve } of due) resolve();
  }
}

type Whole = {
  readonly copy: StreamCopy;
  /** The key generations with which the first message is sealed, undefined if none can be read, and with which the next one is to be. */
  readonly oldest: number | undefined;
  readonly newest: number | undefined;
};

/** All of the stream; as if nothing were there if it cannot be read. Throws ENVIRONMENT where this directory lacks the key, and nobody gave it up. */
export async function readWhole(parts: ReadParts & { readonly world: Pick<World, "log"> }): Promise<Whole> {
  const copy = new StreamCopy();
  let [oldest, newest]: (number | undefined)[] = [];
  try {
    for await (const { records, generation } of readBatches(parts, 0)) {
      copy.take(records);
      oldest ??= generation;
      newest = records.reduce((last, each) => (each.kind === "key" ? each.generation : last), generation);
    }
    return { copy, oldest, newest };
  } catch (error) {
    const ours = Math.max(0, ...parts.keys.generations());
    const lacks = error instanceof UnknownJournalKey && error.generation > ours ? error : undefined;
    if (lacks !== undefined && !parts.keys.isGivenUp()) throw keyMissing(lacks);
    if (!isCausewayError(error) || error.code === "UNAVAILABLE") throw error;
    if (lacks === undefined) events.journal.unreadable(parts.world.log, error);
    else events.journal.givenUp(parts.world.log, { generation: lacks.generation });
    // A new key of the same generation: should this end before the old messages are gone, they are another's, and no key is missing.
    return { copy: new StreamCopy(), oldest: undefined, newest: lacks?.generation };
  }
}

function keyMissing(cause: UnknownJournalKey): CausewayError {
  return new CausewayError(
    "ENVIRONMENT",
    `keys/journal-${cause.generation}.key is missing, and the ledger's copy at NATS is sealed with it: copy keys/ from the broker that was active last; if no copy is left, make an empty file journal-given-up in this directory, and what the copy holds is lost`,
    { cause },
  );
}

function stopping(): CausewayError {
  return new CausewayError("UNAVAILABLE", "the program is stopping");
}
