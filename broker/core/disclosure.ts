/**
 * What the sides of a match learn about each other (protocol section 7, "proof of knowledge before anything beyond L0").
 *
 * Parties: two nodes, and the broker between them. Tags of the tokens that met prove to each node that the other record's owner holds the
 * same identifiers; the broker cannot tell a tag from random bytes. Each node signs a *statement* of which tags held, for both binders;
 * when both are in, the broker hands each side what the other's handling allows. It checks what it passes on, so that a statement that the
 * other side could not verify never counts as made.
 * Stays secret: the confirmation keys, and until disclosure whose record it is. Known weakness: a side can deny a true proof, which locks the
 * match at L0; oversight sees who says so of whom. A side that amends its record faster than the other states puts the disclosure off for as
 * long as it goes on, in sight of both.
 */
import { fromHex } from "../../shared/core/bytes.ts";
import { OPENING_CLASSES } from "../../shared/core/data-plane.ts";
import type { Disclosure, MeetingStatement, Side, TokenClass } from "../../shared/core/data-plane.ts";
import type { Admit } from "../../shared/core/directive.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Incarnation, MatchId } from "../../shared/core/ids.ts";
import { verifyPayload } from "../../shared/crypto/sign.ts";
import { agreedHash, binderOf, meetingPayload, ownerOf } from "../../shared/crypto/token.ts";
import { MANDATE_BEARERS_MIN } from "./limits.ts";
import type { Encounter, MetToken, Party, RecordTerms } from "./match.ts";

/** `failed` locks the ladder for good. */
export type Outcome = "pending" | "proven" | "failed";

/** The meeting that the sides of a match were last told of. */
export type Question = Pick<Encounter, "epoch" | "met" | "terms"> & {
  readonly amendment: number;
  /** Of the versions of the two records that met. */
  readonly incarnations: readonly [Incarnation, Incarnation];
};

/** One side's answer, as it was verified. */
export type Statement = { readonly validHash: Uint8Array; readonly signature: Uint8Array };

export type AskedSide = {
  /** When a statement became due that has not been made since. */
  readonly askedAtMs: number;
  readonly isOverdue: boolean;
  readonly statement?: Statement;
};

/** A proof that both sides still have to make, or one of them. */
export type PendingProof = Question & { readonly sides: readonly [AskedSide, AskedSide] };

/**
 * Both sides are asked about this meeting. Whoever has answered the one before gets its time anew, and so does the other side of whoever has
 * changed its record (`by`): or one could make the other late by amending faster than it can answer. Whoever has done so itself goes on
 * owing, or it could put its answer off; and what is overdue stays so.
 */
export function ask(
  before: PendingProof | undefined,
  question: Question,
  { by, nowMs }: { readonly by: Side | undefined; readonly nowMs: number },
): PendingProof {
  const again = (side: Side): AskedSide => {
    const asked = before?.sides[side];
    const isNew = asked === undefined || asked.statement !== undefined;
    if (isNew) return { askedAtMs: nowMs, isOverdue: false };
    return by === undefined || by === side ? asked : { ...asked, askedAtMs: nowMs };
  };
  return { ...question, sides: [again(0), again(1)] };
}

/**
 * Whether a side owes a statement on a version of its record that its node may not know any more: it has started anew since, as after a
 * restore. It must be told of the version that it has published now, which `question` is about.
 */
export function isForgotten(proof: PendingProof, { epoch, incarnations }: Question): boolean {
  return proof.sides.some(({ statement }, side) => {
    return statement === undefined && proof.epoch === epoch && proof.incarnations[side] !== incarnations[side];
  });
}

/** `outdated`: of another meeting than the last; `repeated`: made before, the first one counts; `wrong`: an honest node does not make it. */
export type StatementRefusal = "outdated" | "repeated" | "wrong";

export type StatementVerdict =
  | { readonly kind: "ignored"; readonly refusal: StatementRefusal }
  /** The other side's is awaited. */
  | { readonly kind: "stated"; readonly proof: PendingProof }
  | { readonly kind: "proven"; readonly proof: PendingProof }
  /** No tag held that could have opened the meeting. */
  | { readonly kind: "failed" };

