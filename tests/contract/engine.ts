/** What every engine of an evaluator does, in worker processes or in this very process. */
import { describe, expect, it } from "vitest";
import type { StartEngine } from "../../broker/evaluator/engine.ts";
import { blindBatch, evaluateBatch, generateKeyShare, publicKeyOf, verifyIndices } from "../../shared/crypto/oprf.ts";
import { HandWorld } from "../support/hand-world.ts";

const ELEMENTS = 1_030;
const keyShare = generateKeyShare(new Uint8Array(64).fill(3));
const publicKey = publicKeyOf(keyShare);
const inputs = Array.from({ length: ELEMENTS }, (_, i) => Uint8Array.of(i & 255, i >> 8));
const { blinded } = blindBatch(inputs, new HandWorld(5).randomBytes(64 * ELEMENTS));

export function engineContract(name: string, startIn: (world: HandWorld) => StartEngine): void {
  describe(name, () => {
    it("multiplies every element, names all that are none, and proves what it is asked", async () => {
      await using engine = startIn(new HandWorld(1))({ keyShare, publicKey });
      const evaluated = await engine.evaluate(blinded, "");
      expect(evaluated).toEqual(evaluateBatch(keyShare, blinded).evaluated);
      const broken = Uint8Array.from(blinded);
      for (const i of [3, 1_025]) broken.fill(0, i * 32, (i + 1) * 32);
      expect(await engine.badElements(broken, "")).toEqual([3, 1_025]);
      expect(await engine.badElements(blinded, "")).toEqual([]);
      const indices = [0, 1_029, 7];
      const proof = await engine.prove({ blinded, evaluated }, indices, "");
      expect(verifyIndices(publicKey, blinded, evaluated, indices, proof)).toBe(true);
    });

    it("gives the same proof for the same world", async () => {
      const proofs = await Promise.all(
        [1, 1, 2].map(async (seed) => {
          await using engine = startIn(new HandWorld(seed))({ keyShare, publicKey });
          const evaluated = await engine.evaluate(blinded.subarray(0, 64), "");
          return await engine.prove({ blinded: blinded.subarray(0, 64), evaluated }, [0, 1], "");
        }),
      );
      expect(proofs[0]).toEqual(proofs[1]);
      expect(proofs[0]).not.toEqual(proofs[2]);
    });

    it("says so when a batch has a bad element, and answers nothing once it has ended", async () => {
      const engine = startIn(new HandWorld(1))({ keyShare, publicKey });
      await expect(engine.evaluate(new Uint8Array(31), "")).rejects.toMatchObject({ code: "INVALID" });
      await engine[Symbol.asyncDispose]();
      await expect(engine.evaluate(blinded, "")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    });
  });
}
