/** What the unit does with its records: import, withdraw, revalidate; and what time does to them. */
import { isDeepStrictEqual } from "node:util";
import { toHex } from "../shared/core/bytes.ts";
import { dayOf, isoDay, monthEnd, parseIsoDay } from "../shared/core/days.ts";
import type { Admit } from "../shared/core/directive.ts";
import type { Domain } from "../shared/core/domain.ts";
import { CausewayError, isCausewayError } from "../shared/core/errors.ts";
import type { Handle } from "../shared/core/ids.ts";
import { NODE_ITSELF } from "./core/actor.ts";
import type { Actor, Asking } from "./core/actor.ts";
import { domainOf } from "./core/record.ts";
import type { DeconflictionRecord } from "./core/record.ts";
import { intake } from "./intake/intake.ts";
import type { IntakeEvent, IntakeOptions } from "./intake/intake.ts";
import { about, askedBy } from "./store/activity.ts";
import type { Activity, ActivityLog, Verb } from "./store/activity.ts";
import type { Database } from "../shared/store/database.ts";
import { Wake } from "../shared/world/wake.ts";
import type { World } from "../shared/world/world.ts";
import type { Erasure } from "./erasure.ts";
import type { Acts } from "./publishing/acts.ts";
import { SharedCommit } from "./store/shared-commit.ts";
import type { PutOutcome, RecordStore, StoredRecord } from "./store/records.ts";
import type { StandingStore } from "./store/standings.ts";
import type { Stray, StrayStore } from "./store/strays.ts";
import { events } from "./events.ts";

export type RecordsParts = {
  readonly db: Database;
  readonly store: RecordStore;
  readonly standings: StandingStore;
  readonly strays: StrayStore;
  readonly acts: Acts;
  readonly activity: ActivityLog;
  readonly erasure: Pick<Erasure, "letGo">;
  readonly world: World;
  /** Of a new record: always the same for the same reference, see `Trust.recordHandle`. */
  handleOf(domain: Domain, reference: string): Handle;
  /** The terms of this member's admission. */
  admit(): Admit;
  /** There are records to publish. */
  onStored(): void;
};

export type ImportOptions = Omit<IntakeOptions, "today" | "retentionDaysMax" | "domains"> & {
  readonly dryRun: boolean;
  /** Whether the records do not wait for the next beat: whoever watches learns that something was entered at this moment. */
  readonly urgent?: boolean;
};

export type ImportReceipt = Readonly<Record<PutOutcome | "rows" | "rejected" | "warnings", number>> & {
  /** Under which the activity log keeps the import. */
  readonly receipt: string;
  /** Properties of the file that were not read, as the file spells them: for the importer's eyes, never for a log. */
  readonly ignored: readonly string[];
  readonly dryRun: boolean;
};

export type ImportEvent =
  | Extract<IntakeEvent, { readonly kind: "mapping" | "problem" }>
  | { readonly kind: "progress"; readonly rows: number; readonly bytes: number }
  | { readonly kind: "receipt"; readonly receipt: ImportReceipt };

type Put = Record<PutOutcome, number>;

type AcceptedRecord = Extract<IntakeEvent, { readonly kind: "record" }>;

/** Records stored in one transaction: an fsync each would make a large file slow. */
const CHUNK_RECORDS = 500;
const SWEEP_MS = 60_000;
/** The broker's budget slides in steps of an hour. */
const BUDGET_RETRY_MS = 3_600_000;

export class Records {
  readonly #parts: RecordsParts;
  readonly #wake: Wake;
  /** Those of which nothing is left here that is not the member's to publish. */
  #kept: readonly Domain[] | undefined;
  #budgetTriedAtMs = Number.NEGATIVE_INFINITY;
  #filesOpen = 0;
  readonly #commit: SharedCommit;

  constructor(parts: RecordsParts) {
    this.#parts = parts;
    this.#commit = new SharedCommit(parts.db, parts.world);
    this.#wake = new Wake(parts.world);
  }

  /** Whether a file is being imported: its first records are not to go out before its last ones are here. */
  get isArriving(): boolean {
    return this.#filesOpen > 0;
  }

