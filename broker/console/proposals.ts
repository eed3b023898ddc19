/** Who has signed a proposal and who still has to (protocol section 4). A change of the board needs the old and the new quorum. */
import { toHex } from "../../shared/core/bytes.ts";
import { boardsToSign, directiveHash } from "../../shared/core/chain.ts";
import type { Federation, Found } from "../../shared/core/directive.ts";
import type { Proposal } from "./console-data.ts";
import { seatId } from "./seats.ts";

export type Approvals = {
  /** Key ids in hexadecimal, in the order of the signatures: the first has proposed it. */
  readonly signers: readonly string[];
  readonly quorum: number;
  /** Signatures of the board as it is that are missing. */
  readonly missing: number;
  /** Of the board as it would be; undefined unless the proposal changes it. */
  readonly missingOfNewBoard: number | undefined;
};

export function approvalsOf({ signed }: Pick<Proposal, "signed">, federation: Federation): Approvals {
  const signers = [...new Set(signed.signatures.map((each) => toHex(each.keyId)))];
  const missingOf = ({ board, quorum }: Pick<Found, "board" | "quorum">): number =>
    Math.max(0, quorum - board.filter((seat) => signers.includes(seatId(seat))).length);
  const [missing = 0, missingOfNewBoard] = boardsToSign(federation, signed.directive).map(missingOf);
  return { signers, quorum: federation.found.quorum, missing, missingOfNewBoard };
}

/** Whether this administrator could still approve it. */
export function mayApprove(proposal: Proposal, federation: Federation, keyId: string): boolean {
  const { signed, state } = proposal;
  if (state !== "waiting" || approvalsOf(proposal, federation).signers.includes(keyId)) return false;
  return boardsToSign(federation, signed.directive).some(({ board }) => board.some((seat) => seatId(seat) === keyId));
}

/** In hexadecimal: what approvals are bound to. */
export function digestOf({ signed }: Pick<Proposal, "signed">): string {
  return toHex(directiveHash(signed.payload));
}

export function proposalPath(proposal: Pick<Proposal, "signed">): string {
  return `/proposals/${digestOf(proposal)}`;
}
