/**
 * What becomes of a proposal: a directive that lacks signatures (protocol section 4). Nothing here is remembered: a proposal's state
 * follows from the chain and the clock, so that it cannot be at odds with them after a crash.
 */
import { equalBytes, toHex } from "../../../shared/core/bytes.ts";
import type { ProposalState } from "../../../shared/core/board.ts";
import { boardsToSign, directiveHash, signersOf } from "../../../shared/core/chain.ts";
import type { DirectiveSignature, Federation, SignedDirective } from "../../../shared/core/directive.ts";
import { CausewayError } from "../../../shared/core/errors.ts";

export type Tally = {
  /** Of the board that lacks most, in a change of the board; else of the board. */
  readonly signatures: number;
  readonly quorum: number;
  readonly complete: boolean;
};

/** The chain as far as proposals are concerned: its end, and the directives' payloads, oldest first. */
export type Standing = {
  readonly federation: Federation;
  readonly directives: readonly Pick<SignedDirective, "payload">[];
};

export function stateOf(
  { directive, payload }: Pick<SignedDirective, "directive" | "payload">,
  { federation, directives }: Standing,
  nowMs: number,
): ProposalState {
  const { head } = federation;
  const inItsPlace = directives[directive.number - 1];
  if (inItsPlace !== undefined) return equalBytes(inItsPlace.payload, payload) ? "accepted" : "overtaken";
  // A number further ahead has no predecessor here, and never will have this one.
  if (directive.number !== head.number + 1 || !equalBytes(directive.prevHash, head.hash)) return "overtaken";
  return nowMs > directive.notAfterMs ? "expired" : "waiting";
}

/** How many of each board have signed, each counted once, and whether that is a quorum of every board that has to. */
export function tallyOf(federation: Federation, signed: SignedDirective): Tally {
  const boards = boardsToSign(federation, signed.directive).map(({ board, quorum }) => ({
    signatures: signersOf(signed, board, federation.id).size,
    quorum,
  }));
  const [scarcest] = boards.toSorted((a, b) => b.quorum - b.signatures - (a.quorum - a.signatures));
  if (scarcest === undefined) throw new CausewayError("INTERNAL", "no board has to sign");
  return { ...scarcest, complete: boards.every(({ signatures, quorum }) => signatures >= quorum) };
}

/** Throws UNPROVEN unless the signature holds and is by a seat of the board, or of the board to be in a change of the board. */
export function assertSigns(federation: Federation, signed: SignedDirective, signature: DirectiveSignature): void {
  const single = { ...signed, signatures: [signature] };
  const seated = boardsToSign(federation, signed.directive).some(
    ({ board }) => signersOf(single, board, federation.id).size === 1,
  );
  if (!seated) throw new CausewayError("UNPROVEN", "a signature does not hold, or is by nobody on the board");
}

/** The first of each key: one key that signs twice counts once, and need not be kept twice. */
export function distinct(signatures: readonly DirectiveSignature[]): DirectiveSignature[] {
  return [...new Map(signatures.toReversed().map((each) => [toHex(each.keyId), each])).values()].toReversed();
}

/** What names a proposal: the hash of the directive. */
export const digestOf = ({ payload }: Pick<SignedDirective, "payload">): Uint8Array => directiveHash(payload);

/** With key id, signature and their framing. */
const SIGNATURE_BYTES = 100;

/** About as many bytes as it takes in a list. */
export const weightOf = ({ payload, signatures }: SignedDirective): number =>
  payload.length + SIGNATURE_BYTES * (1 + signatures.length);