  /** Imports a file as it arrives. Good rows go in while bad ones are reported; the receipt is the last event. */
  async *import(file: AsyncIterable<Uint8Array>, options: ImportOptions, actor: Actor): AsyncGenerator<ImportEvent> {
    this.#filesOpen += 1;
    try {
      yield* this.#import(file, options, actor);
    } finally {
      this.#filesOpen -= 1;
      this.#parts.onStored();
    }
  }

  async *#import(file: AsyncIterable<Uint8Array>, options: ImportOptions, actor: Actor): AsyncGenerator<ImportEvent> {
    const { world } = this.#parts;
    const { dryRun, urgent = false, ...reading } = options;
    const hurried: string[] = [];
    const by = { actor, receipt: toHex(world.randomBytes(6)) };
    const counted = new CountedBytes(file);
    const counts = { added: 0, amended: 0, unchanged: 0, rows: 0, rejected: 0, warnings: 0 };
    const chunk: AcceptedRecord[] = [];
    let ignored: readonly string[] = [];
    const today = isoDay(dayOf(world.clock()));
    const { retentionDaysMax, domains } = this.#parts.admit();
    for await (const event of intake(counted, { ...reading, today, retentionDaysMax, domains })) {
      // One row can take a tenth of a second, and its sender decides.
      await world.nextTurn();
      if (event.kind === "mapping" || event.kind === "problem") yield event;
      if (event.kind === "record") chunk.push(event);
      if (event.kind === "record" && urgent) hurried.push(event.record.reference);
      if (event.kind === "summary") {
        const { rows, rejected, warnings, unchanged } = event.counts;
        ignored = event.ignored.map(({ name }) => name);
        Object.assign(counts, { rows, rejected, warnings, unchanged: counts.unchanged + unchanged });
      }
      if (chunk.length < CHUNK_RECORDS) continue;
      count(counts, this.#store(chunk, dryRun ? undefined : by));
      chunk.length = 0;
      yield { kind: "progress", rows: counts.added + counts.amended + counts.unchanged, bytes: counted.bytes };
    }
    const end = (): ImportReceipt => {
      const all = { ...counts };
      count(all, this.#store(chunk, dryRun ? undefined : by));
      const receipt = { ...all, ignored, dryRun, receipt: by.receipt };
      if (dryRun) return receipt;
      // All of them at once: what comes first of a file is not to go first.
      for (const reference of hurried) this.#parts.store.setUrgent(reference);
      this.#enter("collection", { ...by, detail: JSON.stringify(receipt) });
      return receipt;
    };
    const receipt = dryRun ? end() : await this.#commit.run(end);
    yield { kind: "receipt", receipt };
  }

  /** Takes a record back. Throws NOT_FOUND, or CONFLICT when it is not published any more. */
  withdraw(reference: string, by: Asking): void {
    const { db, store } = this.#parts;
    assertReason(by.reason);
    db.transaction(() => {
      const stored = store.byReference(reference);
      if (isEnded(stored)) throw new CausewayError("CONFLICT", "the record is withdrawn or expired already");
      this.#end([stored], "withdrawn");
      this.#enter("erasure", { ...askedBy(by), ...about([stored.record]), detail: "withdrawn" });
    });
  }

  /**
   * Moves the review day later: a distinct act with a reason (28 CFR 23: updating identifiers alone is not validation).
   * Throws INVALID, NOT_FOUND, or CONFLICT when the record is not published any more.
   */
  revalidate(reference: string, reviewBy: string, by: Asking): void {
    const { db, store, acts, onStored } = this.#parts;
    assertReason(by.reason);
    const day = this.#assertReviewDay(reviewBy);
    db.transaction(() => {
      const stored = store.byReference(reference);
      if (isEnded(stored)) throw new CausewayError("CONFLICT", "the record is withdrawn or expired already");
      store.revalidate(stored, reviewBy);
      this.#enter("alteration", { ...askedBy(by), ...about([stored.record]), detail: "revalidated" });
      if (stored.sentDay === null) return;
      const reviewByDay = monthEnd(day);
      store.setSentDay(stored.handle, reviewByDay);
      acts.revalidate(stored.handle, reviewByDay);
    });
    onStored();
  }

  /** What only the broker holds of this unit, in the log before it is returned. */
  listStrays(by: Asking): Stray[] {
    const strays = this.#parts.strays.list();
    if (strays.length > 0) this.#enter("consultation", { ...askedBy(by), detail: "strays listed" });
    return strays;
  }

  /**
   * Takes back what only the broker holds: these, or all of it. Answers how many. Throws INVALID without a reason, NOT_FOUND when one of them
   * is not held.
   */
  withdrawStrays(of: readonly Handle[] | "all", by: Asking): number {
    const { db, strays, acts, world } = this.#parts;
    assertReason(by.reason);
    return db.transaction(() => {
      const handles = of === "all" ? strays.list().map(({ handle }) => handle) : [...new Set(of)];
      if (!handles.every((handle) => strays.letGo(handle, world.clock()))) {
        throw new CausewayError("NOT_FOUND", "no record of this handle is held", { fields: ["handles"] });
      }
      if (handles.length === 0) return 0;
      acts.withdraw(handles);
      this.#enter("erasure", { ...askedBy(by), detail: `strays withdrawn: ${handles.length}` });
      return handles.length;
    });
  }

  /** Takes canaries back, as an officer does records. Call it inside a transaction. */
  withdrawCanaries(handles: readonly Handle[]): void {
    const stored = handles.flatMap((handle) => this.#parts.store.byHandle(handle) ?? []);
    this.#end(
      stored.filter((each) => !isEnded(each)),
      "withdrawn",
    );
  }

  /** Those that there are, in the log before the first is returned. */
  list(by: Asking): Iterable<StoredRecord> {
    const { store } = this.#parts;
    const { last } = store;
    if (last > 0) this.#enter("consultation", { ...askedBy(by), every: true, detail: "listed" });
    return store.all(last);
  }

  /** Does what time does to records, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.leaveLostDomains();
      this.sweep();
      await this.#wake.wait(SWEEP_MS, signal);
    }
  }

  /**
   * Takes back what the member may not publish any more. Looked for at the start and when its domains have changed, since a record's role is
   * sealed. A record that has not been published waits for the domain to come back.
   */
  async leaveLostDomains(): Promise<void> {
    const { store, world } = this.#parts;
    const domains = this.#domains();
    if (domains === undefined || isDeepStrictEqual(domains, this.#kept)) return;
    let lost: StoredRecord[] = [];
    for (const stored of store.all()) {
      const published = stored.sentDay !== null && !isEnded(stored);
      if (published && !domains.includes(domainOf(stored.record.role))) lost.push(stored);
      if (lost.length < CHUNK_RECORDS) continue;
      this.#leave(lost);
      lost = [];
      await world.nextTurn();
    }
    this.#leave(lost);
    this.#kept = domains;
  }

  /** Undefined while the member is not in good standing: whatever it may publish is decided when it is back. */
  #domains(): readonly Domain[] | undefined {
    try {
      return this.#parts.admit().domains;
    } catch (error) {
      if (!isCausewayError(error, "FORBIDDEN")) throw error;
      return undefined;
    }
  }

  #leave(lost: readonly StoredRecord[]): void {
    const { db, world } = this.#parts;
    if (lost.length === 0) return;
    db.transaction(() => {
      this.#end(lost, "withdrawn");
      const people = lost.map(({ record }) => record);
      this.#enter("erasure", { actor: NODE_ITSELF, ...about(people), detail: "domain lost" });
    });
    events.records.domainLost(world.log, { records: lost.length });
  }

  /** Takes back what is past its review day, and tries again what was refused for want of budget or because clocks disagreed. */
  sweep(): void {
    const { db, store, standings, world, onStored } = this.#parts;
    const today = dayOf(world.clock());
    for (let overdue = store.overdue(today); overdue.length > 0; overdue = store.overdue(today)) {
      db.transaction(() => {
        this.#end(overdue, "expired");
        const people = overdue.filter(({ isCanary }) => !isCanary).map(({ record }) => record);
        if (people.length > 0) this.#enter("erasure", { actor: NODE_ITSELF, ...about(people), detail: "expired" });
      });
    }
    if (world.clock() - this.#budgetTriedAtMs >= BUDGET_RETRY_MS) {
      this.#budgetTriedAtMs = world.clock();
      standings.retry("budget");
      // A day of its past is refused for good, but the record has been ended above by then.
      standings.retry("reviewDay");
    }
    onStored();
  }

  /** The board has decided something: a mandate may include now what it did not, or no longer what it did. */
  onDirective(): void {
    this.#parts.standings.retry("domain");
    this.#parts.standings.retry("epoch");
    this.#wake.set();
    this.#parts.onStored();
  }

  /** `by`: undefined on trial, when nothing is stored. */
  #store(records: readonly AcceptedRecord[], by?: { readonly actor: Actor; readonly receipt: string }): Put {
    const { db, store, handleOf } = this.#parts;
    const counts = { added: 0, amended: 0, unchanged: 0 };
    if (records.length === 0) return counts;
    const put: Record<"added" | "amended", DeconflictionRecord[]> = { added: [], amended: [] };
    db.transaction(() => {
      for (const { record, contentHash } of records) {
        const outcome = store.compare(record, contentHash);
        counts[outcome] += 1;
        if (by === undefined || outcome === "unchanged") continue;
        if (outcome === "amended") this.#leaveFormer(record);
        store.put(record, contentHash, handleOf(domainOf(record.role), record.reference));
        put[outcome].push(record);
      }
      if (by === undefined) return;
      if (put.added.length > 0) this.#enter("collection", { ...by, ...about(put.added) });
      if (put.amended.length > 0) this.#enter("alteration", { ...by, ...about(put.amended), detail: "amended" });
    });
    return counts;
  }

