/**
 * Submissions and deliveries between bytes and plain values: seal, signature, size and form are settled here once, and what comes
 * out is trusted to have the form that `shared/core/data-plane.ts` says.
 */
import { z } from "zod";
import { equalBytes, fromHex, lpText, toHex } from "../core/bytes.ts";
import type {
  Delivery,
  Digest,
  EncodedBatch,
  Entry,
  Health,
  MalformedEntry,
  MeetingStatement,
  Submission,
  SubmissionBody,
} from "../core/data-plane.ts";
import { TOKEN_CLASSES } from "../core/data-plane.ts";
import { DIGEST_BUCKETS } from "../core/digest.ts";
import { CausewayError } from "../core/errors.ts";
import { ENTRIES_PER_SUBMISSION_MAX, SEALED_BYTES_MAX, STATEMENTS_PER_SUBMISSION_MAX } from "../core/limits.ts";
import type { Incarnation, MemberId } from "../core/ids.ts";
import { blake2b } from "../crypto/hash.ts";
import { recipientKeyOf } from "../crypto/seal.ts";
import type { SealingKeyPair } from "../crypto/seal.ts";
import { keyId } from "../crypto/sign.ts";
import type { SigningKeyPair } from "../crypto/sign.ts";
import { SIGNATURE_BYTES } from "../crypto/lengths.ts";
import { TAG_BYTES, TOKEN_BYTES } from "../crypto/token.ts";
import {
  bytes32,
  bytesBetween,
  capabilities,
  idOf,
  joined,
  line,
  oneOf,
  ordinal,
  readMessage,
  safeInteger,
  uint32,
} from "./checks.ts";
import type { KindPlace } from "./checks.ts";
import { DOMAIN, HANDLING } from "./enumerations.ts";
import { openMessage, payloadOf, signMessage, verifyMessage } from "./envelope.ts";
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
import { deliveryReading, toDeliveryMessage } from "./delivery.ts";
import * as gen from "./gen/causeway/v1/data_plane.ts";

const HASH_BYTES = 32;
/** Of a node's health: at most two are open at once, and one ends. */
const EPOCHS_MAX = 4;
/** Four a beat and domain, in two domains, to each side. */
const CANARIES_MISSING_MAX = 1_024;

/** The hash that the next submission of the same incarnation names as its predecessor. */
export function submissionHash(payload: Uint8Array): Uint8Array {
  return blake2b(HASH_BYTES, lpText("causeway/submission/v1"), payload);
}

/** The hash that the next batch of the same incarnation names as its predecessor. */
export function batchHash(batch: EncodedBatch): Uint8Array {
  return blake2b(HASH_BYTES, lpText("causeway/notices/v2"), batch);
}

/** The hash that the member's next single notice names as its predecessor. */
export function noticeHash(payload: Uint8Array): Uint8Array {
  return blake2b(HASH_BYTES, lpText("causeway/notice/v1"), payload);
}

export type SignedMessage = { readonly signed: Uint8Array; readonly hash: Uint8Array };

/** (node) Signs a submission; seal the result with `sealMessage` to the key that `submission.recipientKey` names. */
export function signSubmission(
  submission: Submission,
  scope: { readonly federation: Uint8Array; readonly signer: SigningKeyPair },
): SignedMessage {
  const payload = gen.Submission.encode(toSubmissionMessage(submission)).finish();
  const signed = signMessage(payload, { federation: scope.federation, type: "submission" }, scope.signer);
  return { signed, hash: submissionHash(payload) };
}

/** (node) A submission that it signed and kept itself: nothing of it is proven here. Throws INVALID. */
export function readSubmission(signed: Uint8Array): Submission {
  return readMessage(submissionReading, payloadOf(signed));
}

/**
 * (broker) Opens, verifies and decodes a submission. `signingKeys` are the members' keys by key id; the caller compares the
 * member that the key belongs to with `submission.member` and with the subject. `signed`: the bytes under the seal, by which others can
 * verify the same. Throws UNPROVEN or INVALID.
 */
export function openSubmission(
  sealed: Uint8Array,
  scope: {
    readonly federation: Uint8Array;
    readonly keyPair: SealingKeyPair;
    readonly signingKeyOf: (keyId: string) => Uint8Array | undefined;
  },
): { readonly submission: Submission; readonly hash: Uint8Array; readonly keyId: string; readonly signed: Uint8Array } {
  const signed = openMessage(sealed, scope.keyPair);
  const { payload, keyId } = verifyMessage(
    signed,
    { federation: scope.federation, type: "submission" },
    scope.signingKeyOf,
  );
  const submission = readMessage(submissionReading, payload);
  assertRecipient(submission.recipientKey, scope.keyPair);
  return { submission, hash: submissionHash(payload), keyId, signed };
}

