/** What a node sends. The bytes are the payload, which is signed and sealed as `envelopes.json` shows. */
import { concat, fromHex } from "../../../shared/core/bytes.ts";
import type { Submission, SubmissionBody } from "../../../shared/core/data-plane.ts";
import { openSubmission, signSubmission } from "../../../shared/wire/data-plane.ts";
import { sealMessage, signMessage } from "../../../shared/wire/envelope.ts";
import * as gen from "../../../shared/wire/gen/causeway/v1/data_plane.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";
import {
  AT_MS,
  FEDERATION,
  filled,
  HANDLE,
  INCARNATION,
  MATCH,
  MEMBER,
  RECIPIENT,
  SCOPE,
  SIGNER,
  signingKeyOf,
} from "./invented.ts";
import { rawField } from "./message-type.ts";
import type { MessageType } from "./message-type.ts";
import { recipientKeyOf } from "../../../shared/crypto/seal.ts";

const submission = (body: SubmissionBody): Submission => ({
  recipientKey: recipientKeyOf(RECIPIENT.publicKey),
  member: MEMBER,
  incarnation: INCARNATION,
  sequence: 42,
  prevHash: filled(32, 9),
  epoch: 1,
  body,
});

const encode = (value: Submission): Uint8Array => Signed.decode(signSubmission(value, SCOPE).signed).payload;

function decode(payload: Uint8Array): Submission {
  const signed = signMessage(payload, { federation: FEDERATION, type: "submission" }, SIGNER);
  const sealed = sealMessage(signed, RECIPIENT.publicKey, filled(32, 5));
  return openSubmission(sealed, { federation: FEDERATION, keyPair: RECIPIENT, signingKeyOf }).submission;
}

const tokens = (value: number) => filled(128, value);
const tags = (value: number) => filled(64, value);
const upsert = {
  operation: "upsert",
  handle: HANDLE,
  domain: "target",
  handling: "open",
  reviewByDay: 21_000,
  conversationKey: filled(32, 6),
  tokens: { single: tokens(1), opening: concat(tokens(2), tokens(3)), support: tokens(4) },
  tags: { single: tags(5), opening: concat(tags(6), tags(7)), support: tags(8) },
  binder: filled(32, 10),
  blind: filled(32, 11),
} as const;

const NOWHERE = { single: [], opening: [], support: [] } as const;

