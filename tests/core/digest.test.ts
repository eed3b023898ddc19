import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex, u64 } from "../../shared/core/bytes.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import { digestItem, digestKey } from "../../shared/core/digest.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import { blake2bKeyed } from "../../shared/crypto/hash.ts";
import { invented } from "../crypto/support.ts";

describe("a digest's item", () => {
  it("is the sum mod 2^256 of the keyed hashes of handle, sequence and token", () => {
    const key = digestKey(invented("federation", 16), toId<MemberId>("0d".repeat(16)), 3);
    const handle = toId<Handle>("ab".repeat(16));
    const tokens = {
      single: invented("single", 64 * 16),
      opening: invented("opening", 8 * 16),
      support: new Uint8Array(0),
    };
    let sum = 0n;
    let count = 0;
    for (const tokenClass of TOKEN_CLASSES) {
      for (let at = 0; at < tokens[tokenClass].length; at += 16, count += 1) {
        const token = tokens[tokenClass].subarray(at, at + 16);
        sum += BigInt(`0x${toHex(blake2bKeyed(32, key, concat(fromHex(handle), u64(7), token)))}`);
      }
    }
    expect(digestItem(key, { handle, sequence: 7 }, tokens)).toEqual({ count, sum: BigInt.asUintN(256, sum) });
  });
});
