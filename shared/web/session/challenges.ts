/**
 * Challenges that passkeys are asked to sign: random, for one purpose, answered once or never. None is kept until it is answered, so
 * nobody who asks for many takes another's away; each carries what it is for and until when, under a key that a restart changes.
 */
import { concat, lpText, u64 } from "../../core/bytes.ts";
import { blake2bKeyed, constantTimeEqual, hashKey } from "../../crypto/hash.ts";
import type { HashKey } from "../../crypto/hash.ts";
import type { World } from "../../world/world.ts";
import { CHALLENGE_LIFE_MS } from "../limits.ts";

const RANDOM_BYTES = 16;
const TIME_BYTES = 8;
const HEAD_BYTES = RANDOM_BYTES + TIME_BYTES;
const MAC_BYTES = 32;
const KEY_BYTES = 32;

export class Challenges {
  readonly #world: Pick<World, "clock" | "randomBytes">;
  readonly #key: HashKey;
  /** Those that were answered, with their end. */
  readonly #answered = new Map<string, number>();

  constructor(world: Pick<World, "clock" | "randomBytes">) {
    this.#world = world;
    this.#key = hashKey(world.randomBytes(KEY_BYTES));
  }

  issue(purpose: string): Uint8Array<ArrayBuffer> {
    const { clock, randomBytes } = this.#world;
    const head = concat(randomBytes(RANDOM_BYTES), u64(clock() + CHALLENGE_LIFE_MS));
    return Uint8Array.from(concat(head, this.#mac(head, purpose)));
  }

  /** Whether it was issued for that purpose, still holds and was not answered. `challenge`: base64url. */
  holds(challenge: string, purpose: string): boolean {
    return !this.#answered.has(challenge) && this.#endOf(challenge, purpose) > this.#world.clock();
  }

  /** Takes one whose answer was proven. False for the second of two answers. */
  answer(challenge: string, purpose: string): boolean {
    if (!this.holds(challenge, purpose)) return false;
    const nowMs = this.#world.clock();
    for (const [known, endMs] of this.#answered) if (endMs <= nowMs) this.#answered.delete(known);
    this.#answered.set(challenge, this.#endOf(challenge, purpose));
    return true;
  }

  /** When it ends; 0 if it is none of ours. */
  #endOf(challenge: string, purpose: string): number {
    const bytes = new Uint8Array(Buffer.from(challenge, "base64url"));
    const head = bytes.subarray(0, HEAD_BYTES);
    if (bytes.length !== HEAD_BYTES + MAC_BYTES) return 0;
    if (!constantTimeEqual(bytes.subarray(HEAD_BYTES), this.#mac(head, purpose))) return 0;
    return Number(new DataView(head.buffer, head.byteOffset).getBigUint64(RANDOM_BYTES));
  }

  #mac(head: Uint8Array, purpose: string): Uint8Array {
    return blake2bKeyed(MAC_BYTES, this.#key, lpText(purpose), head);
  }
}
