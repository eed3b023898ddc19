/** What the broker tells members, between bytes and plain values; signature and seal are in `data-plane.ts`. */
import { z } from "zod";
import { concat, fromHex, toHex } from "../core/bytes.ts";
import type {
  Beat,
  Delivery,
  DigestAnswer,
  Disclosure,
  EncodedBatch,
  Meeting,
  NoticeBatch,
  NoticeEvent,
  Receipt,
  Receipts,
  UnknownEvent,
} from "../core/data-plane.ts";
import { TOKEN_CLASSES } from "../core/data-plane.ts";
import { DIGEST_BUCKETS } from "../core/digest.ts";
import { SEALED_BYTES_MAX } from "../core/limits.ts";
import { toId } from "../core/ids.ts";
import type { Handle, MemberId } from "../core/ids.ts";
import { HANDLE_BYTES } from "../crypto/lengths.ts";
import { TAG_BYTES } from "../crypto/token.ts";
import {
  bytes32,
  bytesBetween,
  idOf,
  joined,
  line,
  oneOf,
  ordinal,
  readMessage,
  safeInteger,
  signatureBytes,
  uint32,
} from "./checks.ts";
import type { KindPlace } from "./checks.ts";
import {
  digestBucket,
  handle,
  incarnation,
  KINDS,
  matchId,
  neverSent,
  positions,
  tagFields,
  toBucketMessages,
  toTagFields,
  unknown,
} from "./data-plane-fields.ts";
import { CLOSE_REASON, REJECTION_REASON } from "./enumerations.ts";
import * as gen from "./gen/causeway/v1/data_plane.ts";

// Delivery: bytes to value.

const meeting = z
  .object({
    incarnation,
    sequence: ordinal,
    single: positions,
    opening: positions,
    support: positions,
    ...tagFields,
    otherBinder: bytes32,
  })
  .transform(
    ({
      incarnation,
      sequence,
      single,
      opening,
      support,
      singleTags,
      openingTags,
      supportTags,
      otherBinder,
    }): Meeting => ({
      incarnation,
      sequence,
      positions: { single, opening, support },
      otherTags: { single: singleTags, opening: openingTags, support: supportTags },
      otherBinder,
    }),
  )
  .refine(({ positions, otherTags }) =>
    TOKEN_CLASSES.every((each) => otherTags[each].length / TAG_BYTES === positions[each].length),
  );

const disclosure = oneOf({
  open: z.object({
    member: idOf<MemberId>(),
    handle,
    blind: bytes32,
    conversationKey: bytes32,
    validHash: bytes32,
    signature: signatureBytes,
  }),
  brokered: z
    .object({ conversationKey: bytes32, owner: bytes32, mandate: line(200, 0) })
    // Proto3 has no absent string: an empty one was withheld.
    .transform(({ mandate, ...rest }) => ({ ...rest, ...(mandate === "" ? {} : { mandate }) })),
}).transform(({ $case, value }) => ({ handling: $case, ...value }) as Disclosure);

const noticeEvent = oneOf({
  matchOpened: z.object({ matchId, handle, side: z.union([z.literal(0), z.literal(1)]), meeting }),
  matchAmended: z.object({ matchId, amendment: uint32(1), meeting }),
  matchClosed: z.object({ matchId, amendment: uint32(1), reason: CLOSE_REASON.word }),
  counterpartDisclosed: z.object({ matchId, disclosure }),
  proofFailed: z.object({ matchId, own: z.boolean(), other: z.boolean() }),
  proofOverdue: z.object({ matchId, ownStated: z.boolean(), otherStated: z.boolean() }),
  unknown,
}).transform(({ $case, value }) => ({ type: $case, ...value }) as NoticeEvent | { type: "unknown"; field: number });

/** Of what a broker lacks at once. */
const RANGES_MAX = 64;

const rejections = z.array(z.object({ index: uint32(), reason: REJECTION_REASON.word }));

const digestAnswer = z
  .object({
    incarnation,
    sequence: ordinal,
    epoch: uint32(1),
    differing: z.array(uint32(0, DIGEST_BUCKETS - 1)).max(DIGEST_BUCKETS),
    handles: joined(HANDLE_BYTES, 0xffff).transform(toHandles),
    items: z.array(digestBucket),
  })
  .refine(({ handles, items }) => items.length === 0 || items.length === handles.length)
  .transform(({ items, ...rest }) => ({ ...rest, ...(items.length === 0 ? {} : { items }) }));

