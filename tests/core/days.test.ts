import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dayOf, isoDay, monthEnd, parseIsoDay } from "../../shared/core/days.ts";

const DAY_MS = 86_400_000;
const anyDay = fc.integer({ min: -25_000, max: 60_000 });

describe("day numbers", () => {
  it("agree with the platform's calendar", () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        const date = new Date(day * DAY_MS);
        expect(isoDay(day)).toBe(date.toISOString().slice(0, 10));
        expect(parseIsoDay(isoDay(day))).toBe(day);
        expect(monthEnd(day)).toBe(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0) / DAY_MS);
      }),
    );
  });

  it("hold through 24:00 UTC", () => {
    const day = parseIsoDay("2026-11-30")!;
    expect(dayOf(Date.UTC(2026, 10, 30, 23, 59, 59, 999))).toBe(day);
    expect(dayOf(Date.UTC(2026, 11, 1))).toBe(day + 1);
  });

  it.each(["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "", "30.11.2026"])("refuse %s", (text) => {
    expect(parseIsoDay(text)).toBeUndefined();
  });
});