/**
 * (administrator) A member's health from the submission as it signed it. Whoever passes it on could not make it up, and could hand out
 * an old one or another member's: see `nodeTimeMs`, and name the member's key. Throws UNPROVEN for another's, INVALID for no health.
 */
export function openHealth(
  signed: Uint8Array,
  scope: { readonly federation: Uint8Array; readonly member: MemberId; readonly signingKey: Uint8Array },
): Health {
  const about = { federation: scope.federation, type: "submission" };
  const { payload } = verifyMessage(signed, about, () => scope.signingKey);
  const { member, body } = readMessage(submissionReading, payload);
  if (member !== scope.member) throw new CausewayError("UNPROVEN", "the statement is another member's");
  if (body.kind !== "health") throw new CausewayError("INVALID", "the statement is not about a node's health");
  const { kind: _, ...health } = body;
  return health;
}

/** (broker) Signs a delivery; seal the result with `sealMessage` to the key that `delivery.recipientKey` names, as often as it is sent. */
export function signDelivery(
  delivery: Delivery,
  scope: { readonly federation: Uint8Array; readonly signer: SigningKeyPair },
): SignedMessage {
  const payload = gen.Delivery.encode(toDeliveryMessage(delivery)).finish();
  const signed = signMessage(payload, { federation: scope.federation, type: "delivery" }, scope.signer);
  return { signed, hash: noticeHash(payload) };
}

/**
 * (broker) A delivery that it signed before, under the key that it has now, because nodes believe no other; what it says, and its hash,
 * stay the same. `keys` are all that a directive ever gave to the broker: what none of them has signed is not signed again. Throws UNPROVEN.
 */
export function signDeliveryAgain(
  signed: Uint8Array,
  scope: { readonly federation: Uint8Array; readonly signer: SigningKeyPair; readonly keys: readonly Uint8Array[] },
): Uint8Array {
  const { federation, signer, keys } = scope;
  const about = { federation, type: "delivery" };
  const known = new Map(keys.map((key) => [toHex(keyId(key)), key]));
  const { payload, keyId: signedBy } = verifyMessage(signed, about, (id) => known.get(id));
  return signedBy === toHex(keyId(signer.publicKey)) ? signed : signMessage(payload, about, signer);
}

/** (node) Opens, verifies and decodes a delivery. `hash` is the notice hash. Throws UNPROVEN or INVALID. */
export function openDelivery(
  sealed: Uint8Array,
  scope: {
    readonly federation: Uint8Array;
    readonly member: MemberId;
    readonly keyPair: SealingKeyPair;
    readonly brokerSigningKey: Uint8Array;
    /**
     * Whether a directive ever gave the sealing key of this name to somebody; whom a delivery is for, its member says. A notice is signed once and sealed
     * anew to the newest key each time it is sent, so what it names may be a key that is gone. Default: the key pair's alone.
     */
    readonly isOwnKey?: (recipientKey: Uint8Array) => boolean;
  },
): { readonly delivery: Delivery; readonly hash: Uint8Array } {
  const { payload } = verifyMessage(
    openMessage(sealed, scope.keyPair),
    { federation: scope.federation, type: "delivery" },
    // One key can sign deliveries; under which id it is announced does not matter.
    () => scope.brokerSigningKey,
  );
  const delivery = readMessage(deliveryReading, payload);
  if (scope.isOwnKey?.(delivery.recipientKey) !== true) assertRecipient(delivery.recipientKey, scope.keyPair);
  if (delivery.member !== scope.member) throw new CausewayError("UNPROVEN", "the delivery is for another member");
  return { delivery, hash: noticeHash(payload) };
}

/** A box that was opened and sealed again to somebody else names a key that is not theirs. */
function assertRecipient(named: Uint8Array, keyPair: SealingKeyPair): void {
  if (!equalBytes(named, recipientKeyOf(keyPair.publicKey))) {
    throw new CausewayError("UNPROVEN", "the message was sealed to another key first");
  }
}

// Submission: bytes to value.

const tokens = joined(TOKEN_BYTES, 0xffff);

const upsertSchema = z
  .object({
    domain: DOMAIN.word,
    handling: HANDLING.word,
    reviewByDay: uint32(),
    conversationKey: bytes32,
    single: tokens,
    opening: tokens,
    support: tokens,
    ...tagFields,
    binder: bytes32,
    blind: bytes32,
  })
  .transform(({ single, opening, support, singleTags, openingTags, supportTags, ...rest }) => ({
    ...rest,
    tokens: { single, opening, support },
    tags: { single: singleTags, opening: openingTags, support: supportTags },
  }))
  .refine(({ tokens, tags }) =>
    TOKEN_CLASSES.every((each) => tags[each].length / TAG_BYTES === tokens[each].length / TOKEN_BYTES),
  );

