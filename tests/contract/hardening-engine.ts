/** What every engine of a node does, in worker processes or in this very process. */
import { describe, expect, it } from "vitest";
import { UnusableAnswers } from "../../agency-node/hardening/engine.ts";
import type { Engine } from "../../agency-node/hardening/engine.ts";
import { batchKey, blindBytes } from "../../agency-node/hardening/batch-secrets.ts";
import { utf8 } from "../../shared/core/bytes.ts";
import {
  blindBatch,
  combineBatch,
  evaluateBatch,
  finalizeBatch,
  generateKeyShare,
  proveIndices,
  publicKeyOf,
} from "../../shared/crypto/oprf.ts";
import { scalarNegate } from "../../shared/crypto/ristretto.ts";

/** More than two pieces. */
const INPUTS = 1_030;
const KEY = batchKey(new Uint8Array(32).fill(1), new Uint8Array(16).fill(2));
const inputs = Array.from({ length: INPUTS }, (_, i) => utf8(`invented identifier ${i}`.slice(0, (i % 40) + 1)));
const shares = [3, 4].map((byte) => generateKeyShare(new Uint8Array(64).fill(byte)));
const [share] = shares as [(typeof shares)[0]];
const expected = blindBatch(inputs, blindBytes(KEY, 0, inputs));
const answers = shares.map((each) => evaluateBatch(each, expected.blinded).evaluated);

export function hardeningEngineContract(name: string, start: () => Engine): void {
  describe(name, () => {
    it("blinds as the batch's key says, and unblinds what the evaluators gave", async () => {
      await using engine = start();
      const { blinded, blinds } = await engine.blind(inputs, KEY);
      expect([blinded, blinds]).toEqual([expected.blinded, expected.blinds]);
      const outputs = finalizeBatch(inputs, blinds, combineBatch(answers));
      expect(await engine.finalise(inputs, blinds, answers)).toEqual(outputs);
      expect(await engine.finalise(inputs, blinds, answers.slice(0, 1))).toEqual(
        finalizeBatch(inputs, blinds, answers[0]!),
      );
    });

    it("holds a proof true for the pairs that were proved, and for no others", async () => {
      await using engine = start();
      const [blinded, evaluated] = [expected.blinded, answers[0]!].map((batch) => batch.slice(0, 8 * 32)) as [
        Uint8Array,
        Uint8Array,
      ];
      const publicKey = publicKeyOf(share);
      const indices = [0, 1, 2, 3, 4, 5, 6, 7];
      const proof = proveIndices(share, publicKey, blinded, evaluated, indices, new Uint8Array(32).fill(5));
      const pairs = { publicKey, blinded, evaluated, proof };
      expect(await engine.verify(pairs)).toBe(true);
      const swapped = Uint8Array.from(evaluated);
      swapped.copyWithin(0, 32, 64);
      expect(await engine.verify({ ...pairs, evaluated: swapped })).toBe(false);
      expect(await engine.verify({ ...pairs, publicKey: publicKeyOf(shares[1]!) })).toBe(false);
    });

    it.each([0, 0xff])("names the evaluator whose answer holds what is no element (%d)", async (byte) => {
      await using engine = start();
      for (const culprit of [0, 1]) {
        const bad = answers.map((answer) => Uint8Array.from(answer));
        bad[culprit]!.fill(byte, 1_029 * 32);
        const failure = await engine.finalise(inputs, expected.blinds, bad).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(UnusableAnswers);
        expect(failure).toMatchObject({ code: "INVALID", culprit });
      }
    });

    it("names nobody when good answers cancel out", async () => {
      await using engine = start();
      const { blinded } = expected;
      const opposite = evaluateBatch(scalarNegate(share), blinded).evaluated;
      const failure = await engine
        .finalise(inputs, expected.blinds, [answers[0]!, opposite])
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(UnusableAnswers);
      expect(failure).toMatchObject({ culprit: undefined });
    });

    it("answers nothing once it has ended", async () => {
      const engine = start();
      await engine.blind(inputs.slice(0, 1), KEY);
      await engine[Symbol.asyncDispose]();
      await expect(engine.blind(inputs, KEY)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    });
  });
}
