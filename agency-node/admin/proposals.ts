/**
 * Proposing and approving (protocol section 4): a proposal is a directive that lacks signatures, and an approval is a signature over
 * its very bytes, so that nobody can change a parameter between two approvals.
 *
 * The broker carries proposals and may show an administrator other bytes than the proposer signed, or an old state of the federation.
 * So what is signed is read here from the bytes, explained with every parameter, folded on the chain that was proven here, and named by
 * its digest, which people compare by telephone: its first 64 bits are typed before the key is used.
 */
import { toHex } from "../../shared/core/bytes.ts";
import { foldProposal } from "../../shared/core/chain.ts";
import type { DirectiveBody, DirectiveSignature, SignedDirective } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { assertSigns, proposalDigest } from "../../shared/core/proposal.ts";
import type { ProposalState } from "../../shared/core/board.ts";
import { checkProposal } from "./checks.ts";
import type { CheckOptions } from "./checks.ts";
import { draftDirective, signDirective } from "./board.ts";
import type { Approval, Proposal } from "./office.ts";
import { assertComplete } from "./seat.ts";
import type { Seat } from "./seat.ts";

export type Proposed = { readonly digest: Uint8Array; readonly state: ProposalState; readonly signed: SignedDirective };

export type ProposeOptions = {
  /** Sign although the chain may be cut short. */
  readonly unfresh?: boolean | undefined;
  readonly notAfterMs?: number | undefined;
};

/** Drafts the directive, checks that it would hold, signs it, and hands it in. Throws as `foldProposal` and `assertComplete`. */
export async function propose(seat: Seat, body: DirectiveBody, options: ProposeOptions = {}): Promise<Proposed> {
  assertComplete(seat, options.unfresh);
  const { federation, nowMs, signer, office } = seat;
  const draft = draftDirective({ federation: federation.id, nowMs, notAfterMs: options.notAfterMs }, federation, body);
  foldProposal(federation, draft, { nowMs });
  const signed: SignedDirective = { ...draft, signatures: [signDirective(draft, signer)] };
  return { digest: proposalDigest(signed), state: await office.propose(signed), signed };
}

/**
 * The one waiting proposal whose digest begins with these digits, proven to follow on our chain: the broker may have swapped it for one
 * that does not. Throws NOT_FOUND, CONFLICT for several, else as `foldProposal`.
 */
export async function findProposal(seat: Seat, digits: string): Promise<Proposal> {
  const wanted = digits.replaceAll(/\s/g, "").toLowerCase();
  const waiting = (await seat.office.proposals()).filter(({ state }) => state === "waiting");
  const fitting = waiting.filter(({ signed }) => toHex(proposalDigest(signed)).startsWith(wanted));
  const [proposal, another] = fitting;
  if (proposal === undefined) throw new CausewayError("NOT_FOUND", "no waiting proposal has this digest");
  if (another !== undefined) throw new CausewayError("CONFLICT", "several proposals begin like this; give more digits");
  foldProposal(seat.federation, proposal.signed, { nowMs: seat.nowMs });
  return proposal;
}

export type ApproveOptions = CheckOptions & {
  readonly unfresh?: boolean | undefined;
  /** Signatures by administrators who join with this very directive, made where their keys are. */
  readonly endorsement?: DirectiveSignature | undefined;
};

/** What approval of a proposal will have been checked, in words; throws for what must not be signed, see `checkProposal`. */
export async function examine(
  seat: Seat,
  { signed }: Proposal,
  options: ApproveOptions = {},
): Promise<readonly string[]> {
  assertComplete(seat, options.unfresh);
  foldProposal(seat.federation, signed, { nowMs: seat.nowMs });
  return await checkProposal(seat, signed.directive.body, options);
}

/** Signs, after `examine` has passed and a person has typed the digest. An endorsement is handed in instead of our own signature. */
export async function approve(seat: Seat, { signed }: Proposal, options: ApproveOptions = {}): Promise<Approval> {
  const { endorsement } = options;
  if (endorsement !== undefined) assertSigns(seat.federation, signed, endorsement);
  const signature = endorsement ?? signDirective(signed, seat.signer);
  return await seat.office.approve(proposalDigest(signed), signature);
}
