/** What the broker sends. The bytes are the payload, which is signed and sealed as `envelopes.json` shows. */
import { concat, fromHex } from "../../../shared/core/bytes.ts";
import type {
  CloseReason,
  Delivery,
  Notice,
  NoticeBatch,
  NoticeEvent,
  RejectionReason,
} from "../../../shared/core/data-plane.ts";
import { openDelivery, signDelivery } from "../../../shared/wire/data-plane.ts";
import { encodeBatch, readBatch } from "../../../shared/wire/delivery.ts";
import { sealMessage, signMessage } from "../../../shared/wire/envelope.ts";
import { CLOSE_REASON, REJECTION_REASON } from "../../../shared/wire/enumerations.ts";
import * as gen from "../../../shared/wire/gen/causeway/v1/data_plane.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";
import { AT_MS, FEDERATION, filled, HANDLE, INCARNATION, MATCH, MEMBER, RECIPIENT, SCOPE, SIGNER } from "./invented.ts";
import { rawField } from "./message-type.ts";
import type { MessageType } from "./message-type.ts";
import { recipientKeyOf } from "../../../shared/crypto/seal.ts";

const delivery = (body: Delivery["body"]): Delivery => ({
  recipientKey: recipientKeyOf(RECIPIENT.publicKey),
  member: MEMBER,
  body,
});
const notice = (event: NoticeEvent): Notice => ({
  kind: "notice",
  number: 3,
  prevHash: filled(32, 8),
  issuedAtMs: AT_MS,
  event,
});

const encode = (value: Delivery): Uint8Array => Signed.decode(signDelivery(value, SCOPE).signed).payload;

function decode(payload: Uint8Array): Delivery {
  const signed = signMessage(payload, { federation: FEDERATION, type: "delivery" }, SIGNER);
  const sealed = sealMessage(signed, RECIPIENT.publicKey, filled(32, 5));
  const scope = { federation: FEDERATION, member: MEMBER, keyPair: RECIPIENT, brokerSigningKey: SIGNER.publicKey };
  return openDelivery(sealed, scope).delivery;
}

const meeting = {
  incarnation: INCARNATION,
  sequence: 5,
  positions: { single: [0, 3], opening: [], support: [7] },
  otherTags: { single: filled(16, 1), opening: filled(0, 0), support: filled(8, 2) },
  otherBinder: filled(32, 3),
};

const brokered = { handling: "brokered", conversationKey: filled(32, 2), owner: filled(32, 5) } as const;

