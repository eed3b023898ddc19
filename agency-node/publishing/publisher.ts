/**
 * Takes records from "stored" to "in the outbox": identifiers, hardening, tokens, entries (protocol sections 2 and 3). It works on
 * windows of records so that two batches are with the evaluators while the window before is laid out and published.
 */
import { setImmediate as breathe } from "node:timers/promises";
import { toHex } from "../../shared/core/bytes.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { ErrorCode } from "../../shared/core/errors.ts";
import type { Entry } from "../../shared/core/data-plane.ts";
import { monthEnd, parseIsoDay } from "../../shared/core/days.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { HARDEN_BATCH_ELEMENTS_MAX, OPRF_INPUT_BYTES_MAX } from "../../shared/core/limits.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import { randomBytes } from "../../shared/crypto/random.ts";
import { confirmKeyOf, confirmKeyOfSet, tokenOf } from "../../shared/crypto/token.ts";
import type { SaltKey } from "../../shared/crypto/token.ts";
import type { Clock } from "../../shared/platform/clock.ts";
import type { Log } from "../../shared/platform/log.ts";
import { unlessAborted } from "../../shared/platform/retry.ts";
import { layOut, paddingOf, tokensOfLayout } from "../core/publication.ts";
import type { HardenedIdentifier } from "../core/publication.ts";
import { domainOf } from "../core/record.ts";
import { BudgetError } from "../hardening/answers.ts";
import { encodeIdentifier, identifiersOf } from "../linkage/identifiers.ts";
import { classOf } from "../linkage/scheme.ts";
import type { Database } from "../store/database.ts";
import type { HardenedStore, HardeningBatch } from "../store/hardened.ts";
import type { Outbox } from "../store/outbox.ts";
import type { RecordStore, StoredRecord, Version } from "../store/records.ts";
import { Wake } from "../wake.ts";

/** Hardens one batch at every evaluator and proves the answers; see `agency-node/hardening/`. */
export type HardenBatch = (batch: HardeningBatch) => Promise<readonly Uint8Array[]>;

/** What the active epoch means for publishing. */
export type PublishingTerms = {
  readonly epoch: number;
  readonly generation: number;
  readonly salts: ReadonlyMap<Domain, SaltKey>;
};

export type PublisherParts = {
  readonly db: Database;
  readonly records: RecordStore;
  readonly hardened: HardenedStore;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
  readonly harden: HardenBatch;
  terms(): PublishingTerms;
  /** X25519 public key of a record, derived from one seed. */
  conversationKey(handle: Handle): Uint8Array;
  /** Secret, of one record, always the same. */
  paddingKey(handle: Handle): HashKey;
};

/** Spot checks cost the same for a small batch as for a large one, see `agency-node/hardening/`. */
const BATCH_INPUTS = HARDEN_BATCH_ELEMENTS_MAX;
/** The least that a batch is cut down to for an allowance that is smaller than it. */
const BATCH_INPUTS_MIN = 256;
const WINDOW_RECORDS = 4_000;
/** Records worked on before other work gets its turn. */
const PAGE_RECORDS = 250;
const WINDOWS_AT_ONCE = 2;
/** Entries of one submission, well below what a sealed message may hold (`SEALABLE_BYTES_MAX`). */
const SUBMISSION_BYTES = 400_000;
const ENTRY_OVERHEAD_BYTES = 128;
/** Doubled up to the last one: an evaluator that restarts is back in a second, one that is down may be so for hours. */
const RETRY_FIRST_MS = 250;
const RETRY_LAST_MS = 5_000;
/** For what waiting alone is not likely to mend: a suspension, a proof that failed, a scheme this version lacks. */
const RETRY_UNLIKELY_MS = 60_000;
/** Budgets slide in steps of an hour. */
const BUDGET_WAIT_MS_MAX = 3_600_000;
const IDLE_MS = 60_000;

/** An answer failed its proof, the id is spent, or the keys have changed: the batch is dropped, anything else is tried again as it is. */
const CONDEMNING = ["UNPROVEN", "CONFLICT", "OUT_OF_SEQUENCE", "INVALID"] as const;

