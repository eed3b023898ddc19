/**
 * The life of one match at one side: grade, proof of knowledge, contact, end (protocol sections 6 and 7).
 *
 * The broker says which of our own tokens met somebody's; it cannot say truthfully that the other side knows what stands behind
 * them, because a token can be stolen or invented. So each side sends a nonce, then a MAC over both nonces keyed with the
 * confirmation keys of the tokens that met, which neither broker nor thief has, and only after both verdicts is anything beyond
 * "an overlap exists" disclosed. A counterpart that the broker names without such a proof is not believed.
 *
 * The broker ignores every step while a match is closed, so a match that opens again repeats the steps made so far: nonces and MACs
 * are a function of the match, and whatever it has already it ignores.
 */
import { equalBytes, fromHex } from "../../shared/core/bytes.ts";
import type {
  CloseReason,
  Counterpart,
  Meeting,
  NoticeEvent,
  Side,
  SubmissionBody,
} from "../../shared/core/data-plane.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Handle, MatchId } from "../../shared/core/ids.ts";
import { constantTimeEqual } from "../../shared/crypto/hash.ts";
import { confirmationMac } from "../../shared/crypto/token.ts";
import type { Grading } from "./grade.ts";

/**
 * `dropped`: below `possible` from the start, shown to nobody, the other side drops it too. `open`: waits for the proof. `proven`:
 * the counterpart is known. `unproven`: a side failed the proof; the ladder is locked. `closed`: ended, see `closeReason`.
 */
export type MatchStatus = "dropped" | "open" | "proven" | "unproven" | "closed";

export type MatchState = {
  readonly matchId: MatchId;
  readonly handle: Handle;
  readonly side: Side;
  readonly domain: Domain;
  readonly status: MatchStatus;
  readonly grading: Grading;
  readonly amendment: number;
  readonly openedAtMs: number;
  readonly updatedAtMs: number;
  readonly proof?: Proof;
  /** A side has failed the proof: nothing that comes later lifts that. */
  readonly proofFailed?: true;
  readonly counterpart?: Counterpart;
  readonly closeReason?: CloseReason;
};

type Proof = {
  /** Whose tokens are proven: what both sides were last told before the nonces, which reach both in one event. */
  readonly meeting: Meeting;
  readonly ownNonce: Uint8Array;
  readonly theirNonce?: Uint8Array;
  /** Whether the other side's MAC was right. */
  readonly verdict?: boolean;
};

/** What a step needs to know and cannot know by itself. */
export type MatchContext = {
  readonly nowMs: number;
  /** 32 secret bytes, always the same for a match: a restored node goes on with the proof that it had begun. */
  nonce(matchId: MatchId): Uint8Array;
  domain(handle: Handle, meeting: Meeting): Domain;
  /** `told`: what the match was graded before, for a meeting that cannot be read any more. */
  grade(handle: Handle, meeting: Meeting, told?: Grading): Grading;
  /** In which the meeting's version of the record was published; undefined if that version is not known. */
  epoch(handle: Handle, meeting: Meeting): number | undefined;
  /** Over the confirmation keys of all tokens of the meeting; undefined if that version of the record is not known. */
  confirmKey(handle: Handle, meeting: Meeting): Uint8Array | undefined;
};

export type MatchStep = { readonly state: MatchState; readonly send: readonly SubmissionBody[] };

/** One notice about one match. `undefined` when it is about a match that was never opened here. */
export function evolveMatch(
  state: MatchState | undefined,
  event: NoticeEvent,
  context: MatchContext,
): MatchStep | undefined {
  if (event.type === "matchOpened") return state === undefined ? open(event, context) : only(state);
  if (state === undefined) return undefined;
  const updated = { ...state, updatedAtMs: context.nowMs };
  switch (event.type) {
    case "matchAmended":
      return amend({ ...updated, amendment: event.amendment }, event.meeting, context);
    case "matchClosed":
      return only(close({ ...updated, amendment: event.amendment }, event.reason));
    case "counterpartNonce":
      return answerNonce(updated, event.nonce, context);
    case "counterpartMac":
      return judge(updated, event.mac, context);
    case "counterpartContact":
      return only(learnCounterpart(updated, event.counterpart));
    case "proofFailed":
      return only({ ...updated, proofFailed: true, status: updated.status === "open" ? "unproven" : updated.status });
  }
}

/** Whether more is to come before an officer can do something. Nobody is named in `protected`: there the verdict is the end. */
export function isProving({ status, domain, proof }: MatchState): boolean {
  return status === "open" && !(domain === "protected" && proof?.verdict !== undefined);
}

function open(event: Extract<NoticeEvent, { type: "matchOpened" }>, context: MatchContext): MatchStep {
  const { matchId, handle, side, meeting } = event;
  const grading = context.grade(handle, meeting);
  const state: MatchState = {
    matchId,
    handle,
    side,
    domain: context.domain(handle, meeting),
    status: "dropped",
    grading,
    amendment: 0,
    openedAtMs: context.nowMs,
    updatedAtMs: context.nowMs,
  };
  return grading.grade === "none" ? only(state) : startProof(state, meeting, context);
}

