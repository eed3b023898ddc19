/**
 * The wire's enumerations and the domain's words, name by name. The order of a list means nothing here: a word that is added, or moved in
 * its list, cannot change what another one is on the wire. Both sides are complete, or this file does not compile.
 */
import { z } from "zod";
import type { ProposalState } from "../core/board.ts";
import type { CloseReason, Handling, RejectionReason } from "../core/data-plane.ts";
import type { RetireCause } from "../core/directive.ts";
import type { Domain } from "../core/domain.ts";
import type { RefusalReason } from "../core/evaluation.ts";
import * as board from "./gen/causeway/v1/board.ts";
import * as dataPlane from "./gen/causeway/v1/data_plane.ts";
import * as evaluation from "./gen/causeway/v1/evaluation.ts";
import * as federation from "./gen/causeway/v1/federation.ts";

/** Names on the wire that mean something: neither "not said" nor ts-proto's own for numbers that it does not know. */
type NameOf<Wire> = Exclude<keyof Wire & string, `${string}_UNSPECIFIED` | "UNRECOGNIZED">;

export type Enumeration<Word extends string, Value extends number> = {
  /** The word, from its number on the wire; anything else is refused. */
  readonly word: z.ZodType<Word>;
  readonly toWire: (word: Word) => Value;
  readonly numbers: Readonly<Record<Word, Value>>;
};

/** All words with their names; `Complete`: all names of the wire are among them. */
type Names<Word extends string, Wire> = Readonly<Record<Word, NameOf<Wire>>>;
type Complete<Wire, All> = [NameOf<Wire>] extends [All[keyof All]] ? unknown : never;

function enumeration<Wire extends Readonly<Record<string, number>>, All extends Names<string, Wire>>(
  wire: Wire,
  names: All & Complete<Wire, All>,
): Enumeration<keyof All & string, Wire[NameOf<Wire>]> {
  type Word = keyof All & string;
  type Value = Wire[NameOf<Wire>];
  const pairs = Object.entries<string>(names).map(([word, name]) => [word as Word, wire[name] as Value] as const);
  const words = new Map<number, Word>(pairs.map(([word, number]) => [number as number, word]));
  const numbers = Object.fromEntries(pairs) as Record<Word, Value>;
  const word = z.number().transform((number, context): Word => {
    const found = words.get(number);
    if (found !== undefined) return found;
    context.addIssue({ code: "custom" });
    return z.NEVER;
  });
  return { word, numbers, toWire: (word) => numbers[word] };
}

export const DOMAIN = enumeration(federation.Domain, {
  target: "DOMAIN_TARGET",
  protected: "DOMAIN_PROTECTED",
  nexus: "DOMAIN_NEXUS",
} satisfies Names<Domain, typeof federation.Domain>);

export const RETIRE_CAUSE = enumeration(federation.RetireCause, {
  rotated: "RETIRE_CAUSE_ROTATED",
  leaked: "RETIRE_CAUSE_LEAKED",
} satisfies Names<RetireCause, typeof federation.RetireCause>);

export const HANDLING = enumeration(dataPlane.Handling, {
  open: "HANDLING_OPEN",
  brokered: "HANDLING_BROKERED",
  silent: "HANDLING_SILENT",
} satisfies Names<Handling, typeof dataPlane.Handling>);

export const REJECTION_REASON = enumeration(dataPlane.RejectionReason, {
  malformed: "REJECTION_REASON_MALFORMED",
  domain: "REJECTION_REASON_DOMAIN",
  conversationKey: "REJECTION_REASON_CONVERSATION_KEY",
  tokenCount: "REJECTION_REASON_TOKEN_COUNT",
  reviewDay: "REJECTION_REASON_REVIEW_DAY",
  revalidationNeeded: "REJECTION_REASON_REVALIDATION_NEEDED",
  unknownHandle: "REJECTION_REASON_UNKNOWN_HANDLE",
  budget: "REJECTION_REASON_BUDGET",
  handling: "REJECTION_REASON_HANDLING",
  epoch: "REJECTION_REASON_EPOCH",
  kind: "REJECTION_REASON_KIND",
  binder: "REJECTION_REASON_BINDER",
} satisfies Names<RejectionReason, typeof dataPlane.RejectionReason>);

export const CLOSE_REASON = enumeration(dataPlane.CloseReason, {
  withdrawn: "CLOSE_REASON_WITHDRAWN",
  expired: "CLOSE_REASON_EXPIRED",
  amended: "CLOSE_REASON_AMENDED",
} satisfies Names<CloseReason, typeof dataPlane.CloseReason>);

export const REFUSAL_REASON = enumeration(evaluation.RefusalReason, {
  malformed: "REFUSAL_REASON_MALFORMED",
  badElement: "REFUSAL_REASON_BAD_ELEMENT",
  generation: "REFUSAL_REASON_GENERATION",
  budget: "REFUSAL_REASON_BUDGET",
  conflict: "REFUSAL_REASON_CONFLICT",
  unknownBatch: "REFUSAL_REASON_UNKNOWN_BATCH",
} satisfies Names<RefusalReason, typeof evaluation.RefusalReason>);

export const PROPOSAL_STATE = enumeration(board.ProposalState, {
  waiting: "PROPOSAL_STATE_WAITING",
  accepted: "PROPOSAL_STATE_ACCEPTED",
  overtaken: "PROPOSAL_STATE_OVERTAKEN",
  expired: "PROPOSAL_STATE_EXPIRED",
} satisfies Names<ProposalState, typeof board.ProposalState>);
