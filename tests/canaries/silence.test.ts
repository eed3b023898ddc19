import { describe, expect, it } from "vitest";
import { countsOf, unprovenSince } from "../../agency-node/canaries/core/silence.ts";
import type { AwaitedCanary, CanaryBeat } from "../../agency-node/canaries/core/silence.ts";

const MINUTE = 60_000;
const at = (hour: number, minute = 0): number => Date.UTC(2026, 10, 22, hour, minute);
const terms = { lengthMs: 360 * MINUTE, withinMs: 15 * MINUTE };
const unproven = (beats: readonly CanaryBeat[], nowMs: number, watchedSinceMs = at(6, 1)): number =>
  unprovenSince({ beats, terms, watchedSinceMs, nowMs });

const planned = (plannedMs: number, metMs = 0): AwaitedCanary => ({ plannedMs, metMs });
const morning: CanaryBeat = { beatMs: at(6), provenMs: at(6, 3), canaries: [planned(at(6, 1), at(6, 3))] };
const noon = (provenMs: number, ...canaries: AwaitedCanary[]): CanaryBeat => ({ beatMs: at(12), provenMs, canaries });

describe("silence", () => {
  it("is not proven before the first proof, also while there is time for it", () => {
    expect(unproven([], at(6, 2))).toBe(at(6, 1));
    expect(unproven([{ ...morning, provenMs: 0, canaries: [planned(at(6, 1))] }], at(6, 2))).toBe(at(6, 1));
    expect(unproven([morning], at(6, 4))).toBe(0);
  });

  it("is unproven since the first canary was planned, although the node has started again since", () => {
    const waiting = { ...morning, provenMs: 0, canaries: [planned(at(6, 1))] };
    expect(unproven([waiting], at(6, 8), at(6, 7))).toBe(at(6, 1));
  });

  it("is proven from the moment that all canaries of a beat have met until the next are due", () => {
    expect(unproven([morning], at(6, 30))).toBe(0);
    expect(unproven([morning, noon(0, planned(at(12)))], at(12, 14))).toBe(0);
  });

  it("is unproven since the last proof once a canary is late", () => {
    const late = noon(0, planned(at(12), at(12, 1)), planned(at(12)));
    expect(unproven([morning, late], at(12, 15))).toBe(at(6, 3));
  });

  it("is unproven since the start of the watch if there never was a proof", () => {
    expect(unproven([{ ...morning, provenMs: 0, canaries: [planned(at(6, 1))] }], at(7))).toBe(at(6, 1));
  });

  it("is proven again when what was late has met", () => {
    const recovered = noon(at(15), planned(at(12), at(15)));
    expect(unproven([morning, recovered], at(15))).toBe(0);
  });

  it("is proven by a later beat whatever became of the one before", () => {
    const lost = { ...morning, provenMs: 0, canaries: [planned(at(6, 1))] };
    expect(unproven([lost, noon(at(12, 2), planned(at(12), at(12, 2)))], at(13))).toBe(0);
  });

  it("is not proven beyond a beat's beginning by an older one that was proven late", () => {
    const provenLate = { ...morning, provenMs: at(12, 10) };
    expect(unproven([provenLate, noon(0, planned(at(12)))], at(12, 20))).toBe(at(12));
  });

  it("is unproven at once for a node that comes back after its proof has run out", () => {
    expect(unproven([morning], at(12, 18))).toBe(at(6, 3));
    expect(unproven([morning, noon(0, planned(at(20)))], at(20))).toBe(at(6, 3));
  });

  it("waits for a member that came in the middle of a beat without losing the proof before", () => {
    const joined = { ...morning, canaries: [...morning.canaries, planned(at(9))] };
    expect(unproven([joined], at(9, 14))).toBe(0);
    expect(unproven([joined], at(9, 15))).toBe(at(6, 3));
  });

  it("is proven where there is nobody to meet", () => {
    expect(unproven([noon(at(12))], at(13))).toBe(0);
  });
});

describe("the counts of an epoch", () => {
  it("are those of its last beat", () => {
    expect(countsOf([noon(0, planned(at(12), at(12, 1)), planned(at(12))), morning])).toEqual({ expected: 2, met: 1 });
    expect(countsOf([])).toEqual({ expected: 0, met: 0 });
  });
});
