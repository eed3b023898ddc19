/**
 * What the broker is to learn, in order, until its signed receipt is here (protocol section 8). A row is written in the same
 * transaction as the change it tells of; its bytes are signed and sealed once and sent as often as needed.
 */
import { toHex } from "../../shared/core/bytes.ts";
import type { Submission, SubmissionBody } from "../../shared/core/data-plane.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { Handle, Incarnation, MemberId } from "../../shared/core/ids.ts";
import { toId } from "../../shared/core/ids.ts";
import { randomBytes } from "../../shared/crypto/random.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { signSubmission } from "../../shared/wire/data-plane.ts";
import { sealMessage } from "../../shared/wire/envelope.ts";
import { submissionSubject } from "../../shared/wire/subjects.ts";
import type { Database } from "./database.ts";

export type OutboxRow = {
  readonly position: number;
  readonly incarnation: Incarnation;
  readonly sequence: number;
  readonly subject: string;
  readonly message: Uint8Array;
};

/** To whom and as whom the node writes; changes with the epoch. */
export type OutboxAddress = {
  readonly federation: Uint8Array;
  readonly member: MemberId;
  readonly signer: SigningKeyPair;
  readonly epoch: number;
  readonly brokerSealingKey: Uint8Array;
};

export class Outbox {
  /**
   * Drawn at every start, so also after every restore of a backup: a restored node never re-uses a number for something else.
   */
  readonly incarnation: Incarnation = toId<Incarnation>(toHex(randomBytes(16)));
  readonly #db: Database;
  readonly #address: () => OutboxAddress;
  readonly #onAppend: () => void;

  constructor(db: Database, address: () => OutboxAddress, onAppend: () => void) {
    this.#db = db;
    this.#address = address;
    this.#onAppend = onAppend;
    db.transaction(() => {
      db.run("DELETE FROM chain_head");
      db.run("INSERT INTO chain_head VALUES (?, 0, ?)", this.incarnation, new Uint8Array(32));
    });
  }

  /** The incarnation and sequence that the next `append` gets. */
  next(): { readonly incarnation: Incarnation; readonly sequence: number } {
    return { incarnation: this.incarnation, sequence: this.#head().sequence + 1 };
  }

  /** Appends one message; call it inside the transaction of the change. `handles`: the records it is about, in order of its entries. */
  append(body: SubmissionBody, handles: readonly Handle[] = []): void {
    const address = this.#address();
    const submission: Submission = {
      recipientKey: address.brokerSealingKey,
      member: address.member,
      ...this.next(),
      prevHash: this.#head().hash,
      epoch: address.epoch,
      body,
    };
    const { signed, hash } = signSubmission(submission, address);
    this.#db.run(
      "INSERT INTO outbox (incarnation, sequence, subject, message, submission_hash, handles) VALUES (?, ?, ?, ?, ?, ?)",
      submission.incarnation,
      submission.sequence,
      submissionSubject(address.member, address.epoch),
      sealMessage(signed, address.brokerSealingKey),
      hash,
      handles.join(" "),
    );
    this.#db.run("UPDATE chain_head SET sequence = ?, hash = ?", submission.sequence, hash);
    this.#onAppend();
  }

  /** Rows without a receipt, in order, after `position`. */
  pending(afterPosition: number, limit: number): OutboxRow[] {
    return this.#db.all<OutboxRow>(
      "SELECT position, incarnation, sequence, subject, message FROM outbox WHERE position > ? ORDER BY position LIMIT ?",
      afterPosition,
      limit,
    );
  }

  /** The position of a row without a receipt. */
  positionOf(incarnation: Incarnation, sequence: number): number | undefined {
    return this.#db.get<{ position: number }>(
      "SELECT position FROM outbox WHERE incarnation = ? AND sequence = ?",
      incarnation,
      sequence,
    )?.position;
  }

  /**
   * The broker has it: the row is done. Returns the handles of its entries; `undefined` when there is no such row, or the receipt is
   * about other bytes, which then is not taken for a receipt.
   */
  settle(incarnation: Incarnation, sequence: number, submissionHash: Uint8Array): Handle[] | undefined {
    const row = this.#db.get<{ position: number; submission_hash: Uint8Array; handles: string }>(
      "SELECT position, submission_hash, handles FROM outbox WHERE incarnation = ? AND sequence = ?",
      incarnation,
      sequence,
    );
    if (row === undefined || Buffer.compare(row.submission_hash, submissionHash) !== 0) return undefined;
    this.#db.run("DELETE FROM outbox WHERE position = ?", row.position);
    return row.handles === "" ? [] : (row.handles.split(" ") as Handle[]);
  }

  /** How many rows wait for a receipt. */
  get length(): number {
    return this.#db.get<{ rows: number }>("SELECT count(*) AS rows FROM outbox")?.rows ?? 0;
  }

  /** In the database, not in memory: a transaction that fails takes its numbers back. */
  #head(): { readonly sequence: number; readonly hash: Uint8Array } {
    const head = this.#db.get<{ sequence: number; hash: Uint8Array }>("SELECT sequence, hash FROM chain_head");
    if (head === undefined) throw new CausewayError("INTERNAL", "the outbox has no head");
    return head;
  }
}
