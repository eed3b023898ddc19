/**
 * Takes part in epochs as the board opens them, and forgets them when they end (protocol section 4): salts, sealing keys, layouts,
 * what waits in the outbox. A node that was off-line for all of an epoch never knows of it.
 */
import type { Federation } from "../../shared/core/directive.ts";
import { ENDED_ROWS_PER_STEP } from "../core/limits.ts";
import { SCHEME } from "../linkage/scheme.ts";
import type { Database } from "../../shared/store/database.ts";
import type { HardenedStore } from "../store/hardened.ts";
import type { Outbox } from "../store/outbox.ts";
import type { StandingStore } from "../store/standings.ts";
import type { StrayStore } from "../store/strays.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import type { EpochTerms } from "./terms.ts";
import { events } from "../events.ts";

export type EpochsParts = {
  readonly db: Database;
  readonly standings: StandingStore;
  readonly hardened: HardenedStore;
  readonly outbox: Outbox;
  readonly strays: Pick<StrayStore, "leave">;
  readonly world: World;
  federation(): Federation;
  /** Of the open epochs that this node can publish in, newest first. */
  terms(): readonly EpochTerms[];
  /** The epoch that counts. */
  currentEpoch(): number | undefined;
  isOpen(epoch: number): boolean;
  /** Destroys sealing keys that nothing needs any more; answers how many. */
  destroyOldKeys(): number;
  /** There is more to prepare and to send, or other epochs to speak of. */
  onChange(): void;
  /** What waited is to go out under a new incarnation. */
  onStartedOver(): void;
};

const IDLE_MS = 3_600_000;

export class Epochs {
  readonly #parts: EpochsParts;
  readonly #wake: Wake;

  constructor(parts: EpochsParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
  }

  onDirective(): void {
    this.#wake.set();
  }

  /** Follows until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.follow(signal);
      await this.#wake.wait(IDLE_MS, signal);
    }
  }

  /** Brings what is stored to what the chain says. Steps are small and may be repeated: a crash in between costs nothing. */
  async follow(signal: AbortSignal): Promise<void> {
    const { db, standings, outbox, hardened, federation } = this.#parts;
    db.transaction(() => this.#joinOpened());
    const ended = standings.joined().filter(({ epoch }) => !this.#parts.isOpen(epoch));
    if (db.transaction(() => outbox.leaveEnded())) this.#parts.onStartedOver();
    this.#parts.onChange();
    for (const { epoch } of ended) {
      while (standings.leave(epoch, ENDED_ROWS_PER_STEP)) {
        await this.#parts.world.nextTurn();
        if (signal.aborted) return;
      }
      this.#parts.strays.leave(epoch);
      events.epoch.forgotten(this.#parts.world.log, { epoch });
    }
    if (ended.length > 0) hardened.keepGenerations([...federation().generations.keys()]);
    const destroyed = this.#parts.destroyOldKeys();
    if (destroyed > 0) events.keys.destroyed(this.#parts.world.log, { keys: destroyed });
  }

  #joinOpened(): void {
    const { standings, world } = this.#parts;
    const joined = new Set(standings.joined().map(({ epoch }) => epoch));
    const terms = this.#parts.terms();
    for (const { epoch, generation } of terms) {
      if (!joined.has(epoch)) {
        standings.join(epoch, generation, SCHEME.name);
        events.epoch.joined(world.log, { epoch, generation });
      } else standings.prepareAnew(generation, SCHEME.name);
    }
    const current = this.#parts.currentEpoch();
    const publishable = terms.some(({ epoch }) => epoch === current) ? current : terms[0]?.epoch;
    if (publishable !== undefined) standings.show(publishable);
  }
}
