/**
 * Canaries (protocol section 9): invented records that this node and others publish so that they must meet. While they do, silence is
 * real; while they do not, "no match" may be the fault of the broker, of the way to it, or of a member that is away.
 *
 * A canary is a record among the node's records: hardened, padded, batched, matched and proven like all others, and taken back after a
 * while. That it is one stands in this node's database only. Officers see neither it nor its matches. It costs evaluations and new
 * tokens as any record does, about nineteen; with the protocol's four a beat and domain and a beat of six hours about 300 a day.
 */
import { activeEpoch } from "../../shared/core/decisions.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { dayOf, isoDay, parseIsoDay } from "../../shared/core/days.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import type { SaltKey } from "../../shared/crypto/token.ts";
import type { CanaryReport } from "../canary-report.ts";
import type { MatchState } from "../core/match.ts";
import type { DeconflictionRecord } from "../core/record.ts";
import type { Database } from "../../shared/store/database.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import type { CanaryStore } from "./canary-store.ts";
import { canaryRole, canarySubject } from "./core/person.ts";
import { beatOf, pairsOf } from "./core/plan.ts";
import type { CanaryPair } from "./core/plan.ts";
import { countsOf, isProven, unprovenSince } from "./core/silence.ts";
import { events } from "../events.ts";

/** The epochs in which a node publishes, with the salts of the domains of its mandate. */
export type CanaryEpoch = { readonly epoch: number; readonly salts: ReadonlyMap<Domain, SaltKey> };

/** What ordinary records of the unit look like from outside. */
export type OrdinaryRecord = Pick<DeconflictionRecord, "handling" | "reviewBy">;

/** The node's records, as far as canaries are among them. Call each inside a transaction. */
export type CanaryRecords = {
  /** Stores a record that is published in this epoch only, and shown to nobody. It goes with the next batch. */
  keep(record: DeconflictionRecord, handle: Handle, epoch: number): void;
  /** Takes records back at the broker. */
  withdraw(handles: readonly Handle[]): void;
  /** Removes what is left of a record and its matches here. */
  remove(handle: Handle): void;
  /** One of the unit's own published records, by a share of them from 0 to 1; undefined if it has none. */
  sample(share: number): OrdinaryRecord | undefined;
};

export type CanariesParts = {
  readonly db: Database;
  readonly store: CanaryStore;
  readonly records: CanaryRecords;
  readonly member: MemberId;
  readonly world: World;
  /** If not, those that there are go, and silence is unproven from the start. */
  readonly enabled: boolean;
  federation(): Federation;
  epochs(): readonly CanaryEpoch[];
  /** 16 bytes that are the same for the same canary also after a restore, and that nobody else can tell. */
  handleOf(epoch: number, domain: Domain, pair: CanaryPair): Handle;
  /** Called once it is on disk that others have met, or are to. */
  onChange(): void;
};

/** The nexus is a narrow cross-check of its own, which holds no ordinary records. */
const DOMAINS_PROVEN: readonly Domain[] = ["target", "protected"];
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/**
 * Lives of canaries: at least two beats, so that one that is late can still meet; and whatever the beat some days, because the broker
 * notices whose records live for hours.
 */
const LIFE_MIN = { beats: 2, ms: DAY_MS };
const LIFE_MAX = { beats: 12, ms: 3 * DAY_MS };
/** After this long no notice of a canary's match is on its way any more. */
const ENDED_KEPT_MS = 7 * DAY_MS;
/** For a unit that has no records yet; the terms of its admission may allow less. */
const REVIEW_DAYS = 90;

export class Canaries implements CanaryReport {
  readonly #parts: CanariesParts;
  readonly #wake: Wake;
  readonly #watchedSinceMs: number;
  /** Epochs in which this program has looked for canaries that its database does not know. */
  readonly #recalled = new Set<number>();
  /** What the operator knows; undefined: nothing yet. */
  #isProven: boolean | undefined;

  constructor(parts: CanariesParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
    this.#watchedSinceMs = parts.world.clock();
  }

