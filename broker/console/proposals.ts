/** A proposal as pages show it: who has signed, who still has to, and where it is. */
import { fromHex, toHex } from "../../shared/core/bytes.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { maySign, proposalDigest } from "../../shared/core/proposal.ts";
import type { Proposal } from "./console-data.ts";

/** Key ids in hexadecimal, in the order of the signatures: the first has proposed it. */
export function signerIds({ signed }: Pick<Proposal, "signed">): string[] {
  return [...new Set(signed.signatures.map(({ keyId }) => toHex(keyId)))];
}

/** Whether this administrator could still approve it. `keyId`: in hexadecimal. */
export function mayApprove({ signed, state }: Proposal, federation: Federation, keyId: string): boolean {
  return state === "waiting" && maySign(federation, signed, fromHex(keyId));
}

/** In hexadecimal: what approvals are bound to. */
export function digestOf({ signed }: Pick<Proposal, "signed">): string {
  return toHex(proposalDigest(signed));
}

export function proposalPath(proposal: Pick<Proposal, "signed">): string {
  return `/proposals/${digestOf(proposal)}`;
}
