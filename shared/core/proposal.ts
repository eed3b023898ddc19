/**
 * A proposal is a directive that lacks signatures, and an approval is a signature over its very bytes (protocol section 4). Who has
 * signed is counted here for everybody: the broker that keeps it, the administrators' tool and the console.
 */
import { keyId } from "../crypto/sign.ts";
import { equalBytes, toHex } from "./bytes.ts";
import { boardsToSign, directiveHash, signersOf } from "./chain.ts";
import type { Administrator, DirectiveSignature, Federation, SignedDirective } from "./directive.ts";
import { CausewayError } from "./errors.ts";

/** One board that has to sign. */
export type BoardTally = { readonly signatures: number; readonly quorum: number; readonly missing: number };

export type Tally = {
  /** Whose signatures hold and count, in the order of the boards; nobody twice. */
  readonly signers: readonly Administrator[];
  /** The board as it is; then, where the directive changes it, the board as it would be. */
  readonly boards: readonly [BoardTally, BoardTally?];
  /** The one of them that lacks most. */
  readonly scarcest: BoardTally;
  readonly complete: boolean;
};

/** What is proven of the signatures: each is verified, one key that signs twice counts once, and each board needs its own quorum. */
export function tallyOf(federation: Federation, signed: SignedDirective): Tally {
  const signers = new Map<string, Administrator>();
  const [now, next] = boardsToSign(federation, signed.directive).map(({ board, quorum }): BoardTally => {
    const ofBoard = signersOf(signed, board, federation.id);
    for (const seat of ofBoard) signers.set(toHex(seat.signingKey), seat);
    return { signatures: ofBoard.size, quorum, missing: Math.max(0, quorum - ofBoard.size) };
  });
  if (now === undefined) throw new CausewayError("INTERNAL", "no board has to sign");
  const boards: Tally["boards"] = next === undefined ? [now] : [now, next];
  const scarcest = next !== undefined && next.missing > now.missing ? next : now;
  return { signers: [...signers.values()], boards, scarcest, complete: scarcest.missing === 0 };
}

/** Whether the administrator with this signing key's id is among those who have signed. */
export function hasSigned({ signers }: Pick<Tally, "signers">, administrator: Uint8Array): boolean {
  return signers.some(({ signingKey }) => equalBytes(keyId(signingKey), administrator));
}

/** Whether the signature of the administrator with this signing key's id would count, and is not there. */
export function maySign(federation: Federation, signed: SignedDirective, administrator: Uint8Array): boolean {
  const seated = boardsToSign(federation, signed.directive).some(({ board }) =>
    board.some(({ signingKey }) => equalBytes(keyId(signingKey), administrator)),
  );
  return seated && !hasSigned(tallyOf(federation, signed), administrator);
}

/** Throws UNPROVEN unless the signature holds and is by a seat of the board, or of the board to be in a change of the board. */
export function assertSigns(federation: Federation, signed: SignedDirective, signature: DirectiveSignature): void {
  if (tallyOf(federation, { ...signed, signatures: [signature] }).signers.length === 0) {
    throw new CausewayError("UNPROVEN", "a signature does not hold, or is by nobody on the board");
  }
}

/** What names a proposal, and what people read to each other: the hash of the directive. */
export const proposalDigest = ({ payload }: Pick<SignedDirective, "payload">): Uint8Array => directiveHash(payload);
