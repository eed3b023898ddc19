/**
 * The streams and their settings (protocol sections 3 and 13), one of each kind a member: a shared one would let a member
 * fill it or burn another's message ids. A test compares the live server's settings with this table.
 *
 * Both refuse what is new when they are full: to drop the oldest would let a flood push out what nobody has read yet.
 */
import { SEALED_BYTES_MAX } from "../../shared/core/limits.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { BusRefusal } from "../../shared/bus/bus.ts";
import type { Bus, StreamSettings } from "../../shared/bus/bus.ts";
import {
  BROKER_CONSUMER,
  deliveryStream,
  deliverySubject,
  NODE_CONSUMER,
  submissionStream,
  submissionSubjects,
} from "../../shared/wire/subjects.ts";
import { DELIVERIES_UNACKNOWLEDGED_MAX, SUBMISSIONS_UNACKNOWLEDGED_MAX } from "../core/limits.ts";

/** What an operator sizes. A server reserves the bytes, so their sum over all members must fit its disk. */
export type StreamSizes = {
  readonly submissionBytesMax: number;
  readonly deliveryBytesMax: number;
  readonly replicas: number;
};

const DAY_MS = 86_400_000;
/** NATS counts a message's headers too. */
const HEADER_BYTES_MAX = 1_024;
const MESSAGE_BYTES_MAX = SEALED_BYTES_MAX + HEADER_BYTES_MAX;
/** Bounds the server's memory, which keeps an entry a message. */
export const MESSAGES_MAX = 1_000_000;
/** The owner's outbox sends again what has no receipt, so this only spares work. */
const DUPLICATE_WINDOW_MS = 120_000;
/** Longer than a node is usually away; older notices come from the ledger when it connects. */
const DELIVERY_AGE_MS_MAX = 7 * DAY_MS;

/** Submissions stay until their epoch is purged: the index is rebuilt from them. */
export function submissionStreamSettings(member: MemberId, sizes: StreamSizes): StreamSettings {
  return {
    name: submissionStream(member),
    subjects: [submissionSubjects(member)],
    keeps: "all",
    maxBytes: sizes.submissionBytesMax,
    maxMessages: MESSAGES_MAX,
    maxMessageBytes: MESSAGE_BYTES_MAX,
    maxAgeMs: 0,
    duplicateWindowMs: DUPLICATE_WINDOW_MS,
    replicas: sizes.replicas,
  };
}

/** What a node has acknowledged makes room: it is on its disk, and the ledger has it too. */
export function deliveryStreamSettings(member: MemberId, sizes: StreamSizes): StreamSettings {
  return {
    name: deliveryStream(member),
    subjects: [deliverySubject(member)],
    keeps: "untilAcknowledged",
    maxBytes: sizes.deliveryBytesMax,
    maxMessages: MESSAGES_MAX,
    maxMessageBytes: MESSAGE_BYTES_MAX,
    maxAgeMs: DELIVERY_AGE_MS_MAX,
    duplicateWindowMs: DUPLICATE_WINDOW_MS,
    replicas: sizes.replicas,
  };
}

/**
 * Makes a member's streams and consumers, or brings their settings to the table's; what the server refuses keeps nothing else from being
 * made. Throws UNAVAILABLE for the first refusal, or when there is no answer.
 */
export async function ensureMemberStreams(
  bus: Pick<Bus, "ensureStream" | "ensureConsumer">,
  member: MemberId,
  sizes: StreamSizes,
): Promise<void> {
  const [submissions, deliveries] = [submissionStream(member), deliveryStream(member)];
  const steps = [
    () => bus.ensureStream(submissionStreamSettings(member, sizes)),
    () => bus.ensureConsumer(submissions, BROKER_CONSUMER, SUBMISSIONS_UNACKNOWLEDGED_MAX),
    () => bus.ensureStream(deliveryStreamSettings(member, sizes)),
    // Made here because nodes may not make consumers.
    () => bus.ensureConsumer(deliveries, NODE_CONSUMER, DELIVERIES_UNACKNOWLEDGED_MAX),
  ];
  let refusal: unknown;
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof BusRefusal)) throw error;
      refusal ??= error;
    }
  }
  if (refusal !== undefined) throw refusal;
}
