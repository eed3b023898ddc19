import { describe, expect, it } from "vitest";
import { batchKey, batchOrder, blindBytes, proofIndices } from "../../agency-node/hardening/batch-secrets.ts";
import { turnstile } from "../../agency-node/hardening/turnstile.ts";
import { SOON } from "../support/patience.ts";

const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const KEY = batchKey(bytes(32, 1), bytes(16, 2));

describe("the secrets of a batch", () => {
  it("are the same for the same seed and batch, and others for any other", () => {
    expect(batchKey(bytes(32, 1), bytes(16, 2))).toEqual(KEY);
    expect(batchKey(bytes(32, 2), bytes(16, 2))).not.toEqual(KEY);
    expect(batchKey(bytes(32, 1), bytes(16, 3))).not.toEqual(KEY);
    expect(() => batchKey(bytes(32, 0), bytes(16, 2))).toThrow(expect.objectContaining({ code: "INVALID" }));
  });

  it("blind each place and each input differently, whichever piece it is in", () => {
    const inputs = [bytes(3, 1), bytes(3, 1), bytes(3, 2)];
    const whole = blindBytes(KEY, 0, inputs);
    expect(whole.subarray(64)).toEqual(blindBytes(KEY, 1, inputs.slice(1)));
    expect(whole.subarray(0, 64)).not.toEqual(whole.subarray(64, 128));
    // A seed used twice by mistake does not repeat a blind for another input.
    expect(blindBytes(KEY, 0, [bytes(3, 1)])).not.toEqual(blindBytes(KEY, 0, [bytes(3, 2)]));
  });

  it("permute the whole batch", () => {
    const order = batchOrder(KEY, 5_000);
    expect([...order].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 5_000 }, (_, i) => i));
    expect([...order].filter((place, i) => place === i).length).toBeLessThan(20);
  });

  it("draw distinct pairs over the whole batch, by evaluator and by what it signed", () => {
    const indices = proofIndices(KEY, 5_000, "key-office", bytes(32, 1));
    expect(new Set(indices).size).toBe(1_024);
    expect(Math.max(...indices)).toBeGreaterThan(4_900);
    expect(proofIndices(KEY, 5_000, "key-office", bytes(32, 1))).toEqual(indices);
    expect(proofIndices(KEY, 5_000, "key-office", bytes(32, 2))).not.toEqual(indices);
    expect(proofIndices(KEY, 5_000, "broker-office", bytes(32, 1))).not.toEqual(indices);
    expect(proofIndices(KEY, 7, "key-office", bytes(32, 1)).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe("the turnstile", () => {
  it("lets two through at once, in order, and frees the place of whoever fails", async () => {
    const gate = turnstile(2);
    const started: number[] = [];
    const leave: (() => void)[] = [];
    const works = [0, 1, 2, 3].map((i) =>
      gate.pass(async () => {
        started.push(i);
        await new Promise<void>((resolve) => (leave[i] = resolve));
        if (i === 0) throw new Error("failed");
      }),
    );
    works[0]?.catch(() => undefined);
    expect(started).toEqual([0, 1]);
    leave[0]?.();
    await expect.poll(() => started, SOON).toEqual([0, 1, 2]);
    leave[1]?.();
    await expect.poll(() => started, SOON).toEqual([0, 1, 2, 3]);
    leave[2]?.();
    leave[3]?.();
    await Promise.allSettled(works);
    await gate.pass(async () => started.push(4));
    expect(started).toEqual([0, 1, 2, 3, 4]);
  });
});
