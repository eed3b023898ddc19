/** What an honest broker holds of a node's submissions, and how it answers digests; it can be made to lose what it has applied. */
import { TestNode, FEDERATION, MEMBER, receiptOf } from "./support.ts";
import type { Sent } from "./support.ts";
import type { DigestAnswer, Receipt, TokenSet } from "../../shared/core/data-plane.ts";
import { bucketOf, differingBuckets, digestItem, digestKey, digestOf, toBucket } from "../../shared/core/digest.ts";
import type { Handle } from "../../shared/core/ids.ts";

type Held = { readonly sequence: number; readonly day: number; readonly tokens: TokenSet };

export class BrokerModel {
  readonly #node: TestNode;
  readonly epochs = new Map<number, Map<Handle, Held>>();
  /** Whether it says what each record comes to: the first version does not. */
  saysItems = true;
  /** Entries that stand with nobody: refused for want of budget. */
  refuse: (handle: Handle) => boolean = () => false;

  constructor(node: TestNode) {
    this.#node = node;
  }

  held(epoch: number): Map<Handle, Held> {
    const held = this.epochs.get(epoch) ?? new Map<Handle, Held>();
    this.epochs.set(epoch, held);
    return held;
  }

  /** Applies everything that waits, gives receipts, and answers digests. Answers what it said of them. */
  takeAll(onAnswer: (answer: DigestAnswer) => void = () => undefined): DigestAnswer[] {
    const answers: DigestAnswer[] = [];
    for (const sent of this.#node.sent()) {
      const { body } = sent.submission;
      const rejections: Receipt["rejections"][number][] = [];
      if (body.kind === "publication") {
        for (const [index, entry] of body.entries.entries()) {
          if (entry.operation === "upsert" && this.refuse(entry.handle)) rejections.push({ index, reason: "budget" });
          else this.#apply(sent, entry);
        }
      }
      this.#settle(sent, rejections);
      if (body.kind === "digest") answers.push(this.#answer(sent, body));
    }
    for (const answer of answers) this.#node.db.transaction(() => onAnswer(answer));
    return answers;
  }

  #apply(
    { submission }: Sent,
    entry: Extract<Sent["submission"]["body"], { kind: "publication" }>["entries"][number],
  ): void {
    const { epoch, sequence } = submission;
    if (entry.operation === "upsert") {
      this.held(epoch).set(entry.handle, { sequence, day: entry.reviewByDay, tokens: entry.tokens });
    }
    if (entry.operation === "withdraw") for (const held of this.epochs.values()) held.delete(entry.handle);
  }

  #settle(sent: Sent, rejections: Receipt["rejections"]): void {
    const { standings, outbox } = this.#node;
    const receipt = receiptOf(sent, rejections);
    const reasons = new Map(rejections.map(({ index, reason }) => [index, reason]));
    for (const [index, handle] of (outbox.settle(receipt, receipt.submissionHash) ?? []).entries()) {
      standings.settle(handle, receipt, reasons.get(index) ?? null, this.#node.nowMs);
    }
  }

  #answer({ submission }: Sent, digest: Extract<Sent["submission"]["body"], { kind: "digest" }>): DigestAnswer {
    const { epoch, incarnation, sequence } = submission;
    const key = digestKey(FEDERATION, MEMBER, epoch);
    const live = [...this.held(epoch)].filter(([, { day }]) => day >= digest.day);
    const items = live.map(
      ([handle, held]) => [handle, digestItem(key, { handle, sequence: held.sequence }, held.tokens)] as const,
    );
    const differing = differingBuckets(digestOf(digest.day, items), digest);
    const named = items.filter(([handle]) => differing.includes(bucketOf(handle)));
    const handles = named.map(([handle]) => handle);
    const answer = { kind: "digestAnswer", incarnation, sequence, epoch, differing, handles } as const;
    return this.saysItems ? { ...answer, items: named.map(([, item]) => toBucket(item)) } : answer;
  }
}
