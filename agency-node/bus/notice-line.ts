/**
 * The broker's notices as they come: single ones in one chain, batches within incarnations (protocol sections 7 and 8). Each is carried out once,
 * in order; a repetition is compared before it is skipped, and what lacks is asked for.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import { CAPABILITIES } from "../../shared/core/capabilities.ts";
import type { Capabilities } from "../../shared/core/capabilities.ts";
import type {
  EncodedBatch,
  Notice,
  NoticeBatch,
  NoticeEvent,
  SubmissionBody,
  UnknownNotice,
} from "../../shared/core/data-plane.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { Database } from "../../shared/store/database.ts";
import { batchHash } from "../../shared/wire/data-plane.ts";
import { readBatch } from "../../shared/wire/delivery.ts";
import type { CallOff, World } from "../../shared/world/world.ts";
import { events } from "../events.ts";
import type { HeldLine, Inbox } from "../store/inbox.ts";
import type { Outbox } from "../store/outbox.ts";
import type { BrokerFaults } from "./broker-faults.ts";
import type { Line } from "./line.ts";

export type NoticeLineParts = {
  readonly db: Database;
  readonly inbox: Inbox;
  readonly outbox: Pick<Outbox, "append">;
  readonly world: World;
  /** Of this program, told to the broker. */
  readonly version: string;
  /** What the broker states to understand. */
  broker(): Capabilities;
  readonly faults: BrokerFaults;
  readonly line: Pick<Line, "noticesMissing">;
  /** Carries events out, inside the transaction that stores that they have come. */
  apply(events: readonly NoticeEvent[]): void;
};

/** Receipts of notices are gathered for this long. */
const RECEIPT_DELAY_MS = 500;
/** After asking for missing notices, wait this long before asking again. */
const ASK_AGAIN_MS = 2_000;

export class NoticeLine {
  readonly #parts: NoticeLineParts;
  #callOffReceipt: CallOff | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  /** What the broker was told last that we have. */
  #stated = "";

  constructor(parts: NoticeLineParts) {
    this.#parts = parts;
  }

  /** "The last notice I hold is this one": the broker sends what lacks. */
  connect(): void {
    const { version, inbox, broker } = this.#parts;
    // Who has told in batches understands all that goes with them.
    const capabilities = inbox.line() !== undefined || broker().has("capabilities") ? CAPABILITIES : [];
    this.#state({ kind: "connected", ...this.#held(), version, capabilities });
  }

  /** Call it in the transaction that takes the beat. */
  takeBatches(batches: readonly EncodedBatch[]): void {
    for (const bytes of batches) {
      const batch = this.#read(bytes);
      if (batch === undefined || !this.#takeBatch(batch, batchHash(bytes))) return;
    }
  }

  /** Undefined for one that nobody can read: it must not hold up what comes beside it. */
  #read(bytes: EncodedBatch): NoticeBatch | undefined {
    try {
      return readBatch(bytes);
    } catch (error) {
      if (!isCausewayError(error, "INVALID")) throw error;
      events.delivery.refused(this.#parts.world.log, error);
      return undefined;
    }
  }

  take(notice: Notice | UnknownNotice, hash: Uint8Array): void {
    const { db, inbox } = this.#parts;
    const head = inbox.head();
    if (notice.number > head.number + 1) return this.#askForMissing();
    if (notice.number <= head.number) {
      // The broker repeats itself until it has our receipt.
      if (notice.number === head.number && !equalBytes(hash, head.hash)) return this.#breakChain(notice);
      return this.#repeatReceipt();
    }
    if (!equalBytes(notice.prevHash, head.hash)) return this.#breakChain(notice);
    this.#parts.line.noticesMissing = false;
    db.transaction(() => {
      if (notice.kind === "notice") this.#parts.apply([notice.event]);
      else this.#skip(notice);
      inbox.advance({ number: notice.number, hash });
    });
    this.#confirmLater();
  }

  /** Nothing is said any more. */
  end(): void {
    this.#callOffReceipt?.();
    this.#callOffReceipt = undefined;
  }

  /** False when those behind it cannot be taken either. */
  #takeBatch(batch: NoticeBatch, hash: Uint8Array): boolean {
    const { inbox } = this.#parts;
    const line = this.#lineOf(batch);
    // Of an incarnation that another has replaced: somebody repeats it.
    if (line === undefined) return true;
    if (batch.number > line.number + 1) {
      this.#askForMissing();
      return false;
    }
    if (batch.number <= line.number) {
      if (batch.number === line.number && !equalBytes(hash, line.hash)) this.#breakChain(batch);
      else this.#repeatReceipt();
      return true;
    }
    if (!equalBytes(batch.prevHash, line.hash)) {
      this.#breakChain(batch);
      // The broker finds out which of the two has lost something.
      this.#askForMissing();
      return false;
    }
    this.#parts.line.noticesMissing = false;
    this.#applyBatch(batch);
    inbox.advanceLine({ incarnation: batch.incarnation, number: batch.number, hash });
    this.#confirmLater();
    return true;
  }

