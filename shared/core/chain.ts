/**
 * The chain of directives, folded into what a party may believe about the federation (protocol sections 4 and 12).
 *
 * Every party runs this for itself over the bytes it received: broker, NATS operator and any single administrator are
 * adversaries here. A party trusts one thing it was given out of band, the fingerprint of the `found` directive; from
 * it follow the board's keys, and from m of them everything else. What the fold cannot see is a chain cut short: that
 * is what freshness statements are for.
 */
import { assertSealingKey } from "../crypto/seal.ts";
import { blake2b } from "../crypto/hash.ts";
import { isElement } from "../crypto/ristretto.ts";
import { keyId, verifyPayload } from "../crypto/sign.ts";
import { equalBytes, lpText, toHex } from "./bytes.ts";
import type {
  Administrator,
  Admit,
  Directive,
  DirectiveBody,
  DomainSalt,
  EpochOpen,
  Federation,
  Found,
  SignedDirective,
  SignedFreshness,
} from "./directive.ts";
import { CausewayError } from "./errors.ts";
import type { MemberId } from "./ids.ts";

/** Clocks may differ by this much; a directive dated further ahead is refused (protocol section 12). */
export const AHEAD_MS_MAX = 5 * 60_000;
/** A statement that claims to be fresh for longer is refused: "hours" (protocol section 4). */
export const FRESHNESS_MS_MAX = 48 * 3_600_000;
/** With a quorum of one a single administrator could choose salts and admit members. */
const QUORUM_MIN = 2;

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
  if (state === undefined) {
    // The pin comes first: without it the board below would be of the sender's choice.
    if (!equalBytes(hash, context.pinnedFingerprint)) throw unproven("first directive is not the pinned one");
    const found = foundOf(directive);
    assertFound(found);
    assertQuorum(signed, found, directive.federation);
    assertTimely(directive, context);
    const head = { number: directive.number, hash };
    return { id: directive.federation, found, members: new Map(), epochs: new Map(), head };
  }
  if (!equalBytes(directive.federation, state.id)) throw unproven("directive of another federation");
  assertQuorum(signed, state.found, state.id);
  assertFollows(directive, state);
  assertTimely(directive, context);
  return { ...applyBody(state, directive.body), head: { number: directive.number, hash } };
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

/** Counts distinct board keys, not signatures: one administrator who signs twice is one. */
function assertQuorum(signed: SignedDirective, found: Found, federation: Uint8Array): void {
  const signers = new Set<Administrator>();
  for (const { keyId: signer, signature } of signed.signatures) {
    const administrator = found.board.find((each) => equalBytes(keyId(each.signingKey), signer));
    if (administrator === undefined || signers.has(administrator)) continue;
    const { payload } = signed;
    const publicKey = administrator.signingKey;
    if (verifyPayload({ type: "directive", federation, payload, publicKey, signature })) signers.add(administrator);
  }
  if (signers.size < found.quorum) throw unproven("too few members of the board have signed the directive");
}

function assertFollows(directive: Directive, state: Federation): void {
  if (directive.number !== state.head.number + 1 || !equalBytes(directive.prevHash, state.head.hash)) {
    throw new CausewayError("OUT_OF_SEQUENCE", "directive does not follow the last one");
  }
}

function assertTimely(directive: Directive, context: FoldContext): void {
  if (directive.notAfterMs <= directive.issuedAtMs) throw invalid("directive expires before it begins", ["notAfterMs"]);
  if (context.seenBefore === true) return;
  if (directive.issuedAtMs > context.nowMs + AHEAD_MS_MAX) {
    throw new CausewayError("OUT_OF_SEQUENCE", "directive is dated too far ahead", { fields: ["issuedAtMs"] });
  }
  if (context.nowMs > directive.notAfterMs) {
    throw new CausewayError("OUT_OF_SEQUENCE", "directive arrived too late", { fields: ["notAfterMs"] });
  }
}

function foundOf(directive: Directive): Found {
  if (directive.number !== 1 || !equalBytes(directive.prevHash, NO_HASH) || directive.body.type !== "found") {
    throw new CausewayError("OUT_OF_SEQUENCE", "a chain begins with number 1, found");
  }
  const { type: _, ...found } = directive.body;
  return found;
}

function applyBody(state: Federation, body: DirectiveBody): Federation {
  switch (body.type) {
    case "found":
      throw new CausewayError("OUT_OF_SEQUENCE", "a federation is founded once");
    case "admit":
      return applyAdmit(state, body);
    case "epochOpen":
      return applyEpochOpen(state, body);
    case "epochActivate":
      return applyEpochActivate(state, body.epoch);
  }
}

