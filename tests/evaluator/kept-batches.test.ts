import { describe, expect, it } from "vitest";
import { keptBatches } from "../../broker/evaluator/kept-batches.ts";
import { KEPT_BATCH_MS_MAX, KEPT_BATCHES_BYTES_MAX, KEPT_BATCHES_PER_MEMBER_MAX } from "../../shared/core/limits.ts";
import { newMember } from "../hardening/evaluators.ts";

const id = (n: number): Uint8Array => new Uint8Array(16).fill(n);
const of = (bytes: number) => ({
  generation: 1,
  blinded: new Uint8Array(bytes / 2),
  evaluated: new Uint8Array(bytes / 2),
});

describe("batches kept for their proof", () => {
  it("are few for each member, and one member's do not push out another's", () => {
    const kept = keptBatches();
    const [one, other] = [newMember(), newMember()];
    kept.keep(other, id(1), of(64), 0);
    for (let n = 0; n <= KEPT_BATCHES_PER_MEMBER_MAX; n += 1) kept.keep(one, id(n), of(64), 0);
    expect(kept.find(one, id(0), 0)).toBe("unknown");
    expect(kept.find(one, id(1), 0)).not.toBe("unknown");
    expect(kept.find(other, id(1), 0)).not.toBe("unknown");
  });

  it("are bounded in bytes, the oldest going first", () => {
    const kept = keptBatches();
    const members = [newMember(), newMember(), newMember()] as const;
    for (const member of members) kept.keep(member, id(1), of(KEPT_BATCHES_BYTES_MAX / 2), 0);
    expect(members.map((member) => typeof kept.find(member, id(1), 0))).toEqual(["string", "object", "object"]);
  });

  it("are forgotten after a while", () => {
    const kept = keptBatches();
    const member = newMember();
    kept.keep(member, id(1), of(64), 0);
    expect(kept.find(member, id(1), KEPT_BATCH_MS_MAX)).not.toBe("unknown");
    expect(kept.find(member, id(1), KEPT_BATCH_MS_MAX + 1)).toBe("unknown");
  });

  it("have one proof for each answer", () => {
    const kept = keptBatches();
    const member = newMember();
    kept.keep(member, id(1), of(64), 0);
    expect(kept.claimProof(member, id(1), 0)).toMatchObject(of(64));
    expect(kept.claimProof(member, id(1), 0)).toBe("proved");
    kept.keep(member, id(1), of(64), 0);
    expect(kept.claimProof(member, id(1), 0)).toMatchObject(of(64));
  });
});
