/** What counting shows of a stream that has lost something. */
import { describe, expect, it } from "vitest";
import { doubtOn, shareUsed } from "../../broker/core/stream-doubt.ts";

const counts = (firstSequence: number, lastSequence: number, messages = lastSequence - firstSequence + 1) => ({
  firstSequence,
  lastSequence,
  messages,
  bytes: 100 * messages,
});

describe("a stream", () => {
  it("that only grows has lost nothing", () => {
    expect(doubtOn(counts(1, 10), counts(1, 10))).toBeUndefined();
    expect(doubtOn(counts(1, 10), counts(1, 25))).toBeUndefined();
    expect(doubtOn(counts(1, 0), undefined)).toBeUndefined();
  });

  it("that is gone, or counts from an earlier place, was lost or rolled back", () => {
    expect(doubtOn(counts(1, 10), undefined)).toEqual({ kind: "missing", lost: 10 });
    expect(doubtOn(counts(1, 10), counts(1, 7))).toEqual({ kind: "wentBack", lost: 3 });
    expect(doubtOn(counts(1, 10), counts(1, 0))).toEqual({ kind: "wentBack", lost: 10 });
  });

  it("that lacks messages at its beginning or in between has lost them, however much has come since", () => {
    expect(doubtOn(counts(1, 10), counts(4, 10))).toEqual({ kind: "vanished", lost: 3 });
    expect(doubtOn(counts(1, 10), counts(1, 30, 28))).toEqual({ kind: "vanished", lost: 2 });
  });

  it("is as full as the fuller of its two limits", () => {
    const max = { maxMessages: 100, maxBytes: 10_000 };
    expect(shareUsed({ ...counts(1, 20), bytes: 7_500 }, max)).toBe(0.75);
    expect(shareUsed({ ...counts(1, 80), bytes: 10 }, max)).toBe(0.8);
  });
});
