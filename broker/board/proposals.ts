/**
 * Proposals and approvals at the broker (protocol section 4). The broker decides nothing: it refuses what no board could make a
 * directive of, keeps the rest, and adds to the chain what a quorum has signed, which every party then proves for itself.
 *
 * Adversaries: an administrator alone, who signs twice, signs for others or changes what was signed; a stranger with a certificate. A
 * signature is over the very bytes with their nonce and expiry, so that none is good for any other proposal.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import { foldProposal } from "../../shared/core/chain.ts";
import type { DirectiveSignature, SignedDirective } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { ProposalState } from "../../shared/core/board.ts";
import { assertSigns, proposalDigest, tallyOf } from "../../shared/core/proposal.ts";
import { distinct, stateOf, weightOf } from "./core/proposal.ts";
import type { Tally } from "../../shared/core/proposal.ts";
import {
  ANSWER_BYTES_MAX,
  FINISHED_PROPOSALS_MAX,
  PROPOSAL_MS_MAX,
  WAITING_PROPOSALS_MAX,
  WAITING_PROPOSALS_OF_ONE_MAX,
} from "./limits.ts";
import type { BoardParts } from "./parts.ts";
import type { StoredProposal } from "./store/proposal-table.ts";
import { events } from "../events.ts";

export type Proposal = StoredProposal & { readonly state: ProposalState };
export type Outcome = { readonly state: ProposalState; readonly tally: Tally };

export type ProposalParts = Pick<BoardParts, "directory" | "keys" | "clock" | "log"> & {
  readonly store: Pick<BoardParts["store"], "proposals">;
};

export class Proposals {
  readonly #parts: ProposalParts;

  constructor(parts: ProposalParts) {
    this.#parts = parts;
  }

  /** Those that wait, then those that came to an end; newest first in each. */
  list(): Proposal[] {
    const all = this.#parts.store.proposals
      .list()
      .map((proposal) => ({ ...proposal, state: this.#stateOf(proposal.signed) }));
    return [...all.filter(({ state }) => state === "waiting"), ...all.filter(({ state }) => state !== "waiting")];
  }

  /**
   * Keeps a proposal with at least one signature; with a quorum of them it takes effect. The same bytes again add their signatures.
   *
   * Throws UNPROVEN for a signature that does not hold or is nobody's on the board, OUT_OF_SEQUENCE if it does not follow the last
   * directive or its time is over, INVALID, with paths, for what the board may not decide, EXHAUSTED if too many wait.
   */
  propose(received: SignedDirective): Outcome {
    const { directory, store, clock, keys } = this.#parts;
    const signed = { ...received, signatures: distinct(received.signatures) };
    const { federation } = directory;
    const nowMs = clock();
    foldProposal(federation, signed, { nowMs });
    if (signed.signatures.length === 0) throw new CausewayError("UNPROVEN", "nobody has signed the proposal");
    for (const signature of signed.signatures) assertSigns(federation, signed, signature);
    const { body } = signed.directive;
    if (body.type === "epochOpen" && !keys.holdsSealingKey(body.epoch, body.brokerSealingKey)) {
      throw new CausewayError("INVALID", "the broker has no such sealing key", { fields: ["brokerSealingKey"] });
    }
    const lifeMs = signed.directive.notAfterMs - nowMs;
    if (lifeMs > PROPOSAL_MS_MAX) {
      throw new CausewayError("INVALID", "a proposal waits for a month at most", { fields: ["notAfterMs"] });
    }
    // What the board has decided needs no room: nobody fills the desk against a quorum.
    const isNew = store.proposals.find(proposalDigest(signed)) === undefined;
    if (isNew && !tallyOf(federation, signed).complete) this.#makeRoom(signed);
    store.proposals.save(signed, nowMs);
    return this.#settle(signed);
  }

  /**
   * Adds a signature to a proposal that waits; one of a key that has signed already changes nothing. Throws NOT_FOUND, OUT_OF_SEQUENCE once the
   * proposal does not wait any more, UNPROVEN as `propose`.
   */
  approve(digest: Uint8Array, signature: DirectiveSignature): Outcome {
    const { directory, store, clock } = this.#parts;
    const proposal = store.proposals.find(digest);
    if (proposal === undefined) throw new CausewayError("NOT_FOUND", "there is no such proposal");
    const { signed, proposedAtMs } = proposal;
    // The answer may have been lost.
    if (signed.signatures.some((each) => isSame(each, signature))) return this.#settle(signed);
    if (this.#stateOf(signed) !== "waiting") {
      throw new CausewayError("OUT_OF_SEQUENCE", "the proposal does not wait for signatures any more");
    }
    foldProposal(directory.federation, signed, { nowMs: clock() });
    assertSigns(directory.federation, signed, signature);
    store.proposals.save({ ...signed, signatures: [signature] }, proposedAtMs);
    return this.#settle(signed);
  }

  /** After a crash between the last signature and the chain. */
  settleAll(): void {
    for (const { signed, state } of this.list()) if (state === "waiting") this.#settle(signed);
  }

  #settle(received: Pick<SignedDirective, "payload">): Outcome {
    const { directory, store, log } = this.#parts;
    const { signed } = store.proposals.find(proposalDigest(received)) as StoredProposal;
    const tally = tallyOf(directory.federation, signed);
    if (tally.complete && this.#stateOf(signed) === "waiting") {
      directory.append(signed);
      events.board.decided(log, { number: signed.directive.number, type: signed.directive.body.type });
    }
    return { state: this.#stateOf(signed), tally };
  }

  #stateOf(signed: SignedDirective): ProposalState {
    return stateOf(signed, this.#parts.directory.chain, this.#parts.clock());
  }

  #makeRoom(signed: SignedDirective): void {
    const { proposals } = this.#parts.store;
    const all = this.list();
    const waiting = all.filter(({ state }) => state === "waiting");
    const bytes = waiting.reduce((sum, each) => sum + weightOf(each.signed), weightOf(signed));
    const [proposer] = signed.signatures;
    const own = waiting.filter((each) => proposer !== undefined && isBy(each.signed, proposer));
    const isFull = waiting.length >= WAITING_PROPOSALS_MAX || bytes > ANSWER_BYTES_MAX;
    if (isFull || own.length >= WAITING_PROPOSALS_OF_ONE_MAX) {
      throw new CausewayError("EXHAUSTED", "too many proposals wait already");
    }
    for (const { signed: finished } of all.slice(waiting.length + FINISHED_PROPOSALS_MAX - 1))
      proposals.remove(finished);
  }
}

function isBy({ signatures: [first] }: SignedDirective, { keyId }: DirectiveSignature): boolean {
  return first !== undefined && equalBytes(first.keyId, keyId);
}

function isSame(a: DirectiveSignature, b: DirectiveSignature): boolean {
  return equalBytes(a.keyId, b.keyId) && equalBytes(a.signature, b.signature);
}