  /** Into the log; call it inside the transaction of the act. */
  #enter(verb: Verb, activity: Activity): void {
    this.#parts.activity.append(this.#parts.world.clock(), verb, activity);
  }

  /** A handle stays in its domain: in two, it would tell the broker that a suspect is also a victim. */
  #leaveFormer(record: DeconflictionRecord): void {
    const { store, erasure } = this.#parts;
    const stored = store.byReference(record.reference);
    erasure.letGo(stored.record);
    if (domainOf(stored.record.role) === domainOf(record.role)) return;
    if (!isEnded(stored)) this.#end([stored], "withdrawn");
    store.releaseReference(stored.handle);
  }

  #end(stored: readonly StoredRecord[], state: "withdrawn" | "expired"): void {
    const { store, acts } = this.#parts;
    for (const { handle } of stored) store.end(handle, state, this.#parts.world.clock());
    acts.withdraw(stored.flatMap(({ handle, sentDay }) => (sentDay === null ? [] : [handle])));
  }

  #assertReviewDay(reviewBy: string): number {
    const day = parseIsoDay(reviewBy);
    const today = dayOf(this.#parts.world.clock());
    const last = today + this.#parts.admit().retentionDaysMax;
    if (day === undefined || day < today || day > last) {
      throw new CausewayError("INVALID", `the review date must be an ISO day from today to ${isoDay(last)}`, {
        fields: ["reviewBy"],
      });
    }
    return day;
  }
}

const isEnded = ({ state }: StoredRecord): boolean => state === "withdrawn" || state === "expired";

function assertReason(reason: string): void {
  if (reason.trim() === "") throw new CausewayError("INVALID", "a reason is needed", { fields: ["reason"] });
}

/** Counts what passes, for the progress bar. */
class CountedBytes implements AsyncIterable<Uint8Array> {
  bytes = 0;
  readonly #source: AsyncIterable<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#source) {
      this.bytes += chunk.length;
      yield chunk;
    }
  }
}

function count(counts: Put, { added, amended, unchanged }: Put): void {
  counts.added += added;
  counts.amended += amended;
  counts.unchanged += unchanged;
}
