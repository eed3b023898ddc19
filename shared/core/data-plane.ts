/**
 * What a node and the broker tell each other, as plain values (protocol sections 3, 6, 7). The wire form is
 * `proto/causeway/v1/data_plane.proto`; `shared/wire/data-plane.ts` turns one into the other.
 */
import type { Domain } from "./domain.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "./ids.ts";

/**
 * What the broker sees of a token's kind; the exact one would fingerprint people. `single`: a number that belongs to one subject. `opening`:
 * each of these alone grades at least `possible`. `support`: weaker facts, which never open a meeting and are told with one that is open
 * (protocol sections 3 and 6).
 */
export const TOKEN_CLASSES = ["single", "opening", "support"] as const;
export type TokenClass = (typeof TOKEN_CLASSES)[number];
/** One value for each class. */
export function byClass<Value>(valueOf: (tokenClass: TokenClass) => Value): Readonly<Record<TokenClass, Value>> {
  return { single: valueOf("single"), opening: valueOf("opening"), support: valueOf("support") };
}

/** Of which one token is enough for a meeting. */
export const OPENING_CLASSES = ["single", "opening"] as const satisfies readonly TokenClass[];

export const HANDLINGS = ["open", "brokered", "silent"] as const;
/** What the other side of a match may learn about the owner. */
export type Handling = (typeof HANDLINGS)[number];

/** One numbered message of a member. */
export type Submission = {
  /** Names the sealing key, see `recipientKeyOf`. */
  readonly recipientKey: Uint8Array;
  readonly member: MemberId;
  readonly incarnation: Incarnation;
  /** From 1, without gaps. */
  readonly sequence: number;
  readonly prevHash: Uint8Array;
  readonly epoch: number;
  readonly body: SubmissionBody;
};

export type SubmissionBody =
  | { readonly kind: "publication"; readonly entries: readonly (Entry | MalformedEntry)[] }
  | {
      readonly kind: "connected";
      readonly noticeNumber: number;
      readonly noticeHash: Uint8Array;
      readonly version: string;
      readonly capabilities: readonly string[];
      /** Of the batches that number and hash are of; absent: of single notices, or of none. */
      readonly noticeIncarnation?: Incarnation;
    }
  | {
      readonly kind: "noticeReceipt";
      readonly noticeNumber: number;
      readonly noticeHash: Uint8Array;
      readonly noticeIncarnation?: Incarnation;
    }
  | { readonly kind: "statements"; readonly statements: readonly MeetingStatement[] }
  | ({ readonly kind: "digest" } & Digest)
  | ({ readonly kind: "health" } & Health)
  | UnknownKind;

/**
 * What a party of a later version sends and this one cannot read: the number of its field. It is authentic like all else, keeps its place
 * in its chain, and is skipped. Never sent.
 */
export type UnknownKind = { readonly kind: "unknown"; readonly field: number };

/** What a node has published in the submission's epoch, as of the submission before (protocol section 8). */
export type Digest = {
  /** Days since 1970-01-01: records whose review day lies before it are left out. */
  readonly day: number;
  /** 256, by the first byte of the records' handles. */
  readonly buckets: readonly DigestBucket[];
};

/** Tokens, and the 32-byte sum of their hashes; see `digest.ts`. */
export type DigestBucket = { readonly count: number; readonly sum: Uint8Array };

/** How a node is, in its own signed words. */
export type Health = {
  readonly version: string;
  readonly nodeTimeMs: number;
  /** 0: nothing waits for a receipt. */
  readonly outboxSinceMs: number;
  /** 0: all test records have met in time. */
  readonly canariesUnprovenSinceMs: number;
  readonly directiveNumber: number;
  readonly directiveHash: Uint8Array;
  readonly epochs: readonly EpochHealth[];
  /** What the node understands beyond the first version; empty also towards a broker of that. */
  readonly capabilities: readonly string[];
  /** Notices of a kind that the node did not know. */
  readonly skippedNotices: number;
  /** Live records of which silence is not proven now. This and all below: 0 towards a broker without the capability `beats`. */
  readonly recordsNotCompared: number;
  /** The node's clock less the broker's. */
  readonly clockSkewMs: number;
  /** Records that the broker holds and the node does not know. */
  readonly heldStrays: number;
  /** Records that the broker called expired while their review day lay ahead by the node's clock. */
  readonly contestedExpiries: number;
};

/** Why a node cannot take part in an epoch: it lacks the linkage scheme, or could not open its salts. */
export const OBSTACLES = ["scheme", "salts"] as const;
export type Obstacle = (typeof OBSTACLES)[number];

