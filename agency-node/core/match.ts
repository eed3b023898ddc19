/**
 * The life of one match at one side: grade, statement, counterpart, end (protocol sections 6 and 7).
 *
 * What the broker tells of a meeting is graded by the tokens whose tags hold, and by no others. This node then signs what it has found, or
 * says that nothing held; once both sides have signed, the broker hands on who the other side is, as far as its handling allows. A
 * counterpart that binder, statement and chain do not bear out is not believed. All of it can still come after the match has been closed.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import type {
  CloseReason,
  Disclosure,
  Meeting,
  MeetingStatement,
  NoticeEvent,
  Side,
} from "../../shared/core/data-plane.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Handle, MatchId } from "../../shared/core/ids.ts";
import { agreedHash } from "../../shared/crypto/token.ts";
import type { Counterpart } from "./counterpart.ts";
import type { Grading } from "./grade.ts";
import { provesKnowledge } from "./tags.ts";
import type { TagsFound } from "./tags.ts";

/**
 * `open`: who the other side is has not been told yet. `proven`: it has, and holds. `unproven`: see `doubtOf`; the ladder is locked. `closed`:
 * ended, see `closeReason`.
 */
export type MatchStatus = "open" | "proven" | "unproven" | "closed";

/**
 * `copied`: the other side came with no tag that held and alone is worth a look: it may know nothing. `refused`: it says so of ours.
 * `misnamed`: what the broker says of the other side does not hold. `unread`: it could not be held against what met, see `Statement`.
 */
export type Doubt = "copied" | "refused" | "misnamed" | "unread";

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
  /** Of the meeting that was told last. */
  readonly otherBinder: Uint8Array;
  /** The last one that this node could make: none where it does not know the version of its record that met. */
  readonly statement?: Statement;
  /** Which side's tags the other one found wanting: the broker discloses nothing of this match any more. */
  readonly failed?: { readonly own: boolean; readonly other: boolean };
  /** By the broker's word: who had made its statement when one of them was late. */
  readonly overdue?: { readonly ownStated: boolean; readonly otherStated: boolean };
  /** One that did not hold when it came. The chain may be behind: it is looked at again. */
  readonly misnamed?: Disclosure;
  readonly counterpart?: Counterpart;
  readonly closeReason?: CloseReason;
  /** The meeting that was told last, as long as it cannot be read here. */
  readonly unread?: Unread;
};

/** `isShown`: the own record was here when it was told, so that an officer was shown the match all the same. */
export type Unread = { readonly meeting: Meeting; readonly isShown: boolean };

/** Which two records are held to have met. */
export type Pairing = Pick<MatchState, "matchId" | "handle" | "otherBinder">;

export type Statement = Omit<MeetingStatement, "matchId">;

/** A meeting as far as this node can read it. */
export type Reading = { readonly found: TagsFound; readonly grading: Grading };

/** What a step needs to know and cannot know by itself. */
export type MatchContext = {
  readonly nowMs: number;
  domain(handle: Handle, meeting: Meeting): Domain;
  /** Whether the own record is here. */
  isHeld(handle: Handle): boolean;
  /** `undefined` if the version of the record that met, or a key to it, is not known here any more. */
  read(handle: Handle, meeting: Meeting): Reading | undefined;
  /** Of a meeting that cannot be read; `told`: what the match was graded before. */
  unread(told?: Grading): Grading;
  /** This node's signature over a meeting, 64 bytes. */
  sign(of: Pairing, validHash: Uint8Array): Uint8Array;
  /** Undefined for a disclosure that does not hold. */
  counterpart(of: Pairing, disclosure: Disclosure): Counterpart | undefined;
};

/** `isStated`: the statement is to be sent. */
export type MatchStep = { readonly state: MatchState; readonly isStated: boolean };

/** One notice about one match. `undefined` when it is about a match that was never opened here. */
export function evolveMatch(
  state: MatchState | undefined,
  event: NoticeEvent,
  context: MatchContext,
): MatchStep | undefined {
  const known = event.type === "matchOpened" ? (state ?? opened(event, context)) : state;
  if (known === undefined) return undefined;
  const updated = { ...known, updatedAtMs: context.nowMs };
  switch (event.type) {
    case "matchOpened":
      return meet(updated, 0, event.meeting, context);
    case "matchAmended":
      return meet(updated, event.amendment, event.meeting, context);
    case "matchClosed":
      return only({ ...updated, amendment: event.amendment, closeReason: event.reason });
    case "counterpartDisclosed":
      return only(learnCounterpart(updated, event.disclosure, context));
    case "proofFailed":
      return only({ ...updated, failed: { own: event.own, other: event.other } });
    case "proofOverdue":
      return only({ ...updated, overdue: { ownStated: event.ownStated, otherStated: event.otherStated } });
  }
}

