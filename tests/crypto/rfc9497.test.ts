import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex } from "../../shared/core/bytes.ts";
import {
  blind,
  blindEvaluate,
  combineBatch,
  deriveKeyPair,
  evaluateBatch,
  finalize,
  finalizeBatch,
  generateProof,
  verifyProof,
} from "../../shared/crypto/oprf.ts";
import { decodeScalar } from "../../shared/crypto/ristretto.ts";
import data from "./vectors/rfc9497-ristretto255-sha512.json" with { type: "json" };

interface Vector {
  readonly Input: readonly string[];
  readonly Blind: readonly string[];
  readonly BlindedElement: readonly string[];
  readonly EvaluationElement: readonly string[];
  readonly Output: readonly string[];
  readonly Proof?: string;
  readonly ProofRandomScalar?: string;
}

const scalar = (hex: string) => decodeScalar(fromHex(hex));
const joined = (hexes: readonly string[]) => concat(...hexes.map(fromHex));

describe.each(data.modes)("RFC 9497 appendix A.1, mode $mode", (set) => {
  const mode = set.mode === "oprf" ? "oprf" : "voprf";
  const keys = deriveKeyPair(fromHex(set.Seed), fromHex(set.KeyInfo), mode);

  it("derives the key pair", () => {
    expect(toHex(keys.secretKey)).toBe(set.skSm);
    if (set.pkSm !== undefined) expect(toHex(keys.publicKey)).toBe(set.pkSm);
  });

  it.each(set.vectors as readonly Vector[])("runs vector $# bit by bit", (vector) => {
    vector.Input.forEach((input, i) => {
      const blindScalar = scalar(vector.Blind[i] as string);
      const blinded = blind(fromHex(input), blindScalar, mode);
      expect(toHex(blinded)).toBe(vector.BlindedElement[i]);
      const evaluated = blindEvaluate(keys.secretKey, blinded);
      expect(toHex(evaluated)).toBe(vector.EvaluationElement[i]);
      expect(toHex(finalize(fromHex(input), blindScalar, evaluated))).toBe(vector.Output[i]);
    });
  });

  it.each(set.vectors as readonly Vector[])("runs vector $# through the batch functions", (vector) => {
    const { evaluated, bad } = evaluateBatch(keys.secretKey, joined(vector.BlindedElement));
    expect(bad).toEqual([]);
    expect(evaluated).toEqual(joined(vector.EvaluationElement));
    const outputs = finalizeBatch(vector.Input.map(fromHex), joined(vector.Blind), combineBatch([evaluated]));
    expect(outputs.map(toHex)).toEqual(vector.Output);
  });

  it.each((set.vectors as readonly Vector[]).filter((vector) => vector.Proof !== undefined))(
    "makes and verifies the proof of vector $#",
    (vector) => {
      const statement = {
        publicKey: keys.publicKey,
        blinded: joined(vector.BlindedElement),
        evaluated: joined(vector.EvaluationElement),
      };
      const proof = generateProof(keys.secretKey, statement, scalar(vector.ProofRandomScalar as string));
      expect(toHex(proof)).toBe(vector.Proof);
      expect(verifyProof(statement, proof)).toBe(true);
    },
  );
});
