/**
 * Erases what no record needs any more. A record that is withdrawn or has expired stays for some days, so that an officer finds what became
 * of it; then its content goes and only its handle, its reference's keyed hash and its end stay: the handle must not be given to anything
 * else, and whatever the broker still has of it is taken back. What was hardened of it, or of content that was amended, goes a day after, if
 * nothing that lives needs it. Deleted pages are overwritten, and the database's log is emptied.
 *
 * Known limits: the activity log keeps references and cases; a backup keeps what stood in it; a disk may keep blocks that were overwritten.
 */
import type { DeconflictionRecord } from "./core/record.ts";
import { ERASED_PER_STEP, ERASURE_EVERY_MS, HARDENED_KEPT_MS, LET_GO_PER_ROUND, READ_PER_STEP } from "./core/limits.ts";
import { NODE_ITSELF } from "./core/actor.ts";
import { encodeIdentifier, identifiersOf } from "./linkage/identifiers.ts";
import { about } from "./store/activity.ts";
import type { ActivityLog } from "./store/activity.ts";
import type { HardenedStore } from "./store/hardened.ts";
import type { RecordStore } from "./store/records.ts";
import type { StandingStore } from "./store/standings.ts";
import { events } from "./events.ts";
import { toHex } from "../shared/core/bytes.ts";
import type { Database } from "../shared/store/database.ts";
import { keepGoing } from "../shared/world/loop.ts";
import { pause } from "../shared/world/wait.ts";
import type { World } from "../shared/world/world.ts";

export type ErasureParts = {
  readonly db: Database;
  readonly store: RecordStore;
  readonly standings: StandingStore;
  readonly hardened: HardenedStore;
  readonly activity: ActivityLog;
  readonly world: World;
  /** Days that a record stays after its end. */
  readonly endedKeptDays: number;
};

const RETRY_MS = 3_600_000;
const DAY_MS = 86_400_000;

export class Erasure {
  readonly #parts: ErasureParts;

  constructor(parts: ErasureParts) {
    this.#parts = parts;
  }

  /** This content of a record goes, for other content or for good. Call it in the transaction of the act. */
  letGo(record: DeconflictionRecord): void {
    const { hardened, world } = this.#parts;
    hardened.letGo(this.#cacheKeysOf(record), world.clock());
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { world } = this.#parts;
    const round = async (): Promise<void> => {
      await this.erase(signal);
      await pause(world, ERASURE_EVERY_MS, signal);
    };
    const afterFailure = () => ({ failed: events.records.notErased, retryMs: RETRY_MS });
    await keepGoing(world, signal, { round, afterFailure });
  }

  /** Erases what is due. */
  async erase(signal?: AbortSignal): Promise<void> {
    const { db } = this.#parts;
    const before = db.changeCount;
    await this.#eraseRecords(signal);
    await this.#eraseHardened(signal);
    if (db.changeCount > before) db.forgetLog();
  }

  async #eraseRecords(signal?: AbortSignal): Promise<void> {
    const { db, store, activity, world, endedKeptDays } = this.#parts;
    const untilMs = world.clock() - endedKeptDays * DAY_MS;
    const due = () => store.endedUntil(untilMs, ERASED_PER_STEP);
    for (let ended = due(); ended.length > 0; ended = due()) {
      db.transaction(() => {
        for (const { handle, record } of ended) {
          this.letGo(record);
          store.erase(handle, record);
        }
        const of = about(ended.map(({ record }) => record));
        activity.append(world.clock(), "erasure", { actor: NODE_ITSELF, ...of, detail: "erased" });
      });
      await world.nextTurn();
      if (signal?.aborted === true) return;
    }
  }

  /**
   * All live records are looked through for those that need it, in steps. What is prepared or waited for meanwhile says itself that it needs
   * a value (`HardenedStore.takeBack`).
   */
  async #eraseHardened(signal?: AbortSignal): Promise<void> {
    const { db, hardened, world } = this.#parts;
    const untilMs = world.clock() - HARDENED_KEPT_MS;
    const letGo = hardened.letGoUntil(untilMs, LET_GO_PER_ROUND);
    if (letGo.length === 0) return;
    const unneeded = new Map(letGo.map((cacheKey) => [toHex(cacheKey), cacheKey]));
    for (const cacheKeys of this.#needed()) {
      for (const cacheKey of cacheKeys) unneeded.delete(toHex(cacheKey));
      await world.nextTurn();
      if (signal?.aborted === true) return;
    }
    db.transaction(() => {
      // What is on its way to be hardened comes in later: it is looked for again.
      const later = this.#onTheWay().filter((cacheKey) => unneeded.delete(toHex(cacheKey)));
      hardened.erase([...unneeded.values()]);
      // What has been let go again meanwhile is looked for again too.
      hardened.takeBack(letGo, untilMs);
      hardened.letGo(later, world.clock());
    });
  }

  /** What live records need, some hundred of them at a time: first those that are to be hardened, since they become ready. */
  *#needed(): Generator<readonly Uint8Array[]> {
    const { store, standings } = this.#parts;
    for (let some = store.waiting(0, READ_PER_STEP); some.length > 0;) {
      yield some.flatMap(({ record }) => this.#cacheKeysOf(record));
      some = store.waiting(some.at(-1)?.number ?? 0, READ_PER_STEP);
    }
    for (let place = standings.cacheKeysAfter(0); place !== undefined; place = standings.cacheKeysAfter(place.last)) {
      yield place.cacheKeys;
    }
  }

  #onTheWay(): Uint8Array[] {
    const { hardened } = this.#parts;
    return hardened
      .unfinished()
      .flatMap(({ generation, inputs }) => inputs.map((input) => hardened.cacheKey(generation, input)));
  }

  #cacheKeysOf({ subject }: DeconflictionRecord): Uint8Array[] {
    const { standings, hardened } = this.#parts;
    const generations = new Set(standings.joined().map(({ generation }) => generation));
    const inputs = identifiersOf(subject).map(encodeIdentifier);
    return [...generations].flatMap((generation) => inputs.map((input) => hardened.cacheKey(generation, input)));
  }
}