const bodies: readonly (readonly [name: string, why: string, body: Delivery["body"]])[] = [
  [
    "receipt",
    "every reason of a rejection",
    {
      kind: "receipt",
      incarnation: INCARNATION,
      sequence: 9,
      submissionHash: filled(32, 1),
      appliedAtMs: AT_MS,
      rejections: (Object.keys(REJECTION_REASON.numbers) as RejectionReason[]).map((reason, index) => ({
        index,
        reason,
      })),
    },
  ],
  ["gap", "", { kind: "gap", incarnation: INCARNATION, expectedSequence: 4 }],
  [
    "digest answer, agreed",
    "",
    { kind: "digestAnswer", incarnation: INCARNATION, sequence: 8, epoch: 1, differing: [], handles: [] },
  ],
  [
    "digest answer, differing",
    "",
    {
      kind: "digestAnswer",
      incarnation: INCARNATION,
      sequence: 8,
      epoch: 1,
      differing: [0, 255],
      handles: [HANDLE, HANDLE],
    },
  ],
  ["match opened", "", notice({ type: "matchOpened", matchId: MATCH, handle: HANDLE, side: 1, meeting })],
  ["match amended", "", notice({ type: "matchAmended", matchId: MATCH, amendment: 1, meeting })],
  ...(Object.keys(CLOSE_REASON.numbers) as CloseReason[]).map(
    (reason) =>
      [`match closed, ${reason}`, "", notice({ type: "matchClosed", matchId: MATCH, amendment: 2, reason })] as const,
  ),
  [
    "counterpart, open",
    "",
    notice({
      type: "counterpartDisclosed",
      matchId: MATCH,
      disclosure: {
        handling: "open",
        member: MEMBER,
        handle: HANDLE,
        blind: filled(32, 1),
        conversationKey: filled(32, 2),
        validHash: filled(32, 3),
        signature: filled(64, 4),
      },
    }),
  ],
  [
    "counterpart, brokered",
    "",
    notice({ type: "counterpartDisclosed", matchId: MATCH, disclosure: { ...brokered, mandate: "invented" } }),
  ],
  [
    "counterpart, brokered, of a rare mandate",
    "what is withheld is absent",
    notice({ type: "counterpartDisclosed", matchId: MATCH, disclosure: brokered }),
  ],
  [
    "beat",
    "all that it can hold",
    {
      kind: "beat",
      issuedAtMs: AT_MS,
      receipts: {
        incarnation: INCARNATION,
        sequence: 9,
        submissionHash: filled(32, 1),
        appliedAtMs: AT_MS,
        rejections: [{ sequence: 8, rejections: [{ index: 3, reason: "budget" }] }],
        missing: [{ first: 10, last: 12 }],
      },
      digestAnswers: [
        { kind: "digestAnswer", incarnation: INCARNATION, sequence: 8, epoch: 1, differing: [], handles: [] },
        {
          kind: "digestAnswer",
          incarnation: INCARNATION,
          sequence: 9,
          epoch: 1,
          differing: [3],
          handles: [HANDLE],
          items: [{ count: 24, sum: filled(32, 5) }],
        },
      ],
      notices: [
        encodeBatch({
          incarnation: INCARNATION,
          number: 1,
          prevHash: filled(32, 0),
          events: [
            { type: "matchOpened", matchId: MATCH, handle: HANDLE, side: 1, meeting },
            { type: "matchClosed", matchId: MATCH, amendment: 1, reason: "withdrawn" },
          ],
        }),
      ],
      compare: true,
    },
  ],
  [
    "beat, of nothing but the time",
    "receipts are absent when there is nothing new",
    { kind: "beat", issuedAtMs: AT_MS, digestAnswers: [], notices: [], compare: false },
  ],
  ["proof failed", "", notice({ type: "proofFailed", matchId: MATCH, own: false, other: true })],
  ["proof overdue", "", notice({ type: "proofOverdue", matchId: MATCH, ownStated: true, otherStated: false })],
];

const wire = gen.Delivery.decode(encode(delivery({ kind: "gap", incarnation: INCARNATION, expectedSequence: 4 })));
const changed = (fields: Partial<gen.Delivery>): Uint8Array => gen.Delivery.encode({ ...wire, ...fields }).finish();
const withoutBody = changed({ body: undefined });
const wireNotice = { number: 3n, prevHash: filled(32, 8), issuedAtMs: BigInt(AT_MS), event: undefined };
const noticeWith = (fields: object): Uint8Array =>
  changed({ body: { $case: "notice", value: { ...wireNotice, ...fields } } });
const later = (number: number): object => ({ _unknownFields: { [(number << 3) | 2]: [Uint8Array.of(2, 8, 1)] } });
const failed = { $case: "proofFailed", value: { matchId: fromHex(MATCH), own: false, other: true } } as const;

const wireMeeting = {
  incarnation: fromHex(INCARNATION),
  sequence: 5n,
  ...meeting.positions,
  singleTags: meeting.otherTags.single,
  openingTags: meeting.otherTags.opening,
  supportTags: meeting.otherTags.support,
  otherBinder: meeting.otherBinder,
};

