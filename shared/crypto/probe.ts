/**
 * Start-up proof that every libsodium primitive this project uses is there and computes what another implementation
 * computed: the typings declare functions that some builds lack at run time, and a missing one must stop a program when
 * it starts, not when the first record arrives. Inputs are bytes repeated; the answers were made with noble-curves and
 * noble-hashes, but for X-Wing (the first vector of its draft, all of which the tests check) and the box, which the tests check against
 * the vector of its draft.
 */
import { concat, equalBytes, fromHex, toHex } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import { sodium } from "./sodium.ts";
import type { Sodium } from "./sodium.ts";

/** Calls of one primitive and whether the answer was right. A missing primitive throws. */
type Check = readonly [name: string, holds: (lib: Sodium) => boolean];

const ONE_SCALAR = bytes(32, 1);
const TWO_SCALAR = bytes(32, 2);
const GENERATOR = fromHex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76");
const GENERATOR_DOUBLED = fromHex("6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919");
const SIGNING_KEY = fromHex("8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c");
const SIGNATURE = fromHex(
  "2619d4b8e0b06fbc967bcc68dc888c19de1858051185b2d70271d2b1d97a096f45ab2913691e98e6ac56fbbefd8d38895b8eb90c8bbe86d8a021c9e4636b770a",
);
const XWING_SEED = fromHex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
const XWING_EPHEMERAL_SEED = fromHex(
  "3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e235b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2",
);
const XWING_SHARED_SECRET = "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384";
const BOXED = fromHex("7bc88e7213cd2a97e01325db6b4e74cf16b98d");
const MESSAGE = bytes(3, 1);

const GROUP_CHECKS: readonly Check[] = [
  [
    "crypto_core_ristretto255_from_hash",
    (lib) =>
      is(
        lib.crypto_core_ristretto255_from_hash(bytes(64, 1)),
        "bcdb3f2f6eee9dfe105a81d3243a4d76e0ffff39700418952364b8a93c9d401d",
      ),
  ],
  [
    "crypto_core_ristretto255_is_valid_point",
    (lib) =>
      lib.crypto_core_ristretto255_is_valid_point(GENERATOR) &&
      !lib.crypto_core_ristretto255_is_valid_point(bytes(32, 255)),
  ],
  [
    "crypto_core_ristretto255_add",
    (lib) => equalBytes(lib.crypto_core_ristretto255_add(GENERATOR, GENERATOR), GENERATOR_DOUBLED),
  ],
  [
    "crypto_scalarmult_ristretto255",
    (lib) =>
      is(
        lib.crypto_scalarmult_ristretto255(ONE_SCALAR, GENERATOR_DOUBLED),
        "f6d73cfa04628744bf6939147f8535be14a0ef13e3ab294413177b541f08da09",
      ),
  ],
  [
    "crypto_scalarmult_ristretto255_base",
    (lib) =>
      is(
        lib.crypto_scalarmult_ristretto255_base(ONE_SCALAR),
        "3e440469a098036d89ffb2d77a4542928f2f74c2b5769da7480736ace829dc10",
      ),
  ],
];

const SCALAR_CHECKS: readonly Check[] = [
  [
    "crypto_core_ristretto255_scalar_reduce",
    (lib) =>
      is(
        lib.crypto_core_ristretto255_scalar_reduce(bytes(64, 1)),
        "4fe2a684e0e6c5e370ca0d89f5e2cb0da1e2ecd4028fa2d395fbca4e33f25805",
      ),
  ],
  [
    "crypto_core_ristretto255_scalar_add",
    (lib) => is(lib.crypto_core_ristretto255_scalar_add(ONE_SCALAR, TWO_SCALAR), "03".repeat(32)),
  ],
  [
    "crypto_core_ristretto255_scalar_sub",
    (lib) =>
      is(
        lib.crypto_core_ristretto255_scalar_sub(ONE_SCALAR, TWO_SCALAR),
        "ecd2f45b19621157d59bf6a1ddf8dd13fffefefefefefefefefefefefefefe0e",
      ),
  ],
  [
    "crypto_core_ristretto255_scalar_mul",
    (lib) =>
      is(
        lib.crypto_core_ristretto255_scalar_mul(ONE_SCALAR, TWO_SCALAR),
        "7d808bf1fafea25f3ee660ef3c1793985190ba1413f9b714edf967ce6b8bdd06",
      ),
  ],
  [
    "crypto_core_ristretto255_scalar_negate",
    (lib) =>
      is(
        lib.crypto_core_ristretto255_scalar_negate(ONE_SCALAR),
        "ecd2f45b19621157d59bf6a1ddf8dd13fffefefefefefefefefefefefefefe0e",
      ),
  ],
  [
    "crypto_core_ristretto255_scalar_invert",
    (lib) =>
      is(
        lib.crypto_core_ristretto255_scalar_invert(ONE_SCALAR),
        "442a1d24f485545ed8390cea70cafdce5a7856fac6515af9fb97b28c0c966704",
      ),
  ],
];