/**
 * An amendment re-grades: it can lift a dropped match and open a closed one again. What an officer has seen never vanishes: below
 * `possible` it is closed.
 */
function amend(state: MatchState, meeting: Meeting, context: MatchContext): MatchStep {
  const grading = context.grade(state.handle, meeting, state.grading);
  if (grading.grade === "none")
    return only(state.status === "dropped" ? { ...state, grading } : close(state, "amended"));
  const { closeReason: _, ...rest } = state;
  const regraded: MatchState = { ...rest, grading };
  if (state.proofFailed === true) return only({ ...regraded, status: "unproven" });
  if (state.counterpart !== undefined) return only({ ...regraded, status: "proven" });
  if (state.proof === undefined) return startProof(regraded, meeting, context);
  const { theirNonce, ...begun } = state.proof;
  const moved = isInAnotherEpoch(state, meeting, context);
  const proof = theirNonce === undefined || moved ? { ...begun, meeting } : state.proof;
  const opened: MatchState = { ...regraded, proof, status: "open" };
  return state.status === "closed" || moved ? { state: opened, send: stepsSoFar(opened, context) } : only(opened);
}

/**
 * The salt of the meeting that the proof was begun over goes with its epoch. The broker then forgets the steps, and both sides begin again;
 * what was found proven stays so.
 */
function isInAnotherEpoch({ handle, proof }: MatchState, meeting: Meeting, context: MatchContext): boolean {
  const epoch = context.epoch(handle, meeting);
  return proof !== undefined && epoch !== undefined && epoch !== context.epoch(handle, proof.meeting);
}

function close(state: MatchState, closeReason: CloseReason): MatchState {
  return { ...state, status: "closed", closeReason };
}

function startProof(state: MatchState, meeting: Meeting, context: MatchContext): MatchStep {
  const started: MatchState = {
    ...state,
    status: state.proofFailed === true ? "unproven" : "open",
    proof: { meeting, ownNonce: context.nonce(state.matchId) },
  };
  return { state: started, send: stepsSoFar(started, context) };
}

function stepsSoFar(state: MatchState, context: MatchContext): SubmissionBody[] {
  const { matchId, proof } = state;
  if (proof === undefined) return [];
  const mac = macOf(state, state.side, context);
  return [
    { kind: "proofNonce", matchId, nonce: proof.ownNonce },
    ...(mac === undefined ? [] : [{ kind: "proofMac", matchId, mac } as const]),
    ...(proof.verdict === undefined ? [] : [{ kind: "proofVerdict", matchId, proven: proof.verdict } as const]),
  ];
}

/** One run per match: a broker that sends another nonce gets no second MAC. */
function answerNonce(state: MatchState, theirNonce: Uint8Array, context: MatchContext): MatchStep {
  const { proof, matchId } = state;
  if (proof === undefined) return only(state);
  if (proof.theirNonce !== undefined && !equalBytes(proof.theirNonce, theirNonce)) return only(state);
  const answered: MatchState = { ...state, proof: { ...proof, theirNonce } };
  const mac = macOf(answered, state.side, context);
  return { state: answered, send: mac === undefined ? [] : [{ kind: "proofMac", matchId, mac }] };
}

/** The other side's MAC is the work of somebody who may know nothing: a wrong one is an answer, not an error. */
function judge(state: MatchState, mac: Uint8Array, context: MatchContext): MatchStep {
  const { proof, matchId } = state;
  const expected = macOf(state, state.side === 0 ? 1 : 0, context);
  if (proof === undefined || expected === undefined) return only(state);
  const verdict = proof.verdict ?? constantTimeEqual(expected, mac);
  return {
    state: { ...state, proof: { ...proof, verdict } },
    send: [{ kind: "proofVerdict", matchId, proven: verdict }],
  };
}

/** Only what we have found proven ourselves: the broker cannot skip the proof by naming somebody. */
function learnCounterpart(state: MatchState, counterpart: Counterpart): MatchState {
  if (state.proof?.verdict !== true || state.proofFailed === true) return state;
  return { ...state, counterpart, status: state.status === "open" ? "proven" : state.status };
}

function macOf(state: MatchState, side: Side, context: MatchContext): Uint8Array | undefined {
  const { proof } = state;
  if (proof?.theirNonce === undefined) return undefined;
  const cb = context.confirmKey(state.handle, proof.meeting);
  if (cb === undefined) return undefined;
  const nonces =
    state.side === 0 ? ([proof.ownNonce, proof.theirNonce] as const) : ([proof.theirNonce, proof.ownNonce] as const);
  return confirmationMac({ cb, matchId: fromHex(state.matchId), side, nonces });
}

const only = (state: MatchState): MatchStep => ({ state, send: [] });
