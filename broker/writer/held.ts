/**
 * Submissions that arrived ahead of one that is missing, a few of each member. Nothing is lost by forgetting one: its
 * owner keeps it until the receipt, and sends it again.
 */
import type { SequenceRange, Submission } from "../../shared/core/data-plane.ts";
import type { Incarnation, MemberId } from "../../shared/core/ids.ts";
import { GAP_AGAIN_MS, HELD_IN_ALL_MAX, HELD_SUBMISSIONS_MAX } from "../core/limits.ts";
import type { Received } from "../core/submission.ts";

type Place = Pick<Submission, "member" | "incarnation" | "sequence">;
type Told = { readonly incarnation: Incarnation; readonly expected: number; readonly atMs: number };

export class HeldSubmissions {
  readonly #byMember = new Map<MemberId, Received[]>();
  readonly #told = new Map<MemberId, Told>();
  #count = 0;

  /** What is missing up to the last that is held of an incarnation, if `expected` is the next to be applied. */
  missing(member: MemberId, incarnation: Incarnation, expected: number): SequenceRange[] {
    const held = (this.#byMember.get(member) ?? [])
      .filter(({ submission }) => submission.incarnation === incarnation)
      .map(({ submission }) => submission.sequence)
      .toSorted((a, b) => a - b);
    const missing: SequenceRange[] = [];
    let next = expected;
    for (const sequence of held) {
      if (sequence > next) missing.push({ first: next, last: sequence - 1 });
      next = sequence + 1;
    }
    return missing;
  }

  /** Keeps it if there is room. True if the member has not been told of this gap just now. */
  hold(received: Received, expected: number, nowMs: number): boolean {
    const { member, incarnation, sequence } = received.submission;
    const held = this.#byMember.get(member) ?? [];
    const isKnown = held.some((each) => isAt(each, incarnation, sequence));
    if (!isKnown && held.length < HELD_SUBMISSIONS_MAX && this.#count < HELD_IN_ALL_MAX) {
      this.#byMember.set(member, [...held, received]);
      this.#count += 1;
    }
    const told = this.#told.get(member);
    const isOld = told?.incarnation === incarnation && told.expected === expected && nowMs - told.atMs < GAP_AGAIN_MS;
    if (!isOld) this.#told.set(member, { incarnation, expected, atMs: nowMs });
    return !isOld;
  }

  /** Whether something of the member waits. */
  has(member: MemberId): boolean {
    return this.#byMember.has(member);
  }

  /** Takes out the one that follows `applied`, and forgets those that can no longer come to their turn. */
  takeNext({ member, incarnation, sequence }: Place): Received | undefined {
    const held = this.#byMember.get(member) ?? [];
    const next = held.find((each) => isAt(each, incarnation, sequence + 1));
    const waiting = held.filter(({ submission }) => {
      return submission.incarnation === incarnation && submission.sequence > sequence + 1;
    });
    if (waiting.length === 0) this.#byMember.delete(member);
    else this.#byMember.set(member, waiting);
    this.#count += waiting.length - held.length;
    return next;
  }
}

function isAt({ submission }: Received, incarnation: Incarnation, sequence: number): boolean {
  return submission.incarnation === incarnation && submission.sequence === sequence;
}
