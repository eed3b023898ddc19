/** By whom a request is, once it was proven (`shared/platform/party-calls.ts`). All throw FORBIDDEN for anybody else. */
import type { CallContext } from "nice-grpc";
import { toHex } from "../../../shared/core/bytes.ts";
import type { Federation } from "../../../shared/core/directive.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import type { MemberId } from "../../../shared/core/ids.ts";
import { keyId } from "../../../shared/crypto/sign.ts";
import { peerOf } from "../../../shared/platform/grpc.ts";
import { isInGoodStanding, signingKeyOf } from "../../../shared/platform/standing.ts";

/** The key id, hexadecimal, of an administrator who has a seat on the board now. */
export function administratorCalling(context: CallContext, federation: Federation): string {
  const peer = peerOf(context);
  if (peer.kind === "administrator" && isInGoodStanding(peer, federation)) return peer.keyId;
  throw new CausewayError("FORBIDDEN", "only administrators of the board may do this");
}

export function assertRegistrar(context: CallContext): void {
  if (peerOf(context).kind !== "registrar") throw new CausewayError("FORBIDDEN", "only the registrar may do this");
}

export function memberCalling(context: CallContext, federation: Federation): MemberId {
  const peer = peerOf(context);
  if (peer.kind === "member" && isInGoodStanding(peer, federation)) return peer.member;
  throw new CausewayError("FORBIDDEN", "only members in good standing may do this");
}

/** The name of an evaluator that the chain lists. */
export function evaluatorCalling(context: CallContext, federation: Federation): string {
  const peer = peerOf(context);
  if (peer.kind === "evaluator" && isInGoodStanding(peer, federation)) return peer.name;
  throw new CausewayError("FORBIDDEN", "only evaluators of the federation may do this");
}

/** A party with a signing key in the chain: that key, and its id in hexadecimal. */
export function partyCalling(
  context: CallContext,
  federation: Federation,
): { readonly signingKey: Uint8Array; readonly signer: string } {
  const signingKey = signingKeyOf(peerOf(context), federation);
  if (signingKey === undefined) throw new CausewayError("FORBIDDEN", "only parties that the chain lists may do this");
  return { signingKey, signer: toHex(keyId(signingKey)) };
}