export type EpochHealth = {
  readonly epoch: number;
  /** Live records of the node, and those of them that stand in this epoch by the broker's receipt. */
  readonly records: number;
  readonly published: number;
  /** 0: not agreed on since the last change. */
  readonly digestAgreedMs: number;
  readonly canariesMet: number;
  readonly canariesExpected: number;
  /** Whose have not met this node's. */
  readonly canariesMissing: readonly MemberId[];
  /** Empty if nothing hinders it. A node of a later version may know others. */
  readonly obstacle: Obstacle | "" | (string & {});
};

export type Entry = Upsert | Withdraw | Revalidate;

/** Replaces the record's whole token set. */
export type Upsert = {
  readonly operation: "upsert";
  readonly handle: Handle;
  readonly domain: Domain;
  readonly handling: Handling;
  /** Days since 1970-01-01; valid through 24:00 UTC. */
  readonly reviewByDay: number;
  readonly conversationKey: Uint8Array;
  /** Concatenated 16-byte tokens of each class. */
  readonly tokens: TokenSet;
  /** A tag for each token, in the same order. */
  readonly tags: TagSet;
  /** 32 bytes: names the record without naming whose it is, see `binderOf`. */
  readonly binder: Uint8Array;
  /** 32 bytes that only owner and broker know until the record is disclosed. */
  readonly blind: Uint8Array;
};

export type TokenSet = Readonly<Record<TokenClass, Uint8Array>>;

/** Concatenated 8-byte tags of each class, see `tagger`. */
export type TagSet = Readonly<Record<TokenClass, Uint8Array>>;

/** Places within each class, from 0. */
export type Positions = Readonly<Record<TokenClass, readonly number[]>>;

/** What a node found of the tags that a meeting came with. */
export type MeetingStatement = {
  readonly matchId: MatchId;
  /** Of the meeting that it answers; 0 as opened. */
  readonly amendment: number;
  /** Of own tokens that met, whose tags did not hold. */
  readonly failed: Positions;
  /** 64 bytes over `meetingPayload`; absent if no tag of a `single` or `opening` token held. */
  readonly signature?: Uint8Array;
};

export type Withdraw = { readonly operation: "withdraw"; readonly handle: Handle };

export type Revalidate = { readonly operation: "revalidate"; readonly handle: Handle; readonly reviewByDay: number };

/** An entry that the peer formed wrongly: it keeps its place in the batch and is rejected for this reason. */
export type MalformedEntry = { readonly operation: "malformed"; readonly reason: RejectionReason };

