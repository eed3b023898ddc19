/**
 * What a member is to be told at its next beat besides notices, gathered as it comes. Nothing of it is kept anywhere else but in the ledger: after
 * a start it is gathered from there again.
 */
import type { Beat, DigestAnswer, Receipt, Receipts, SequenceRange } from "../../shared/core/data-plane.ts";
import type { Incarnation } from "../../shared/core/ids.ts";
import { REJECTIONS_PER_BEAT_MAX } from "../core/limits.ts";

/** The last submission that was applied of a member, and when. */
export type AppliedHead = Pick<Receipts, "incarnation" | "sequence" | "submissionHash" | "appliedAtMs">;

export class DueBeat {
  #head: AppliedHead | undefined;
  readonly #rejections = new Map<number, Receipt["rejections"]>();
  #missing: readonly SequenceRange[] = [];
  #answers: DigestAnswer[] = [];
  #compare = false;

  get isEmpty(): boolean {
    return this.#head === undefined && this.#missing.length === 0 && this.#answers.length === 0 && !this.#compare;
  }

  /** Everything up to this one is applied. */
  applied(head: AppliedHead, rejections: Receipt["rejections"]): void {
    this.#of(head.incarnation);
    this.#head = head;
    if (rejections.length > 0) this.#rejections.set(head.sequence, rejections);
    // What was missing may have been this one; if another is, it is told anew.
    this.#missing = [];
  }

  /** A receipt of these may have been lost. */
  again(head: AppliedHead, rejections: Receipts["rejections"]): void {
    this.#of(head.incarnation);
    this.#head = head;
    for (const each of rejections) this.#rejections.set(each.sequence, each.rejections);
  }

  /** `head`: with sequence 0 if nothing of the incarnation is applied yet. */
  lacking(head: AppliedHead, missing: readonly SequenceRange[]): void {
    this.#of(head.incarnation);
    this.#head = head;
    this.#missing = missing;
  }

  answer(answer: DigestAnswer): void {
    this.#answers.push(answer);
  }

  /** The node is to send its digests. */
  compare(): void {
    this.#compare = true;
  }

  /**
   * All of it, as far as it fits into one beat; the rest stays. `headAt`: an earlier submission of the incarnation, up to which the rejections
   * fit.
   */
  take(
    headAt: (incarnation: Incarnation, sequence: number) => AppliedHead,
  ): Omit<Beat, "kind" | "issuedAtMs" | "notices"> {
    const receipts = this.#takeReceipts(headAt);
    const taken = {
      digestAnswers: this.#answers,
      compare: this.#compare,
      ...(receipts === undefined ? {} : { receipts }),
    };
    this.#answers = [];
    this.#compare = false;
    return taken;
  }

  /** What could not be sent; what has come meanwhile counts. */
  putBack({ receipts, digestAnswers, compare }: Pick<Beat, "receipts" | "digestAnswers" | "compare">): void {
    this.#answers = [...digestAnswers, ...this.#answers];
    this.#compare ||= compare;
    if (receipts === undefined || (this.#head !== undefined && this.#head.incarnation !== receipts.incarnation)) return;
    for (const each of receipts.rejections) this.#rejections.set(each.sequence, each.rejections);
    this.#head ??= receipts;
    if (this.#missing.length === 0) this.#missing = receipts.missing;
  }

  #takeReceipts(headAt: (incarnation: Incarnation, sequence: number) => AppliedHead): Receipts | undefined {
    const head = this.#head;
    if (head === undefined) return undefined;
    const fitting: Receipts["rejections"][number][] = [];
    let count = 0;
    for (const [sequence, rejections] of [...this.#rejections].toSorted(([a], [b]) => a - b)) {
      count += rejections.length;
      if (count > REJECTIONS_PER_BEAT_MAX && fitting.length > 0) break;
      fitting.push({ sequence, rejections });
      this.#rejections.delete(sequence);
    }
    const [next] = [...this.#rejections.keys()].toSorted((a, b) => a - b);
    if (next !== undefined) {
      return { ...headAt(head.incarnation, next - 1), rejections: fitting, missing: [] };
    }
    const missing = this.#missing;
    this.#head = undefined;
    this.#missing = [];
    return { ...head, rejections: fitting, missing };
  }

  /** What is known of an earlier incarnation nobody waits for any more. */
  #of(incarnation: Incarnation): void {
    if (this.#head === undefined || this.#head.incarnation === incarnation) return;
    this.#rejections.clear();
    this.#missing = [];
  }
}
