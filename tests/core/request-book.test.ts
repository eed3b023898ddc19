/** A signed request is taken once, and only while it is of now. */
import { describe, expect, it } from "vitest";
import { RequestBook } from "../../shared/core/request-book.ts";

const NOW_MS = 1_000_000;
const LIMITS = { skewMs: 1_000, ofOneMax: 3 };

const asked = (nonce: string, madeAtMs = NOW_MS, signer = "chair") => ({ signer, nonce, madeAtMs });
const opened = (sinceMs = 0): RequestBook => new RequestBook(sinceMs, LIMITS);

describe("a signed request", () => {
  it("is taken once; another with the same nonce by somebody else is another", () => {
    const book = opened();
    expect(book.take(asked("a"), NOW_MS)).toBe("taken");
    expect(book.take(asked("a"), NOW_MS + 900)).toBe("repeated");
    expect(book.take(asked("a", NOW_MS, "deputy"), NOW_MS)).toBe("taken");
  });

  it.each([
    ["that old", -1_000, "taken"],
    ["older", -1_001, "untimely"],
    ["that far ahead", 1_000, "taken"],
    ["further ahead", 1_001, "untimely"],
  ])("%s is taken or not", (_, byMs, outcome) => {
    expect(opened().take(asked("a", NOW_MS + byMs), NOW_MS)).toBe(outcome);
  });

  it("from before the receiver was started is not taken: it may have been before", () => {
    const book = opened(NOW_MS);
    expect(book.take(asked("a", NOW_MS - 1), NOW_MS)).toBe("untimely");
    expect(book.take(asked("b", NOW_MS), NOW_MS)).toBe("taken");
  });

  it("is taken after the receiver's clock was set back by more than clocks may differ", () => {
    const book = opened(NOW_MS);
    const backMs = NOW_MS - 10_000;
    expect(book.take(asked("a", backMs), backMs)).toBe("taken");
    expect(book.take(asked("a", backMs), backMs)).toBe("repeated");
  });

  it("is never taken twice, however many its signer makes; others are not touched by that", () => {
    const book = opened();
    for (const [at, nonce] of [..."abcde"].entries()) {
      expect(book.take(asked(nonce, NOW_MS + at), NOW_MS + at)).toBe("taken");
    }
    // "a" and "b" are forgotten, and too old for that.
    for (const [at, nonce] of [..."abcde"].entries()) {
      expect(book.take(asked(nonce, NOW_MS + at), NOW_MS + 10)).toBe(at < 2 ? "untimely" : "repeated");
    }
    expect(book.take(asked("a", NOW_MS, "deputy"), NOW_MS)).toBe("taken");
  });

  it("is forgotten once it could not be taken any more", () => {
    const book = opened();
    for (const nonce of "abc") book.take(asked(nonce), NOW_MS);
    const laterMs = NOW_MS + 2_000;
    for (const nonce of "def") expect(book.take(asked(nonce, laterMs), laterMs)).toBe("taken");
    expect(book.take(asked("d", laterMs), laterMs)).toBe("repeated");
  });
});
