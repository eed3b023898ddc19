import { describe, expect, it } from "vitest";
import { fromHex, toHex, utf8 } from "../../shared/core/bytes.ts";
import { SEALED_BYTES_MAX } from "../../shared/core/limits.ts";
import { hashKey } from "../../shared/crypto/hash.ts";
import { openSealed, SEALABLE_BYTES_MAX, sealingKeyPair, sealTo } from "../../shared/crypto/seal.ts";
import { decryptWith, encryptWith } from "../../shared/crypto/secretbox.ts";
import { sodium } from "../../shared/crypto/sodium.ts";
import { expectRefusal, filled, flipped, invented } from "./support.ts";

const recipient = sealingKeyPair(invented("recipient", 32));
const stranger = sealingKeyPair(invented("stranger", 32));

describe("a sealed message", () => {
  it("opens to what was sealed, at every edge of the padding", () => {
    for (const length of [0, 1, 1_022, 1_023, 1_024, 2_047, SEALABLE_BYTES_MAX]) {
      const plaintext = invented(`plaintext ${length}`, length);
      const sealed = sealTo(recipient.publicKey, plaintext);
      expect((sealed.length - 48) % 1_024).toBe(0);
      expect(sealed.length).toBeLessThanOrEqual(SEALED_BYTES_MAX);
      expect(toHex(openSealed(recipient, sealed))).toBe(toHex(plaintext));
    }
  });

  it("shows its length in steps of 1,024 bytes only", () => {
    const lengths = [0, 500, 1_023].map((length) => sealTo(recipient.publicKey, filled(length, 1)).length);
    expect(new Set(lengths).size).toBe(1);
    expect(sealTo(recipient.publicKey, filled(1_024, 1)).length).toBe((lengths[0] as number) + 1_024);
  });

  it("is refused over the cap, before any work", () => {
    expectRefusal(() => sealTo(recipient.publicKey, filled(SEALABLE_BYTES_MAX + 1, 1)), "INVALID");
  });

  it("is refused over the cap even if it is well made", () => {
    const atCap = sodium.crypto_box_seal(sodium.pad(filled(SEALABLE_BYTES_MAX, 1), 1_024), recipient.publicKey);
    const overCap = sodium.crypto_box_seal(sodium.pad(filled(SEALED_BYTES_MAX - 1, 1), 1_024), recipient.publicKey);
    expect(openSealed(recipient, atCap)).toHaveLength(SEALABLE_BYTES_MAX);
    expectRefusal(() => openSealed(recipient, overCap), "UNPROVEN");
  });

  it("fails with one neutral text whatever is wrong with it", () => {
    const sealed = sealTo(recipient.publicKey, utf8("a message"));
    const wrongPadding = sodium.crypto_box_seal(filled(1_024, 0), recipient.publicKey);
    const bad: readonly (() => unknown)[] = [
      () => openSealed(stranger, sealed),
      () => openSealed(recipient, flipped(sealed, 0)),
      () => openSealed(recipient, flipped(sealed, sealed.length - 1)),
      () => openSealed(recipient, sealed.subarray(1)),
      () => openSealed(recipient, new Uint8Array(0)),
      () => openSealed(recipient, filled(SEALED_BYTES_MAX + 1_024, 1)),
      () => openSealed(recipient, filled(48 + 1_024, 0)),
      () => openSealed(recipient, wrongPadding),
      () => openSealed({ ...recipient, secretKey: filled(31, 1) }, sealed),
    ];
    const errors = bad.map((act) => expectRefusal(act, "UNPROVEN"));
    expect(new Set(errors.map((error) => error.message)).size).toBe(1);
    expect(errors.every((error) => error.cause === undefined)).toBe(true);
  });

  it("differs each time, and its plaintext owns its memory", () => {
    const plaintext = utf8("twice");
    const sealed = sealTo(recipient.publicKey, plaintext);
    expect(sealTo(recipient.publicKey, plaintext)).not.toEqual(sealed);
    expect(openSealed(recipient, sealed).buffer.byteLength).toBe(plaintext.length);
  });

  it("needs a seed of 32 bytes", () => {
    expectRefusal(() => sealingKeyPair(filled(31, 1)), "INVALID");
  });
});

describe("an encrypted column", () => {
  const key = hashKey(invented("column key", 32));
  const nonce = invented("nonce", 24);
  const ad = utf8("records/name/17");
  const sealed = encryptWith(key, nonce, utf8("invented"), ad);

  it("opens with its key at its place", () => {
    expect(decryptWith(key, sealed, ad)).toEqual(utf8("invented"));
    expect(decryptWith(key, encryptWith(key, nonce, new Uint8Array(0), ad), ad)).toHaveLength(0);
    expect(sealed).toHaveLength("invented".length + 40);
  });

  it("is refused with another key, moved to another place, or with any byte changed, with one text", () => {
    const bad: readonly (() => unknown)[] = [
      () => decryptWith(hashKey(invented("other key", 32)), sealed, ad),
      () => decryptWith(key, sealed, utf8("records/name/18")),
      () => decryptWith(key, sealed.subarray(0, 20), ad),
      () => decryptWith(key, sealed.subarray(0, 39), ad),
      () => decryptWith(key, new Uint8Array(0), ad),
      ...Array.from(sealed, (_, i) => () => decryptWith(key, flipped(sealed, i), ad)),
    ];
    const errors = bad.map((act) => expectRefusal(act, "UNPROVEN"));
    expect(new Set(errors.map((error) => error.message)).size).toBe(1);
  });

  it("needs a nonce of 24 bytes", () => {
    expectRefusal(() => encryptWith(key, nonce.subarray(1), utf8("x"), ad), "INVALID");
  });

  it("is XChaCha20-Poly1305: the vector of draft-irtf-cfrg-xchacha-03, appendix A.3.1", () => {
    const plaintext = utf8(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    );
    const boxed = encryptWith(
      hashKey(range(0x80, 32)),
      range(0x40, 24),
      plaintext,
      fromHex("50515253c0c1c2c3c4c5c6c7"),
    );
    expect(toHex(boxed.subarray(-16))).toBe("c0875924c1c7987947deafd8780acf49");
    expect(boxed.subarray(0, 24)).toEqual(range(0x40, 24));
  });
});

function range(from: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => from + i);
}
