/**
 * Shamir's sharing over GF(256) as `shamir-secret-sharing` has it, with randomness that is given: that library draws its own, from which no
 * two runs are alike. For tests only. The library combines what is split here.
 */
import type { Dealer } from "../../agency-node/admin/salts.ts";
import { concat } from "../../shared/core/bytes.ts";
import type { Randomness } from "../../shared/world/world.ts";

/** A share is the values of the polynomials, one for each byte of the secret, and then where they were taken. */
export function seededDealer({ randomBytes }: Randomness): Dealer {
  return {
    randomBytes,
    async split(secret, count, quorum) {
      const polynomials = [...secret].map((byte) => [byte, ...randomBytes(quorum - 1)]);
      const places = Array.from({ length: count }, (_, i) => i + 1);
      return places.map((x) =>
        concat(
          Uint8Array.from(polynomials, (each) => valueAt(each, x)),
          Uint8Array.of(x),
        ),
      );
    },
  };
}

/** Horner's scheme; lowest coefficient first. */
function valueAt(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((value, coefficient) => times(value, x) ^ coefficient, 0);
}

/** In GF(256) with x⁸ + x⁴ + x³ + x + 1. */
function times(a: number, b: number): number {
  let [product, factor] = [0, a];
  for (let bits = b; bits > 0; bits >>= 1) {
    if (bits & 1) product ^= factor;
    factor = (factor << 1) ^ (factor & 0x80 ? 0x11b : 0);
  }
  return product;
}
