/**
 * Who shares an invented record with whom (protocol section 9). Two members agree on their canaries without a message: both derive
 * them from the salt of an epoch and domain, which every member of the domain holds and the broker never does.
 *
 * What stays secret: without the salt neither the pairs nor the persons can be told. Known weakness: any member of the domain can
 * compute all canaries of it, so they prove the broker and its matching, not the members; and a broker may guess that a record which
 * stands in one of two open epochs only, or lives for days only, is one.
 */
import { compareBytes, fromHex, lpText, u64, u8 } from "../../../shared/core/bytes.ts";
import type { MemberId } from "../../../shared/core/ids.ts";
import { blake2bKeyed, hashKey } from "../../../shared/crypto/hash.ts";
import type { HashKey } from "../../../shared/crypto/hash.ts";
import type { SaltKey } from "../../../shared/crypto/token.ts";

/** Each puts every member into two pairs, so two of them make four: the protocol wants three or more. */
const RINGS = 2;

const SECRET_BYTES = 32;
const MINUTE_MS = 60_000;

export type CanaryPair = {
  /** When the beat began, ms: it names the beat. */
  readonly beatMs: number;
  readonly ring: number;
  readonly from: MemberId;
  readonly to: MemberId;
  /** Both derive the invented person from it. */
  readonly secret: HashKey;
};

export type CanaryPlan = {
  /** Of the epoch and domain in which the canaries are published. */
  readonly salt: SaltKey;
  readonly beatMs: number;
  /** In good standing and entitled to the domain. */
  readonly members: readonly MemberId[];
};

/** When the beat of an instant began. Beats count from 1970-01-01 UTC, so that all nodes have the same. */
export function beatOf(nowMs: number, beatMinutes: number): number {
  return nowMs - (nowMs % (beatMinutes * MINUTE_MS));
}

/**
 * Every pair of a beat; none for a member alone. Members stand on each ring in an order of their own, and each is paired with the
 * next: so one that comes or goes changes only the pairs beside its place, and nodes that learn of it at different moments agree on
 * all others. Two members meet in both directions of each ring.
 */
export function pairsOf(plan: CanaryPlan): CanaryPair[] {
  const { members } = plan;
  if (members.length < 2) return [];
  return Array.from({ length: RINGS }, (_, ring) => {
    const order = orderOn(ring, plan);
    return order.map((from, i) => pairOf(plan, ring, from, order[(i + 1) % order.length] as MemberId));
  }).flat();
}

function orderOn(ring: number, { salt, beatMs, members }: CanaryPlan): MemberId[] {
  const placed = members.map((member) => ({ member, place: derive(salt, "place", beatMs, ring, member) }));
  return placed.sort((a, b) => compareBytes(a.place, b.place)).map(({ member }) => member);
}

function pairOf({ salt, beatMs }: CanaryPlan, ring: number, from: MemberId, to: MemberId): CanaryPair {
  return { beatMs, ring, from, to, secret: hashKey(derive(salt, "pair", beatMs, ring, from, to)) };
}

function derive(salt: SaltKey, purpose: string, beatMs: number, ring: number, ...members: MemberId[]): Uint8Array {
  const label = lpText("causeway/canary/v1");
  return blake2bKeyed(SECRET_BYTES, salt, label, lpText(purpose), u64(beatMs), u8(ring), ...members.map(fromHex));
}
