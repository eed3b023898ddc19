import { describe, expect, it } from "vitest";
import { blake2b as otherBlake2b } from "@noble/hashes/blake2.js";
import { concat, fromHex, toHex, utf8 } from "../../shared/core/bytes.ts";
import { SEALED_BYTES_MAX } from "../../shared/core/limits.ts";
import { hashKey } from "../../shared/crypto/hash.ts";
import { openSealed, SEALABLE_BYTES_MAX, sealingKeyPair, sealTo } from "../../shared/crypto/seal.ts";
import { decryptWith, encryptWith } from "../../shared/crypto/secretbox.ts";
import { sodium } from "../../shared/crypto/sodium.ts";
import { expectRefusal, filled, flipped, invented } from "./support.ts";
import { randomBytes } from "../../shared/world/random.ts";

const recipient = sealingKeyPair(invented("recipient", 32));
const stranger = sealingKeyPair(invented("stranger", 32));

/** Bernstein, Cryptography in NaCl (2009), sections 2, 7, 8 and 10. */
const NACL_BOX = {
  alicesSecretKey: fromHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"),
  bobsPublicKey: fromHex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"),
  nonce: fromHex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37"),
  message: fromHex(
    "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705",
  ),
  box: "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5",
};

describe("a sealed message", () => {
  it("opens to what was sealed, at every edge of the padding", () => {
    for (const length of [0, 1, 1_022, 1_023, 1_024, 2_047, SEALABLE_BYTES_MAX]) {
      const plaintext = invented(`plaintext ${length}`, length);
      const sealed = sealTo(recipient.publicKey, plaintext, randomBytes(32));
      expect((sealed.length - 48) % 1_024).toBe(0);
      expect(sealed.length).toBeLessThanOrEqual(SEALED_BYTES_MAX);
      expect(toHex(openSealed(recipient, sealed))).toBe(toHex(plaintext));
    }
  });

  it("shows its length in steps of 1,024 bytes only", () => {
    const lengths = [0, 500, 1_023].map(
      (length) => sealTo(recipient.publicKey, filled(length, 1), randomBytes(32)).length,
    );
    expect(new Set(lengths).size).toBe(1);
    expect(sealTo(recipient.publicKey, filled(1_024, 1), randomBytes(32)).length).toBe((lengths[0] as number) + 1_024);
  });

  it("is refused over the cap, before any work", () => {
    expectRefusal(() => sealTo(recipient.publicKey, filled(SEALABLE_BYTES_MAX + 1, 1), randomBytes(32)), "INVALID");
  });

  it("is refused over the cap even if it is well made", () => {
    const atCap = sodium.crypto_box_seal(sodium.pad(filled(SEALABLE_BYTES_MAX, 1), 1_024), recipient.publicKey);
    const overCap = sodium.crypto_box_seal(sodium.pad(filled(SEALED_BYTES_MAX - 1, 1), 1_024), recipient.publicKey);
    expect(openSealed(recipient, atCap)).toHaveLength(SEALABLE_BYTES_MAX);
    expectRefusal(() => openSealed(recipient, overCap), "UNPROVEN");
  });

  it("fails with one neutral text whatever is wrong with it", () => {
    const sealed = sealTo(recipient.publicKey, utf8("a message"), randomBytes(32));
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
    const sealed = sealTo(recipient.publicKey, plaintext, randomBytes(32));
    expect(sealTo(recipient.publicKey, plaintext, randomBytes(32))).not.toEqual(sealed);
    expect(openSealed(recipient, sealed).buffer.byteLength).toBe(plaintext.length);
  });

  it("is what its arguments make of it: the same three give the same bytes", () => {
    const seal = (seed: Uint8Array): string => toHex(sealTo(recipient.publicKey, utf8("twice"), seed));
    expect(seal(filled(32, 7))).toBe(seal(filled(32, 7)));
    expect(seal(filled(32, 7)).slice(0, 64)).not.toBe(seal(filled(32, 8)).slice(0, 64));
  });

  it("is libsodium's sealed box: its ephemeral key, the nonce of both keys, the box between them", () => {
    const plaintext = utf8("a message");
    const seed = filled(32, 7);
    const sealed = sealTo(recipient.publicKey, plaintext, seed);
    const { publicKey, privateKey } = sodium.crypto_box_seed_keypair(seed);
    const nonce = otherBlake2b(concat(publicKey, recipient.publicKey), { dkLen: 24 });
    const padded = sodium.pad(plaintext, 1_024);
    expect(toHex(sealed.subarray(0, 32))).toBe(toHex(publicKey));
    expect(toHex(sodium.crypto_box_open_easy(sealed.subarray(32), nonce, publicKey, recipient.secretKey))).toBe(
      toHex(padded),
    );
    expect(toHex(sealed.subarray(32))).toBe(
      toHex(sodium.crypto_box_easy(padded, nonce, recipient.publicKey, privateKey)),
    );
    expect(sodium.crypto_box_seal_open(sealed, recipient.publicKey, recipient.secretKey)).toEqual(padded);
    const libsodiums = sodium.crypto_box_seal(padded, recipient.publicKey);
    expect(openSealed(recipient, libsodiums)).toEqual(plaintext);
  });

  it("uses the box of NaCl: the vector of its authors", () => {
    const { alicesSecretKey, bobsPublicKey, nonce, message, box } = NACL_BOX;
    expect(toHex(sodium.crypto_box_easy(message, nonce, bobsPublicKey, alicesSecretKey))).toBe(box);
  });

  it("needs seeds of 32 bytes", () => {
    expectRefusal(() => sealingKeyPair(filled(31, 1)), "INVALID");
    expectRefusal(() => sealTo(recipient.publicKey, utf8("a message"), filled(31, 1)), "INVALID");
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
