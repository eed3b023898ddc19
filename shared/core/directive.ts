/**
 * What the board decides, as plain values (protocol section 4). Every party folds the chain of directives into a
 * `Federation` for itself and trusts nothing else about who is a member, which keys are valid and which epoch is active.
 * The wire form is `proto/causeway/v1/federation.proto`; `shared/wire/directive.ts` turns one into the other.
 */
import type { Contact } from "./data-plane.ts";
import type { Domain } from "./domain.ts";
import type { MemberId } from "./ids.ts";

export type Directive = {
  /** 16 bytes. */
  readonly federation: Uint8Array;
  /** 1 for `found`, then one more each. */
  readonly number: number;
  readonly prevHash: Uint8Array;
  readonly issuedAtMs: number;
  readonly notAfterMs: number;
  /** 16 random bytes. */
  readonly nonce: Uint8Array;
  readonly body: DirectiveBody;
};

export type DirectiveBody =
  | ({ readonly type: "found" } & Found)
  | ({ readonly type: "admit" } & Admission)
  | ({ readonly type: "epochOpen" } & EpochOpen)
  | ({ readonly type: "epochActivate" } & EpochActivate)
  | ({ readonly type: "epochAbort" } & EpochAbort)
  | ({ readonly type: "epochRetire" } & EpochRetire)
  | ({ readonly type: "memberChange" } & MemberChange)
  | ({ readonly type: "suspend" } & Suspend)
  | ({ readonly type: "reinstate" } & Reinstate)
  | ({ readonly type: "remove" } & Remove)
  | ({ readonly type: "rotateKey" } & RotateKey)
  | ({ readonly type: "boardChange" } & BoardChange)
  | ({ readonly type: "places" } & Places)
  | ({ readonly type: "tlsRoots" } & TlsRoots)
  | ({ readonly type: "policy" } & Policy)
  | ({ readonly type: "neverCorrelate" } & NeverCorrelate);

export type Found = {
  readonly name: string;
  readonly board: readonly Administrator[];
  /** m of n, m > n/2. */
  readonly quorum: number;
  readonly broker: { readonly name: string; readonly signingKey: Uint8Array; readonly address: string };
  readonly evaluators: readonly Evaluator[];
  readonly generation: number;
  /** DER. */
  readonly tlsRoots: readonly Uint8Array[];
  readonly freshnessKey: Uint8Array;
};

export type Administrator = { readonly name: string; readonly signingKey: Uint8Array; readonly sealingKey: Uint8Array };

export type Evaluator = {
  readonly name: string;
  readonly address: string;
  readonly signingKey: Uint8Array;
  readonly sharePublicKey: Uint8Array;
};

/** A member as the chain has it now: terms of membership and current keys. */
export type Admit = {
  readonly member: MemberId;
  readonly slug: string;
  readonly name: string;
  readonly mandate: string;
  readonly contact: Contact;
  readonly domains: readonly Domain[];
  readonly signingKey: Uint8Array;
  readonly sealingKey: Uint8Array;
  readonly legalBasis: string;
  readonly purposes: readonly string[];
  readonly retentionDaysMax: number;
  readonly budget: Budget;
};

export type Admission = Admit & {
  /** Of every open epoch and domain of the mandate. */
  readonly salts: readonly EpochSalt[];
};

/** One salt of an epoch that is open already, sealed to a member that comes to it later or under another key. */
export type EpochSalt = { readonly epoch: number; readonly domain: Domain; readonly sealed: Uint8Array };

/** Terms that stand for the ones before; those that are not named here stay. */
export type MemberChange = Pick<
  Admit,
  "member" | "name" | "contact" | "domains" | "legalBasis" | "purposes" | "retentionDaysMax"
> & {
  readonly reason: string;
  /** Of every open epoch, in the domains that the member gains. */
  readonly salts: readonly EpochSalt[];
};

export type Suspend = { readonly member: MemberId; readonly reason: string };
export type Reinstate = { readonly member: MemberId; readonly reason: string; readonly salts: readonly EpochSalt[] };
export type Remove = { readonly member: MemberId; readonly reason: string; readonly forCause: boolean };

export type RotateKey = {
  readonly party:
    | {
        readonly kind: "member";
        readonly member: MemberId;
        readonly sealingKey: Uint8Array;
        readonly salts: readonly EpochSalt[];
      }
    | { readonly kind: "broker" }
    | { readonly kind: "evaluator"; readonly name: string }
    | { readonly kind: "freshness" };
  readonly signingKey: Uint8Array;
  readonly reason: string;
};

export type BoardChange = {
  readonly board: readonly Administrator[];
  readonly quorum: number;
  /** Of every open epoch and its domains, for the new board. */
  readonly shares: readonly {
    readonly epoch: number;
    readonly domain: Domain;
    readonly shares: readonly SaltShare[];
  }[];
  readonly reason: string;
};

/** host:port of each party that moves, or several of them (see `addresses.ts`); the others stay where they are. */
export type Places = {
  /** "": stays. The evaluator that the broker hosts goes with it. */
  readonly broker: string;
  readonly evaluators: readonly { readonly name: string; readonly address: string }[];
  /** "": stays. */
  readonly nats: string;
  readonly reason: string;
};

/** All TLS roots that hold from now on. At least one of those before stays among them, so that nobody is cut off by the change. */
export type TlsRoots = {
  /** DER. The registrar issues under the last of them. */
  readonly roots: readonly Uint8Array[];
  readonly reason: string;
};

export type Policy = {
  readonly canaryBeatMinutes: number;
  readonly canaryWithinMinutes: number;
  readonly budgetAlarmPercent: number;
  /** A member that owes more overdue statements on meetings meets nobody until it has answered (protocol section 7). */
  readonly overdueStatementsMax: number;
  readonly allowances: readonly { readonly member: MemberId; readonly perDay: number }[];
  readonly reason: string;
};

