/** What somebody can compute who holds evaluators' key shares and wants to know whom a token stands for. */
import { lpText } from "../../shared/core/bytes.ts";
import { blind, blindEvaluate, finalize } from "../../shared/crypto/oprf.ts";
import { decodeNonZeroScalar, scalarAdd } from "../../shared/crypto/ristretto.ts";
import { sodium } from "../../shared/crypto/sodium.ts";

const ONE = decodeNonZeroScalar(Uint8Array.of(1, ...new Uint8Array(31)));

/** An encoded identifier as a point, before any secret touches it. */
export function pointOf(x: Uint8Array): Uint8Array {
  return blind(x, ONE, "voprf");
}

/** y of an encoded identifier under the sum of key shares, without asking anybody. */
export function hardenAlone(shares: readonly Uint8Array[], x: Uint8Array): Uint8Array {
  const key = shares.map(decodeNonZeroScalar).reduce(scalarAdd);
  return finalize(x, ONE, blindEvaluate(key, pointOf(x)));
}

/** A token under any key, also one that the programs would refuse; `null` hashes without a key. */
export function tokenUnder(key: Uint8Array | null, domain: string, y: Uint8Array): Uint8Array {
  return sodium.crypto_generichash(16, Buffer.concat([lpText("causeway/token/v1"), lpText(domain), y]), key);
}

/** A confirmation key under any key. */
export function confirmKeyUnder(key: Uint8Array, domain: string, y: Uint8Array): Uint8Array {
  return sodium.crypto_generichash(32, Buffer.concat([lpText("causeway/confirm/v1"), lpText(domain), y]), key);
}
