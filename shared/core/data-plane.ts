/**
 * What a node and the broker tell each other, as plain values (protocol sections 3, 6, 7). The wire form is
 * `proto/causeway/v1/data_plane.proto`; `shared/wire/data-plane.ts` turns one into the other.
 */
import type { Domain } from "./domain.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "./ids.ts";

/** Enough for the broker to weigh evidence; the exact kinds would fingerprint people. */
export const TOKEN_CLASSES = ["single", "dateLevel", "yearLevel"] as const;
export type TokenClass = (typeof TOKEN_CLASSES)[number];

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
    }
  | { readonly kind: "noticeReceipt"; readonly noticeNumber: number; readonly noticeHash: Uint8Array }
  | { readonly kind: "proofNonce"; readonly matchId: MatchId; readonly nonce: Uint8Array }
  | { readonly kind: "proofMac"; readonly matchId: MatchId; readonly mac: Uint8Array }
  | { readonly kind: "proofVerdict"; readonly matchId: MatchId; readonly proven: boolean }
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
};

export type TokenSet = Readonly<Record<TokenClass, Uint8Array>>;

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
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** One message of the broker to a member. */
export type Delivery = {
  /** Names the sealing key, see `recipientKeyOf`. */
  readonly recipientKey: Uint8Array;
  readonly member: MemberId;
  readonly body: Receipt | Gap | Notice | DigestAnswer | UnknownNotice | UnknownKind;
};

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
  readonly positions: Readonly<Record<TokenClass, readonly number[]>>;
};

/** 0 = lower record key. */
export type Side = 0 | 1;

export const CLOSE_REASONS = ["withdrawn", "expired", "amended", "memberRemoved"] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

export type Contact = {
  readonly office: string;
  readonly phone: string;
  readonly email: string;
  readonly hours: string;
};

/** What is disclosed of the other side of a proven match; fields are absent where its handling withholds them. */
export type Counterpart = {
  readonly handling: Handling;
  readonly mandate?: string;
  readonly name?: string;
  readonly slug?: string;
  readonly contact?: Contact;
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
  | { readonly type: "counterpartNonce"; readonly matchId: MatchId; readonly nonce: Uint8Array }
  | { readonly type: "counterpartMac"; readonly matchId: MatchId; readonly mac: Uint8Array }
  | { readonly type: "counterpartContact"; readonly matchId: MatchId; readonly counterpart: Counterpart }
  | { readonly type: "proofFailed"; readonly matchId: MatchId };