const receipts = z.object({
  incarnation,
  sequence: safeInteger(),
  submissionHash: bytes32,
  appliedAtMs: safeInteger(),
  rejections: z.array(z.object({ sequence: ordinal, rejections })),
  missing: z
    .array(z.object({ first: ordinal, last: ordinal }).refine(({ first, last }) => first <= last))
    .max(RANGES_MAX),
});

const beat = z
  .object({
    issuedAtMs: safeInteger(),
    receipts: receipts.optional(),
    digestAnswers: z.array(digestAnswer.transform((answer): DigestAnswer => ({ kind: "digestAnswer", ...answer }))),
    notices: z.array(bytesBetween(1, SEALED_BYTES_MAX)),
    compare: z.boolean(),
  })
  .transform(({ receipts: told, ...rest }) => ({ ...rest, ...(told === undefined ? {} : { receipts: told }) }));

const deliveryBody = oneOf({
  receipt: z.object({
    incarnation,
    sequence: ordinal,
    submissionHash: bytes32,
    appliedAtMs: safeInteger(),
    rejections,
  }),
  gap: z.object({ incarnation, expectedSequence: ordinal }),
  notice: z.object({ number: ordinal, prevHash: bytes32, issuedAtMs: safeInteger(), event: noticeEvent }),
  digestAnswer,
  beat,
  unknown,
}).transform((body): Delivery["body"] => {
  if (body.$case !== "notice") return { kind: body.$case, ...body.value } as Delivery["body"];
  const { event, ...place } = body.value;
  if (event.type === "unknown") return { kind: "unknownNotice", field: event.field, ...place };
  return { kind: "notice", event, ...place };
});

function* deliveryKinds(holder: gen.Delivery): Generator<KindPlace> {
  yield { holder, oneof: "body", ...KINDS };
  if (holder.body?.$case === "notice") yield { holder: holder.body.value, oneof: "event", ...KINDS };
}

export const deliveryReading = {
  what: "delivery",
  bytesMax: SEALED_BYTES_MAX,
  codec: gen.Delivery,
  kindsIn: deliveryKinds,
  schema: z.object({ recipientKey: bytes32, member: idOf<MemberId>(), body: deliveryBody }),
};

const batchReading = {
  what: "batch of notices",
  bytesMax: SEALED_BYTES_MAX,
  codec: gen.NoticeBatch,
  *kindsIn(batch: gen.NoticeBatch): Generator<KindPlace> {
    for (const holder of batch.events) yield { holder, oneof: "event", ...KINDS };
  },
  schema: z.object({
    incarnation,
    number: ordinal,
    prevHash: bytes32,
    events: z.array(z.object({ event: noticeEvent }).transform(({ event }): NoticeEvent | UnknownEvent => event)),
  }),
};

/** What a batch that came in a beat says. Throws INVALID. */
export function readBatch(bytes: EncodedBatch): NoticeBatch {
  return readMessage(batchReading, bytes);
}

/** Its bytes, over which its hash is; the same for good. */
export function encodeBatch({ incarnation, number, prevHash, events }: NoticeBatch): EncodedBatch {
  return gen.NoticeBatch.encode({
    incarnation: fromHex(incarnation),
    number: BigInt(number),
    prevHash,
    events: events.map((event) => {
      if (event.type === "unknown") throw neverSent();
      return { event: toEventMessage(event) };
    }),
  }).finish();
}

// Delivery: value to message.

export function toDeliveryMessage(delivery: Delivery): gen.Delivery {
  return {
    recipientKey: delivery.recipientKey,
    member: fromHex(delivery.member),
    body: toDeliveryBody(delivery.body),
  };
}

function toDeliveryBody(body: Delivery["body"]): gen.Delivery["body"] {
  switch (body.kind) {
    case "receipt":
      return {
        $case: "receipt",
        value: {
          incarnation: fromHex(body.incarnation),
          sequence: BigInt(body.sequence),
          submissionHash: body.submissionHash,
          appliedAtMs: BigInt(body.appliedAtMs),
          rejections: toRejections(body.rejections),
        },
      };
    case "gap":
      return {
        $case: "gap",
        value: { incarnation: fromHex(body.incarnation), expectedSequence: BigInt(body.expectedSequence) },
      };
    case "notice":
      return {
        $case: "notice",
        value: {
          number: BigInt(body.number),
          prevHash: body.prevHash,
          issuedAtMs: BigInt(body.issuedAtMs),
          event: toEventMessage(body.event),
        },
      };
    case "digestAnswer":
      return { $case: "digestAnswer", value: { ...toDigestAnswer(body), items: [] } };
    case "beat":
      return { $case: "beat", value: toBeat(body) };
    case "unknown":
    case "unknownNotice":
      throw neverSent();
  }
}

