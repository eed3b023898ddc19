/** Names on NATS. Used by whoever publishes or subscribes, and by the allow-lists that say who may. */
import type { MemberId } from "../core/ids.ts";

/** Where a member publishes its submissions of one epoch. */
export function submissionSubject(member: MemberId, epoch: number): string {
  return `cw.pub.${member}.${epoch}`;
}

/** All submission subjects of a member. */
export function submissionSubjects(member: MemberId): string {
  return `cw.pub.${member}.*`;
}

/** Where the broker publishes its deliveries to a member. */
export function deliverySubject(member: MemberId): string {
  return `cw.ntc.${member}`;
}

/** A member's own stream of submissions: a shared one would let a member burn another's message ids. */
export function submissionStream(member: MemberId): string {
  return `CW_PUB_${member}`;
}

/** A member's own stream of deliveries. */
export function deliveryStream(member: MemberId): string {
  return `CW_NTC_${member}`;
}

/** The broker's durable consumer on a submission stream. */
export const BROKER_CONSUMER = "broker";
/** The node's durable consumer on its delivery stream, made by the broker. */
export const NODE_CONSUMER = "node";

/** Inbox prefixes are one a client, so that nobody can read another's replies. */
export function memberInboxPrefix(member: MemberId): string {
  return `_INBOX_${member}`;
}
export const BROKER_INBOX_PREFIX = "_INBOX_broker";

/**
 * The API prefix of a member's JetStream client. Under the usual `$JS.API` a member's account would ask the server's own service,
 * which answers that the account has no JetStream.
 */
export const MEMBER_API_PREFIX = "cw.js";
