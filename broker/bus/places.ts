/** How far each member's stream has been taken: whatever stands up to there is decided. A snapshot says it, so that less is read again. */
import type { MemberId } from "../../shared/core/ids.ts";

export class Places {
  readonly #sequences = new Map<MemberId, number>();

  /** The last message that was decided; 0 if that is not known. */
  of(member: MemberId): number {
    return this.#sequences.get(member) ?? 0;
  }

  /** A stream that was made anew counts from 1 again, so this may be lower than what was noted before. */
  note(member: MemberId, sequence: number): void {
    this.#sequences.set(member, sequence);
  }
}