function toRejections(rejections: Receipt["rejections"]): gen.Rejection[] {
  return rejections.map(({ index, reason }) => ({ index, reason: REJECTION_REASON.toWire(reason) }));
}

function toDigestAnswer({
  incarnation,
  sequence,
  epoch,
  differing,
  handles,
  items = [],
}: DigestAnswer): gen.DigestAnswer {
  return {
    incarnation: fromHex(incarnation),
    sequence: BigInt(sequence),
    epoch,
    differing: [...differing],
    handles: concat(...handles.map(fromHex)),
    items: toBucketMessages(items),
  };
}

function toBeat({ issuedAtMs, receipts: told, digestAnswers, notices, compare }: Beat): gen.Beat {
  return {
    issuedAtMs: BigInt(issuedAtMs),
    receipts: told && toReceipts(told),
    digestAnswers: digestAnswers.map(toDigestAnswer),
    notices: [...notices],
    compare,
  };
}

function toReceipts(told: Receipts): gen.Receipts {
  return {
    incarnation: fromHex(told.incarnation),
    sequence: BigInt(told.sequence),
    submissionHash: told.submissionHash,
    appliedAtMs: BigInt(told.appliedAtMs),
    rejections: told.rejections.map(({ sequence, rejections: each }) => ({
      sequence: BigInt(sequence),
      rejections: toRejections(each),
    })),
    missing: told.missing.map(({ first, last }) => ({ first: BigInt(first), last: BigInt(last) })),
  };
}

function toHandles(joined: Uint8Array): Handle[] {
  return Array.from({ length: joined.length / HANDLE_BYTES }, (_, i) =>
    toId<Handle>(toHex(joined.subarray(i * HANDLE_BYTES, (i + 1) * HANDLE_BYTES))),
  );
}

function toEventMessage(event: NoticeEvent): gen.Notice["event"] {
  const matchId = fromHex(event.matchId);
  switch (event.type) {
    case "matchOpened":
      return {
        $case: "matchOpened",
        value: { matchId, handle: fromHex(event.handle), side: event.side, meeting: toMeetingMessage(event.meeting) },
      };
    case "matchAmended":
      return {
        $case: "matchAmended",
        value: { matchId, amendment: event.amendment, meeting: toMeetingMessage(event.meeting) },
      };
    case "matchClosed":
      return {
        $case: "matchClosed",
        value: { matchId, amendment: event.amendment, reason: CLOSE_REASON.toWire(event.reason) },
      };
    case "counterpartDisclosed":
      return { $case: "counterpartDisclosed", value: { matchId, disclosure: toDisclosureMessage(event.disclosure) } };
    case "proofFailed":
      return { $case: "proofFailed", value: { matchId, own: event.own, other: event.other } };
    case "proofOverdue":
      return {
        $case: "proofOverdue",
        value: { matchId, ownStated: event.ownStated, otherStated: event.otherStated },
      };
  }
}

function toMeetingMessage({ incarnation, sequence, positions, otherTags, otherBinder }: Meeting): gen.Meeting {
  return {
    incarnation: fromHex(incarnation),
    sequence: BigInt(sequence),
    single: [...positions.single],
    opening: [...positions.opening],
    support: [...positions.support],
    ...toTagFields(otherTags),
    otherBinder,
  };
}

function toDisclosureMessage(disclosure: Disclosure): gen.CounterpartDisclosed["disclosure"] {
  if (disclosure.handling === "brokered") {
    const { conversationKey, owner, mandate = "" } = disclosure;
    return { $case: "brokered", value: { conversationKey, owner, mandate } };
  }
  const { member, handle, blind, conversationKey, validHash, signature } = disclosure;
  return {
    $case: "open",
    value: { member: fromHex(member), handle: fromHex(handle), blind, conversationKey, validHash, signature },
  };
}
