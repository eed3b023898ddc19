import { ed25519 } from "@noble/curves/ed25519.js";
import { describe, expect, it } from "vitest";
import { concat, fromHex } from "../../shared/core/bytes.ts";
import { keyId, signingKeyPair, signPayload, verifyPayload } from "../../shared/crypto/sign.ts";
import { addWithoutReduction, expectRefusal, filled, flipped, GROUP_ORDER_HEX, invented } from "./support.ts";

const keys = signingKeyPair(invented("seed", 32));
const content = { type: "directive", federation: filled(16, 1), payload: invented("payload", 50) };
const signature = signPayload({ ...content, secretKey: keys.secretKey });

describe("a signature", () => {
  it("holds for the bytes, type, federation and key it was made with, and for no other", () => {
    const good = { ...content, publicKey: keys.publicKey, signature };
    expect(verifyPayload(good)).toBe(true);
    const bad = [
      { ...good, type: "publication" },
      { ...good, federation: filled(16, 2) },
      { ...good, payload: flipped(content.payload, 49) },
      { ...good, payload: content.payload.subarray(1) },
      { ...good, publicKey: signingKeyPair(invented("other", 32)).publicKey },
      ...Array.from(signature, (_, i) => ({ ...good, signature: flipped(signature, i) })),
    ];
    expect(bad.filter(verifyPayload)).toEqual([]);
  });

  it("cannot be moved by shifting bytes between type and payload", () => {
    const shifted = { ...content, type: "directiv", payload: concat(Uint8Array.of(0x65), content.payload) };
    expect(verifyPayload({ ...shifted, publicKey: keys.publicKey, signature })).toBe(false);
  });

  it("has one encoding: a response with the group order added is refused", () => {
    const response = addWithoutReduction(signature.subarray(32), fromHex(GROUP_ORDER_HEX));
    const again = concat(signature.subarray(0, 32), response);
    expect(verifyPayload({ ...content, publicKey: keys.publicKey, signature: again })).toBe(false);
  });

  it("by the identity key, which holds for every message elsewhere, is refused", () => {
    const publicKey = concat(Uint8Array.of(1), filled(31, 0));
    // R = identity, s = 0: accepted under the cofactored rules of ZIP 215, whatever the message.
    const forged = concat(publicKey, filled(32, 0));
    expect(ed25519.verify(forged, content.payload, publicKey, { zip215: true })).toBe(true);
    expect(verifyPayload({ ...content, publicKey, signature: forged })).toBe(false);
  });

  it("by another key of small order, or a key in non-canonical form, is refused", () => {
    const publicKeys = [
      "00".repeat(32),
      `ec${"ff".repeat(30)}7f`,
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      `ee${"ff".repeat(30)}7f`,
      `01${"00".repeat(30)}80`,
    ].map(fromHex);
    for (const publicKey of publicKeys) {
      for (const r of publicKeys) {
        const forged = concat(r, filled(32, 0));
        expect(verifyPayload({ ...content, publicKey, signature: forged })).toBe(false);
      }
    }
  });

  it("of a wrong length, or by a key of a wrong length, is false and no error", () => {
    for (const bad of [new Uint8Array(0), signature.subarray(1), concat(signature, signature)]) {
      expect(verifyPayload({ ...content, publicKey: keys.publicKey, signature: bad })).toBe(false);
    }
    expect(verifyPayload({ ...content, publicKey: keys.publicKey.subarray(1), signature })).toBe(false);
  });

  it("is refused for wrong lengths of our own: seed, secret key, federation, key to name", () => {
    expectRefusal(() => signingKeyPair(filled(31, 1)), "INVALID");
    expectRefusal(() => signPayload({ ...content, secretKey: keys.secretKey.subarray(32) }), "INVALID");
    expectRefusal(() => signPayload({ ...content, federation: filled(15, 1), secretKey: keys.secretKey }), "INVALID");
    expectRefusal(() => keyId(keys.publicKey.subarray(1)), "INVALID");
  });
});
