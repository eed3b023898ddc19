/**
 * The chain of directives, folded into what a party may believe about the federation (protocol sections 4 and 12).
 *
 * Every party runs this for itself over the bytes it received: broker, NATS operator and any single administrator are
 * adversaries here. A party trusts one thing it was given out of band, the fingerprint of the `found` directive; from
 * it follow the board's keys, and from m of them everything else. What the fold cannot see is a chain cut short: that
 * is what freshness statements are for.
 */
import { blake2b } from "../crypto/hash.ts";
import { keyId, verifyPayload } from "../crypto/sign.ts";
import { equalBytes, lpText } from "./bytes.ts";
import { applyBody, foundationOf } from "./decisions.ts";
import type { Administrator, Directive, Federation, Found, SignedDirective, SignedFreshness } from "./directive.ts";
import { CausewayError } from "./errors.ts";

/** Clocks may differ by this much; a directive dated further ahead is refused (protocol section 12). */
export const AHEAD_MS_MAX = 5 * 60_000;
/** A statement that claims to be fresh for longer is refused: "hours" (protocol section 4). */
export const FRESHNESS_MS_MAX = 48 * 3_600_000;
const NO_HASH = new Uint8Array(32);

export type FoldContext = {
  /** Hash of the `found` directive, as it was compared out of band. */
  readonly pinnedFingerprint: Uint8Array;
  readonly nowMs: number;
  /**
   * For directives that were accepted before (the stored chain), or that a fresh statement covers by number (a newcomer
   * catching up): their time limits were for the day they were new. Default false.
   */
  readonly seenBefore?: boolean;
};

/** What names a directive: BLAKE2b-256(lp("causeway/directive/v1") ‖ payload). */
export function directiveHash(payload: Uint8Array): Uint8Array {
  return blake2b(32, lpText("causeway/directive/v1"), payload);
}

/**
 * Adds one directive to what is known. `signed.directive` must be what `decodeSignedDirective` read from
 * `signed.payload`. `state` is not changed.
 *
 * Throws UNPROVEN without a quorum of distinct board keys, for another federation, or a `found` that is not the pinned
 * one; OUT_OF_SEQUENCE for a wrong number or predecessor, a date too far ahead, or a directive first seen after its
 * `notAfterMs`; INVALID, with paths, for a body that breaks a rule.
 */
export function foldDirective(
  state: Federation | undefined,
  signed: SignedDirective,
  context: FoldContext,
): Federation {
  const hash = directiveHash(signed.payload);
  const { directive } = signed;
  const head = { number: directive.number, hash };
  if (state === undefined) {
    // The pin comes first: without it the board below would be of the sender's choice.
    if (!equalBytes(hash, context.pinnedFingerprint)) throw unproven("first directive is not the pinned one");
    assertFirst(directive);
    const founded = foundationOf(directive, head);
    assertQuorum(signed, founded.found, directive.federation);
    assertTimely(directive, context);
    return founded;
  }
  for (const board of boardsToSign(state, directive)) assertQuorum(signed, board, state.id);
  return foldProposal(state, signed, context);
}

/**
 * What the federation would be with this directive, whoever has signed it: for those who are asked to sign, and for the broker before
 * it keeps a proposal. Throws as `foldDirective`, but for the quorum.
 */
export function foldProposal(
  state: Federation,
  { payload, directive }: Pick<SignedDirective, "payload" | "directive">,
  context: Omit<FoldContext, "pinnedFingerprint">,
): Federation {
  if (!equalBytes(directive.federation, state.id)) throw unproven("directive of another federation");
  assertFollows(directive, state);
  assertTimely(directive, context);
  const hash = directiveHash(payload);
  return { ...applyBody(state, directive.body, hash), head: { number: directive.number, hash } };
}

/** Boards of each of which a quorum must sign: a board that gives way must be willing, and the one that follows able. */
export function boardsToSign(state: Federation, { body }: Pick<Directive, "body">): Pick<Found, "board" | "quorum">[] {
  return body.type === "boardChange" ? [state.found, body] : [state.found];
}

/** Folds a whole chain, oldest first. Throws as `foldDirective`, and NOT_FOUND for an empty list. */
export function foldChain(chain: Iterable<SignedDirective>, context: FoldContext): Federation {
  let state: Federation | undefined;
  for (const signed of chain) state = foldDirective(state, signed, context);
  if (state === undefined) throw new CausewayError("NOT_FOUND", "the chain of directives is empty");
  return state;
}

