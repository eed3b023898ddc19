/** How this node is, in its own signed words, for the administrators (protocol section 4): a cut-over waits for it. */
import type { EpochHealth, Health as HealthBody, Obstacle } from "../shared/core/data-plane.ts";
import { CAPABILITIES } from "../shared/core/capabilities.ts";
import type { Capabilities } from "../shared/core/capabilities.ts";
import { dayOf } from "../shared/core/days.ts";
import { openEpochs } from "../shared/core/decisions.ts";
import type { Federation } from "../shared/core/directive.ts";
import { isCausewayError } from "../shared/core/errors.ts";
import type { Line } from "./bus/line.ts";
import type { CanaryReport } from "./canary-report.ts";
import type { Comparison } from "./comparison.ts";
import { HEALTH_AGAIN_MS, HEALTH_CARRYING_MS, HEALTH_EVERY_MS, HEALTH_NEWS_MS } from "./core/limits.ts";
import type { Retries } from "./retries.ts";
import type { Inbox } from "./store/inbox.ts";
import type { Outbox } from "./store/outbox.ts";
import type { Version } from "./store/publications.ts";
import type { StandingStore } from "./store/standings.ts";
import type { StrayStore } from "./store/strays.ts";
import { pause } from "../shared/world/wait.ts";
import { Wake } from "../shared/world/wake.ts";
import type { World } from "../shared/world/world.ts";
import { events } from "./events.ts";

export type HealthParts = {
  readonly standings: StandingStore;
  readonly outbox: Outbox;
  readonly world: World;
  readonly version: string;
  readonly inbox: Pick<Inbox, "skipped">;
  /** What the broker states to understand. */
  broker(): Capabilities;
  federation(): Federation;
  /** Why this node cannot take part in an open epoch, by its number. */
  obstacles(): ReadonlyMap<number, Obstacle>;
  readonly canaries: CanaryReport;
  readonly comparison: Pick<Comparison, "notCompared">;
  readonly strays: Pick<StrayStore, "count">;
  readonly line: Pick<Line, "clockSkewMs">;
  readonly retries: Retries;
  /** Whether the broker hears us: else statements would pile up. */
  isConnected(): boolean;
};

type LaterFields = Pick<
  HealthBody,
  "capabilities" | "skippedNotices" | "recordsNotCompared" | "clockSkewMs" | "heldStrays" | "contestedExpiries"
>;

export class Health {
  readonly #parts: HealthParts;
  readonly #wake: Wake;
  #said: Version | undefined;
  #saidMs = Number.NEGATIVE_INFINITY;
  #saidFigures = "";
  #isOwed = false;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
  }

  /** Something has changed that administrators wait for. */
  changed(): void {
    this.#wake.set();
  }

  /** Speaks after changes and at intervals, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const woken = await this.#wake.wait(this.#intervalMs(), signal);
      if (!woken && !this.#isDue()) continue;
      const soonestMs = this.#saidMs + HEALTH_AGAIN_MS - this.#parts.world.clock();
      if (soonestMs > 0) await pause(this.#parts.world, soonestMs, signal);
      if (!signal.aborted) this.#isOwed = !this.#say();
    }
  }

  /** What is said: also for the unit's own status. */
  epochs(): EpochHealth[] {
    const { standings, canaries, obstacles } = this.#parts;
    const joined = new Map(standings.joined().map((each) => [each.epoch, each]));
    return openEpochs(this.#parts.federation()).map(({ epoch }) => {
      const { met, expected } = canaries.counts(epoch);
      return {
        epoch,
        ...standings.progress(epoch),
        digestAgreedMs: joined.get(epoch)?.agreedMs ?? 0,
        canariesMet: met,
        canariesExpected: expected,
        canariesMissing: canaries.missing(epoch),
        obstacle: obstacles().get(epoch) ?? "",
      };
    });
  }

  #intervalMs(): number {
    if (this.#isOwed) return HEALTH_AGAIN_MS;
    const open = openEpochs(this.#parts.federation());
    if (open.some(({ epoch }) => this.#parts.standings.isDue(epoch, "carried"))) return HEALTH_CARRYING_MS;
    return HEALTH_NEWS_MS;
  }

  #isDue(): boolean {
    if (this.#isOwed || this.#parts.world.clock() - this.#saidMs >= HEALTH_EVERY_MS) return true;
    return openEpochs(this.#parts.federation()).length > 1 || JSON.stringify(this.epochs()) !== this.#saidFigures;
  }

  /** False while nobody hears it, or the statement before waits for its receipt: what has changed since is still to be said. */
  #say(): boolean {
    const { outbox, world, isConnected } = this.#parts;
    if (!isConnected() || (this.#said !== undefined && outbox.positionOf(this.#said) !== undefined)) return false;
    this.#saidMs = world.clock();
    try {
      const body = this.#body();
      this.#saidFigures = JSON.stringify(body.epochs);
      this.#said = outbox.append({ kind: "health", ...body });
      this.#parts.retries.done("health");
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      this.#parts.retries.failed("health", error);
      events.health.waiting(world.log, error);
    }
    return true;
  }

  #body(): HealthBody {
    const { outbox, world, version, canaries, federation } = this.#parts;
    const { head } = federation();
    return {
      version,
      nodeTimeMs: world.clock(),
      outboxSinceMs: outbox.waitingSinceMs,
      canariesUnprovenSinceMs: canaries.unprovenSinceMs(),
      directiveNumber: head.number,
      directiveHash: head.hash,
      epochs: this.epochs(),
      ...this.#sinceFirstVersion(),
    };
  }

  /** A broker of the first version refuses a statement with more in it, and waits for it ever after. */
  #sinceFirstVersion(): LaterFields {
    const { broker, inbox } = this.#parts;
    const none = { recordsNotCompared: 0, clockSkewMs: 0, heldStrays: 0, contestedExpiries: 0 };
    if (!broker().has("capabilities")) return { capabilities: [], skippedNotices: 0, ...none };
    const said = { capabilities: CAPABILITIES, skippedNotices: inbox.skipped, ...none };
    if (!broker().has("beats")) return said;
    const { comparison, strays, line, standings, world } = this.#parts;
    const { notCompared: recordsNotCompared } = comparison;
    const contestedExpiries = standings.contested(dayOf(world.clock()));
    const { clockSkewMs } = line;
    return { ...said, recordsNotCompared, heldStrays: strays.count, clockSkewMs, contestedExpiries };
  }
}