function assertFound(found: Found): void {
  const { board, quorum, evaluators, broker } = found;
  const fields: string[] = [];
  if (quorum < QUORUM_MIN || 2 * quorum <= board.length || quorum > board.length) fields.push("quorum");
  if (hasRepeats(board.map((each) => each.name))) fields.push("board");
  if (hasRepeats(evaluators.map((each) => each.name))) fields.push("evaluators");
  if (hasRepeats(evaluators.map((each) => toHex(each.sharePublicKey)))) fields.push("evaluators");
  board.forEach((each, i) => {
    if (!isSealingKey(each.sealingKey)) fields.push(`board[${i}].sealingKey`);
  });
  evaluators.forEach((each, i) => {
    if (!isElement(each.sharePublicKey)) fields.push(`evaluators[${i}].sharePublicKey`);
  });
  // The evaluator that the broker hosts signs with the broker's key; all other keys belong to one party and one use.
  const evaluatorKeys = evaluators.map((each) => each.signingKey).filter((key) => !equalBytes(key, broker.signingKey));
  const keys = [...board.flatMap((each) => [each.signingKey, each.sealingKey]), ...evaluatorKeys];
  if (hasRepeats([...keys, broker.signingKey, found.freshnessKey].map(toHex))) fields.push("signingKey");
  if (fields.length > 0) throw invalid("found breaks a rule", fields);
}

function applyAdmit(state: Federation, body: { readonly type: "admit" } & Admit): Federation {
  const { type: _, ...admit } = body;
  const fields: string[] = [];
  const used = keysInUse(state);
  if (state.members.has(admit.member)) fields.push("member");
  if ([...state.members.values()].some((member) => member.slug === admit.slug)) fields.push("slug");
  if (admit.domains.length === 0 || hasRepeats(admit.domains)) fields.push("domains");
  if (used.has(toHex(admit.signingKey))) fields.push("signingKey");
  if (used.has(toHex(admit.sealingKey)) || !isSealingKey(admit.sealingKey)) fields.push("sealingKey");
  if (equalBytes(admit.signingKey, admit.sealingKey)) fields.push("sealingKey");
  if (fields.length > 0) throw invalid("admit breaks a rule", fields);
  return { ...state, members: new Map(state.members).set(admit.member, admit) };
}

function applyEpochOpen(state: Federation, body: { readonly type: "epochOpen" } & EpochOpen): Federation {
  const { type: _, ...open } = body;
  const fields: string[] = [];
  // Higher than all before, so that no number, aborted ones included, is ever used again.
  if ([...state.epochs.keys()].some((epoch) => epoch >= open.epoch)) fields.push("epoch");
  if (open.generation !== state.found.generation) fields.push("generation");
  if (open.retiresAtMs <= open.opensAtMs) fields.push("retiresAtMs");
  const used = keysInUse(state).has(toHex(open.brokerSealingKey));
  if (used || !isSealingKey(open.brokerSealingKey)) fields.push("brokerSealingKey");
  const salted = open.salts.map((salt) => salt.domain);
  const needed = [...state.members.values()].flatMap((member) => member.domains);
  if (hasRepeats(salted) || needed.some((domain) => !salted.includes(domain))) fields.push("salts");
  open.salts.forEach((salt, i) => fields.push(...saltFaults(state, salt).map((place) => `salts[${i}].${place}`)));
  if (fields.length > 0) throw invalid("epoch-open breaks a rule", fields);
  return { ...state, epochs: new Map(state.epochs).set(open.epoch, { ...open, state: "staging" }) };
}

/** Every entitled member has one box and nobody else any; a quorum contributed; every administrator holds a share. */
function saltFaults(state: Federation, salt: DomainSalt): string[] {
  const board = state.found.board.map((each) => toHex(keyId(each.signingKey)));
  const contributors = salt.contributions.map((each) => toHex(each.administratorKeyId));
  const holders = salt.shares.map((each) => toHex(each.administratorKeyId));
  const entitled = [...state.members.values()].filter((member) => member.domains.includes(salt.domain));
  const boxed: MemberId[] = salt.boxes.map((box) => box.member);
  const faults: string[] = [];
  const strangers = contributors.some((id) => !board.includes(id));
  if (strangers || hasRepeats(contributors) || contributors.length < state.found.quorum) faults.push("contributions");
  if (!sameSet(holders, board)) faults.push("shares");
  const members = entitled.map((member) => member.member);
  if (!sameSet(boxed, members)) faults.push("boxes");
  return faults;
}

function applyEpochActivate(state: Federation, number: number): Federation {
  const epoch = state.epochs.get(number);
  if (epoch?.state !== "staging") throw invalid("only an epoch in staging can be activated", ["epoch"]);
  return { ...state, epochs: new Map(state.epochs).set(number, { ...epoch, state: "active" }) };
}

/** Every public key that some directive has given to somebody, in hexadecimal. */
function keysInUse(state: Federation): Set<string> {
  const { board, broker, evaluators, freshnessKey } = state.found;
  const keys = [broker.signingKey, freshnessKey, ...evaluators.map((each) => each.signingKey)];
  for (const party of [...board, ...state.members.values()]) keys.push(party.signingKey, party.sealingKey);
  for (const epoch of state.epochs.values()) keys.push(epoch.brokerSealingKey);
  return new Set(keys.map(toHex));
}

function isSealingKey(publicKey: Uint8Array): boolean {
  try {
    assertSealingKey(publicKey);
    return true;
  } catch {
    return false;
  }
}

function hasRepeats(values: readonly string[]): boolean {
  return new Set(values).size !== values.length;
}

/** Whether both lists hold the same values, each once. */
function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const others = new Set(b);
  return a.length === b.length && !hasRepeats(a) && a.every((value) => others.has(value));
}

function unproven(message: string): CausewayError {
  return new CausewayError("UNPROVEN", message);
}

function invalid(message: string, fields: readonly string[]): CausewayError {
  return new CausewayError("INVALID", message, { fields });
}
