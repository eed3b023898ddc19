/** Between generated messages and plain values, as far as only these services need it. */
import { CausewayError } from "../../../shared/core/errors.ts";
import { ProposalState as WireState } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";
import type { ProposalState } from "../core/proposal.ts";

const STATES = {
  waiting: WireState.PROPOSAL_STATE_WAITING,
  accepted: WireState.PROPOSAL_STATE_ACCEPTED,
  overtaken: WireState.PROPOSAL_STATE_OVERTAKEN,
  expired: WireState.PROPOSAL_STATE_EXPIRED,
} as const satisfies Record<ProposalState, WireState>;

export function toWireState(state: ProposalState): WireState {
  return STATES[state];
}

/** The bytes of a signed message as it came in, proving nothing. Throws INVALID if there is none. */
export function signedBytes(message: Signed | undefined, field: string): Uint8Array {
  if (message === undefined) throw new CausewayError("INVALID", "a field is missing", { fields: [field] });
  return Signed.encode(message).finish();
}