const bodies: readonly (readonly [name: string, why: string, body: SubmissionBody])[] = [
  [
    "publication",
    "every operation, domain and handling",
    {
      kind: "publication",
      entries: [
        upsert,
        { ...upsert, domain: "protected", handling: "brokered" },
        { ...upsert, domain: "nexus", handling: "silent" },
        { operation: "withdraw", handle: HANDLE },
        { operation: "revalidate", handle: HANDLE, reviewByDay: 21_030 },
      ],
    },
  ],
  ["publication without entries", "nothing is a legitimate number of them", { kind: "publication", entries: [] }],
  [
    "connected",
    "to a broker of the first version",
    { kind: "connected", noticeNumber: 0, noticeHash: filled(32, 0), version: "0.1.0", capabilities: [] },
  ],
  [
    "connected, with capabilities",
    "also such as the reader does not know",
    {
      kind: "connected",
      noticeNumber: 7,
      noticeHash: filled(32, 1),
      version: "0.2.0",
      capabilities: ["capabilities", "of-a-later-version"],
    },
  ],
  [
    "connected, with notices in batches",
    "the incarnation that number and hash are of",
    {
      kind: "connected",
      noticeNumber: 7,
      noticeHash: filled(32, 1),
      version: "0.2.0",
      capabilities: ["capabilities", "beats"],
      noticeIncarnation: INCARNATION,
    },
  ],
  [
    "notice receipt, of batches",
    "",
    { kind: "noticeReceipt", noticeNumber: 3, noticeHash: filled(32, 1), noticeIncarnation: INCARNATION },
  ],
  ["notice receipt", "", { kind: "noticeReceipt", noticeNumber: 3, noticeHash: filled(32, 1) }],
  [
    "statements",
    "all tags held; some did not; none did, so that there is nothing to sign",
    {
      kind: "statements",
      statements: [
        { matchId: MATCH, amendment: 0, failed: NOWHERE, signature: filled(64, 2) },
        {
          matchId: MATCH,
          amendment: 2,
          failed: { single: [1], opening: [], support: [0, 7] },
          signature: filled(64, 3),
        },
        { matchId: MATCH, amendment: 3, failed: { single: [1], opening: [2], support: [] } },
      ],
    },
  ],
  [
    "digest",
    "an empty bucket has no sum on the wire, and 32 zero bytes inside",
    {
      kind: "digest",
      day: 20_788,
      buckets: Array.from({ length: 256 }, (_, i) =>
        i === 3 ? { count: 8, sum: filled(32, 7) } : { count: 0, sum: filled(32, 0) },
      ),
    },
  ],
  [
    "health",
    "",
    {
      kind: "health",
      version: "0.2.0",
      nodeTimeMs: AT_MS,
      outboxSinceMs: 0,
      canariesUnprovenSinceMs: AT_MS - 60_000,
      directiveNumber: 9,
      directiveHash: filled(32, 8),
      epochs: [
        {
          epoch: 1,
          records: 17,
          published: 16,
          digestAgreedMs: AT_MS,
          canariesMet: 5,
          canariesExpected: 6,
          canariesMissing: [MEMBER],
          obstacle: "scheme",
        },
      ],
      capabilities: ["capabilities", "unknown-kinds"],
      skippedNotices: 2,
      recordsNotCompared: 0,
      clockSkewMs: 0,
      heldStrays: 0,
      contestedExpiries: 0,
    },
  ],
];

const wire = gen.Submission.decode(
  encode(submission({ kind: "noticeReceipt", noticeNumber: 3, noticeHash: filled(32, 1) })),
);
const changed = (fields: Partial<gen.Submission>): Uint8Array => gen.Submission.encode({ ...wire, ...fields }).finish();
const withoutBody = changed({ body: undefined });
const laterKind = (number: number): Uint8Array => rawField(number, 2, [8, 1]);
const entries = (...list: gen.Entry[]): Uint8Array =>
  changed({ body: { $case: "publication", value: { entries: list } } });
const wireEntry: gen.Entry = { handle: fromHex(HANDLE), operation: { $case: "withdraw", value: {} } };
const wireUpsert = {
  domain: 1,
  handling: 1,
  reviewByDay: 1,
  conversationKey: filled(32, 1),
  single: tokens(1),
  opening: tokens(1),
  support: tokens(1),
  singleTags: tags(1),
  openingTags: tags(1),
  supportTags: tags(1),
  binder: filled(32, 1),
  blind: filled(32, 1),
} as const;
const upsertWith = (fields: object): gen.Entry => ({
  ...wireEntry,
  operation: { $case: "upsert", value: { ...wireUpsert, ...fields } },
});

