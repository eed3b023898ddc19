/**
 * Digests with the broker (protocol section 8): does it hold exactly what this node has published? What differs is sent again, and what
 * this node has ended is withdrawn again. What only the broker knows is held for a person to decide on, and counted with what this node has
 * published: so a digest agrees but for what is held, and only such a one that differs by nothing else. That repairs a broker that lost
 * submissions, a node restored from a backup, and a node whose database was lost. A digest detects faults, not malice: whoever holds the
 * tokens can compute it.
 */
import { toHex, u32 } from "../../shared/core/bytes.ts";
import type { Digest, DigestAnswer, Withdraw } from "../../shared/core/data-plane.ts";
import { dayOf } from "../../shared/core/days.ts";
import { bucketOf, digestOf } from "../../shared/core/digest.ts";
import type { DigestItem } from "../../shared/core/digest.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import {
  DIGEST_AGAIN_MS,
  DIGEST_ANSWER_MS_MAX,
  DIGEST_EVERY_MS,
  DIGEST_UNCHANGED_MS,
  REPAIR_FIRST_MS,
  REPAIR_LAST_MS,
  STRAYS_PER_SUBMISSION,
} from "../core/limits.ts";
import type { Database } from "../../shared/store/database.ts";
import type { Retries } from "../retries.ts";
import type { Acts } from "./acts.ts";
import type { Outbox } from "../store/outbox.ts";
import type { RecordStore } from "../store/records.ts";
import type { Version } from "../store/publications.ts";
import type { StandingStore } from "../store/standings.ts";
import type { StrayStore } from "../store/strays.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import { events } from "../events.ts";

export type DigestsParts = {
  readonly db: Database;
  readonly records: RecordStore;
  readonly standings: StandingStore;
  readonly outbox: Outbox;
  readonly acts: Acts;
  readonly strays: StrayStore;
  readonly retries: Retries;
  readonly world: World;
  /** Numbers of the open epochs that this node publishes in; none while it may say nothing. */
  openEpochs(): readonly number[];
  /** Whether the handle is of one of this node's test records, also of one that has ended. */
  isCanary(handle: Handle): boolean;
  /** There are records to send again. */
  onRepair(): void;
  /** The broker has answered. */
  onAnswer(): void;
};

/** `awaited`: not compared since there was last a reason for doubt, such as a connection. */
export type Agreement = "awaited" | "agreed" | "differs";

/** What is known of one epoch since the program started. */
type Exchange = {
  agreement: Agreement;
  /** The digest that was sent last. */
  asked?: Version;
  /** When the next one is due. */
  dueMs: number;
  /** Buckets that differed in the answer before: differing once may be a crossing. */
  suspected: ReadonlySet<number>;
  repairedMs: number;
  repairDelayMs: number;
  /** What was asked last, and what was agreed on last and when: the same again need not be said so soon. */
  askedHash?: string;
  agreed?: { readonly hash: string; readonly atMs: number };
};

const NONE: ReadonlySet<number> = new Set();

export class Digests {
  readonly #parts: DigestsParts;
  readonly #wake: Wake;
  readonly #exchanges = new Map<number, Exchange>();

  constructor(parts: DigestsParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
  }

  /** Asks for every open epoch soon, such as after a connection. */
  askAll(): void {
    for (const epoch of this.#parts.openEpochs()) this.ask(epoch);
  }

  /** Asks for one epoch soon, such as when all that it was to take over has been sent. */
  ask(epoch: number): void {
    const exchange = this.#exchangeOf(epoch);
    exchange.dueMs = this.#parts.world.clock();
    if (exchange.agreement === "agreed") exchange.agreement = "awaited";
    delete exchange.agreed;
    this.#wake.set();
  }

  /** How this node and the broker that it is connected to stand in an epoch. */
  agreementIn(epoch: number): Agreement {
    return this.#exchanges.get(epoch)?.agreement ?? "awaited";
  }

  /** Asks whenever it is time, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#askDue();
      const now = this.#parts.world.clock();
      const dueMs = this.#parts.openEpochs().map((epoch) => this.#exchangeOf(epoch).dueMs);
      const waitMs = Math.min(DIGEST_EVERY_MS, ...dueMs.map((due) => Math.max(0, due - now)));
      await this.#wake.wait(Math.max(waitMs, 50), signal);
    }
  }

  /** Carries out an answer of the broker; call it inside the transaction that takes the delivery. */
  take(answer: DigestAnswer): void {
    const { world, standings, db } = this.#parts;
    const exchange = this.#exchanges.get(answer.epoch);
    const { asked } = exchange ?? {};
    if (exchange === undefined || asked === undefined) return;
    if (asked.incarnation !== answer.incarnation || asked.sequence !== answer.sequence) return;
    delete exchange.asked;
    exchange.dueMs = world.clock() + DIGEST_EVERY_MS;
    this.#hold(answer);
    if (answer.differing.length === 0) {
      exchange.agreement = "agreed";
      Object.assign(exchange, { suspected: NONE, repairDelayMs: REPAIR_FIRST_MS });
      if (exchange.askedHash !== undefined) exchange.agreed = { hash: exchange.askedHash, atMs: world.clock() };
      standings.setAgreed(answer.epoch, answer.sequence, standings.isDue(answer.epoch, "carried") ? 0 : world.clock());
    } else {
      standings.setAgreed(answer.epoch, 0, 0);
      events.digest.differed(world.log, { epoch: answer.epoch, buckets: answer.differing.length });
      this.#pursue(exchange, answer);
    }
    db.afterCommit(this.#parts.onAnswer);
  }

  /** What this database never knew, or knows no more, may be what a restore has lost. */
  #hold({ epoch, differing, handles, items }: DigestAnswer): void {
    const { strays, world } = this.#parts;
    const found = handles.flatMap((handle, at) => {
      return this.#isKnown(handle) ? [] : [[handle, items?.[at]] as const];
    });
    const held = strays.hold(epoch, differing, found, world.clock());
    if (held > 0) events.strays.held(world.log, { records: held, epoch });
  }

  #isKnown(handle: Handle): boolean {
    const { records, isCanary } = this.#parts;
    return records.has(handle) || isCanary(handle);
  }