const entrySchema = z.object({
  handle,
  operation: oneOf({
    upsert: upsertSchema,
    withdraw: z.object({}),
    revalidate: z.object({ reviewByDay: uint32() }),
  }),
});

const entryOfUnknownKind = z.object({ operation: z.object({ $case: z.literal("unknown") }) });

/** One wrongly formed entry keeps its place and is rejected for itself; the others in the batch stand. So does one of a later version. */
const entryOrMalformed = z.unknown().transform((message): Entry | MalformedEntry => {
  const entry = entrySchema.safeParse(message);
  if (entry.success) return toEntry(entry.data);
  return { operation: "malformed", reason: entryOfUnknownKind.safeParse(message).success ? "kind" : "malformed" };
});

function toEntry({ handle, operation }: z.infer<typeof entrySchema>): Entry {
  switch (operation.$case) {
    case "upsert":
      return { operation: "upsert", handle, ...operation.value };
    case "withdraw":
      return { operation: "withdraw", handle };
    case "revalidate":
      return { operation: "revalidate", handle, reviewByDay: operation.value.reviewByDay };
  }
}

/** Counted before any is looked at. */
const entries = z.array(z.unknown()).max(ENTRIES_PER_SUBMISSION_MAX).pipe(z.array(entryOrMalformed));

const health = z.object({
  version: line(64),
  nodeTimeMs: safeInteger(),
  outboxSinceMs: safeInteger(),
  canariesUnprovenSinceMs: safeInteger(),
  directiveNumber: safeInteger(),
  directiveHash: bytes32,
  epochs: z
    .array(
      z.object({
        epoch: uint32(1),
        records: safeInteger(),
        published: safeInteger(),
        digestAgreedMs: safeInteger(),
        canariesMet: uint32(),
        canariesExpected: uint32(),
        canariesMissing: z.array(idOf<MemberId>()).max(CANARIES_MISSING_MAX),
        obstacle: line(64, 0),
      }),
    )
    .max(EPOCHS_MAX),
  capabilities,
  skippedNotices: safeInteger(),
  recordsNotCompared: safeInteger(),
  clockSkewMs: safeInteger(Number.MIN_SAFE_INTEGER),
  heldStrays: safeInteger(),
  contestedExpiries: safeInteger(),
});

const statement = z
  .object({
    matchId,
    amendment: uint32(),
    failedSingle: positions,
    failedOpening: positions,
    failedSupport: positions,
    signature: bytesBetween(0, SIGNATURE_BYTES),
  })
  .refine(({ signature }) => signature.length === 0 || signature.length === SIGNATURE_BYTES)
  .transform(({ matchId, amendment, failedSingle, failedOpening, failedSupport, signature }): MeetingStatement => ({
    matchId,
    amendment,
    failed: { single: failedSingle, opening: failedOpening, support: failedSupport },
    ...(signature.length === 0 ? {} : { signature }),
  }));

const heldNotices = {
  noticeNumber: safeInteger(),
  noticeHash: bytes32,
  noticeIncarnation: z.union([bytesBetween(0, 0).transform(() => undefined), incarnation]),
};

/** Proto3 has no absent bytes. */
function withoutNone<Body extends { readonly noticeIncarnation?: Incarnation | undefined }>({
  noticeIncarnation,
  ...rest
}: Body) {
  return { ...rest, ...(noticeIncarnation === undefined ? {} : { noticeIncarnation }) };
}

const submissionBody = oneOf({
  publication: z.object({ entries }),
  connected: z.object({ ...heldNotices, version: line(64), capabilities }).transform(withoutNone),
  noticeReceipt: z.object(heldNotices).transform(withoutNone),
  statements: z.object({ statements: z.array(statement).min(1).max(STATEMENTS_PER_SUBMISSION_MAX) }),
  digest: z.object({ day: uint32(), buckets: z.array(digestBucket).length(DIGEST_BUCKETS) }),
  health,
  unknown,
}).transform(({ $case, value }) => ({ kind: $case, ...value }) as SubmissionBody);

const OPERATIONS = { first: 2, last: 15 } as const;

function* submissionKinds(holder: gen.Submission): Generator<KindPlace> {
  yield { holder, oneof: "body", ...KINDS };
  if (holder.body?.$case !== "publication") return;
  for (const entry of holder.body.value.entries) yield { holder: entry, oneof: "operation", ...OPERATIONS };
}

