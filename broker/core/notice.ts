/** The chain of notices of one member (protocol section 7): numbered from 1, each naming the hash of the one before. */
import { equalBytes } from "../../shared/core/bytes.ts";
import type { Delivery, Notice, NoticeEvent } from "../../shared/core/data-plane.ts";
import type { Admit } from "../../shared/core/directive.ts";
import { recipientKeyOf } from "../../shared/crypto/seal.ts";

/** The last notice of a member. */
export type NoticeHead = { readonly number: number; readonly hash: Uint8Array };

export const NO_NOTICE: NoticeHead = { number: 0, hash: new Uint8Array(32) };

/** The delivery that holds a member's next notice. */
export function nextNotice(
  head: NoticeHead,
  to: Admit,
  event: NoticeEvent,
  nowMs: number,
): Delivery & { readonly body: Notice } {
  const body: Notice = { kind: "notice", number: head.number + 1, prevHash: head.hash, issuedAtMs: nowMs, event };
  return { recipientKey: recipientKeyOf(to.sealingKey), member: to.member, body };
}

/**
 * What a member's statement "I hold all up to this number, with this hash" means. `known`: the hash of that notice here.
 * `foreign`: it holds notices that this ledger does not, so one of the two was restored or lies.
 */
export function judgeStatement(
  known: Uint8Array | undefined,
  statement: { readonly noticeNumber: number; readonly noticeHash: Uint8Array },
): "agreed" | "foreign" {
  const expected = statement.noticeNumber === 0 ? NO_NOTICE.hash : known;
  return expected !== undefined && equalBytes(expected, statement.noticeHash) ? "agreed" : "foreign";
}
