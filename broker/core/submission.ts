/**
 * What becomes of a submission, given what its member sent before (protocol sections 3 and 8). Owners number their
 * submissions without gaps and chain them by hash, so that neither NATS nor a replay can drop, repeat or re-order one
 * unnoticed; a restored node draws a new incarnation instead of using numbers twice.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import type { DigestAnswer, Gap, Receipt, Submission } from "../../shared/core/data-plane.ts";
import type { Incarnation, MemberId } from "../../shared/core/ids.ts";

/** A submission whose seal, signature, member and epoch have been checked. */
export type Received = {
  readonly submission: Submission;
  readonly hash: Uint8Array;
  /** The bytes that its member signed: of a statement on its health, which administrators verify for themselves. */
  readonly signed?: Uint8Array;
};

/** What its member is told of it, if it does not understand beats. */
export type Reply = { readonly to: MemberId; readonly body: Receipt | Gap | DigestAnswer };

/** The last submission that was applied of an incarnation. */
export type Head = { readonly incarnation: Incarnation; readonly sequence: number; readonly hash: Uint8Array };

/** What the broker knows of the chain that a submission claims to belong to. */
export type ChainView = {
  /** The member's latest incarnation, if it has any. */
  readonly current: Head | undefined;
  /** The head of the submission's own incarnation. */
  readonly own: Head | undefined;
  /** Hash of what was applied under the submission's incarnation and sequence. */
  readonly appliedHash: Uint8Array | undefined;
};

export type Link = {
  readonly incarnation: Incarnation;
  readonly sequence: number;
  readonly prevHash: Uint8Array;
  readonly hash: Uint8Array;
};

/**
 * `fork`: another content under a number that was applied; `chain`: does not name its predecessor; `superseded`: of an
 * incarnation that a later one has replaced. None of them can come from an honest node with an intact disk.
 */
export type Refusal = "fork" | "chain" | "superseded";

export type Verdict =
  | { readonly kind: "apply" }
  /** Applied before: the receipt is due again. */
  | { readonly kind: "duplicate" }
  /** One before it is missing. */
  | { readonly kind: "ahead"; readonly expectedSequence: number }
  | { readonly kind: "refused"; readonly refusal: Refusal };

const NO_HASH = new Uint8Array(32);

export function decideSubmission(view: ChainView, link: Link): Verdict {
  if (view.appliedHash !== undefined) {
    return equalBytes(view.appliedHash, link.hash) ? { kind: "duplicate" } : refused("fork");
  }
  if (view.own !== undefined && view.own.incarnation !== view.current?.incarnation) return refused("superseded");
  const expectedSequence = (view.own?.sequence ?? 0) + 1;
  if (link.sequence > expectedSequence) return { kind: "ahead", expectedSequence };
  if (link.sequence < expectedSequence) return refused("fork");
  return equalBytes(link.prevHash, view.own?.hash ?? NO_HASH) ? { kind: "apply" } : refused("chain");
}

function refused(refusal: Refusal): Verdict {
  return { kind: "refused", refusal };
}
