/**
 * Makes records ready to be published in the epochs of one generation of evaluator keys (protocol sections 2.1 and 2.2): identifiers,
 * hardened at every evaluator. What is in the cache already is never evaluated again. It works on windows of records so that two
 * batches are with the evaluators while the window before is finished.
 *
 * A window is sent when it is ready, so windows must not follow the order of a file: each is drawn from all that is to be prepared.
 * What waits is little or much: little goes at the next beat, much is crowd enough.
 */
import { toHex } from "../../shared/core/bytes.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { ErrorCode } from "../../shared/core/errors.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { HARDEN_BATCH_ELEMENTS_MAX, OPRF_INPUT_BYTES_MAX } from "../../shared/core/limits.ts";
import { unlessAborted } from "../../shared/world/wait.ts";
import { below, untilBeat, Urn } from "../core/order.ts";
import { drawLoans, freePlaces } from "../core/padding.ts";
import type { Lender } from "../core/padding.ts";
import { domainOf } from "../core/record.ts";
import { BudgetError } from "../hardening/answers.ts";
import { encodeIdentifier, identifiersOf } from "../linkage/identifiers.ts";
import { classOf, SCHEME } from "../linkage/scheme.ts";
import type { KindName } from "../linkage/scheme.ts";
import type { Database } from "../../shared/store/database.ts";
import type { HardenedStore, HardeningBatch } from "../store/hardened.ts";
import type { LoanStore } from "../store/loans.ts";
import type { RecordStore, StoredRecord } from "../store/records.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import type { EpochTerms } from "./terms.ts";
import type { Watch } from "./watch.ts";
import { events } from "../events.ts";

/** Hardens one batch at every evaluator and proves the answers; see `agency-node/hardening/`. */
export type HardenBatch = (batch: HardeningBatch) => Promise<readonly Uint8Array[]>;

export type LaneParts = {
  readonly db: Database;
  readonly records: RecordStore;
  readonly hardened: HardenedStore;
  readonly loans: LoanStore;
  readonly world: World;
  readonly harden: HardenBatch;
  /** Throws while nothing can be published, see `Trust`. */
  terms(): readonly EpochTerms[];
  /** X25519 public key of a record, derived from one seed. */
  conversationKey(handle: Handle): Uint8Array;
  /** Whether a file is being read: what is due with it is not all here yet. */
  isArriving(): boolean;
  /** Records are ready to be sent. */
  onReady(): void;
  /** Few changes wait for the next multiple of it, in ms; 0: they do not wait. */
  readonly beatMs: number;
  readonly watch: Watch;
};

/** Spot checks cost the same for a small batch as for a large one, see `agency-node/hardening/`. */
const BATCH_INPUTS = HARDEN_BATCH_ELEMENTS_MAX;
/** The least that a batch is cut down to for an allowance that is smaller than it. */
const BATCH_INPUTS_MIN = 256;
const WINDOW_RECORDS = 4_000;
/** Records worked on before other work gets its turn. */
const PAGE_RECORDS = 250;
/** Records looked through at once for those that lack this generation. */
const STEP_RECORDS = 5_000;
const WINDOWS_AT_ONCE = 2;
/** So many do not wait for the beat: each of them is one among these. */
const CROWD_RECORDS = 256;
/** Looked at for one that can lend: while few of many records are prepared, most numbers are of none. */
const LENDER_TRIES = 64;
/** A file that takes longer to read than this is not waited for: whoever sends it may have stopped. */
const ARRIVAL_MS_MAX = 10 * 60_000;
/** Doubled up to the last one: an evaluator that restarts is back in a second, one that is down may be so for hours, and back at any moment. */
const RETRY_FIRST_MS = 250;
const RETRY_LAST_MS = 2_000;
/** For what waiting alone is not likely to mend: a suspension, a proof that failed, a scheme this version lacks. */
const RETRY_UNLIKELY_MS = 60_000;
/** Budgets slide in steps of an hour. */
const BUDGET_WAIT_MS_MAX = 3_600_000;
const IDLE_MS = 60_000;

/**
 * An answer failed its proof, or the id is spent: the batch is dropped, anything else is tried again as it is. So is what an evaluator refuses
 * because it has not the key of the generation (yet, or any more): a new batch would be charged again by the others, each time.
 */
const CONDEMNING = ["UNPROVEN", "CONFLICT", "INVALID"] as const;

/** What another attempt soon may mend: by itself, or because it is made with a new batch. */
const PASSING: readonly ErrorCode[] = ["UNAVAILABLE", "CONFLICT", "OUT_OF_SEQUENCE"];

/** What may have been a connection that broke in an unusual way, or a fault that stays: tried soon at first. */
const DOUBTFUL: readonly ErrorCode[] = ["INTERNAL", "EXHAUSTED"];