const submissionReading = {
  what: "submission",
  bytesMax: SEALED_BYTES_MAX,
  codec: gen.Submission,
  kindsIn: submissionKinds,
  schema: z.object({
    recipientKey: bytes32,
    member: idOf<MemberId>(),
    incarnation,
    sequence: ordinal,
    prevHash: bytes32,
    epoch: uint32(1),
    body: submissionBody,
  }),
};

// Submission: value to message.

function toSubmissionMessage(submission: Submission): gen.Submission {
  return {
    recipientKey: submission.recipientKey,
    member: fromHex(submission.member),
    incarnation: fromHex(submission.incarnation),
    sequence: BigInt(submission.sequence),
    prevHash: submission.prevHash,
    epoch: submission.epoch,
    body: toSubmissionBody(submission.body),
  };
}

function toSubmissionBody(body: SubmissionBody): gen.Submission["body"] {
  switch (body.kind) {
    case "publication":
      return { $case: "publication", value: { entries: body.entries.map(toEntryMessage) } };
    case "connected":
      return { $case: "connected", value: toConnectedMessage(body) };
    case "noticeReceipt":
      return { $case: "noticeReceipt", value: toHeldNotices(body) };
    case "statements":
      return { $case: "statements", value: { statements: body.statements.map(toStatementMessage) } };
    case "digest":
      return { $case: "digest", value: toDigestMessage(body) };
    case "health":
      return { $case: "health", value: toHealthMessage(body) };
    case "unknown":
      throw neverSent();
  }
}

function toConnectedMessage(body: Extract<SubmissionBody, { kind: "connected" }>): gen.Connected {
  const { version, capabilities } = body;
  return { ...toHeldNotices(body), version, capabilities: [...capabilities] };
}

function toHeldNotices(of: Extract<SubmissionBody, { kind: "connected" | "noticeReceipt" }>): gen.NoticeReceipt {
  const { noticeNumber, noticeHash, noticeIncarnation } = of;
  return {
    noticeNumber: BigInt(noticeNumber),
    noticeHash,
    noticeIncarnation: noticeIncarnation === undefined ? new Uint8Array() : fromHex(noticeIncarnation),
  };
}

function toStatementMessage({ matchId, amendment, failed, signature }: MeetingStatement): gen.MeetingStatement {
  return {
    matchId: fromHex(matchId),
    amendment,
    failedSingle: [...failed.single],
    failedOpening: [...failed.opening],
    failedSupport: [...failed.support],
    signature: signature ?? new Uint8Array(),
  };
}

function toDigestMessage({ day, buckets }: Digest): gen.Digest {
  return { day, buckets: toBucketMessages(buckets) };
}

function toHealthMessage(health: Health): gen.Health {
  return {
    version: health.version,
    nodeTimeMs: BigInt(health.nodeTimeMs),
    outboxSinceMs: BigInt(health.outboxSinceMs),
    canariesUnprovenSinceMs: BigInt(health.canariesUnprovenSinceMs),
    directiveNumber: BigInt(health.directiveNumber),
    directiveHash: health.directiveHash,
    epochs: health.epochs.map((epoch) => ({
      ...epoch,
      records: BigInt(epoch.records),
      published: BigInt(epoch.published),
      digestAgreedMs: BigInt(epoch.digestAgreedMs),
      canariesMissing: epoch.canariesMissing.map(fromHex),
    })),
    capabilities: [...health.capabilities],
    skippedNotices: BigInt(health.skippedNotices),
    recordsNotCompared: BigInt(health.recordsNotCompared),
    clockSkewMs: BigInt(health.clockSkewMs),
    heldStrays: BigInt(health.heldStrays),
    contestedExpiries: BigInt(health.contestedExpiries),
  };
}

function toEntryMessage(entry: Entry | MalformedEntry): gen.Entry {
  if (entry.operation === "malformed") throw new CausewayError("INTERNAL", "a malformed entry is never sent");
  return { handle: fromHex(entry.handle), operation: toOperation(entry) };
}

function toOperation(entry: Entry): gen.Entry["operation"] {
  switch (entry.operation) {
    case "upsert":
      return {
        $case: "upsert",
        value: {
          domain: DOMAIN.toWire(entry.domain),
          handling: HANDLING.toWire(entry.handling),
          reviewByDay: entry.reviewByDay,
          conversationKey: entry.conversationKey,
          ...entry.tokens,
          ...toTagFields(entry.tags),
          binder: entry.binder,
          blind: entry.blind,
        },
      };
    case "withdraw":
      return { $case: "withdraw", value: {} };
    case "revalidate":
      return { $case: "revalidate", value: { reviewByDay: entry.reviewByDay } };
  }
}
