/**
 * What becomes of a proposal: a directive that lacks signatures (protocol section 4). Nothing here is remembered: a proposal's state
 * follows from the chain and the clock, so that it cannot be at odds with them after a crash.
 */
import { equalBytes, toHex } from "../../../shared/core/bytes.ts";
import type { ProposalState } from "../../../shared/core/board.ts";
import type { DirectiveSignature, Federation, SignedDirective } from "../../../shared/core/directive.ts";

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

/** The first of each key: one key that signs twice counts once, and need not be kept twice. */
export function distinct(signatures: readonly DirectiveSignature[]): DirectiveSignature[] {
  return [...new Map(signatures.toReversed().map((each) => [toHex(each.keyId), each])).values()].toReversed();
}

/** With key id, signature and their framing. */
const SIGNATURE_BYTES = 100;

/** About as many bytes as it takes in a list. */
export const weightOf = ({ payload, signatures }: SignedDirective): number =>
  payload.length + SIGNATURE_BYTES * (1 + signatures.length);