export const REJECTION_REASONS = [
  "malformed",
  "domain",
  "conversationKey",
  "tokenCount",
  "reviewDay",
  "revalidationNeeded",
  "unknownHandle",
  "budget",
  "handling",
  "epoch",
  /** Of a kind that the broker's version does not know: an entry, or with index 0 a submission without entries as a whole. */
  "kind",
  /** The binder does not name the member that sends it, the handle and the conversation key. */
  "binder",
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** One message of the broker to a member. */
export type Delivery = {
  /** Names the sealing key, see `recipientKeyOf`. */
  readonly recipientKey: Uint8Array;
  readonly member: MemberId;
  readonly body: Receipt | Gap | Notice | DigestAnswer | Beat | UnknownNotice | UnknownKind;
};

/** Everything that a member is told at one beat; only to a node that states the capability `beats`. */
export type Beat = {
  readonly kind: "beat";
  /** The broker's clock. */
  readonly issuedAtMs: number;
  readonly receipts?: Receipts;
  readonly digestAnswers: readonly DigestAnswer[];
  readonly notices: readonly EncodedBatch[];
  /** The node is to send its digests: the broker has started, or a stream may have lost something. */
  readonly compare: boolean;
};

/** All submissions of the incarnation up to this one are applied and will not be forgotten. */
export type Receipts = {
  readonly incarnation: Incarnation;
  /** 0: none yet. */
  readonly sequence: number;
  /** Of that submission; 32 zero bytes for none. */
  readonly submissionHash: Uint8Array;
  readonly appliedAtMs: number;
  /** Of submissions that no receipt has named before. */
  readonly rejections: readonly SubmissionRejections[];
  /** What the broker lacks among what has arrived. */
  readonly missing: readonly SequenceRange[];
};

export type SubmissionRejections = { readonly sequence: number; readonly rejections: Receipt["rejections"] };

/** Both ends belong to it. */
export type SequenceRange = { readonly first: number; readonly last: number };

/** The bytes of a `NoticeBatch`, over which its hash is. */
export type EncodedBatch = Uint8Array;

/** Notices of one commit of the broker to one member, numbered and hash-chained within an incarnation that the broker draws. */
export type NoticeBatch = {
  readonly incarnation: Incarnation;
  /** From 1, without gaps. */
  readonly number: number;
  /** 32 zero bytes for the first. */
  readonly prevHash: Uint8Array;
  /** Those of a kind that a later version has added are counted by the number of their field, and skipped. */
  readonly events: readonly (NoticeEvent | UnknownEvent)[];
};

export type UnknownEvent = { readonly type: "unknown"; readonly field: number };

/** The answer to the digest in the named submission. */
export type DigestAnswer = {
  readonly kind: "digestAnswer";
  readonly incarnation: Incarnation;
  readonly sequence: number;
  readonly epoch: number;
  /** Buckets in which the broker holds something else, 0 to 255. Empty: agreed. */
  readonly differing: readonly number[];
  /** The member's records that the broker holds in those buckets. */
  readonly handles: readonly Handle[];
  /** What each of these comes to in the broker's digest; only in a beat. */
  readonly items?: readonly DigestBucket[];
};

/** The broker has applied the submission and will not forget it. */
export type Receipt = {
  readonly kind: "receipt";
  readonly incarnation: Incarnation;
  readonly sequence: number;
  readonly submissionHash: Uint8Array;
  readonly appliedAtMs: number;
  readonly rejections: readonly { readonly index: number; readonly reason: RejectionReason }[];
};

/** A submission arrived ahead of one that is missing. */
export type Gap = { readonly kind: "gap"; readonly incarnation: Incarnation; readonly expectedSequence: number };

export type Notice = {
  readonly kind: "notice";
  /** From 1, without gaps, per member. */
  readonly number: number;
  readonly prevHash: Uint8Array;
  readonly issuedAtMs: number;
  readonly event: NoticeEvent;
};

/** A notice whose event a later version has added, see `UnknownKind`: what it takes to keep the chain. */
export type UnknownNotice = Omit<Notice, "kind" | "event"> & {
  readonly kind: "unknownNotice";
  readonly field: number;
};

/** Positions, in each class of the named version of the owner's record, of the tokens that met. */
export type Meeting = {
  readonly incarnation: Incarnation;
  readonly sequence: number;
  readonly positions: Positions;
  /** The other side's tags of these tokens, in the order of the positions. */
  readonly otherTags: TagSet;
  /** Of the other side's record, 32 bytes. */
  readonly otherBinder: Uint8Array;
};

/** 0 = lower record key. */
export type Side = 0 | 1;

export const otherSideOf = (side: Side): Side => (side === 0 ? 1 : 0);

export const CLOSE_REASONS = ["withdrawn", "expired", "amended"] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

export type Contact = {
  readonly office: string;
  readonly phone: string;
  readonly email: string;
  readonly hours: string;
};

/**
 * What the broker hands on of the other side of a match when both statements are in, by the other side's handling. The receiver
 * recomputes the binder; under `open` handling it verifies the statement with the member's key and takes name, mandate and contact from the
 * chain. `mandate` is by the broker's word alone, and absent where fewer than three members bear it.
 */
export type Disclosure =
  | {
      readonly handling: "open";
      readonly member: MemberId;
      readonly handle: Handle;
      readonly blind: Uint8Array;
      readonly conversationKey: Uint8Array;
      /** Of the other side's statement: 32 bytes, and 64. */
      readonly validHash: Uint8Array;
      readonly signature: Uint8Array;
    }
  | {
      readonly handling: "brokered";
      readonly conversationKey: Uint8Array;
      /** 32 bytes, see `ownerOf`. */
      readonly owner: Uint8Array;
      readonly mandate?: string;
    };

export type NoticeEvent =
  | {
      readonly type: "matchOpened";
      readonly matchId: MatchId;
      readonly handle: Handle;
      readonly side: Side;
      readonly meeting: Meeting;
    }
  | { readonly type: "matchAmended"; readonly matchId: MatchId; readonly amendment: number; readonly meeting: Meeting }
  | {
      readonly type: "matchClosed";
      readonly matchId: MatchId;
      readonly amendment: number;
      readonly reason: CloseReason;
    }
  | { readonly type: "counterpartDisclosed"; readonly matchId: MatchId; readonly disclosure: Disclosure }
  /** No tag of a `single` or `opening` token held: of ours, by the other side's word; of theirs, by our own. */
  | { readonly type: "proofFailed"; readonly matchId: MatchId; readonly own: boolean; readonly other: boolean }
  /** A statement is due, and late. */
  | {
      readonly type: "proofOverdue";
      readonly matchId: MatchId;
      readonly ownStated: boolean;
      readonly otherStated: boolean;
    };
