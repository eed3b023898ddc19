import { describe, expect, it } from "vitest";
import { decideSubmission } from "../../broker/core/submission.ts";
import type { ChainView, Link } from "../../broker/core/submission.ts";
import type { Incarnation } from "../../shared/core/ids.ts";

const first = "a".repeat(32) as Incarnation;
const second = "b".repeat(32) as Incarnation;
const hash = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const zero = new Uint8Array(32);

function link(of: Partial<Link>): Link {
  return { incarnation: first, sequence: 1, prevHash: zero, hash: hash(1), ...of };
}

/** After three applied submissions of the first incarnation, hashes 1 to 3. */
const afterThree: ChainView = {
  current: { incarnation: first, sequence: 3, hash: hash(3) },
  own: { incarnation: first, sequence: 3, hash: hash(3) },
  appliedHash: undefined,
};
const nothingYet: ChainView = { current: undefined, own: undefined, appliedHash: undefined };

describe("what becomes of a submission", () => {
  it("applies the first of a new member", () => {
    expect(decideSubmission(nothingYet, link({}))).toEqual({ kind: "apply" });
  });

  it("refuses a first one that claims a predecessor", () => {
    const verdict = decideSubmission(nothingYet, link({ prevHash: hash(9) }));
    expect(verdict).toEqual({ kind: "refused", refusal: "chain" });
  });

  it("applies the next one, and only onto the right predecessor", () => {
    const next = link({ sequence: 4, prevHash: hash(3), hash: hash(4) });
    expect(decideSubmission(afterThree, next)).toEqual({ kind: "apply" });
    const grafted = { ...next, prevHash: hash(2) };
    expect(decideSubmission(afterThree, grafted)).toEqual({ kind: "refused", refusal: "chain" });
  });

  it("answers a replay as a duplicate", () => {
    const view = { ...afterThree, appliedHash: hash(2) };
    const verdict = decideSubmission(view, link({ sequence: 2, prevHash: hash(1), hash: hash(2) }));
    expect(verdict).toEqual({ kind: "duplicate" });
  });

  it("refuses other content under an applied number", () => {
    const view = { ...afterThree, appliedHash: hash(2) };
    const verdict = decideSubmission(view, link({ sequence: 2, prevHash: hash(1), hash: hash(8) }));
    expect(verdict).toEqual({ kind: "refused", refusal: "fork" });
  });

  it("names the missing number when one arrives ahead", () => {
    const verdict = decideSubmission(afterThree, link({ sequence: 6, prevHash: hash(5), hash: hash(6) }));
    expect(verdict).toEqual({ kind: "ahead", expectedSequence: 4 });
  });

  it("starts a new incarnation at one", () => {
    const view = { ...afterThree, own: undefined };
    expect(decideSubmission(view, link({ incarnation: second }))).toEqual({ kind: "apply" });
    const late = link({ incarnation: second, sequence: 3, prevHash: hash(3) });
    expect(decideSubmission(view, late)).toEqual({ kind: "ahead", expectedSequence: 1 });
  });

  it("refuses new numbers of an incarnation that a later one has replaced, and still answers its duplicates", () => {
    const view: ChainView = {
      current: { incarnation: second, sequence: 1, hash: hash(7) },
      own: { incarnation: first, sequence: 3, hash: hash(3) },
      appliedHash: undefined,
    };
    const next = link({ sequence: 4, prevHash: hash(3), hash: hash(4) });
    expect(decideSubmission(view, next)).toEqual({ kind: "refused", refusal: "superseded" });
    expect(decideSubmission({ ...view, appliedHash: hash(4) }, next)).toEqual({ kind: "duplicate" });
  });
});