export type NeverCorrelate = {
  readonly epoch: number;
  readonly domain: Domain;
  /** 16 bytes each. */
  readonly tokens: readonly Uint8Array[];
  readonly reason: string;
};

/** Counted in elements (evaluators) and in new distinct tokens (broker). */
export type Budget = { readonly initial: number; readonly perDay: number };

export type EpochOpen = {
  readonly epoch: number;
  readonly salts: readonly DomainSalt[];
  readonly scheme: string;
  readonly generation: number;
  readonly brokerSealingKey: Uint8Array;
  readonly opensAtMs: number;
  readonly retiresAtMs: number;
  /** Of a new generation; empty if it is the one in use. */
  readonly evaluators: readonly Evaluator[];
  readonly memberKeys: readonly MemberKey[];
};

/** A member's offer of a sealing key for an epoch, as it signed it. */
export type MemberKey = KeyOffer & { readonly payload: Uint8Array; readonly signature: DirectiveSignature };
export type KeyOffer = { readonly member: MemberId; readonly epoch: number; readonly sealingKey: Uint8Array };

export type DomainSalt = {
  readonly domain: Domain;
  readonly commitment: Uint8Array;
  readonly contributions: readonly { readonly administratorKeyId: Uint8Array; readonly commitment: Uint8Array }[];
  readonly boxes: readonly { readonly member: MemberId; readonly sealed: Uint8Array }[];
  readonly shares: readonly SaltShare[];
};

export type SaltShare = { readonly administratorKeyId: Uint8Array; readonly sealed: Uint8Array };

/** A later epoch is active; a salt has leaked. */
export type RetireCause = "rotated" | "leaked";

export type EpochActivate = { readonly epoch: number; readonly laggards: readonly MemberId[] };
export type EpochAbort = { readonly epoch: number; readonly openingHash: Uint8Array; readonly reason: string };
export type EpochRetire = {
  readonly epoch: number;
  readonly cause: RetireCause;
  readonly laggards: readonly MemberId[];
  readonly reason: string;
};

/** One signature over a directive's payload bytes. */
export type DirectiveSignature = { readonly keyId: Uint8Array; readonly signature: Uint8Array };

/** A directive as received: the bytes that were signed, what they say, and who signed. */
export type SignedDirective = {
  readonly payload: Uint8Array;
  readonly directive: Directive;
  readonly signatures: readonly DirectiveSignature[];
};

/**
 * `staging`: published and matched in, beside the active one. `closing`: another is active; still published and matched in, until
 * it is retired. `aborted` never was active.
 */
export type EpochState = "staging" | "active" | "closing" | "retired" | "aborted";

export type Epoch = Omit<EpochOpen, "salts"> & {
  readonly state: EpochState;
  /** Hash of the directive that opened it. */
  readonly openingHash: Uint8Array;
  readonly salts: readonly EpochSalts[];
  /** Tokens that open no match, in hexadecimal. */
  readonly neverCorrelate: ReadonlyMap<Domain, ReadonlySet<string>>;
};

/** A domain's salt as it is held now: members and administrators that came later have their box and share from later directives. */
export type EpochSalts = Omit<DomainSalt, "boxes"> & {
  readonly boxes: ReadonlyMap<MemberId, SealedBox>;
};

/** `recipientKey` names the sealing key that opens it, see `recipientKeyOf`. */
export type SealedBox = { readonly recipientKey: Uint8Array; readonly sealed: Uint8Array };

/** What a verified chain adds up to. */
export type Federation = {
  readonly id: Uint8Array;
  /** As founded, with what later directives changed: board, quorum, keys, addresses, TLS roots, generation and evaluators of the active epoch. */
  readonly found: Found;
  /** Members in good standing. Whoever is not here may do nothing. */
  readonly members: ReadonlyMap<MemberId, Admit>;
  readonly suspended: ReadonlyMap<MemberId, Admit>;
  readonly removed: ReadonlyMap<MemberId, Removed>;
  readonly epochs: ReadonlyMap<number, Epoch>;
  /** Evaluators of every generation of an open epoch. */
  readonly generations: ReadonlyMap<number, readonly Evaluator[]>;
  readonly policy: Omit<Policy, "allowances" | "reason">;
  /** host:port of the NATS server; undefined until the board has stated it: then it stands in each party's settings. */
  readonly natsAddress: string | undefined;
  /** A member was removed, or lost a domain, and still knows the salts in use: an epoch with a higher number must become active, perhaps with new evaluator keys. */
  readonly rotationDue: { readonly afterEpoch: number; readonly newGeneration: boolean } | undefined;
  /** Every public key that a directive ever gave to somebody, in hexadecimal, sealing keys as `recipientKeyOf`: none is given twice. */
  readonly usedKeys: ReadonlySet<string>;
  /** Every signing key that a member ever had, first to last: what it signed stays true when its key is replaced. */
  readonly signingKeys: ReadonlyMap<MemberId, readonly Uint8Array[]>;
  /** Number and hash of the last directive. */
  readonly head: { readonly number: number; readonly hash: Uint8Array };
};

export type Removed = { readonly admit: Admit; readonly reason: string; readonly forCause: boolean };

/** "The latest directive is this one", by the board's on-line key. */
export type Freshness = {
  readonly federation: Uint8Array;
  readonly number: number;
  readonly headHash: Uint8Array;
  readonly issuedAtMs: number;
  readonly validUntilMs: number;
};

/** A freshness statement as received: the bytes that were signed, what they say, and who signed. */
export type SignedFreshness = {
  readonly payload: Uint8Array;
  readonly freshness: Freshness;
  readonly signature: DirectiveSignature;
};
