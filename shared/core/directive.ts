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
  readonly body: DirectiveBody;
};

export type DirectiveBody =
  | ({ readonly type: "found" } & Found)
  | ({ readonly type: "admit" } & Admit)
  | ({ readonly type: "epochOpen" } & EpochOpen)
  | { readonly type: "epochActivate"; readonly epoch: number };

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
};

export type DomainSalt = {
  readonly domain: Domain;
  readonly commitment: Uint8Array;
  readonly contributions: readonly { readonly administratorKeyId: Uint8Array; readonly commitment: Uint8Array }[];
  readonly boxes: readonly { readonly member: MemberId; readonly sealed: Uint8Array }[];
  readonly shares: readonly { readonly administratorKeyId: Uint8Array; readonly sealed: Uint8Array }[];
};

/** One signature over a directive's payload bytes. */
export type DirectiveSignature = { readonly keyId: Uint8Array; readonly signature: Uint8Array };

/** A directive as received: the bytes that were signed, what they say, and who signed. */
export type SignedDirective = {
  readonly payload: Uint8Array;
  readonly directive: Directive;
  readonly signatures: readonly DirectiveSignature[];
};

export type EpochState = "staging" | "active" | "retired";
export type Epoch = EpochOpen & { readonly state: EpochState };

/** What a verified chain adds up to. */
export type Federation = {
  readonly id: Uint8Array;
  readonly found: Found;
  readonly members: ReadonlyMap<MemberId, Admit>;
  readonly epochs: ReadonlyMap<number, Epoch>;
  /** Number and hash of the last directive. */
  readonly head: { readonly number: number; readonly hash: Uint8Array };
};

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
