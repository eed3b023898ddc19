/**
 * Whether a stream still holds what it held a moment ago. NATS numbers messages anew in a stream that it has lost or rolled back, so its
 * numbers say that something is missing, and never which message is which.
 */

/** As `StreamState` of the bus. */
export type StreamCounts = {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly messages: number;
  readonly bytes: number;
};

/** `missing`: the stream is not there. `wentBack`: it counts fewer messages than before. `vanished`: so many were taken out of it. */
export type StreamDoubt = { readonly kind: "missing" | "wentBack" | "vanished"; readonly lost: number };

/** What was lost between two looks, in between which nothing was removed on purpose. Undefined: nothing, as far as counting shows. */
export function doubtOn(before: StreamCounts, now: StreamCounts | undefined): StreamDoubt | undefined {
  if (now === undefined) return before.messages === 0 ? undefined : { kind: "missing", lost: before.messages };
  if (now.lastSequence < before.lastSequence) return { kind: "wentBack", lost: before.lastSequence - now.lastSequence };
  const lost = before.messages + (now.lastSequence - before.lastSequence) - now.messages;
  return lost > 0 ? { kind: "vanished", lost } : undefined;
}

/** What a stream holds, and may hold. */
export type StreamRoom = {
  readonly messages: number;
  readonly messagesMax: number;
  readonly bytes: number;
  readonly bytesMax: number;
};

/** Which share of its messages or bytes, whichever is more, a stream has used: 0 to 1. */
export function shareUsed(
  { messages, bytes }: StreamCounts,
  max: { readonly maxMessages: number; readonly maxBytes: number },
): number {
  return Math.max(messages / max.maxMessages, bytes / max.maxBytes);
}