/** What another attempt soon may mend: by itself, or because it is made with a new batch. */
const PASSING: readonly ErrorCode[] = ["UNAVAILABLE", "CONFLICT", "OUT_OF_SEQUENCE"];

/** Why nothing is published now. */
export type Halt = { readonly code: ErrorCode; readonly resumesAtMs: number };

type Prepared = {
  readonly stored: StoredRecord;
  readonly identifiers: readonly (HardenedIdentifier & { readonly input: Uint8Array })[];
};

type Window = { readonly position: number; readonly records: readonly Prepared[]; readonly hardening: Promise<void> };

export class Publisher {
  readonly #parts: PublisherParts;
  readonly #wake = new Wake();
  readonly #termsChanged = new Wake();
  /** For the status: identifiers hardened since the start, and seconds with at least one batch on its way. */
  readonly work = { hardened: 0, seconds: 0 };
  /** What the batches on their way will bring, so that the next window does not pay for it again. */
  readonly #inFlight = new Set<string>();
  #batchInputs = BATCH_INPUTS;
  #halt: Halt | undefined;
  #running = 0;
  #busySinceMs = 0;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /** There are records to publish. */
  wake(): void {
    this.#wake.set();
  }

  /** Epoch, mandate or evaluators may be others: what was waited for may be there. */
  onDirective(): void {
    this.#termsChanged.set();
    this.#wake.set();
  }

  get halt(): Halt | undefined {
    return this.#halt;
  }