  /** What differs once is asked again; what differs twice is repaired; what repairs do not mend is tried ever less often. */
  #pursue(exchange: Exchange, answer: DigestAnswer): void {
    const now = this.#parts.world.clock();
    const certain = answer.differing.filter((bucket) => exchange.suspected.has(bucket));
    exchange.suspected = new Set(answer.differing);
    if (certain.length > 0) exchange.agreement = "differs";
    if (certain.length === 0) return this.#askAgain(answer.epoch, now + DIGEST_AGAIN_MS);
    const earliestMs = exchange.repairedMs + exchange.repairDelayMs;
    if (now < earliestMs) return this.#askAgain(answer.epoch, earliestMs);
    if (exchange.repairedMs > 0) exchange.repairDelayMs = Math.min(2 * exchange.repairDelayMs, REPAIR_LAST_MS);
    exchange.repairedMs = now;
    exchange.suspected = NONE;
    this.#repair(answer, certain);
  }

  #repair({ epoch, handles }: DigestAnswer, buckets: readonly number[]): void {
    const { records, standings, outbox, strays: held, world, db, onRepair } = this.#parts;
    const concerned = new Set(buckets);
    const strays = handles.filter((handle) => {
      const isEnded = !records.isLive(handle) && (this.#isKnown(handle) || held.isToGo(handle));
      return concerned.has(bucketOf(handle)) && isEnded;
    });
    for (let at = 0; at < strays.length; at += STRAYS_PER_SUBMISSION) {
      const entries = strays.slice(at, at + STRAYS_PER_SUBMISSION).map(withdrawalOf);
      outbox.append({ kind: "publication", entries }, [], epoch);
    }
    const sentAgain = standings.sendAgain(epoch, buckets);
    events.digest.repaired(world.log, { epoch, buckets: buckets.length, records: sentAgain, withdrawn: strays.length });
    db.afterCommit(onRepair);
    // With nothing to send again nobody says when it is done.
    if (sentAgain === 0) this.#askAgain(epoch, this.#parts.world.clock() + DIGEST_AGAIN_MS);
  }

  #askAgain(epoch: number, atMs: number): void {
    this.#exchangeOf(epoch).dueMs = atMs;
    this.#wake.set();
  }

  #askDue(): void {
    const now = this.#parts.world.clock();
    for (const epoch of this.#parts.openEpochs()) {
      const exchange = this.#exchangeOf(epoch);
      if (exchange.dueMs > now) continue;
      // A broker that dies between receipt and answer never answers: it is asked again.
      exchange.dueMs = now + DIGEST_ANSWER_MS_MAX;
      try {
        this.#send(epoch, exchange);
        this.#parts.retries.done("digest");
      } catch (error) {
        if (!isCausewayError(error)) throw error;
        this.#parts.retries.failed("digest", error);
        events.digest.waiting(this.#parts.world.log, error, { epoch });
      }
    }
  }

  /** As of the submission before it, which is known for certain only inside one transaction. */
  #send(epoch: number, exchange: Exchange): void {
    const { db, outbox, world } = this.#parts;
    // While the last one has no receipt the broker is away: one is enough when it is back.
    if (exchange.asked !== undefined && outbox.positionOf(exchange.asked) !== undefined) return;
    // What is withdrawn is in no digest: the broker must have been told before.
    this.#parts.acts.send();
    const now = world.clock();
    const day = dayOf(now);
    db.transaction(() => {
      outbox.next();
      const digest = digestOf(day, this.#counted(epoch, day));
      const hash = hashOf(digest);
      const { agreed } = exchange;
      // Submissions stay in the stream until their epoch ends: a unit that is quiet must not fill it with digests.
      if (agreed?.hash === hash && now - agreed.atMs < DIGEST_UNCHANGED_MS) {
        exchange.dueMs = now + DIGEST_EVERY_MS;
        return;
      }
      exchange.askedHash = hash;
      exchange.asked = outbox.append({ kind: "digest", ...digest }, [], epoch);
    });
  }

  /** What the broker should hold, and what it holds besides. */
  *#counted(epoch: number, day: number): Generator<readonly [Handle, DigestItem]> {
    yield* this.#parts.standings.sums(epoch, day);
    yield* this.#parts.strays.items(epoch);
  }

  #exchangeOf(epoch: number): Exchange {
    const known = this.#exchanges.get(epoch);
    if (known !== undefined) return known;
    const dueMs = this.#parts.world.clock() + DIGEST_EVERY_MS;
    const fresh: Exchange = {
      agreement: "awaited",
      dueMs,
      suspected: NONE,
      repairedMs: 0,
      repairDelayMs: REPAIR_FIRST_MS,
    };
    this.#exchanges.set(epoch, fresh);
    return fresh;
  }
}

function hashOf({ buckets }: Digest): string {
  return toHex(blake2b(32, ...buckets.flatMap(({ count, sum }) => [u32(count), sum])));
}

const withdrawalOf = (handle: Handle): Withdraw => ({ operation: "withdraw", handle });
