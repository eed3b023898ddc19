/** What a waiting row of the outbox says, as databases of before version 6 keep it beside the message that is signed and sealed. */
import { z } from "zod";
import { HANDLINGS, REJECTION_REASONS } from "../../shared/core/data-plane.ts";
import type {
  DigestBucket,
  EpochHealth,
  MalformedEntry,
  MeetingStatement,
  Positions,
  Revalidate,
  SubmissionBody,
  Upsert,
  Withdraw,
} from "../../shared/core/data-plane.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import { storedBytes, storedId } from "../../shared/store/stored-json.ts";
import type { Shape, StoredJson } from "../../shared/store/stored-json.ts";

type Body<Kind extends SubmissionBody["kind"]> = Extract<SubmissionBody, { kind: Kind }>;

const number = z.number();
const handle = storedId<Handle>();

const bytesOfClasses = z.object({ single: storedBytes, opening: storedBytes, support: storedBytes });
const places = z.array(number);
/** Also of what is kept of a match. */
export const storedPositions = z.object({
  single: places,
  opening: places,
  support: places,
} satisfies Shape<Positions>);

const entry = z.discriminatedUnion("operation", [
  z.object({
    operation: z.literal("upsert"),
    handle,
    domain: z.enum(DOMAINS),
    handling: z.enum(HANDLINGS),
    reviewByDay: number,
    conversationKey: storedBytes,
    tokens: bytesOfClasses,
    tags: bytesOfClasses,
    binder: storedBytes,
    blind: storedBytes,
  } satisfies Shape<Upsert>),
  z.object({ operation: z.literal("withdraw"), handle } satisfies Shape<Withdraw>),
  z.object({ operation: z.literal("revalidate"), handle, reviewByDay: number } satisfies Shape<Revalidate>),
  z.object({ operation: z.literal("malformed"), reason: z.enum(REJECTION_REASONS) } satisfies Shape<MalformedEntry>),
]);

const statement = z.object({
  matchId: storedId<MatchId>(),
  amendment: number,
  failed: storedPositions,
  signature: storedBytes.exactOptional(),
} satisfies Shape<MeetingStatement>);

const epochHealth = z.object({
  epoch: number,
  records: number,
  published: number,
  digestAgreedMs: number,
  canariesMet: number,
  canariesExpected: number,
  canariesMissing: z.array(storedId<MemberId>()),
  obstacle: z.string(),
} satisfies Shape<EpochHealth>);

const capabilities = z.array(z.string());
const noticeIncarnation = storedId<Incarnation>().exactOptional();
/** What version 0.1.0 did not write. */
const addedNumber = number.default(0);

const bucket = z.object({ count: number, sum: storedBytes } satisfies Shape<DigestBucket>);

export const STORED_SUBMISSION: StoredJson<SubmissionBody> = {
  what: "submission",
  version: 1,
  schema: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("publication"), entries: z.array(entry) } satisfies Shape<Body<"publication">>),
    z.object({
      kind: z.literal("connected"),
      noticeNumber: number,
      noticeHash: storedBytes,
      version: z.string(),
      capabilities,
      noticeIncarnation,
    } satisfies Shape<Body<"connected">>),
    z.object({
      kind: z.literal("noticeReceipt"),
      noticeNumber: number,
      noticeHash: storedBytes,
      noticeIncarnation,
    } satisfies Shape<Body<"noticeReceipt">>),
    z.object({ kind: z.literal("statements"), statements: z.array(statement) } satisfies Shape<Body<"statements">>),
    z.object({ kind: z.literal("digest"), day: number, buckets: z.array(bucket) } satisfies Shape<Body<"digest">>),
    z.object({
      kind: z.literal("health"),
      version: z.string(),
      nodeTimeMs: number,
      outboxSinceMs: number,
      canariesUnprovenSinceMs: number,
      directiveNumber: number,
      directiveHash: storedBytes,
      epochs: z.array(epochHealth),
      capabilities,
      skippedNotices: number,
      recordsNotCompared: addedNumber,
      clockSkewMs: addedNumber,
      heldStrays: addedNumber,
      contestedExpiries: addedNumber,
    } satisfies Shape<Body<"health">>),
  ]),
};
