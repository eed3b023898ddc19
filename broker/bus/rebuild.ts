/**
 * Brings the index back from a member's stream after a start: what the ledger knows to be applied is put back in the order in
 * which it was applied, without deciding or matching anything again. What the ledger does not know is left for the live
 * path, from the first such message on.
 */
import type { Submission } from "../../shared/core/data-plane.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { equalBytes } from "../../shared/core/bytes.ts";
import { REBUILD_HELD_MAX } from "../core/limits.ts";
import type { Received } from "../core/submission.ts";
import type { Applied, Ledger } from "../store/ledger.ts";

export type RebuildParts = {
  readonly ledger: Pick<Ledger, "applied" | "nextPosition">;
  readonly restore: (submission: Submission, applied: Applied) => void;
};

type Waiting = { readonly submission: Submission; readonly applied: Applied };

export class Rebuild {
  readonly #parts: RebuildParts;
  readonly #member: MemberId;
  readonly #waiting = new Map<number, Waiting>();
  #position = 0;
  #missing = 0;

  /** `after`: what was applied up to this place is in memory already. */
  constructor(member: MemberId, parts: RebuildParts, after = 0) {
    this.#member = member;
    this.#parts = parts;
    this.#position = after;
  }

  /** Applied submissions that the stream lacks: it has lost them. Known after `finish`. */
  get missing(): number {
    return this.#missing;
  }

  /** Takes the next message of the stream. False if the ledger does not know it to be applied. */
  take({ submission, hash }: Received): boolean {
    const { incarnation, sequence } = submission;
    const applied = this.#parts.ledger.applied(this.#member, incarnation, sequence);
    if (applied === undefined || !equalBytes(applied.hash, hash)) return false;
    // The same submission stands in the stream more than once if its owner sent it again.
    if (applied.position > this.#position) this.#waiting.set(applied.position, { submission, applied });
    this.#advance(REBUILD_HELD_MAX);
    return true;
  }

  /** The stream is at its end: what still waits for something before it goes in without. */
  finish(): void {
    this.#advance(0);
    while (this.#nextPosition() !== undefined) this.#skip();
  }

  #advance(heldMax: number): void {
    for (;;) {
      const next = this.#nextPosition();
      if (next === undefined) return;
      const waiting = this.#waiting.get(next);
      if (waiting === undefined) {
        if (this.#waiting.size <= heldMax) return;
        this.#skip();
        continue;
      }
      this.#waiting.delete(next);
      this.#position = next;
      this.#parts.restore(waiting.submission, waiting.applied);
    }
  }

  #skip(): void {
    this.#position = this.#nextPosition() as number;
    this.#missing += 1;
  }

  #nextPosition(): number | undefined {
    return this.#parts.ledger.nextPosition(this.#member, this.#position);
  }
}
