/** Which of the unit's records are compared now, and why not the others; see `core/comparison.ts`. */
import { openEpochs } from "../shared/core/decisions.ts";
import type { Federation } from "../shared/core/directive.ts";
import type { Obstacle } from "../shared/core/data-plane.ts";
import type { Line } from "./bus/line.ts";
import type { CanaryReport } from "./canary-report.ts";
import { hindranceIn, notCompared } from "./core/comparison.ts";
import type { Hindrance, NotComparedReason, Surroundings } from "./core/comparison.ts";
import { CLOCK_SKEW_MS_MAX, COMPARISON_KEPT_MS } from "./core/limits.ts";
import type { Directory } from "./ports.ts";
import type { Halt } from "./publishing/lane.ts";
import type { Agreement } from "./publishing/digests.ts";
import type { Retries } from "./retries.ts";
import type { Inbox } from "./store/inbox.ts";
import type { RecordStore, StoredRecord } from "./store/records.ts";
import type { StandingStore } from "./store/standings.ts";
import type { MembershipEnd } from "./trust.ts";
import type { World } from "../shared/world/world.ts";

export type ComparisonParts = {
  readonly store: RecordStore;
  readonly inbox: Pick<Inbox, "homeless">;
  readonly standings: StandingStore;
  readonly world: Pick<World, "clock" | "elapsedMs">;
  readonly directory: Directory;
  readonly line: Line;
  readonly canaries: CanaryReport;
  readonly retries: Retries;
  federation(): Federation;
  /** "": in good standing. */
  membershipEnd(): MembershipEnd;
  obstacles(): ReadonlyMap<number, Obstacle>;
  agreementIn(epoch: number): Agreement;
  halt(): Halt | undefined;
  areNoticesMissing(): boolean;
};

/** `records`: all live ones. `overlapsWithoutRecord`: see `Inbox.homeless`. */
export type ComparisonReport = {
  readonly records: number;
  readonly hindrance: Hindrance | undefined;
  readonly notCompared: readonly { readonly reason: NotComparedReason; readonly records: number }[];
  readonly overlapsWithoutRecord: number;
};

export class Comparison {
  readonly #parts: ComparisonParts;
  #kept: { readonly report: ComparisonReport; readonly untilMs: number; readonly of: string } | undefined;

  constructor(parts: ComparisonParts) {
    this.#parts = parts;
  }

  /** Why not, `undefined` for one that is compared or has ended. */
  reasonOf({ state, reason, heldMs }: StoredRecord): NotComparedReason | undefined {
    if (state === "withdrawn" || state === "expired") return undefined;
    return notCompared({ state, reason, heldMs }, this.#surroundings());
  }

  /** Counts go through all records and matches: what was counted a moment ago will do while nothing around has changed. */
  get report(): ComparisonReport {
    const surroundings = this.#surroundings();
    const of = JSON.stringify([surroundings, this.#parts.store.changes]);
    const startedMs = this.#parts.world.elapsedMs();
    if (this.#kept !== undefined && (this.#kept.of === of || startedMs < this.#kept.untilMs)) {
      if (this.#kept.report.hindrance === surroundings.hindrance) return this.#kept.report;
    }
    const report = this.#count(surroundings);
    const tookMs = this.#parts.world.elapsedMs() - startedMs;
    this.#kept = { report, of, untilMs: startedMs + Math.min(COMPARISON_KEPT_MS, 20 * tookMs) };
    return report;
  }

  get notCompared(): number {
    return this.report.notCompared.reduce((sum, { records }) => sum + records, 0);
  }

  #count(surroundings: Surroundings): ComparisonReport {
    const counts = new Map<NotComparedReason, number>();
    let records = 0;
    for (const group of this.#parts.store.comparable(surroundings.lastMetMs)) {
      records += group.records;
      const reason = notCompared(group, surroundings);
      if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + group.records);
    }
    const found = [...counts].map(([reason, count]) => ({ reason, records: count }));
    return {
      records,
      hindrance: surroundings.hindrance,
      notCompared: found.toSorted((a, b) => b.records - a.records),
      overlapsWithoutRecord: this.#parts.inbox.homeless,
    };
  }

  #surroundings(): Surroundings {
    const { standings, halt } = this.#parts;
    return {
      hindrance: this.#hindrance(),
      budgetUsedUp: halt()?.code === "EXHAUSTED",
      lastMetMs: standings.shown?.metMs ?? 0,
    };
  }

  #hindrance(): Hindrance | undefined {
    const { directory, line, standings, federation, canaries, retries } = this.#parts;
    const { membershipEnd, obstacles, agreementIn, areNoticesMissing } = this.#parts;
    const end = membershipEnd();
    const epoch = standings.shown?.epoch;
    const agreement = epoch === undefined ? "awaited" : agreementIn(epoch);
    const open = openEpochs(federation()).map((each) => each.epoch);
    const clockDisagrees = directory.clockRefused || Math.abs(line.clockSkewMs) > CLOCK_SKEW_MS_MAX;
    return hindranceIn({
      ...(end === "" ? {} : { [end]: true }),
      refused: directory.refused,
      refusedByServer: line.isRefused,
      brokerAway: !(line.connected && directory.reached),
      streamRefused: retries.isTried("submissions"),
      // A clock that is far off is why the broker tells this node nothing.
      policyUnproven: directory.policyUnprovenSinceMs > 0 && !clockDisagrees,
      clockDisagrees,
      obstacle: epoch === undefined ? open.map((each) => obstacles().get(each)).find(Boolean) : obstacles().get(epoch),
      noticesMissing: areNoticesMissing(),
      digestAwaited: agreement === "awaited",
      digestDiffers: agreement === "differs",
      canariesUnproven: canaries.unprovenSinceMs() > 0,
    });
  }
}
