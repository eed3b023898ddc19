/**
 * A member's stream full of what nobody can believe: whoever has a member's NATS user, or runs the NATS server, can write there, and a stream
 * that is full takes nothing from the member itself. What cannot be opened is passed over one by one as long as it is little; once it is much
 * the whole stream is emptied, unread. What the member had in it that was not applied yet has no receipt, and its node sends it again; what
 * was applied is in memory, and after a restart the member's next digest brings it back.
 *
 * Known weakness: a flood that goes on goes on filling the stream, and the member's own messages are thrown away with it. New keys of the
 * member end it, since they give it another NATS account: the alarm says so.
 */
import type { MemberId } from "../../shared/core/ids.ts";
import { JUNK_BYTES_SHARE, JUNK_MESSAGES_MAX } from "../core/limits.ts";
import type { MemberStreams } from "./member-streams.ts";

export type FloodParts = {
  readonly streams: Pick<MemberStreams, "empty">;
  /** Of a submission stream. */
  readonly streamBytesMax: number;
  readonly onFlood: (member: MemberId, messages: number) => void;
};

type Junk = { readonly messages: number; readonly bytes: number };

const NONE: Junk = { messages: 0, bytes: 0 };

export class Flood {
  readonly #parts: FloodParts;
  /** What was passed over since the stream was last emptied, by this process. */
  readonly #junk = new Map<MemberId, Junk>();

  constructor(parts: FloodParts) {
    this.#parts = parts;
  }

  /** A message of `bytes` could not be believed. Empties the stream when there are too many, however long NATS is away. */
  async passedOver(member: MemberId, bytes: number): Promise<void> {
    const { streams, streamBytesMax, onFlood } = this.#parts;
    const before = this.#junk.get(member) ?? NONE;
    const junk = { messages: before.messages + 1, bytes: before.bytes + bytes };
    this.#junk.set(member, junk);
    if (junk.messages <= JUNK_MESSAGES_MAX && junk.bytes <= streamBytesMax * JUNK_BYTES_SHARE) return;
    this.#junk.delete(member);
    onFlood(member, await streams.empty(member));
  }
}