export type StatementContext = {
  readonly federation: Uint8Array;
  readonly parties: readonly [Party, Party];
  /** The side that states, and every key that the chain ever gave to its member: what was signed stays true when a key is replaced. */
  readonly side: Side;
  readonly signingKeys: readonly Uint8Array[];
};

export function decideStatement(
  proof: PendingProof,
  statement: MeetingStatement,
  context: StatementContext,
): StatementVerdict {
  const { side } = context;
  if (statement.amendment !== proof.amendment) return ignored("outdated");
  if (proof.sides[side].statement !== undefined) return ignored("repeated");
  const valid = validTokens(proof.met, side, statement);
  const holds = valid.some(({ tokenClass }) => (OPENING_CLASSES as readonly TokenClass[]).includes(tokenClass));
  if (statement.signature === undefined) return holds ? ignored("wrong") : { kind: "failed" };
  if (!holds) return ignored("wrong");
  const made: Statement = { validHash: agreedHash(valid), signature: statement.signature };
  if (!isSigned(proof, statement.matchId, made, context)) return ignored("wrong");
  return withStatement(proof, side, made);
}

function ignored(refusal: StatementRefusal): StatementVerdict {
  return { kind: "ignored", refusal };
}

/** What met, less what the side says did not hold. */
function validTokens(met: PendingProof["met"], side: Side, { failed }: MeetingStatement): MetToken[] {
  return met.filter(({ tokenClass, positions }) => !failed[tokenClass].includes(positions[side]));
}

function isSigned(
  { terms }: Question,
  matchId: MatchId,
  { validHash, signature }: Statement,
  { federation, parties, side, signingKeys }: StatementContext,
): boolean {
  const binders = [binderIn(parties[0], terms[0]), binderIn(parties[1], terms[1])] as const;
  const [ownBinder, otherBinder] = side === 0 ? binders : [binders[1], binders[0]];
  const payload = meetingPayload({ matchId: fromHex(matchId), ownBinder, otherBinder, validHash });
  const signed = { type: "meeting", federation, payload, signature };
  return signingKeys.some((publicKey) => verifyPayload({ ...signed, publicKey }));
}

function withStatement(proof: PendingProof, side: Side, statement: Statement): StatementVerdict {
  const own: AskedSide = { ...proof.sides[side], isOverdue: false, statement };
  const sides: PendingProof["sides"] = side === 0 ? [own, proof.sides[1]] : [proof.sides[0], own];
  const isComplete = sides.every((each) => each.statement !== undefined);
  return { kind: isComplete ? "proven" : "stated", proof: { ...proof, sides } };
}

/** 32 bytes: who owns a record, to whoever is told `blind`. */
function ownerIn({ member, handle }: Party, { blind }: Pick<RecordTerms, "blind">): Uint8Array {
  return ownerOf({ member, handle, blind });
}

/** 32 bytes: what the record's tags are made for. */
export function binderIn(party: Party, terms: Pick<RecordTerms, "blind" | "conversationKey">): Uint8Array {
  return binderOf(terms.conversationKey, ownerIn(party, terms));
}

/**
 * What a proven counterpart learns of a side, by the handling of the side's own record. Undefined: nothing, not even that much, as in every
 * domain but `target`, where the holder's protection officer decides first.
 */
export function disclosureOf(of: {
  readonly domain: Domain;
  readonly party: Party;
  readonly terms: RecordTerms;
  readonly statement: Statement;
  readonly admit: Pick<Admit, "mandate">;
  /** Members in good standing that bear the mandate. */
  readonly mandateBearers: number;
}): Disclosure | undefined {
  const { party, terms, statement } = of;
  const { conversationKey, blind, handling } = terms;
  if (of.domain !== "target" || handling === "silent") return undefined;
  if (handling === "open") return { handling, ...party, blind, conversationKey, ...statement };
  const owner = ownerIn(party, terms);
  if (of.mandateBearers < MANDATE_BEARERS_MIN) return { handling, conversationKey, owner };
  return { handling, conversationKey, owner, mandate: of.admit.mandate };
}