export const DELIVERY: MessageType<Delivery> = {
  name: "Delivery",
  encode,
  decode,
  good: [
    ...bodies.map(([name, why, body]) => ({ name, why, value: delivery(body) })),
    {
      name: "of a later kind",
      why: "field 15 is no kind yet: skipped",
      bytes: concat(withoutBody, rawField(15, 2, [8, 1])),
    },
    {
      name: "a notice of a later kind",
      why: "field 17 is no event yet: skipped, the chain goes on",
      bytes: noticeWith(later(17)),
    },
  ],
  bad: [
    { name: "without a body", why: "no kind at all is no kind of a later version", bytes: withoutBody },
    { name: "a notice without an event", why: "no kind at all is no kind of a later version", bytes: noticeWith({}) },
    {
      name: "a notice of two kinds",
      why: "one notice is of one kind",
      bytes: noticeWith({ event: failed, ...later(17) }),
    },
    {
      name: "a notice of a later kind, twice",
      why: "one notice is of one kind",
      bytes: noticeWith({ _unknownFields: { 138: [Uint8Array.of(0), Uint8Array.of(0)] } }),
    },
    {
      name: "an unknown field in a known event",
      why: "it could change what the event means",
      bytes: noticeWith({
        event: { $case: "proofFailed", value: { matchId: fromHex(MATCH), own: false, other: true, ...later(17) } },
      }),
    },
    {
      name: "an unknown field beside the kinds",
      why: "fields below 10 are no kinds",
      bytes: noticeWith({ event: failed, ...later(4) }),
    },
    {
      name: "a reason that is none",
      why: "numbers of enumerations are never skipped",
      bytes: noticeWith({
        event: { $case: "matchClosed", value: { matchId: fromHex(MATCH), amendment: 1, reason: 5 } },
      }),
    },
    {
      name: "a tag too few",
      why: "one for each position",
      bytes: noticeWith({
        event: {
          $case: "matchAmended",
          value: { matchId: fromHex(MATCH), amendment: 1, meeting: { ...wireMeeting, singleTags: filled(8, 1) } },
        },
      }),
    },
    {
      name: "a third side",
      why: "0 or 1",
      bytes: noticeWith({
        event: {
          $case: "matchOpened",
          value: { matchId: fromHex(MATCH), handle: fromHex(HANDLE), side: 2, meeting: undefined },
        },
      }),
    },
    { name: "for another member", why: "the key is right, the name is not", bytes: changed({ member: filled(16, 1) }) },
    {
      name: "for another recipient",
      why: "a box that was opened and sealed again",
      bytes: changed({ recipientKey: filled(32, 4) }),
    },
    {
      name: "with bad fields",
      why: "all of them are named",
      bytes: changed({
        recipientKey: filled(31, 1),
        member: filled(15, 1),
        body: { $case: "gap", value: { incarnation: filled(1, 1), expectedSequence: 0n } },
      }),
    },
    {
      name: "a bucket that is none",
      why: "0 to 255",
      bytes: changed({
        body: {
          $case: "digestAnswer",
          value: {
            incarnation: fromHex(INCARNATION),
            sequence: 1n,
            epoch: 1,
            differing: [256],
            handles: filled(17, 1),
            items: [],
          },
        },
      }),
    },
  ],
};

const batch: NoticeBatch = {
  incarnation: INCARNATION,
  number: 2,
  prevHash: filled(32, 8),
  events: [
    { type: "matchOpened", matchId: MATCH, handle: HANDLE, side: 0, meeting },
    { type: "matchAmended", matchId: MATCH, amendment: 1, meeting },
  ],
};
const wireBatch = gen.NoticeBatch.decode(encodeBatch(batch));
const batchWith = (fields: Partial<gen.NoticeBatch>): Uint8Array =>
  gen.NoticeBatch.encode({ ...wireBatch, ...fields }).finish();

/** The bytes inside a beat, over which the hash is that the next batch names. */
export const NOTICE_BATCH: MessageType<NoticeBatch> = {
  name: "NoticeBatch",
  encode: encodeBatch,
  decode: readBatch,
  good: [
    { name: "batch", why: "a match opened, and told again as it is now", value: batch },
    { name: "batch without events", why: "nothing is a legitimate number of them", value: { ...batch, events: [] } },
    {
      name: "batch with an event of a later kind",
      why: "field 17 is no event yet: counted and skipped, the others are carried out",
      bytes: batchWith({ events: [{ event: failed }, { event: undefined, ...later(17) }] }),
    },
  ],
  bad: [
    { name: "number 0", why: "batches count from 1", bytes: batchWith({ number: 0n }) },
    { name: "an incarnation of 15 bytes", why: "16 random bytes", bytes: batchWith({ incarnation: filled(15, 1) }) },
    {
      name: "an event of no kind",
      why: "no kind at all is no kind of a later version",
      bytes: batchWith({ events: [{ event: undefined }] }),
    },
  ],
};