/** A disclosure that did not hold, looked at again by what the chain says now; `undefined` if it still does not. */
export function secondLook(state: MatchState, context: MatchContext): MatchState | undefined {
  if (state.misnamed === undefined) return undefined;
  const { state: looked } = only(learnCounterpart(state, state.misnamed, context));
  return looked.counterpart === undefined ? undefined : looked;
}

/** A meeting that could not be read when it was told, looked at again by what this node knows now; `undefined` if it still cannot. */
export function readAgain(state: MatchState, context: MatchContext): MatchStep | undefined {
  if (state.unread === undefined) return undefined;
  const { meeting } = state.unread;
  const reading = context.read(state.handle, meeting);
  if (reading === undefined) return undefined;
  const known = { ...state, domain: context.domain(state.handle, meeting), updatedAtMs: context.nowMs };
  return found(known, reading, context);
}

/** Whether more is to come before an officer can do something. Nobody is named in `protected`: there the statement is the end. */
export function isProving({ status, domain, statement }: MatchState): boolean {
  return status === "open" && !(domain === "protected" && statement !== undefined);
}

/** Why an officer should not rely on a match yet; `undefined`: no reason. */
export function doubtOf({ statement, counterpart, misnamed, failed }: MatchState): Doubt | undefined {
  if (statement !== undefined && statement.signature === undefined) return "copied";
  if (counterpart !== undefined) return undefined;
  if (misnamed !== undefined) return statement === undefined ? "unread" : "misnamed";
  if (failed?.other === true) return "copied";
  return failed?.own === true ? "refused" : undefined;
}

/** A match that ended without the other side having proven, as far as this one was told, that it knows what met. */
export function endedUnproven({ status, domain, overdue, counterpart }: MatchState): boolean {
  if (status !== "closed") return false;
  return domain === "protected" ? overdue?.otherStated === false : counterpart === undefined;
}

function opened(event: Extract<NoticeEvent, { type: "matchOpened" }>, context: MatchContext): MatchState {
  const { matchId, handle, side, meeting } = event;
  return {
    matchId,
    handle,
    side,
    domain: context.domain(handle, meeting),
    status: "open",
    grading: context.unread(),
    amendment: 0,
    openedAtMs: context.nowMs,
    updatedAtMs: context.nowMs,
    otherBinder: meeting.otherBinder,
  };
}

/** Each meeting is told whole, brings its own tags, and opens what was closed. Told again, it is stated again: the broker may have lost it. */
function meet(before: MatchState, amendment: number, meeting: Meeting, context: MatchContext): MatchStep {
  const { closeReason: _, unread: _unread, ...open } = before;
  const state = { ...aboutRecord(open, meeting.otherBinder, context), amendment };
  const reading = context.read(state.handle, meeting);
  if (reading !== undefined) return found(state, reading, context);
  const isShown = before.unread?.isShown === true || context.isHeld(state.handle);
  return only({ ...state, grading: context.unread(state.grading), unread: { meeting, isShown } });
}

/** What this node found is to be stated, and what was told of the other side can be judged by it. */
function found(known: MatchState, { found, grading }: Reading, context: MatchContext): MatchStep {
  const { unread: _, ...state } = known;
  const { amendment, misnamed } = state;
  const statement = { amendment, failed: found.failed, ...signatureOn(state, found, context) };
  const stated = { ...state, grading, statement };
  return { ...only(misnamed === undefined ? stated : learnCounterpart(stated, misnamed, context)), isStated: true };
}

/** What was learnt of one record, its tags among it, says nothing of another that the broker puts in its place. */
function aboutRecord(state: MatchState, otherBinder: Uint8Array, context: MatchContext): MatchState {
  if (equalBytes(state.otherBinder, otherBinder)) return state;
  const { statement: _, counterpart: _counterpart, misnamed: _misnamed, overdue: _overdue, ...rest } = state;
  return { ...rest, otherBinder, grading: context.unread() };
}

function signatureOn(state: MatchState, found: TagsFound, context: MatchContext): Pick<Statement, "signature"> {
  return provesKnowledge(found) ? { signature: context.sign(state, agreedHash(found.agreed)) } : {};
}

/**
 * Nobody is believed to know what met but by tags that this node has found to hold beside this very binder, whatever it signs: a member that
 * helps the broker can sign for a record of its own that met nothing.
 */
function learnCounterpart(state: MatchState, disclosure: Disclosure, context: MatchContext): MatchState {
  const isFound = state.statement?.signature !== undefined && doubtOf(state) !== "copied";
  const counterpart = isFound ? context.counterpart(state, disclosure) : undefined;
  if (counterpart === undefined) return { ...state, misnamed: disclosure };
  const { misnamed: _, failed: _failed, overdue: _overdue, ...rest } = state;
  return { ...rest, counterpart };
}

function only(state: MatchState): MatchStep {
  return { state: { ...state, status: statusOf(state) }, isStated: false };
}

function statusOf(state: MatchState): MatchStatus {
  if (state.closeReason !== undefined) return "closed";
  if (doubtOf(state) !== undefined) return "unproven";
  return state.counterpart === undefined ? "open" : "proven";
}
