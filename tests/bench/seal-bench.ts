/**
 * Sealing and opening, of the smallest message and of the largest, beside libsodium's sealed box: the same by X25519 alone. Both are measured
 * in turn in the same run, by the processor time of this thread.
 */
import { SEALED_BYTES_MAX } from "../../shared/core/limits.ts";
import { openSealed, SEALABLE_BYTES_MAX, sealingKeyPair, sealTo } from "../../shared/crypto/seal.ts";
import { sodium } from "../../shared/crypto/sodium.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { coreSeconds, median, rounded } from "./measure.ts";
import type { BenchOptions, BenchResult } from "./measure.ts";

const SMALLEST_BYTES = 100;

export async function benchSeal({ quick, say }: BenchOptions): Promise<BenchResult> {
  const runs = quick ? 1 : 5;
  const smallest = measure(SMALLEST_BYTES, { runs, count: quick ? 200 : 2_000 });
  const largest = measure(SEALABLE_BYTES_MAX, { runs, count: quick ? 10 : 100 });
  for (const each of [smallest, largest]) {
    const { plaintextBytes, bytes, seals, opens, x25519 } = each;
    say(
      `${plaintextBytes} bytes: ${bytes} sealed, ${seals} seals/s, ${opens} opens/s; ` +
        `X25519 alone: ${x25519.bytes}, ${x25519.seals}/s, ${x25519.opens}/s`,
    );
  }
  return { bench: "seal", sealedBytesMax: SEALED_BYTES_MAX, smallest, largest };
}

function measure(plaintextBytes: number, { runs, count }: { readonly runs: number; readonly count: number }) {
  const keys = sealingKeyPair(randomBytes(32));
  const box = sodium.crypto_box_seed_keypair(randomBytes(32));
  const plaintext = randomBytes(plaintextBytes);
  const sealed = sealTo(keys.publicKey, plaintext, randomBytes(32));
  const boxed = sodium.crypto_box_seal(sodium.pad(plaintext, 1_024), box.publicKey);
  const acts = {
    seals: () => sealTo(keys.publicKey, plaintext, randomBytes(32)),
    opens: () => openSealed(keys, sealed),
    boxSeals: () => sodium.crypto_box_seal(sodium.pad(plaintext, 1_024), box.publicKey),
    boxOpens: () => sodium.unpad(sodium.crypto_box_seal_open(boxed, box.publicKey, box.privateKey), 1_024),
  };
  const rate = (act: () => unknown): number => {
    const rates = Array.from({ length: runs }, () => perSecond(act, count));
    return rounded(median(rates));
  };
  return {
    plaintextBytes,
    bytes: sealed.length,
    seals: rate(acts.seals),
    opens: rate(acts.opens),
    x25519: { bytes: boxed.length, seals: rate(acts.boxSeals), opens: rate(acts.boxOpens) },
  };
}

function perSecond(act: () => unknown, count: number): number {
  const seconds = coreSeconds(() => {
    for (let i = 0; i < count; i += 1) act();
  });
  return count / seconds;
}