/** Why records are not prepared now. */
export type Halt = { readonly code: ErrorCode; readonly resumesAtMs: number };

type Encoded = { readonly kind: KindName; readonly input: Uint8Array };

type WindowRecord = { readonly stored: StoredRecord; readonly encoded: readonly Encoded[] };

type Window = {
  readonly records: readonly WindowRecord[];
  readonly hardening: Promise<void>;
};

/** What a window's records lack in the cache, by cache key. */
type Missing = Map<string, Uint8Array>;

export class Lane {
  readonly generation: number;
  readonly #parts: LaneParts;
  readonly #wake: Wake;
  readonly #termsChanged: Wake;
  /** What the batches on their way will bring, so that the next window does not pay for it again. */
  readonly #inFlight = new Set<string>();
  #batchInputs = BATCH_INPUTS;
  #halt: Halt | undefined;
  /** Urgent records that are being prepared. */
  readonly #hurried = new Set<number>();

  constructor(generation: number, parts: LaneParts) {
    this.generation = generation;
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
    this.#termsChanged = new Wake(parts.world);
  }

  /** There are records to prepare. */
  wake(): void {
    this.#wake.set();
  }

  /** Epochs, mandate or evaluators may be others: what was waited for may be there. */
  onDirective(): void {
    this.#termsChanged.set();
    this.#wake.set();
  }

  get halt(): Halt | undefined {
    return this.#halt;
  }

