/** Nothing that cannot be taken back rests on one clock. Members, records and times are invented. */
import { describe, expect, it } from "vitest";
import { Clocks } from "../../broker/core/clocks.ts";
import { CLOCK_HEARD_MS, SWEPT_PER_DAY_MIN } from "../../broker/core/limits.ts";
import { Sweeper } from "../../broker/writer/sweeper.ts";
import type { NoticeEvent } from "../../shared/core/data-plane.ts";
import { monthEnd, dayOf } from "../../shared/core/days.ts";
import { newHandle, tokens, upsert } from "./support.ts";
import { Bench, BORDER, CUSTOMS, HARBOUR } from "./writer-support.ts";

const [MINUTE, DAY] = [60_000, 86_400_000];
const NOW = 1_800_000_000_000;

function judged(skews: readonly (readonly [member: typeof HARBOUR, aheadMs: number, ageMs?: number])[], clockMs = NOW) {
  const clocks = new Clocks();
  for (const [member, aheadMs, ageMs = 0] of skews) clocks.heard(member, NOW - ageMs + aheadMs, 5_000_000 - ageMs);
  return clocks.judge({ clockMs, elapsedMs: 5_000_000 });
}

describe("the broker's clock", () => {
  it.each([
    ["agrees with one member", [[HARBOUR, 10_000]], { kind: "agrees", skewMs: -10_000 }],
    [
      "is ahead of most",
      [
        [HARBOUR, -6 * MINUTE],
        [BORDER, -7 * MINUTE],
        [CUSTOMS, 0],
      ],
      { kind: "disagrees", skewMs: 6 * MINUTE },
    ],
    [
      "is behind most",
      [
        [HARBOUR, 6 * MINUTE],
        [BORDER, 7 * MINUTE],
        [CUSTOMS, 0],
      ],
      { kind: "disagrees", skewMs: -6 * MINUTE },
    ],
    [
      "is not doubted for one member's sake",
      [
        [HARBOUR, -300 * DAY],
        [BORDER, 0],
        [CUSTOMS, 1_000],
      ],
      { kind: "agrees", skewMs: 0 },
    ],
    [
      "is judged by the latest word of a member: others were late",
      [
        [HARBOUR, 0],
        [HARBOUR, -20 * MINUTE],
      ],
      { kind: "agrees", skewMs: 0 },
    ],
    ["is not judged by what was heard long ago", [[HARBOUR, 0, CLOCK_HEARD_MS]], { kind: "unknown" }],
    ["is not judged before anybody was heard", [], { kind: "unknown" }],
  ] as const)("%s", (_, skews, verdict) => {
    expect(judged(skews)).toEqual(verdict);
  });

  it("that jumps disagrees at once with what was heard before", () => {
    expect(judged([[HARBOUR, 0, 4 * MINUTE]], NOW + 300 * DAY)).toEqual({ kind: "disagrees", skewMs: 300 * DAY });
  });
});

/** Records of two members that meet, all of which end with the month. */
function scene(count: number) {
  const bench = new Bench();
  const reviewByDay = monthEnd(dayOf(bench.nowMs));
  const entries = (): ReturnType<typeof upsert>[] =>
    Array.from({ length: count }, (_, i) => upsert(newHandle(), tokens([`passport ${i}`]), { reviewByDay }));
  for (const member of [HARBOUR, BORDER]) bench.publish(member, ...entries());
  let elapsedMs = 1_000;
  const { publications, watch } = bench;
  const world = { ...bench.world, elapsedMs: () => elapsedMs };
  const sweeper = new Sweeper({ publications, watch, world });
  const pass = (ms: number): void => {
    bench.nowMs += ms;
    elapsedMs += ms;
  };
  const closed = (): number =>
    bench.eventsOf(HARBOUR).filter((event: NoticeEvent) => event.type === "matchClosed").length;
  const alarms = (): string[] =>
    bench.ledger.alarms.list().flatMap(({ kind, acknowledged }) => (acknowledged === undefined ? [kind] : []));
  const sweepAll = (): void => {
    while (sweeper.sweep());
  };
  return { bench, sweeper, pass, closed, alarms, sweepAll };
}

describe("records past their review day", () => {
  it("stay while a clock that jumped ahead disagrees with the members, and nobody is told that anything is over", () => {
    const { bench, sweeper, closed, alarms, sweepAll } = scene(3);
    sweeper.heard(HARBOUR, bench.nowMs);
    bench.nowMs += 300 * DAY;
    sweepAll();
    expect([closed(), bench.publications.recordCount, alarms()]).toEqual([0, 6, ["clockDisagrees"]]);
    bench.nowMs -= 300 * DAY;
    sweepAll();
    expect([closed(), bench.publications.recordCount, alarms()]).toEqual([0, 6, []]);
  });

  it("are taken out once the members' clocks agree that the day is over, and not before anybody was heard", () => {
    const { bench, sweeper, pass, closed, sweepAll } = scene(3);
    pass(40 * DAY);
    sweepAll();
    expect(closed()).toBe(0);
    sweeper.heard(HARBOUR, bench.nowMs);
    sweepAll();
    expect([closed(), bench.publications.recordCount]).toEqual([3, 0]);
  });

  it("are no more than a share of all in one day", () => {
    const { bench, sweeper, pass, alarms, sweepAll } = scene(SWEPT_PER_DAY_MIN);
    const day = (): number => {
      sweeper.heard(HARBOUR, bench.nowMs);
      sweepAll();
      return bench.publications.recordCount;
    };
    pass(40 * DAY);
    expect([day(), alarms()]).toEqual([SWEPT_PER_DAY_MIN, ["sweepHeld"]]);
    pass(DAY);
    expect(day()).toBe(0);
  });
});