  /** Publishes until the signal aborts. Evaluators that are away or a budget that is used up delay it and lose nothing. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#untilDone(() => this.#publishAll(signal), signal);
      await this.#wake.wait(IDLE_MS, signal);
    }
  }

  /** The confirmation key over the identifiers that met; `undefined` if one of them is no longer in the cache. */
  confirmKey(domain: Domain, identifiers: readonly HardenedIdentifier[]): Uint8Array | undefined {
    const salt = this.#parts.terms().salts.get(domain);
    const ys = identifiers.map(({ cacheKey }) => this.#parts.hardened.get(cacheKey));
    if (salt === undefined || ys.length === 0 || !ys.every((y) => y !== undefined)) return undefined;
    return confirmKeyOfSet(ys.map((y) => confirmKeyOf(salt, domain, y)));
  }

  async #untilDone(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let delayMs = RETRY_FIRST_MS; !signal.aborted; delayMs = Math.min(2 * delayMs, RETRY_LAST_MS)) {
      try {
        await work();
        this.#halt = undefined;
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!isCausewayError(error)) throw error;
        const waitMs = this.#waitFor(error, delayMs);
        this.#halt = { code: error.code, resumesAtMs: this.#parts.clock() + waitMs };
        this.#parts.log.error("publishing.waiting", error, { delayMs: waitMs });
        await this.#termsChanged.wait(waitMs, signal);
      }
    }
  }

  #waitFor(error: CausewayError, delayMs: number): number {
    if (error instanceof BudgetError) {
      const untilMs = (error.retryAtMs ?? 0) - this.#parts.clock();
      return Math.min(Math.max(untilMs, delayMs), BUDGET_WAIT_MS_MAX);
    }
    return PASSING.includes(error.code) ? delayMs : RETRY_UNLIKELY_MS;
  }

  /** Batches that were on their way when the program ended are charged already: they are finished first. */
  async #finishBatches(signal: AbortSignal): Promise<void> {
    for (const batch of this.#parts.hardened.unfinished()) await this.#hardenBatch(batch, signal);
  }

  async #publishAll(signal: AbortSignal): Promise<void> {
    await this.#finishBatches(signal);
    const windows: Window[] = [];
    let position = 0;
    try {
      for (;;) {
        const window = signal.aborted ? undefined : await this.#prepare(position, signal);
        if (window !== undefined) {
          windows.push(window);
          position = window.position;
        }
        if (windows.length === 0) return;
        if (window === undefined || windows.length >= WINDOWS_AT_ONCE) await this.#publish(windows.shift());
      }
    } finally {
      await Promise.allSettled(windows.map(({ hardening }) => hardening));
    }
  }

  /** Reads the next records, as many as fill a batch, and starts hardening what the cache lacks. */
  async #prepare(afterPosition: number, signal: AbortSignal): Promise<Window | undefined> {
    const { records } = this.#parts;
    const { generation } = this.#parts.terms();
    const prepared: Prepared[] = [];
    const missing = new Map<string, Uint8Array>();
    let position = afterPosition;
    for (let isFull = false; !isFull && prepared.length < WINDOW_RECORDS;) {
      const page = records.hardening(position, PAGE_RECORDS);
      if (page.length === 0) break;
      for (const { position: at, stored } of page) {
        const identifiers = this.#identifiersOf(stored, generation);
        if (identifiers === undefined) {
          this.#refuseUnusable(stored);
          position = at;
          continue;
        }
        const lacking = identifiers.filter(({ cacheKey }) => this.#isLacking(cacheKey, missing));
        isFull = missing.size > 0 && missing.size + lacking.length > this.#batchInputs;
        if (isFull) break;
        for (const { cacheKey, input } of lacking) missing.set(toHex(cacheKey), input);
        prepared.push({ stored, identifiers });
        position = at;
      }
      await breathe();
    }
    if (position === afterPosition) return undefined;
    const hardening = this.#hardenAll(missing, generation, signal);
    // Awaited when the window's turn comes; until then a failure is not unhandled.
    hardening.catch(() => undefined);
    return { position, records: prepared, hardening };
  }

  /** `undefined` if one of them cannot be encoded: intake should have refused the record. */
  #identifiersOf({ record }: StoredRecord, generation: number): Prepared["identifiers"] | undefined {
    try {
      return identifiersOf(record.subject).map((identifier) => {
        const input = encodeIdentifier(identifier);
        if (input.length > OPRF_INPUT_BYTES_MAX) throw new RangeError("identifier too long");
        const cacheKey = this.#parts.hardened.cacheKey(generation, input);
        return { kind: identifier.kind, class: classOf(identifier.kind), cacheKey, input };
      });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return undefined;
    }
  }

  /** One record that nobody can publish must not keep all others from it. */
  #refuseUnusable({ handle }: StoredRecord): void {
    this.#parts.log.error("record.unusable", undefined, { handle });
    this.#parts.records.refuse(handle, "malformed");
  }

  #isLacking(cacheKey: Uint8Array, missing: ReadonlyMap<string, Uint8Array>): boolean {
    const key = toHex(cacheKey);
    return !missing.has(key) && !this.#inFlight.has(key) && !this.#parts.hardened.has(cacheKey);
  }

  async #hardenAll(missing: ReadonlyMap<string, Uint8Array>, generation: number, signal: AbortSignal): Promise<void> {
    const inputs = [...missing.values()];
    const size = this.#batchInputs;
    for (const key of missing.keys()) this.#inFlight.add(key);
    try {
      for (let at = 0; at < inputs.length; at += size) {
        const some = inputs.slice(at, at + size);
        const batch = { batchId: randomBytes(16), seed: randomBytes(32), generation, inputs: some };
        this.#parts.hardened.begin(batch);
        await this.#hardenBatch(batch, signal);
      }
    } finally {
      for (const key of missing.keys()) this.#inFlight.delete(key);
    }
  }

  async #hardenBatch(batch: HardeningBatch, signal: AbortSignal): Promise<void> {
    const { hardened, harden } = this.#parts;
    this.#startWatch();
    try {
      hardened.complete(batch, await unlessAborted(harden(batch), signal));
      this.work.hardened += batch.inputs.length;
      this.#halt = undefined;
    } catch (error) {
      if (isCondemning(error)) hardened.forget(batch.batchId);
      if (isTooLarge(error)) this.#shrink(batch);
      throw error;
    } finally {
      this.#stopWatch();
    }
  }

  /** An allowance below the batch's size never lets it pass, so it is asked for in smaller ones. */
  #shrink(batch: HardeningBatch): void {
    if (batch.inputs.length <= BATCH_INPUTS_MIN) return;
    this.#parts.hardened.forget(batch.batchId);
    this.#batchInputs = Math.max(BATCH_INPUTS_MIN, Math.floor(Math.min(batch.inputs.length, this.#batchInputs) / 2));
  }

  async #publish(window: Window | undefined): Promise<void> {
    if (window === undefined) return;
    await window.hardening;
    let batch: Prepared[] = [];
    let bytes = 0;
    for (const prepared of window.records) {
      batch.push(prepared);
      bytes += ENTRY_OVERHEAD_BYTES + 2 * 16 * (prepared.identifiers.length + 3 * 8);
      if (bytes < SUBMISSION_BYTES) continue;
      this.#append(batch);
      [batch, bytes] = [[], 0];
      await breathe();
    }
    this.#append(batch);
  }

  /** One submission: outbox row, layouts and states in one transaction. */
  #append(batch: readonly Prepared[]): void {
    const { db, records, outbox } = this.#parts;
    db.transaction(() => {
      const version = outbox.next();
      const entries: Entry[] = [];
      for (const { stored, identifiers } of batch) {
        if (!records.isStillHardening(stored)) continue;
        const entry = this.#upsert(stored, identifiers, version);
        // The mandate does not include the record's domain: the broker would refuse it for the same reason.
        if (entry === undefined) records.refuse(stored.handle, "domain");
        else entries.push(entry);
      }
      if (entries.length === 0) return;
      const handles = entries.map(({ handle }) => handle);
      outbox.append({ kind: "publication", entries }, handles);
    });
  }

  #upsert(stored: StoredRecord, identifiers: Prepared["identifiers"], version: Version): Entry | undefined {
    const { handle, record } = stored;
    const { epoch, salts } = this.#parts.terms();
    const domain = domainOf(record.role);
    const salt = salts.get(domain);
    if (salt === undefined) return undefined;
    const laidOut = identifiers.map(({ kind, class: tokenClass, cacheKey }) => ({ kind, class: tokenClass, cacheKey }));
    const layout = layOut(laidOut, randomBytes);
    const padding = paddingOf(this.#parts.paddingKey(handle), epoch);
    const tokens = tokensOfLayout(layout, (identifier) => this.#token(salt, domain, identifier), padding);
    const reviewByDay = reviewDayToPublish(stored);
    const published = { day: reviewByDay, tokens: identifiers.length };
    this.#parts.records.setWaiting(handle, version, { epoch, domain, layout }, published);
    const conversationKey = this.#parts.conversationKey(handle);
    return { operation: "upsert", handle, domain, handling: record.handling, reviewByDay, conversationKey, tokens };
  }

  #token(salt: SaltKey, domain: Domain, { cacheKey }: HardenedIdentifier): Uint8Array {
    const y = this.#parts.hardened.get(cacheKey);
    if (y === undefined) throw new CausewayError("INTERNAL", "an identifier to publish was not hardened");
    return tokenOf(salt, domain, y);
  }

  #startWatch(): void {
    if (this.#running === 0) this.#busySinceMs = this.#parts.clock();
    this.#running += 1;
  }

  #stopWatch(): void {
    this.#running -= 1;
    if (this.#running === 0) this.work.seconds += (this.#parts.clock() - this.#busySinceMs) / 1_000;
  }
}

/** Rounded to its month; an upsert never moves it later than what the broker has (protocol section 3). */
function reviewDayToPublish({ record, sentDay }: StoredRecord): number {
  const day = monthEnd(parseIsoDay(record.reviewBy) ?? 0);
  return sentDay === null ? day : Math.min(day, sentDay);
}

const isCondemning = (error: unknown): boolean => CONDEMNING.some((code) => isCausewayError(error, code));

const isTooLarge = (error: unknown): boolean => error instanceof BudgetError && error.retryAtMs === null;
