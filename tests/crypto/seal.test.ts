import { describe, expect, it } from "vitest";
import { concat, fromHex, lpText, toHex, utf8 } from "../../shared/core/bytes.ts";
import { SEALED_BYTES_MAX } from "../../shared/core/limits.ts";
import { blake2bKeyed, hashKey } from "../../shared/crypto/hash.ts";
import {
  isSealingKey,
  openSealed,
  recipientKeyOf,
  SEAL_OVERHEAD_BYTES,
  SEALABLE_BYTES_MAX,
  SEALING_KEY_BYTES,
  sealingKeyFault,
  sealingKeyPair,
  sealTo,
} from "../../shared/crypto/seal.ts";
import { decryptWith, encryptWith } from "../../shared/crypto/secretbox.ts";
import { sodium } from "../../shared/crypto/sodium.ts";
import { expectRefusal, filled, flipped, invented } from "./support.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { combine, ENCAPSULATION_BYTES, halvesOf, openWith } from "./xwing.ts";
import xwing from "./vectors/xwing-draft-10.json" with { type: "json" };

const recipient = sealingKeyPair(invented("recipient", 32));
const stranger = sealingKeyPair(invented("stranger", 32));

describe("X-Wing, in libsodium and of other parts", () => {
  it.each(xwing.vectors)("agrees with its draft: the vector of seed $seed", ({ seed, eseed, ss, pk, ct }) => {
    const { publicKey, secretKey } = sealingKeyPair(fromHex(seed));
    expect(toHex(publicKey)).toBe(pk);
    expect(toHex(secretKey)).toBe(seed);
    const { ciphertext, sharedSecret } = sodium.crypto_kem_xwing_enc_deterministic(publicKey, fromHex(eseed));
    expect(toHex(ciphertext)).toBe(ct);
    expect(toHex(sharedSecret)).toBe(ss);
    expect(toHex(sodium.crypto_kem_xwing_dec(fromHex(ct), fromHex(seed)))).toBe(ss);
    expect(toHex(combine(halvesOf(fromHex(seed), fromHex(ct)), fromHex(pk), fromHex(ct)))).toBe(ss);
  });
});