export const SUBMISSION: MessageType<Submission> = {
  name: "Submission",
  encode,
  decode,
  good: [
    ...bodies.map(([name, why, body]) => ({ name, why, value: submission(body) })),
    {
      name: "of a later kind",
      why: "field 18 is no kind yet: skipped, its place stands",
      bytes: concat(withoutBody, laterKind(18)),
    },
    { name: "of the last kind", why: "kinds end with field 99", bytes: concat(withoutBody, laterKind(99)) },
    {
      name: "entries that do not stand",
      why: "each keeps its place: a short handle, no operation, a domain and a handling that are none, half a token, a tag too few",
      bytes: entries(
        { ...wireEntry, handle: filled(3, 1) },
        { ...wireEntry, operation: undefined },
        upsertWith({ domain: 4 }),
        upsertWith({ handling: 0 }),
        upsertWith({ single: filled(24, 1) }),
        upsertWith({ supportTags: filled(56, 1) }),
        wireEntry,
      ),
    },
    {
      name: "an entry of a later operation",
      why: "field 5 is no operation yet: rejected in its place, the other stands",
      bytes: entries(
        { ...wireEntry, operation: undefined, _unknownFields: { [(5 << 3) | 2]: [Uint8Array.of(2, 8, 1)] } },
        wireEntry,
      ),
    },
  ],
  bad: [
    { name: "without a body", why: "no kind at all is no kind of a later version", bytes: withoutBody },
    {
      name: "of two later kinds",
      why: "one message is of one kind",
      bytes: concat(withoutBody, laterKind(18), laterKind(18)),
    },
    {
      name: "of a later kind, twice",
      why: "one message is of one kind",
      bytes: concat(withoutBody, laterKind(18), laterKind(18)),
    },
    {
      name: "of a known and a later kind",
      why: "one message is of one kind",
      bytes: concat(changed({}), laterKind(18)),
    },
    {
      name: "a number where a kind should be",
      why: "kinds are messages",
      bytes: concat(withoutBody, rawField(18, 0, [1])),
    },
    {
      name: "an unknown field before the kinds",
      why: "fields below 10 are no kinds",
      bytes: concat(withoutBody, laterKind(7)),
    },
    {
      name: "an unknown field after the kinds",
      why: "fields above 99 are no kinds",
      bytes: concat(withoutBody, laterKind(100)),
    },
    {
      name: "an unknown field in a known kind",
      why: "it could change what the kind means",
      bytes: changed({
        body: {
          $case: "noticeReceipt",
          value: {
            noticeNumber: 3n,
            noticeHash: filled(32, 1),
            noticeIncarnation: new Uint8Array(),
            _unknownFields: { [18 << 3]: [Uint8Array.of(1)] },
          },
        },
      }),
    },
    {
      name: "for another recipient",
      why: "a box that was opened and sealed again",
      bytes: changed({ recipientKey: filled(32, 4) }),
    },
    {
      name: "with bad fields",
      why: "all of them are named",
      bytes: changed({
        member: filled(15, 1),
        incarnation: filled(17, 1),
        sequence: 0n,
        prevHash: filled(31, 1),
        epoch: 0,
      }),
    },
    { name: "with a number that no float holds", why: "2^53 and more", bytes: changed({ sequence: 2n ** 53n }) },
    {
      name: "a digest of 255 buckets",
      why: "exactly 256",
      bytes: changed({
        body: {
          $case: "digest",
          value: { day: 1, buckets: Array.from({ length: 255 }, () => ({ count: 0, sum: new Uint8Array() })) },
        },
      }),
    },
    {
      name: "no statement at all",
      why: "a batch holds one at least",
      bytes: changed({ body: { $case: "statements", value: { statements: [] } } }),
    },
    {
      name: "a statement with half a signature",
      why: "64 bytes, or none",
      bytes: changed({
        body: {
          $case: "statements",
          value: {
            statements: [
              {
                matchId: fromHex(MATCH),
                amendment: 0,
                failedSingle: [],
                failedOpening: [],
                failedSupport: [],
                signature: filled(32, 1),
              },
            ],
          },
        },
      }),
    },
    {
      name: "a version of two lines",
      why: "it is shown to people",
      bytes: changed({
        body: {
          $case: "connected",
          value: {
            noticeNumber: 0n,
            noticeHash: filled(32, 0),
            noticeIncarnation: new Uint8Array(),
            version: "0.1\n0",
            capabilities: [],
          },
        },
      }),
    },
    {
      name: "a capability in capitals",
      why: "words of a-z, 0-9 and hyphens",
      bytes: changed({
        body: {
          $case: "connected",
          value: {
            noticeNumber: 0n,
            noticeHash: filled(32, 0),
            noticeIncarnation: new Uint8Array(),
            version: "0.1",
            capabilities: ["ALL"],
          },
        },
      }),
    },
  ],
};
