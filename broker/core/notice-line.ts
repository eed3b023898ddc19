/**
 * The batches of notices of one member (protocol sections 7 and 8): numbered from 1 and hash-chained within an incarnation. Whoever has lost
 * something, this broker or the member's node, shows by what the node states to hold; then a new incarnation begins, in which all that is open
 * is told again. Nodes know a match by its id, so nobody is alerted twice.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import type { NoticeBatch, NoticeEvent } from "../../shared/core/data-plane.ts";
import type { Incarnation } from "../../shared/core/ids.ts";
import { EVENTS_PER_BATCH_MAX, LINE_ANEW_MS } from "./limits.ts";

/** Up to its last batch; `hash`: 32 zero bytes before the first. */
export type NoticeLine = {
  readonly incarnation: Incarnation;
  readonly number: number;
  readonly hash: Uint8Array;
  /** The last batch that the member has stated to hold. */
  readonly held: number;
  readonly begunAtMs: number;
};

/** What a node states to hold: the last batch of an incarnation, or nothing of any. */
export type HeldNotices = {
  readonly noticeIncarnation?: Incarnation;
  readonly noticeNumber: number;
  readonly noticeHash: Uint8Array;
};

/**
 * `held`: it has all up to this number. `behind`: it has nothing of this incarnation yet. `anew`: one of the two sides has lost something, or
 * there is no line yet. `foreign`: as `anew`, so soon after the last time that nothing is done.
 */
export type LineVerdict =
  | { readonly kind: "held"; readonly number: number }
  | { readonly kind: "behind" }
  | { readonly kind: "anew" }
  | { readonly kind: "foreign" };

/** `known`: the hash of the batch of that number, if it is kept. */
export function judgeHeld(
  line: NoticeLine | undefined,
  stated: HeldNotices,
  known: Uint8Array | undefined,
  nowMs: number,
): LineVerdict {
  if (line === undefined) return { kind: "anew" };
  const isSoon = nowMs >= line.begunAtMs && nowMs - line.begunAtMs < LINE_ANEW_MS;
  if (stated.noticeIncarnation !== line.incarnation) {
    // It may not have heard of this one yet; who has held something of it has been set back.
    return line.held === 0 ? { kind: "behind" } : { kind: isSoon ? "foreign" : "anew" };
  }
  const { noticeNumber: number, noticeHash } = stated;
  if (number === 0) return { kind: "behind" };
  const isOurs = known !== undefined && equalBytes(known, noticeHash);
  if (isOurs) return { kind: "held", number };
  return { kind: isSoon ? "foreign" : "anew" };
}

/** The next batches that hold these events, in order. */
export function batchesOf(
  { incarnation, number }: Pick<NoticeLine, "incarnation" | "number">,
  events: readonly NoticeEvent[],
): Omit<NoticeBatch, "prevHash">[] {
  const count = Math.ceil(events.length / EVENTS_PER_BATCH_MAX);
  return Array.from({ length: count }, (_, i) => ({
    incarnation,
    number: number + 1 + i,
    events: events.slice(i * EVENTS_PER_BATCH_MAX, (i + 1) * EVENTS_PER_BATCH_MAX),
  }));
}
