/**
 * The life of one match at one side: grade, proof of knowledge, contact, end (protocol sections 6 and 7).
 *
 * The broker says which of our own tokens met somebody's; it cannot say truthfully that the other side knows what stands behind
 * them, because a token can be stolen or invented. So each side sends a nonce, then a MAC over both nonces keyed with the
 * confirmation keys of the tokens that met, which neither broker nor thief has, and only after both verdicts is anything beyond
 * "an overlap exists" disclosed.
 */
import { fromHex } from "../../shared/core/bytes.ts";
import type {
  CloseReason,
  Counterpart,
  Meeting,
  NoticeEvent,
  Side,
  SubmissionBody,
} from "../../shared/core/data-plane.ts";
import type { Handle, MatchId } from "../../shared/core/ids.ts";
import { constantTimeEqual } from "../../shared/crypto/hash.ts";
import { confirmationMac } from "../../shared/crypto/token.ts";
import type { Grading } from "./grade.ts";

/**
 * `dropped`: below `possible`, shown to nobody, the other side drops it too. `open`: waits for the proof. `proven`: the
 * counterpart is known. `unproven`: a side failed the proof; the ladder is locked. `closed`: ended, see `closeReason`.
 */
export type MatchStatus = "dropped" | "open" | "proven" | "unproven" | "closed";

export type MatchState = {
  readonly matchId: MatchId;
  readonly handle: Handle;
  readonly side: Side;
  readonly status: MatchStatus;
  readonly grading: Grading;
  readonly amendment: number;
  readonly openedAtMs: number;
  readonly updatedAtMs: number;
  readonly proof?: Proof;
  readonly counterpart?: Counterpart;
  readonly closeReason?: CloseReason;
};

type Proof = {
  /** The meeting whose tokens are proven; both sides start from the same notice, so they prove the same ones. */
  readonly meeting: Meeting;
  readonly ownNonce: Uint8Array;
  readonly theirNonce?: Uint8Array;
};

/** What a step needs to know and cannot know by itself. */
export type MatchContext = {
  readonly nowMs: number;
  /** 32 fresh random bytes. */
  readonly nonce: Uint8Array;
  grade(handle: Handle, meeting: Meeting): Grading;
  /** One key over the confirmation keys of all tokens of the meeting; undefined if that version of the record is not known. */
  confirmKey(handle: Handle, meeting: Meeting): Uint8Array | undefined;
};

export type MatchStep = { readonly state: MatchState; readonly send: readonly SubmissionBody[] };

/** One notice about one match. `undefined` when it is about a match that was never opened here. */
export function evolveMatch(
  state: MatchState | undefined,
  event: NoticeEvent,
  context: MatchContext,
): MatchStep | undefined {
  if (event.type === "matchOpened") return state === undefined ? open(event, context) : { state, send: [] };
  if (state === undefined) return undefined;
  const updated = { ...state, updatedAtMs: context.nowMs };
  switch (event.type) {
    case "matchAmended":
      return amend({ ...updated, amendment: event.amendment }, event.meeting, context);
    case "matchClosed":
      return {
        state: { ...updated, status: "closed", amendment: event.amendment, closeReason: event.reason },
        send: [],
      };
    case "counterpartNonce":
      return answerNonce(updated, event.nonce, context);
    case "counterpartMac":
      return judge(updated, event.mac, context);
    case "counterpartContact":
      return { state: { ...updated, status: "proven", counterpart: event.counterpart }, send: [] };
    case "proofFailed":
      return { state: { ...updated, status: "unproven" }, send: [] };
  }
}

function open(event: Extract<NoticeEvent, { type: "matchOpened" }>, context: MatchContext): MatchStep {
  const { matchId, handle, side, meeting } = event;
  const grading = context.grade(handle, meeting);
  const state: MatchState = {
    matchId,
    handle,
    side,
    status: "dropped",
    grading,
    amendment: 0,
    openedAtMs: context.nowMs,
    updatedAtMs: context.nowMs,
  };
  return grading.grade === "none" ? { state, send: [] } : startProof({ ...state, status: "open" }, meeting, context);
}

/** An amendment re-grades; it can lift a dropped match, re-open a closed one, and never undoes a proof. */
function amend(state: MatchState, meeting: Meeting, context: MatchContext): MatchStep {
  const grading = context.grade(state.handle, meeting);
  const { closeReason: _, ...rest } = state;
  const regraded: MatchState = { ...rest, grading };
  if (grading.grade === "none") return { state: { ...regraded, status: "dropped" }, send: [] };
  if (state.status === "unproven") return { state: regraded, send: [] };
  if (state.counterpart !== undefined) return { state: { ...regraded, status: "proven" }, send: [] };
  if (state.proof !== undefined) return { state: { ...regraded, status: "open" }, send: [] };
  return startProof({ ...regraded, status: "open" }, meeting, context);
}

function startProof(state: MatchState, meeting: Meeting, context: MatchContext): MatchStep {
  const send: SubmissionBody = { kind: "proofNonce", matchId: state.matchId, nonce: context.nonce };
  return { state: { ...state, proof: { meeting, ownNonce: context.nonce } }, send: [send] };
}

function answerNonce(state: MatchState, theirNonce: Uint8Array, context: MatchContext): MatchStep {
  if (state.proof === undefined) return { state, send: [] };
  const proven: MatchState = { ...state, proof: { ...state.proof, theirNonce } };
  const mac = macOf(proven, state.side, context);
  return { state: proven, send: mac === undefined ? [] : [{ kind: "proofMac", matchId: state.matchId, mac }] };
}

/** The other side's MAC is the work of somebody who may know nothing: a wrong one is an answer, not an error. */
function judge(state: MatchState, mac: Uint8Array, context: MatchContext): MatchStep {
  const expected = macOf(state, state.side === 0 ? 1 : 0, context);
  if (expected === undefined) return { state, send: [] };
  const proven = constantTimeEqual(expected, mac);
  return { state, send: [{ kind: "proofVerdict", matchId: state.matchId, proven }] };
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
