/**
 * What the broker tells this member: receipts, gaps and notices (protocol sections 7 and 8). Every byte comes through servers that may
 * repeat, drop and re-order; every notice is by the broker's own signature and chained to the one before. Acknowledged to NATS only
 * when the change it makes is on disk.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import type { Delivery, Gap, Notice, Receipt } from "../../shared/core/data-plane.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { Log } from "../../shared/platform/log.ts";
import type { BusMessage, NatsBus } from "../../shared/platform/nats.ts";
import { deliveryStream, NODE_CONSUMER } from "../../shared/wire/subjects.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { Database } from "../store/database.ts";
import type { Inbox } from "../store/inbox.ts";
import type { Outbox } from "../store/outbox.ts";
import type { RecordStore } from "../store/records.ts";

export type ReceiverParts = {
  readonly bus: NatsBus;
  readonly db: Database;
  readonly records: RecordStore;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly member: MemberId;
  readonly log: Log;
  /** Opens and verifies; throws UNPROVEN or INVALID. */
  open(sealed: Uint8Array): { readonly delivery: Delivery; readonly hash: Uint8Array };
  /** Carries a notice out, inside the transaction that stores it. */
  apply(notice: Notice): void;
  /** The broker lacks the row at this position. */
  resendFrom(position: number): void;
};

/** Notice receipts are gathered for this long. */
const RECEIPT_DELAY_MS = 200;
/** After asking for missing notices, wait this long before asking again. */
const ASK_AGAIN_MS = 2_000;

export class Receiver {
  readonly #parts: ReceiverParts;
  readonly #version: string;
  #receiptTimer: NodeJS.Timeout | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  /** The last notice that the broker was told we have. */
  #receipted = 0;

  constructor(parts: ReceiverParts, version: string) {
    this.#parts = parts;
    this.#version = version;
  }

  /** "The last notice I hold is this one": the broker sends what lacks. */
  connect(): void {
    const { db, inbox, outbox } = this.#parts;
    const { number, hash } = inbox.head();
    db.transaction(() =>
      outbox.append({ kind: "connected", noticeNumber: number, noticeHash: hash, version: this.#version }),
    );
  }

  /** Receives until the bus ends. */
  async run(): Promise<void> {
    const { bus, member } = this.#parts;
    for await (const message of bus.consume(deliveryStream(member), NODE_CONSUMER)) this.#take(message);
    clearTimeout(this.#receiptTimer);
  }

  #take(message: BusMessage): void {
    try {
      const { delivery, hash } = this.#parts.open(message.data);
      this.#carryOut(delivery.body, hash);
    } catch (error) {
      // One message that nobody can read must not hold up those behind it. What the broker meant to say it says again.
      if (!isCausewayError(error, "UNPROVEN") && !isCausewayError(error, "INVALID")) throw error;
      this.#parts.log.error("delivery.refused", error);
    }
    message.ack();
  }

  #carryOut(body: Delivery["body"], hash: Uint8Array): void {
    switch (body.kind) {
      case "receipt":
        return this.#settle(body);
      case "gap":
        return this.#fillGap(body);
      case "notice":
        return this.#takeNotice(body, hash);
    }
  }

  #settle(receipt: Receipt): void {
    const { db, outbox, records } = this.#parts;
    const reasons = new Map(receipt.rejections.map(({ index, reason }) => [index, reason]));
    db.transaction(() => {
      const handles = outbox.settle(receipt.incarnation, receipt.sequence, receipt.submissionHash);
      for (const [index, handle] of (handles ?? []).entries()) records.settle(handle, reasons.get(index) ?? null);
    });
  }

  #fillGap(gap: Gap): void {
    const position = this.#parts.outbox.positionOf(gap.incarnation, gap.expectedSequence);
    if (position !== undefined) return this.#parts.resendFrom(position);
    // The broker gave a receipt for it and asks again: it has lost what it had promised to keep.
    this.#parts.log.error("broker.lost-submission", undefined, { expected: gap.expectedSequence });
  }

  #takeNotice(notice: Notice, hash: Uint8Array): void {
    const { db, inbox, log } = this.#parts;
    const head = inbox.head();
    if (notice.number <= head.number) return this.#confirmLater();
    if (notice.number > head.number + 1) return this.#askForMissing();
    if (!equalBytes(notice.prevHash, head.hash)) {
      log.error("notice.broken-chain", undefined, { number: notice.number });
      return;
    }
    db.transaction(() => {
      this.#parts.apply(notice);
      inbox.advance({ number: notice.number, hash });
    });
    this.#confirmLater();
  }

  #askForMissing(): void {
    const now = performance.now();
    if (now - this.#askedAtMs < ASK_AGAIN_MS) return;
    this.#askedAtMs = now;
    this.connect();
  }

  #confirmLater(): void {
    this.#receiptTimer ??= setTimeout(() => {
      this.#receiptTimer = undefined;
      this.#confirm();
    }, RECEIPT_DELAY_MS);
  }

  #confirm(): void {
    const { db, inbox, outbox } = this.#parts;
    const { number, hash } = inbox.head();
    if (number === this.#receipted) return;
    this.#receipted = number;
    db.transaction(() => outbox.append({ kind: "noticeReceipt", noticeNumber: number, noticeHash: hash }));
  }
}