const HASH_CHECKS: readonly Check[] = [
  [
    "crypto_generichash",
    (lib) =>
      is(lib.crypto_generichash(16, MESSAGE, TWO_SCALAR), "5fa79254247df9a9cf4a2b3b9f712784") &&
      is(lib.crypto_generichash(16, MESSAGE, null), "c0026121a3d9ebbbeeb213821f89e0d5"),
  ],
  [
    "crypto_hash_sha512",
    (lib) =>
      is(
        lib.crypto_hash_sha512(MESSAGE),
        "746592188af118615dc611a3b8489b4c6a392d04e1ea50947ff48635fd3f2e5eb56b6259b8ab252518caa4fd197c81af5afba0d5e2eb7fc7c4d43954eddea112",
      ),
  ],
  ["memcmp", (lib) => lib.memcmp(ONE_SCALAR, bytes(32, 1)) && !lib.memcmp(ONE_SCALAR, TWO_SCALAR)],
];

const MESSAGE_CHECKS: readonly Check[] = [
  ["crypto_sign_seed_keypair", (lib) => equalBytes(lib.crypto_sign_seed_keypair(ONE_SCALAR).publicKey, SIGNING_KEY)],
  [
    "crypto_sign_detached",
    (lib) => equalBytes(lib.crypto_sign_detached(MESSAGE, concat(ONE_SCALAR, SIGNING_KEY)), SIGNATURE),
  ],
  [
    "crypto_sign_verify_detached",
    (lib) =>
      lib.crypto_sign_verify_detached(SIGNATURE, MESSAGE, SIGNING_KEY) &&
      !lib.crypto_sign_verify_detached(SIGNATURE, bytes(3, 2), SIGNING_KEY),
  ],
  [
    "crypto_box_seed_keypair",
    (lib) =>
      is(
        lib.crypto_box_seed_keypair(ONE_SCALAR).publicKey,
        "1b1b58dd50ea14b60da17b790cd02754d970c9bab864ebb3c0f3016fe51d3f57",
      ),
  ],
  [
    "crypto_kem_xwing_seed_keypair",
    (lib) =>
      is(
        lib.crypto_kem_xwing_seed_keypair(XWING_SEED).publicKey.subarray(-64),
        "9042581237d522828824ee3bdfd07fb03f1f942d2ea179fe722f06cc03de5b69859edb06eff389b27dce59844570216223593d4ba32d9abac8cd049040ef6534",
      ),
  ],
  ["crypto_kem_xwing_enc_deterministic", (lib) => is(encapsulated(lib).sharedSecret, XWING_SHARED_SECRET)],
  [
    "crypto_kem_xwing_dec",
    (lib) => is(lib.crypto_kem_xwing_dec(encapsulated(lib).ciphertext, XWING_SEED), XWING_SHARED_SECRET),
  ],
  ["pad", (lib) => is(lib.pad(MESSAGE, 8), "0101018000000000")],
  ["unpad", (lib) => equalBytes(lib.unpad(fromHex("0101018000000000"), 8), MESSAGE)],
  [
    "crypto_aead_xchacha20poly1305_ietf_encrypt",
    (lib) =>
      equalBytes(
        lib.crypto_aead_xchacha20poly1305_ietf_encrypt(MESSAGE, bytes(2, 2), null, bytes(24, 3), bytes(32, 4)),
        BOXED,
      ),
  ],
  [
    "crypto_aead_xchacha20poly1305_ietf_decrypt",
    (lib) =>
      equalBytes(
        lib.crypto_aead_xchacha20poly1305_ietf_decrypt(null, BOXED, bytes(2, 2), bytes(24, 3), bytes(32, 4)),
        MESSAGE,
      ),
  ],
];

const CHECKS: readonly Check[] = [...GROUP_CHECKS, ...SCALAR_CHECKS, ...HASH_CHECKS, ...MESSAGE_CHECKS];

/** The names of all primitives that are probed, for the test that looks for others in the source. */
export const PROBED_PRIMITIVES: readonly string[] = CHECKS.map(([name]) => name);

/** Throws ENVIRONMENT naming every primitive that is missing or wrong. Takes a few milliseconds. */
export function probeCrypto(lib: Sodium = sodium): void {
  const broken = CHECKS.filter(([, holds]) => !attempt(() => holds(lib))).map(([name]) => name);
  if (broken.length > 0) {
    throw new CausewayError("ENVIRONMENT", `this build of libsodium lacks or miscomputes ${broken.join(", ")}`, {
      fields: broken,
    });
  }
}

function attempt(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

function encapsulated(lib: Sodium): { readonly ciphertext: Uint8Array; readonly sharedSecret: Uint8Array } {
  const { publicKey } = lib.crypto_kem_xwing_seed_keypair(XWING_SEED);
  return lib.crypto_kem_xwing_enc_deterministic(publicKey, XWING_EPHEMERAL_SEED);
}

function is(actual: Uint8Array, expectedHex: string): boolean {
  return toHex(actual) === expectedHex;
}

function bytes(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}