/** `expired`: ask for a newer one. `behind`: directives are missing here. `superseded`: the statement is older than our head. */
export type FreshnessVerdict = "fresh" | "expired" | "behind" | "superseded";

/**
 * What a freshness statement says about the chain at hand. Throws UNPROVEN if it is not by the board's on-line key, is of
 * another federation, claims too long or too early a life, or names another directive than ours under the head's number:
 * then somebody keeps two histories.
 */
export function judgeFreshness(federation: Federation, signed: SignedFreshness, nowMs: number): FreshnessVerdict {
  const { freshness, payload, signature } = signed;
  const publicKey = federation.found.freshnessKey;
  const proven =
    equalBytes(freshness.federation, federation.id) &&
    equalBytes(signature.keyId, keyId(publicKey)) &&
    verifyPayload({ type: "freshness", federation: federation.id, payload, publicKey, signature: signature.signature });
  if (!proven) throw unproven("freshness statement is not by the board's on-line key");
  const lifeMs = freshness.validUntilMs - freshness.issuedAtMs;
  if (lifeMs <= 0 || lifeMs > FRESHNESS_MS_MAX || freshness.issuedAtMs > nowMs + AHEAD_MS_MAX) {
    throw unproven("freshness statement has an impossible life");
  }
  const { number, hash } = federation.head;
  if (freshness.number === number && !equalBytes(freshness.headHash, hash)) {
    throw unproven("freshness statement names another history");
  }
  if (nowMs >= freshness.validUntilMs) return "expired";
  if (freshness.number === number) return "fresh";
  return freshness.number > number ? "behind" : "superseded";
}

/** Which administrators have signed these bytes. Distinct board keys, not signatures: one administrator who signs twice is one. */
export function signersOf(
  signed: Pick<SignedDirective, "payload" | "signatures">,
  board: readonly Administrator[],
  federation: Uint8Array,
): ReadonlySet<Administrator> {
  const signers = new Set<Administrator>();
  for (const { keyId: signer, signature } of signed.signatures) {
    const administrator = board.find((each) => equalBytes(keyId(each.signingKey), signer));
    if (administrator === undefined || signers.has(administrator)) continue;
    const { payload } = signed;
    const publicKey = administrator.signingKey;
    if (verifyPayload({ type: "directive", federation, payload, publicKey, signature })) signers.add(administrator);
  }
  return signers;
}

function assertQuorum(
  signed: SignedDirective,
  { board, quorum }: Pick<Found, "board" | "quorum">,
  federation: Uint8Array,
): void {
  if (signersOf(signed, board, federation).size < quorum) {
    throw unproven("too few members of the board have signed the directive");
  }
}

function assertFollows(directive: Directive, state: Federation): void {
  if (directive.number !== state.head.number + 1 || !equalBytes(directive.prevHash, state.head.hash)) {
    throw new CausewayError("OUT_OF_SEQUENCE", "directive does not follow the last one");
  }
}

function assertTimely(directive: Directive, context: Omit<FoldContext, "pinnedFingerprint">): void {
  if (directive.notAfterMs <= directive.issuedAtMs) throw invalid("directive expires before it begins", ["notAfterMs"]);
  if (context.seenBefore === true) return;
  if (directive.issuedAtMs > context.nowMs + AHEAD_MS_MAX) {
    throw new CausewayError("OUT_OF_SEQUENCE", "directive is dated too far ahead", { fields: ["issuedAtMs"] });
  }
  if (context.nowMs > directive.notAfterMs) {
    throw new CausewayError("OUT_OF_SEQUENCE", "directive arrived too late", { fields: ["notAfterMs"] });
  }
}

function assertFirst(directive: Directive): void {
  if (directive.number !== 1 || !equalBytes(directive.prevHash, NO_HASH) || directive.body.type !== "found") {
    throw new CausewayError("OUT_OF_SEQUENCE", "a chain begins with number 1, found");
  }
}

function unproven(message: string): CausewayError {
  return new CausewayError("UNPROVEN", message);
}

function invalid(message: string, fields: readonly string[]): CausewayError {
  return new CausewayError("INVALID", message, { fields });
}
