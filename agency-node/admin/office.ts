/**
 * What the administrators' tool asks of the broker, as a port. The broker keeps and passes on; it is believed in nothing: the caller
 * proves chain, papers, offers and statements from the federation's fingerprint on. Whatever is handed out here has the right form.
 *
 * Every method throws UNAVAILABLE while the broker cannot be reached (trying again may help) and UNAUTHENTICATED or FORBIDDEN where
 * it does not take the caller for an administrator of today's board.
 */
import type { DirectiveSignature, MemberKey, SignedDirective, SignedFreshness } from "../../shared/core/directive.ts";
import type { ProposalState } from "../../shared/core/board.ts";
import type { MemberId } from "../../shared/core/ids.ts";

export type Proposal = {
  readonly signed: SignedDirective;
  readonly state: ProposalState;
  readonly proposedAtMs: number;
  /** The number of the directive that it became; 0 if it did not. */
  readonly acceptedAs: number;
};

/** What the next epoch needs from the others. Offers are as their makers signed them, not yet proven. */
export type Preparation = {
  readonly brokerSealingKey: Uint8Array;
  readonly memberKeys: readonly MemberKey[];
  /** `Signed` bytes of type "evaluator-offer". */
  readonly evaluatorOffers: readonly Uint8Array[];
};

export type HealthEntry = {
  readonly member: MemberId;
  /** `Signed` bytes of a submission with a health, not yet proven; undefined before the first. */
  readonly statement: Uint8Array | undefined;
  readonly receivedAtMs: number;
  readonly lastAppliedMs: number;
  readonly held: readonly { readonly epoch: number; readonly records: number; readonly tokens: number }[];
  /** NATS refuses to make its streams, or to make them as large as they should be; by the broker. */
  readonly streamsRefused: boolean;
};

export type Arrivals = {
  readonly invitations: readonly { readonly note: string; readonly validUntilMs: number }[];
  /** enrolment.json as it was handed in, not yet proven. */
  readonly enrolments: readonly { readonly text: string; readonly note: string; readonly receivedAtMs: number }[];
};

export type SignInCode = { readonly code: string; readonly validUntilMs: number; readonly consoleUrl: string };

export type BoardOffice = Disposable & {
  /** The chain from this number on, in order. */
  directives(fromNumber: number): Promise<readonly SignedDirective[]>;
  /** The last statement; undefined if there is none. */
  freshness(): Promise<SignedFreshness | undefined>;
  proposals(): Promise<readonly Proposal[]>;
  /** Hands in a directive with the proposer's signature. Throws CONFLICT or OUT_OF_SEQUENCE if it does not follow the last one. */
  propose(signed: SignedDirective): Promise<ProposalState>;
  /** One more signature over the very bytes. Throws NOT_FOUND, or OUT_OF_SEQUENCE once it does not wait any more. */
  approve(digest: Uint8Array, signature: DirectiveSignature): Promise<Approval>;
  /** Leaves `Signed` bytes of type "board-paper" for the other administrators. */
  putPaper(signed: Uint8Array): Promise<void>;
  /** All papers of a topic, or all there are. */
  papers(topic?: string): Promise<readonly Uint8Array[]>;
  /** Tells members (and with a new generation, not 0, the evaluators) to make keys, and hands out what there is. */
  prepareEpoch(of: { readonly epoch: number; readonly generation: number }): Promise<Preparation>;
  health(): Promise<readonly HealthEntry[]>;
  /** Leaves `Signed` bytes of type "invitation". */
  invite(signed: Uint8Array): Promise<void>;
  arrivals(): Promise<Arrivals>;
  /** For this administrator, or for the auditor of that name. */
  signInCode(auditor?: string): Promise<SignInCode>;
};

export type Approval = { readonly state: ProposalState; readonly signatures: number; readonly quorum: number };
