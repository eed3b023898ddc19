/**
 * The broker's office for administrators, in memory: keeps and passes on as a broker does, through bytes. It is the adversary's place
 * too: `tamper` lets a test hand out something else than what was handed in.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import {
  directiveHash,
  foldChain,
  foldDirective,
  foldProposal,
  boardsToSign,
  signersOf,
} from "../../shared/core/chain.ts";
import type {
  DirectiveSignature,
  Federation,
  MemberKey,
  SignedDirective,
  SignedFreshness,
} from "../../shared/core/directive.ts";
import type { ProposalState } from "../../shared/core/board.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { decodeSignedDirective, encodeSignedDirective, readMemberKey } from "../../shared/wire/directive.ts";
import type { Arrivals, BoardOffice, HealthEntry, Preparation, Proposal } from "../../agency-node/admin/office.ts";

type Kept = { signed: SignedDirective; readonly proposedAtMs: number };

export class MemoryOffice {
  readonly chain: SignedDirective[];
  readonly papers: Uint8Array[] = [];
  readonly invitations: Uint8Array[] = [];
  readonly kept: Kept[] = [];
  health: HealthEntry[] = [];
  enrolments: Arrivals["enrolments"] = [];
  memberKeys: MemberKey[] = [];
  evaluatorOffers: Uint8Array[] = [];
  freshness: SignedFreshness | undefined;
  readonly #nowMs: number;
  readonly #sealingKeyOf: (epoch: number) => Uint8Array;
  state: Federation;

  constructor(of: {
    readonly chain: readonly SignedDirective[];
    readonly nowMs: number;
    readonly sealingKeyOf: (epoch: number) => Uint8Array;
  }) {
    const [founding] = of.chain as [SignedDirective];
    this.chain = [...of.chain];
    this.#nowMs = of.nowMs;
    this.#sealingKeyOf = of.sealingKeyOf;
    this.state = foldChain(of.chain, {
      pinnedFingerprint: directiveHash(founding.payload),
      nowMs: of.nowMs,
      seenBefore: true,
    });
  }

  /** What administrators see. `tamper` replaces single answers. */
  open(tamper: Partial<BoardOffice> = {}): BoardOffice {
    const honest: BoardOffice = {
      directives: async (from) => this.chain.slice(from - 1).map(reread),
      freshness: async () => this.freshness,
      proposals: async () => this.kept.map((each) => this.#proposal(each)),
      propose: async (signed) => this.propose(reread(signed)),
      approve: async (digest, signature) => this.approve(digest, signature),
      putPaper: async (paper) => void this.papers.push(paper.slice()),
      papers: async () => this.papers.map((paper) => paper.slice()),
      prepareEpoch: async ({ epoch }) => this.preparation(epoch),
      health: async () => this.health,
      invite: async (signed) => void this.invitations.push(signed),
      arrivals: async () => ({ invitations: [], enrolments: this.enrolments }),
      signInCode: async () => ({
        code: "INVENTED",
        validUntilMs: this.#nowMs + 1000,
        consoleUrl: "https://localhost/",
      }),
      [Symbol.dispose]: () => undefined,
    };
    return { ...honest, ...tamper };
  }

  preparation(epoch: number): Preparation {
    const memberKeys = this.memberKeys
      .filter((key) => key.epoch === epoch)
      .map(({ payload, signature }) => readMemberKey({ payload, signature }));
    return { brokerSealingKey: this.#sealingKeyOf(epoch), memberKeys, evaluatorOffers: this.evaluatorOffers };
  }

  propose(signed: SignedDirective): ProposalState {
    foldProposal(this.state, signed, { nowMs: this.#nowMs });
    this.#assertSigns(signed, signed.signatures);
    const kept = { signed, proposedAtMs: this.#nowMs };
    this.kept.push(kept);
    return this.#settle(kept);
  }

  approve(digest: Uint8Array, signature: DirectiveSignature) {
    const kept = this.kept.find(({ signed }) => equalBytes(directiveHash(signed.payload), digest));
    if (kept === undefined) throw new CausewayError("NOT_FOUND", "there is no such proposal");
    if (this.#proposal(kept).state !== "waiting")
      throw new CausewayError("OUT_OF_SEQUENCE", "it does not wait any more");
    this.#assertSigns(kept.signed, [signature]);
    const { quorum } = this.state.found;
    kept.signed = { ...kept.signed, signatures: [...kept.signed.signatures, signature] };
    return { state: this.#settle(kept), signatures: kept.signed.signatures.length, quorum };
  }

  #assertSigns(signed: SignedDirective, signatures: readonly DirectiveSignature[]): void {
    const boards = boardsToSign(this.state, signed.directive);
    const holds = signatures.every((signature) =>
      boards.some(({ board }) => signersOf({ ...signed, signatures: [signature] }, board, this.state.id).size === 1),
    );
    if (!holds || signatures.length === 0) throw new CausewayError("UNPROVEN", "not a signature of the board");
  }

  #settle(kept: Kept): ProposalState {
    try {
      const context = { pinnedFingerprint: this.state.head.hash, nowMs: this.#nowMs };
      this.state = foldDirective(this.state, kept.signed, context);
      this.chain.push(kept.signed);
    } catch (error) {
      if (!(error instanceof CausewayError) || error.code !== "UNPROVEN") throw error;
    }
    return this.#proposal(kept).state;
  }

  #proposal({ signed, proposedAtMs }: Kept): Proposal {
    const { number } = signed.directive;
    const there = this.chain[number - 1];
    const accepted = there !== undefined && equalBytes(there.payload, signed.payload);
    const state = accepted ? "accepted" : there === undefined ? "waiting" : "overtaken";
    return { signed: reread(signed), state, proposedAtMs, acceptedAs: accepted ? number : 0 };
  }
}

/** As it comes out of the wire. */
function reread(signed: SignedDirective): SignedDirective {
  return decodeSignedDirective(encodeSignedDirective(signed));
}