  #applyBatch({ number, events: told }: NoticeBatch): void {
    const known = told.filter((event) => event.type !== "unknown");
    for (const event of told) {
      if (event.type !== "unknown") continue;
      this.#skip({ number, field: event.field });
    }
    this.#parts.apply(known);
  }

  /** The line that the batch continues or repeats; a new one begins with its first batch. */
  #lineOf({ incarnation, number }: NoticeBatch): HeldLine | undefined {
    const { inbox } = this.#parts;
    const line = inbox.line();
    if (line?.incarnation === incarnation) return line;
    if (inbox.hasEnded(incarnation)) return undefined;
    const begun = { incarnation, number: 0, hash: new Uint8Array(32) };
    if (number === 1) inbox.advanceLine(begun);
    return begun;
  }

  /** Its place in the chain holds without what it says, so it holds up nothing behind it. Only another version of the node can read it. */
  #skip(notice: { readonly number: number; readonly field: number }): void {
    this.#parts.inbox.skip(notice);
    events.notice.kindUnknown(this.#parts.world.log, { number: notice.number, field: notice.field });
  }

  #breakChain({ number }: { readonly number: number }): void {
    this.#parts.faults.brokenNotices += 1;
    events.notice.chainBroken(this.#parts.world.log, undefined, { number });
  }

  #askForMissing(): void {
    this.#parts.line.noticesMissing = true;
    const now = this.#parts.world.elapsedMs();
    if (now - this.#askedAtMs < ASK_AGAIN_MS) return;
    this.#askedAtMs = now;
    this.connect();
  }

  #repeatReceipt(): void {
    this.#stated = "";
    this.#confirmLater();
  }

  #confirmLater(): void {
    this.#callOffReceipt ??= this.#parts.world.after(RECEIPT_DELAY_MS, () => {
      this.#callOffReceipt = undefined;
      const held = this.#held();
      if (nameOf(held) !== this.#stated) this.#state({ kind: "noticeReceipt", ...held });
    });
  }

  #held(): Held {
    const { inbox, broker } = this.#parts;
    const line = inbox.line();
    if (line !== undefined) {
      const { incarnation: noticeIncarnation, number: noticeNumber, hash: noticeHash } = line;
      return { noticeIncarnation, noticeNumber, noticeHash };
    }
    const { number: noticeNumber, hash: noticeHash } = inbox.head();
    if (!broker().has("beats")) return { noticeNumber, noticeHash };
    return { noticeNumber: 0, noticeHash: new Uint8Array(32) };
  }

  /** Called from timers and events, so what cannot be said now is said another time. */
  #state(statement: Statement): void {
    const { outbox, world } = this.#parts;
    try {
      outbox.append(statement);
      this.#stated = nameOf(statement);
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      events.notices.unconfirmed(world.log, error);
    }
  }
}

type Statement = Extract<SubmissionBody, { kind: "connected" | "noticeReceipt" }>;
type Held = Pick<Statement, "noticeIncarnation" | "noticeNumber" | "noticeHash">;

function nameOf({ noticeIncarnation, noticeNumber }: Held): string {
  return `${noticeIncarnation ?? ""} ${noticeNumber}`;
}