  /** Prepares until the signal aborts. Evaluators that are away or a budget that is used up delay it and lose nothing. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#untilDone(() => this.#prepareAll(signal), signal);
      await this.#wake.wait(IDLE_MS, signal);
    }
  }

  async #untilDone(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let delayMs = RETRY_FIRST_MS; !signal.aborted; delayMs = Math.min(2 * delayMs, RETRY_UNLIKELY_MS)) {
      try {
        await work();
        this.#halt = undefined;
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!isCausewayError(error)) throw error;
        const waitMs = this.#waitFor(error, delayMs);
        this.#halt = { code: error.code, resumesAtMs: this.#parts.world.clock() + waitMs };
        events.publishing.waiting(this.#parts.world.log, error, { delayMs: waitMs });
        await this.#termsChanged.wait(waitMs, signal);
      }
    }
  }

  #waitFor(error: CausewayError, delayMs: number): number {
    if (error instanceof BudgetError) {
      const untilMs = (error.retryAtMs ?? 0) - this.#parts.world.clock();
      return Math.min(Math.max(untilMs, Math.min(delayMs, RETRY_LAST_MS)), BUDGET_WAIT_MS_MAX);
    }
    if (PASSING.includes(error.code)) return Math.min(delayMs, RETRY_LAST_MS);
    return DOUBTFUL.includes(error.code) ? delayMs : RETRY_UNLIKELY_MS;
  }

  async #prepareAll(signal: AbortSignal): Promise<void> {
    await this.#finishBatches(signal);
    const urn = await this.#untilDue(signal);
    const windows: Window[] = [];
    try {
      for (;;) {
        const window = signal.aborted ? undefined : await this.#begin(urn, signal);
        if (window !== undefined) windows.push(window);
        if (windows.length === 0) return;
        if (window === undefined || windows.length >= WINDOWS_AT_ONCE) await this.#finish(windows.shift());
      }
    } finally {
      await Promise.allSettled(windows.map(({ hardening }) => hardening));
      this.#hurried.clear();
    }
  }

  #urgent(): number[] {
    return this.#parts.records.urgentUnprepared(this.generation).filter((number) => !this.#hurried.has(number));
  }

  /** Batches that were on their way when the program ended are charged already: they are finished first. */
  async #finishBatches(signal: AbortSignal): Promise<void> {
    const { hardened, terms } = this.#parts;
    const open = terms().map(({ generation }) => generation);
    for (const batch of hardened.unfinished()) {
      if (batch.generation === this.generation) await this.#hardenBatch(batch, signal);
      else if (!open.includes(batch.generation)) hardened.forget(batch.batchId);
    }
  }

  /**
   * All that is to be prepared, once that is a crowd or the beat has come, and all of a file is here. What is urgent waits for none of that:
   * then nothing else, which is looked at again after it.
   */
  async #untilDue(signal: AbortSignal): Promise<Urn<number>> {
    const { world, isArriving, beatMs } = this.#parts;
    const sinceMs = world.elapsedMs();
    const isUrgent = (): boolean => this.#urgent().length > 0;
    while (isArriving() && world.elapsedMs() - sinceMs < ARRIVAL_MS_MAX && !isUrgent() && !signal.aborted) {
      await this.#wake.wait(IDLE_MS, signal);
    }
    if (!isUrgent()) {
      const urn = await this.#drawnFrom();
      if (urn.size === 0 || urn.size >= CROWD_RECORDS || beatMs === 0) return urn;
      const beatAtMs = world.elapsedMs() + untilBeat(world.clock(), beatMs);
      for (let leftMs = beatAtMs - world.elapsedMs(); leftMs > 0 && !isUrgent() && !signal.aborted;) {
        await this.#wake.wait(leftMs, signal);
        leftMs = beatAtMs - world.elapsedMs();
      }
    }
    if (!isUrgent()) return await this.#drawnFrom();
    this.#wake.set();
    return new Urn<number>(world.randomBytes);
  }

  async #drawnFrom(): Promise<Urn<number>> {
    const { records, world } = this.#parts;
    const urn = new Urn<number>(world.randomBytes);
    for (let after = 0; ;) {
      const upTo = records.hardeningUpTo(after, STEP_RECORDS);
      if (upTo === undefined) return urn;
      urn.add(records.unprepared(this.generation, { after, upTo }));
      after = upTo;
      await world.nextTurn();
    }
  }

  /** What is urgent goes by itself, at once, whatever else is being prepared; what comes while two windows are under way goes together. */
  async #begin(urn: Urn<number>, signal: AbortSignal): Promise<Window | undefined> {
    const urgent = this.#urgent();
    if (urgent.length === 0) return await this.#draw(urn, signal);
    for (const number of urgent) this.#hurried.add(number);
    const hurried = new Urn<number>(this.#parts.world.randomBytes);
    hurried.add(urgent);
    const window = await this.#draw(hurried, signal);
    // Those for which there was no room go with the next.
    for (const number of hurried.take(hurried.size)) this.#hurried.delete(number);
    return window;
  }

  /** Draws the next records, as many as fill a batch, and starts hardening what the cache lacks. */
  async #draw(urn: Urn<number>, signal: AbortSignal): Promise<Window | undefined> {
    if (urn.size === 0) return undefined;
    const missing: Missing = new Map();
    const records: WindowRecord[] = [];
    for (let isFull = false; !isFull && urn.size > 0 && records.length < WINDOW_RECORDS;) {
      const page = this.#parts.records.hardening(urn.take(PAGE_RECORDS));
      for (const [at, stored] of page.entries()) {
        const encoded = this.#encode(stored);
        isFull = encoded !== undefined && !this.#gather(encoded, missing);
        if (isFull) urn.add(page.slice(at).map(({ number }) => number));
        if (isFull) break;
        if (encoded === undefined) this.#refuseUnusable(stored);
        else records.push({ stored, encoded });
      }
      await this.#parts.world.nextTurn();
    }
    const hardening = this.#hardenAll(missing, signal);
    // Awaited when the window's turn comes; until then a failure is not unhandled.
    hardening.catch(() => undefined);
    return { records, hardening };
  }

  /** `undefined` if one of them cannot be encoded: intake should have refused the record. */
  #encode({ record }: StoredRecord): readonly Encoded[] | undefined {
    try {
      return identifiersOf(record.subject).map((identifier) => {
        const input = encodeIdentifier(identifier);
        if (input.length > OPRF_INPUT_BYTES_MAX) throw new RangeError("identifier too long");
        return { kind: identifier.kind, input };
      });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return undefined;
    }
  }

  /** One record that nobody can publish must not keep all others from it. */
  #refuseUnusable({ number, handle }: StoredRecord): void {
    events.record.unusable(this.#parts.world.log, undefined, { handle });
    this.#parts.records.refuse(number, "malformed");
  }

  /** Adds what the record lacks to what the window lacks; false, with nothing added, if a batch has no room for it. */
  #gather(encoded: readonly Encoded[], missing: Missing): boolean {
    const { hardened } = this.#parts;
    const cacheKeys = encoded.map(({ input }) => hardened.cacheKey(this.generation, input));
    hardened.takeBack(cacheKeys);
    const lacking = encoded.flatMap(({ input }, i) => {
      const cacheKey = cacheKeys[i] as Uint8Array;
      const key = toHex(cacheKey);
      const isKnown = missing.has(key) || this.#inFlight.has(key) || hardened.has(cacheKey);
      return isKnown ? [] : [{ key, input }];
    });
    if (missing.size > 0 && missing.size + lacking.length > this.#batchInputs) return false;
    for (const { key, input } of lacking) missing.set(key, input);
    return true;
  }

  async #hardenAll(missing: Missing, signal: AbortSignal): Promise<void> {
    for (const key of missing.keys()) this.#inFlight.add(key);
    try {
      await this.#hardenInputs([...missing.values()], signal);
    } finally {
      for (const key of missing.keys()) this.#inFlight.delete(key);
    }
  }

  async #hardenInputs(inputs: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    const size = this.#batchInputs;
    for (let at = 0; at < inputs.length; at += size) {
      const some = inputs.slice(at, at + size);
      const batch = {
        batchId: this.#parts.world.randomBytes(16),
        seed: this.#parts.world.randomBytes(32),
        generation: this.generation,
        inputs: some,
      };
      this.#parts.hardened.begin(batch);
      await this.#hardenBatch(batch, signal);
    }
  }

  async #hardenBatch(batch: HardeningBatch, signal: AbortSignal): Promise<void> {
    const { hardened, harden, watch } = this.#parts;
    watch.start();
    try {
      hardened.complete(batch, await unlessAborted(harden(batch), signal));
      watch.work.hardened += batch.inputs.length;
      this.#halt = undefined;
    } catch (error) {
      if (isCondemning(error)) hardened.forget(batch.batchId);
      if (isTooLarge(error)) this.#shrink(batch);
      throw error;
    } finally {
      watch.stop();
    }
  }

  /** An allowance below the batch's size never lets it pass, so it is asked for in smaller ones. */
  #shrink(batch: HardeningBatch): void {
    if (batch.inputs.length <= BATCH_INPUTS_MIN) return;
    this.#parts.hardened.forget(batch.batchId);
    this.#batchInputs = Math.max(BATCH_INPUTS_MIN, Math.floor(Math.min(batch.inputs.length, this.#batchInputs) / 2));
  }

  async #finish(window: Window | undefined): Promise<void> {
    if (window === undefined) return;
    await window.hardening;
    const keep = ({ stored, encoded }: WindowRecord): void => this.#keep(stored, encoded);
    // Once all of them can lend.
    const finish = ({ stored, encoded }: WindowRecord): void => {
      this.#borrow(stored, encoded);
      this.#parts.records.setReady(stored, encoded.length);
    };
    if (window.records.length <= PAGE_RECORDS) {
      this.#parts.db.transaction(() => {
        this.#each(window.records, keep);
        this.#each(window.records, finish);
      });
    } else {
      await this.#eachPage(window, keep);
      await this.#eachPage(window, finish);
    }
    // Once for the window: it is to go in one order.
    this.#parts.onReady();
  }

  /** Some records in one transaction. */
  async #eachPage({ records }: Window, work: (record: WindowRecord) => void): Promise<void> {
    for (let at = 0; at < records.length; at += PAGE_RECORDS) {
      this.#parts.db.transaction(() => this.#each(records.slice(at, at + PAGE_RECORDS), work));
      await this.#parts.world.nextTurn();
    }
  }

  /** Those that are still to be prepared. */
  #each(records: readonly WindowRecord[], work: (record: WindowRecord) => void): void {
    for (const each of records) if (this.#parts.records.isStillHardening(each.stored)) work(each);
  }

  /** Once in the life of a record. */
  #borrow({ number, handle, record }: StoredRecord, encoded: readonly Encoded[]): void {
    const { loans, world } = this.#parts;
    if (loans.areDrawn(number)) return;
    const free = freePlaces(encoded.map(({ kind }) => ({ class: classOf(kind) })));
    const nextLender = (): Lender | undefined => this.#lender(number, domainOf(record.role));
    loans.save(number, drawLoans({ handle, free }, nextLender, world.randomBytes));
  }

  #lender(borrower: number, domain: Domain): Lender | undefined {
    const { loans, world } = this.#parts;
    const { generation } = this;
    for (let tries = 0; tries < LENDER_TRIES; tries += 1) {
      const number = 1 + below(world.randomBytes, loans.last);
      const lender = number === borrower ? undefined : loans.lenderAt(number, { generation, domain });
      if (lender !== undefined) return lender;
    }
    return undefined;
  }

  #keep(stored: StoredRecord, encoded: readonly Encoded[]): void {
    const { generation } = this;
    const { records, hardened } = this.#parts;
    if (records.isPrepared(stored, generation, SCHEME.name)) return;
    const { role, handling } = stored.record;
    const identifiers = encoded.map(({ kind, input }) => {
      const cacheKey = hardened.cacheKey(generation, input);
      const y = hardened.get(cacheKey);
      if (y === undefined) throw new CausewayError("INTERNAL", "an identifier to publish was not hardened");
      return { kind, class: classOf(kind), cacheKey, y };
    });
    const conversationKey = this.#parts.conversationKey(stored.handle);
    const prepared = { domain: domainOf(role), handling, conversationKey, identifiers };
    records.savePrepared(stored, { generation, scheme: SCHEME.name, prepared });
  }
}

const isCondemning = (error: unknown): boolean => CONDEMNING.some((code) => isCausewayError(error, code));

const isTooLarge = (error: unknown): boolean => error instanceof BudgetError && error.retryAtMs === null;