  /** From 0 to below 1. */
  #random(): number {
    const { buffer, byteOffset } = this.#parts.world.randomBytes(4);
    return new DataView(buffer, byteOffset).getUint32(0) / 2 ** 32;
  }

  /** Plans each beat and takes back old canaries until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.tick();
      await this.#wake.wait(MINUTE_MS, signal);
    }
  }

  /** What is due now: the beat's canaries in every open epoch, and the end of old ones. Doing it again changes nothing. */
  tick(): void {
    const { db, world } = this.#parts;
    try {
      db.transaction(() => {
        if (this.#parts.enabled) this.#plan();
        this.#end();
        this.#recall();
      });
      this.#tell();
    } catch (error) {
      // No epoch, or this member is suspended: silence becomes unproven by itself.
      if (!isCausewayError(error)) throw error;
      events.canaries.waiting(world.log, { code: error.code });
    }
  }

  /** Members or epochs may be others. Planned at once, so that a new epoch's canaries go with its first batches. */
  onDirective(): void {
    this.tick();
  }

  isCanary(handle: Handle): boolean {
    return this.#parts.store.has(handle);
  }

  /**
   * A match of a canary has changed; call it inside the transaction. They have met when the other side's tags held, which the broker cannot
   * pretend, this node says so, and it is as much as the two have in common; less is some other canary.
   */
  onMatch({ handle, statement, grading }: MatchState): void {
    const { db, store, world, onChange } = this.#parts;
    if (statement?.signature === undefined || (grading.grade !== "strong" && grading.grade !== "probable")) return;
    const beat = store.meet(handle, world.clock());
    if (beat === undefined) return;
    this.#prove(beat.epoch, beat.beatMs);
    db.afterCommit(onChange);
  }

  /** Of the last beat in an epoch: how many are to meet, and have. */
  counts(epoch: number): { readonly expected: number; readonly met: number } {
    return countsOf(this.#parts.store.beats(epoch));
  }

  /** Of the last beat in an epoch: the members whose canaries have not met this node's. */
  missing(epoch: number): MemberId[] {
    return this.#parts.store.missing(epoch);
  }

  /** 0 while silence is proven; else since when it is not, ms: without canaries, or before the first proof, since this node watches. */
  unprovenSinceMs(): number {
    const { store, world, federation, enabled } = this.#parts;
    if (!enabled) return this.#watchedSinceMs;
    return unprovenSince({
      beats: store.beats(this.#epochThatCounts()),
      terms: { lengthMs: federation().policy.canaryBeatMinutes * MINUTE_MS, withinMs: this.#withinMs },
      watchedSinceMs: this.#watchedSinceMs,
      nowMs: world.clock(),
    });
  }

  /**
   * For the operator, once: the members are named, because most often one of them is away. Not before those that were planned at the
   * start have had their time, and not of what the operator has switched off.
   */
  #tell(): void {
    const { world, federation, enabled } = this.#parts;
    const isProven = this.unprovenSinceMs() === 0;
    const isEarly = !isProven && world.clock() < this.#watchedSinceMs + this.#withinMs;
    if (!enabled || isEarly || isProven === this.#isProven) return;
    this.#isProven = isProven;
    const missing = this.missing(this.#epochThatCounts()).map((member) => federation().members.get(member)?.slug);
    if (isProven) events.silence.proven(world.log);
    else events.silence.unproven(world.log, { missing: missing.join(" ") });
  }

  get #withinMs(): number {
    return this.#parts.federation().policy.canaryWithinMinutes * MINUTE_MS;
  }

  #epochThatCounts(): number {
    return activeEpoch(this.#parts.federation())?.epoch ?? this.#parts.store.lastEpoch;
  }

  #plan(): void {
    const { federation, epochs, world } = this.#parts;
    const beatMs = beatOf(world.clock(), federation().policy.canaryBeatMinutes);
    for (const epoch of epochs()) this.#planEpoch(epoch, beatMs);
  }

  /**
   * Once for each epoch, after the beat of now is planned: canaries of beats before it that are not here although they may have been
   * published, because the database was restored or lost. They are stored as ended, so that nobody sees their matches when the broker
   * repeats its notices; their records the digest finds and withdraws. Those of pairs that have changed since, by members that came or
   * went, are not found.
   */
  #recall(): void {
    const { db, store, federation, epochs, world, handleOf, member } = this.#parts;
    const lengthMs = federation().policy.canaryBeatMinutes * MINUTE_MS;
    const nowMs = world.clock();
    const firstMs = nowMs - this.#lives()[1] - lengthMs - ENDED_KEPT_MS;
    for (const each of epochs().filter(({ epoch }) => !this.#recalled.has(epoch))) {
      const { epoch } = each;
      for (let beatMs = beatOf(nowMs, federation().policy.canaryBeatMinutes); beatMs >= firstMs; beatMs -= lengthMs) {
        for (const { domain, pair } of this.#ownPairs(each, beatMs)) {
          const handle = handleOf(epoch, domain, pair);
          const counterpart = pair.from === member ? pair.to : pair.from;
          store.addEnded({ handle, epoch, beatMs, counterpart, plannedMs: beatMs, endsMs: nowMs });
        }
      }
      db.afterCommit(() => this.#recalled.add(epoch));
    }
  }

  #ownPairs({ salts }: CanaryEpoch, beatMs: number): { readonly domain: Domain; readonly pair: CanaryPair }[] {
    const { federation, member } = this.#parts;
    const members = [...federation().members.values()];
    return DOMAINS_PROVEN.flatMap((domain) => {
      const salt = salts.get(domain);
      if (salt === undefined) return [];
      const entitled = members.filter(({ domains }) => domains.includes(domain)).map((admit) => admit.member);
      const own = pairsOf({ salt, beatMs, members: entitled }).filter(
        ({ from, to }) => from === member || to === member,
      );
      return own.map((pair) => ({ domain, pair }));
    });
  }

  #planEpoch(each: CanaryEpoch, beatMs: number): void {
    const { store, federation } = this.#parts;
    const { epoch } = each;
    const handles = this.#ownPairs(each, beatMs).map(({ domain, pair }) => this.#begin(epoch, domain, pair));
    store.await(epoch, beatMs, handles, [...federation().members.keys()]);
    if (store.beats(epoch).some((beat) => beat.beatMs === beatMs && beat.provenMs === 0)) this.#prove(epoch, beatMs);
  }

  /** One record of a pair; it may be there already. */
  #begin(epoch: number, domain: Domain, pair: CanaryPair): Handle {
    const { db, store, records, world, member, onChange } = this.#parts;
    const handle = this.#parts.handleOf(epoch, domain, pair);
    if (store.has(handle)) return handle;
    const side = pair.from === member ? 0 : 1;
    const endsMs = world.clock() + this.#lifeMs();
    const counterpart = side === 0 ? pair.to : pair.from;
    store.add({ handle, epoch, beatMs: pair.beatMs, counterpart, plannedMs: world.clock(), endsMs });
    const record: DeconflictionRecord = {
      reference: handle,
      subject: canarySubject(pair, side),
      role: canaryRole(pair, domain),
      legalBasis: "",
      caseReference: "",
      ...this.#ordinary(endsMs),
    };
    records.keep(record, handle, epoch);
    db.afterCommit(onChange);
    return handle;
  }

  #lifeMs(): number {
    const [least, most] = this.#lives();
    return Math.round(least + this.#random() * (most - least));
  }

  /** The shortest and the longest, ms. */
  #lives(): readonly [number, number] {
    const beatMs = this.#parts.federation().policy.canaryBeatMinutes * MINUTE_MS;
    const lifeMs = ({ beats, ms }: typeof LIFE_MIN): number => Math.max(beats * beatMs, ms);
    return [lifeMs(LIFE_MIN), lifeMs(LIFE_MAX)];
  }

  /** Handling and review day of one of the unit's own records, if that outlives the canary. */
  #ordinary(endsMs: number): OrdinaryRecord {
    const { records, federation, member, world } = this.#parts;
    const sample = records.sample(this.#random());
    const lastDay = dayOf(endsMs);
    if (sample !== undefined && (parseIsoDay(sample.reviewBy) ?? 0) >= lastDay) {
      return { handling: sample.handling, reviewBy: sample.reviewBy };
    }
    const today = dayOf(world.clock());
    const daysMax = federation().members.get(member)?.retentionDaysMax ?? REVIEW_DAYS;
    const day = Math.min(today + daysMax, Math.max(lastDay, today + REVIEW_DAYS));
    return { handling: sample?.handling ?? "open", reviewBy: isoDay(day) };
  }

  #prove(epoch: number, beatMs: number): void {
    const { store, world } = this.#parts;
    const beat = store.beats(epoch).find((each) => each.beatMs === beatMs);
    if (beat !== undefined && isProven(beat.canaries)) store.setProven(epoch, beatMs, world.clock());
  }

  /** Also those of an epoch that has ended: the broker keeps their handles, and the matches that they had. */
  #end(): void {
    const { store, records, world, enabled } = this.#parts;
    const nowMs = world.clock();
    const due = store.due(enabled ? nowMs : Number.MAX_SAFE_INTEGER);
    records.withdraw(due);
    for (const handle of due) store.setEnded(handle, nowMs);
    for (const handle of store.endedBefore(nowMs - ENDED_KEPT_MS)) {
      records.remove(handle);
      store.forget(handle);
    }
    store.forgetBeats(nowMs - ENDED_KEPT_MS);
  }
}