describe("a sealed message", () => {
  it("opens to what was sealed, at every edge of the padding", () => {
    for (const length of [0, 1, 1_022, 1_023, 1_024, 2_047, SEALABLE_BYTES_MAX]) {
      const plaintext = invented(`plaintext ${length}`, length);
      const sealed = sealTo(recipient.publicKey, plaintext, randomBytes(32));
      expect((sealed.length - SEAL_OVERHEAD_BYTES) % 1_024).toBe(0);
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
    const atCap = sealedPadded(sodium.pad(filled(SEALABLE_BYTES_MAX, 1), 1_024));
    const overCap = sealedPadded(sodium.pad(filled(SEALED_BYTES_MAX - 1, 1), 1_024));
    expect(openSealed(recipient, atCap)).toHaveLength(SEALABLE_BYTES_MAX);
    expectRefusal(() => openSealed(recipient, overCap), "UNPROVEN");
  });

  it("fails with one neutral text whatever is wrong with it", () => {
    const sealed = sealTo(recipient.publicKey, utf8("a message"), randomBytes(32));
    const bad: readonly (() => unknown)[] = [
      () => openSealed(stranger, sealed),
      () => openSealed({ ...recipient, publicKey: stranger.publicKey }, sealed),
      () => openSealed(recipient, sealed.subarray(1)),
      () => openSealed(recipient, new Uint8Array(0)),
      () => openSealed(recipient, filled(SEALED_BYTES_MAX + 1_024, 1)),
      () => openSealed(recipient, filled(SEAL_OVERHEAD_BYTES + 1_024, 0)),
      () => openSealed(recipient, sealedPadded(filled(1_024, 0))),
      () => openSealed({ ...recipient, secretKey: filled(31, 1) }, sealed),
    ];
    const errors = bad.map((act) => expectRefusal(act, "UNPROVEN"));
    expect(new Set(errors.map((error) => error.message)).size).toBe(1);
    expect(errors.every((error) => error.cause === undefined)).toBe(true);
  });

  it.each([
    ["the lattice's vector", 0, 960],
    ["the lattice's last part", 960, 1_088],
    ["the ephemeral X25519 key", 1_088, ENCAPSULATION_BYTES],
    ["what is encrypted", ENCAPSULATION_BYTES, ENCAPSULATION_BYTES + 1_024],
    ["the tag", ENCAPSULATION_BYTES + 1_024, SEAL_OVERHEAD_BYTES + 1_024],
  ])("does not open when a bit is changed in %s", (_, from, to) => {
    const sealed = sealTo(recipient.publicKey, utf8("a message"), randomBytes(32));
    expect(sealed).toHaveLength(SEAL_OVERHEAD_BYTES + 1_024);
    for (const index of [from, from + 1, (from + to) >> 1, to - 1]) {
      expectRefusal(() => openSealed(recipient, flipped(sealed, index)), "UNPROVEN");
    }
  });

  it("does not open when its encapsulation is of another message, or its ephemeral key of small order", () => {
    const [one, two] = [1, 2].map((seed) => sealTo(recipient.publicKey, utf8("a message"), filled(32, seed))) as [
      Uint8Array,
      Uint8Array,
    ];
    const box = one.subarray(ENCAPSULATION_BYTES);
    expectRefusal(() => openSealed(recipient, concat(two.subarray(0, ENCAPSULATION_BYTES), box)), "UNPROVEN");
    expectRefusal(() => openSealed(recipient, concat(one.subarray(0, 1_088), filled(32, 0), box)), "UNPROVEN");
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

  it("needs seeds of 32 bytes", () => {
    expectRefusal(() => sealingKeyPair(filled(31, 1)), "INVALID");
    expectRefusal(() => sealTo(recipient.publicKey, utf8("a message"), filled(31, 1)), "INVALID");
  });
});

describe("whoever has broken one half only", () => {
  const { publicKey, secretKey } = recipient;
  const sealed = sealTo(publicKey, utf8("for years"), filled(32, 7));
  const encapsulation = sealed.subarray(0, ENCAPSULATION_BYTES);
  const halves = halvesOf(secretKey, encapsulation);
  const opens = (sharedSecret: Uint8Array): (() => Uint8Array) => {
    return () => sodium.unpad(openWith(sharedSecret, publicKey, sealed), 1_024);
  };
  const unknown = [filled(32, 0), filled(32, 255), invented("a guess", 32)];

  it("needs the other: with both, other code opens the seal", () => {
    expect(opens(combine(halves, publicKey, encapsulation))()).toEqual(utf8("for years"));
  });

  it("opens nothing with X25519 alone, as a quantum computer gives it", () => {
    for (const guess of [...unknown, halves.x25519]) {
      expect(opens(combine({ ...halves, mlKem: guess }, publicKey, encapsulation))).toThrow();
    }
    expect(opens(halves.x25519)).toThrow();
  });

  it("opens nothing with ML-KEM alone, as a fault in young mathematics or code would give it", () => {
    for (const guess of [...unknown, halves.mlKem]) {
      expect(opens(combine({ ...halves, x25519: guess }, publicKey, encapsulation))).toThrow();
    }
    expect(opens(halves.mlKem)).toThrow();
  });

  it("would open a seal that hangs on one half: the weak variants", () => {
    for (const half of [halves.x25519, halves.mlKem]) {
      const weak = concat(encapsulation, boxUnder(half, encapsulation, sodium.pad(utf8("for years"), 1_024)));
      expect(sodium.unpad(openWith(half, publicKey, weak), 1_024)).toEqual(utf8("for years"));
      expectRefusal(() => openSealed(recipient, weak), "UNPROVEN");
    }
  });
});

describe("a sealing key", () => {
  const { publicKey } = recipient;
  const withHalf = (bytes: Uint8Array): Uint8Array => concat(publicKey.subarray(0, 1_184), bytes);

  it("has one length", () => {
    for (const length of [0, 32, 1_184, SEALING_KEY_BYTES - 1, SEALING_KEY_BYTES + 1]) {
      expect(sealingKeyFault(filled(length, 1))).toContain("1216 bytes");
    }
    expect(SEALING_KEY_BYTES).toBe(sodium.crypto_kem_xwing_PUBLICKEYBYTES);
    expect(sealingKeyFault(publicKey)).toBeUndefined();
  });

  it.each([0, 1, 255, 256, 511, 767])(
    "with coefficient %i at or above the modulus is refused, by its half",
    (index) => {
      for (const [value, usable] of [
        [3_328, true],
        [3_329, false],
        [4_095, false],
      ] as const) {
        const key = withCoefficient(publicKey, index, value);
        expect(isSealingKey(key)).toBe(usable);
        if (usable) continue;
        expect(sealingKeyFault(key)).toContain("ML-KEM-768");
        expectRefusal(() => sealTo(key, utf8("a message"), randomBytes(32)), "INVALID");
        expect(() => sodium.crypto_kem_xwing_enc_deterministic(key, filled(64, 1))).toThrow();
      }
    },
  );

  it("with an X25519 half of small order is refused, by its half", () => {
    const key = withHalf(fromHex(`01${"00".repeat(31)}`));
    expect(sealingKeyFault(key)).toContain("X25519");
    expectRefusal(() => sealTo(key, utf8("a message"), randomBytes(32)), "INVALID");
  });

  it("is named by all of its bytes", () => {
    const names = [publicKey, flipped(publicKey, 0), flipped(publicKey, SEALING_KEY_BYTES - 1)].map(recipientKeyOf);
    expect(new Set(names.map(toHex)).size).toBe(3);
    expect(names.every((name) => name.length === 32)).toBe(true);
  });
});

/** Sealed to the recipient as it stands, however it is padded. */
function sealedPadded(padded: Uint8Array): Uint8Array {
  const { ciphertext, sharedSecret } = sodium.crypto_kem_xwing_enc_deterministic(recipient.publicKey, filled(64, 3));
  return concat(ciphertext, boxUnder(sharedSecret, ciphertext, padded));
}

function boxUnder(sharedSecret: Uint8Array, encapsulation: Uint8Array, padded: Uint8Array): Uint8Array {
  const name = recipientKeyOf(recipient.publicKey);
  const key = blake2bKeyed(32, hashKey(sharedSecret), lpText("causeway/seal/v2"), name, encapsulation);
  return sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(padded, null, null, new Uint8Array(24), key);
}

/** A copy in which one of the 768 coefficients of 12 bits is another. */
function withCoefficient(publicKey: Uint8Array, index: number, value: number): Uint8Array {
  const copy = Uint8Array.from(publicKey);
  const at = (index >> 1) * 3;
  const [low = 0, middle = 0] = copy.subarray(at);
  if (index % 2 === 0) copy.set([value & 0xff, (middle & 0xf0) | (value >> 8)], at);
  else copy.set([low, (middle & 0x0f) | ((value & 0x0f) << 4), value >> 4], at);
  return copy;
}

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
