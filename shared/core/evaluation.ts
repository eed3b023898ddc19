/** The conversation between a node and an evaluator as plain values; on the wire `proto/causeway/v1/evaluation.proto`. */
import type { MemberId } from "./ids.ts";

/** 16 random bytes name a batch, the same at every evaluator. */
export const BATCH_ID_BYTES = 16;

export type RefusalReason =
  | "malformed"
  | "badElement"
  | "generation"
  | "budget"
  /** The id was used for other elements or too often, or the answer had its proof already. */
  | "conflict"
  | "unknownBatch";

export type EvaluationRequest =
  | {
      readonly kind: "batch";
      readonly batchId: Uint8Array;
      readonly generation: number;
      /** Joined 32-byte elements, not yet checked to be any. */
      readonly blinded: Uint8Array;
    }
  | { readonly kind: "prove"; readonly batchId: Uint8Array; readonly indices: readonly number[] };

export type EvaluationResponse =
  | {
      readonly kind: "evaluated";
      readonly batchId: Uint8Array;
      readonly evaluated: Uint8Array;
      readonly statement: SignedStatement;
    }
  | { readonly kind: "proof"; readonly batchId: Uint8Array; readonly proof: Uint8Array }
  | ({ readonly kind: "refused"; readonly batchId: Uint8Array } & Refusal);

export type Refusal = {
  readonly reason: RefusalReason;
  /** With `badElement`: which. */
  readonly bad: readonly number[];
  /** With `budget`: when the batch would pass, null if never. */
  readonly retryAtMs: number | null;
};

/** What an evaluator signs, with type "evaluation", before it knows which pairs it must prove. */
export type EvaluationStatement = {
  readonly batchId: Uint8Array;
  readonly generation: number;
  readonly member: MemberId;
  /** BLAKE2b-256 of all blinded, and of all evaluated elements. */
  readonly blindedHash: Uint8Array;
  readonly evaluatedHash: Uint8Array;
};

export const STATEMENT_TYPE = "evaluation";

/** A statement as received: verify the payload bytes first, then read them. */
export type SignedStatement = {
  readonly payload: Uint8Array;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
};
