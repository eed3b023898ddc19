import { describe, expect, it } from "vitest";
import { minuteOf } from "../../shared/words/times.ts";

describe("a time as people write it down", () => {
  it("is the local day and minute", () => {
    expect(minuteOf(new Date(2026, 11, 1, 14, 5, 59).getTime())).toBe("2026-12-01 14:05");
    expect(minuteOf(new Date(2026, 0, 9, 0, 0).getTime())).toBe("2026-01-09 00:00");
  });
});
