/**
 * What the broker is to learn, in order, until its signed receipt is here (protocol section 8). A row is written in the same
 * transaction as the change it tells of; its bytes are signed, sealed and kept once, and sent as often as needed.
 *
 * Every start draws a new incarnation, so that a database restored from a backup never uses a number for something else. What
 * waited under an earlier one is signed anew under the new one, first and in its order: the broker refuses the earlier ones from
 * the moment it has seen a later one, and what it has applied already changes nothing when it comes again.
 */
import { toHex } from "../../shared/core/bytes.ts";
import type { SequenceRange, Submission, SubmissionBody, Upsert } from "../../shared/core/data-plane.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { Handle, Incarnation, MemberId } from "../../shared/core/ids.ts";
import { toId } from "../../shared/core/ids.ts";
import { hashKey } from "../../shared/crypto/hash.ts";
import { openKept, recipientKeyOf, sealAndKeep } from "../../shared/crypto/seal.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { readSubmission, signSubmission } from "../../shared/wire/data-plane.ts";
import { submissionSubject } from "../../shared/wire/subjects.ts";
import type { Database } from "../../shared/store/database.ts";
import type { World } from "../../shared/world/world.ts";
import type { Version } from "./publications.ts";
import { STORED_SUBMISSION } from "./stored-submission.ts";
import type { Vault } from "./vault.ts";

export type OutboxRow = {
  readonly position: number;
  readonly subject: string;
  readonly message: Uint8Array;
};

/** Positions in the outbox, both included. */
export type PositionRange = { readonly first: number; readonly last: number };

/** One row that is done: its version, and the records whose state its receipt decides, in order of its entries. */
export type Settled = { readonly version: Version; readonly handles: readonly Handle[] };

/** To whom and as whom the node writes in one epoch. */
export type OutboxAddress = {
  readonly federation: Uint8Array;
  readonly member: MemberId;
  readonly signer: SigningKeyPair;
  readonly epoch: number;
  readonly brokerSealingKey: Uint8Array;
};

export type OutboxParts = {
  readonly db: Database;
  readonly vault: Vault;
  readonly world: Pick<World, "clock" | "randomBytes">;
  /** In the named open epoch; without one in that which counts now. Throws UNAVAILABLE when there is none such. */
  address(epoch?: number): OutboxAddress;
  isOpen(epoch: number): boolean;
  /** Called once what was appended is on disk. */
  onAppend(): void;
  /** Called once rows are done, on disk. */
  onSettled(): void;
  /** Inside the transaction: these versions of records go out under another number. */
  onRenumbered(
    upserts: readonly Upsert[],
    moved: { readonly epoch: number; readonly from: Version; readonly to: Version },
  ): void;
};

type Row = {
  readonly position: number;
  readonly incarnation: Incarnation;
  readonly sequence: number;
  readonly epoch: number;
  readonly handles: string;
  readonly written_ms: number;
} & KeptBody;

/** As it stands in a row: its message with the sealed key of it, or, from before version 6, what it says, sealed. */
export type KeptBody = {
  readonly incarnation: Incarnation;
  readonly sequence: number;
  readonly sealed_key: Uint8Array | null;
  readonly sealed: Uint8Array | null;
  readonly message: Uint8Array;
};

type Head = { readonly incarnation: Incarnation; readonly sequence: number; readonly hash: Uint8Array };

/** What is said anew after every start. */
const FLEETING: readonly SubmissionBody["kind"][] = ["connected", "noticeReceipt", "digest", "health"];

export class Outbox {
  readonly #parts: OutboxParts;
  /** Hashes of rows that were done before others in front of them, by sequence: a receipt for all may name one of them. */
  readonly #doneBefore = new Map<number, Uint8Array>();

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.startOver();
  }

  /** Draws a new incarnation. What waits is signed under it together with the next row. */
  startOver(): void {
    const { db } = this.#parts;
    this.#doneBefore.clear();
    db.transaction(() => {
      db.run("DELETE FROM chain_head");
      db.run("INSERT INTO chain_head VALUES (?, 0, ?)", toHex(this.#parts.world.randomBytes(16)), new Uint8Array(32));
    });
  }

  get incarnation(): Incarnation {
    return this.#head().incarnation;
  }

  /** The version that the next `append` gets; call it inside the same transaction. */
  next(): Version {
    if (this.#head().sequence === 0) this.#signAnew();
    const { incarnation, sequence } = this.#head();
    return { incarnation, sequence: sequence + 1 };
  }

  /**
   * Appends one message; call it inside the transaction of the change. `handles`: the records whose state the receipt decides, in
   * order of its entries. Without an epoch it goes out in the one that counts now. Throws UNAVAILABLE while there is none.
   */
  append(body: SubmissionBody, handles: readonly Handle[] = [], epoch?: number): Version {
    const { db, onAppend } = this.#parts;
    const version = db.transaction(() => {
      const version = this.next();
      this.#insert(body, handles, this.#parts.address(epoch));
      return version;
    });
    db.afterCommit(onAppend);
    return version;
  }

  /**
   * An epoch has ended: what waits in it would be a hole in the chain, since nobody can open it any more. Then everything goes out under
   * a new incarnation, without the tokens of that epoch. Answers whether that was so.
   */
  leaveEnded(): boolean {
    const epochs = this.#parts.db.all<{ epoch: number }>("SELECT DISTINCT epoch FROM outbox");
    if (epochs.every(({ epoch }) => this.#parts.isOpen(epoch))) return false;
    this.startOver();
    return true;
  }

  /** When the oldest row was written that waits for a receipt; 0 without one. */
  get waitingSinceMs(): number {
    return this.#parts.db.get<{ since: number | null }>("SELECT min(written_ms) AS since FROM outbox")?.since ?? 0;
  }

  /** Rows of this incarnation without a receipt, in order, after `position`. */
  pending(afterPosition: number, limit: number): OutboxRow[] {
    return this.#parts.db.all<OutboxRow>(
      "SELECT position, subject, message FROM outbox WHERE position > ? AND incarnation = ? ORDER BY position LIMIT ?",
      afterPosition,
      this.incarnation,
      limit,
    );
  }

  /** Positions of a range that have no receipt. */
  waitingAmong({ first, last }: PositionRange): number[] {
    return this.#parts.db
      .all<{ position: number }>(
        "SELECT position FROM outbox WHERE position BETWEEN ? AND ? AND incarnation = ? ORDER BY position",
        first,
        last,
        this.incarnation,
      )
      .map(({ position }) => position);
  }

  /** Where sequences of an incarnation stand that have no receipt, both ends included; undefined when all of them have one. */
  rangeOf(incarnation: Incarnation, { first, last }: { readonly first: number; readonly last: number }) {
    const sql =
      "SELECT min(position) AS first, max(position) AS last FROM outbox WHERE incarnation = ? AND sequence BETWEEN ? AND ?";
    const found = this.#parts.db.get<{ first: number | null; last: number | null }>(sql, incarnation, first, last);
    return found?.first === null || found?.last === null || found === undefined
      ? undefined
      : ({ first: found.first, last: found.last } satisfies PositionRange);
  }

  /** From the first to the last row of these that waits for a receipt; undefined if none does. `range`: of sequences. */
  positionsOf(incarnation: Incarnation, range: SequenceRange): PositionRange | undefined {
    const found = this.#parts.db.get<{ first: number | null; last: number | null }>(
      "SELECT min(position) AS first, max(position) AS last FROM outbox WHERE incarnation = ? AND sequence BETWEEN ? AND ?",
      incarnation,
      range.first,
      range.last,
    );
    const { first = null, last = null } = found ?? {};
    return first === null || last === null ? undefined : { first, last };
  }

  /** When a row without a receipt was written, by this node's clock. */
  writtenMsOf({ incarnation, sequence }: Version): number | undefined {
    return this.#parts.db.get<{ ms: number }>(
      "SELECT written_ms AS ms FROM outbox WHERE incarnation = ? AND sequence = ?",
      incarnation,
      sequence,
    )?.ms;
  }

  /** The position of a row without a receipt. */
  positionOf({ incarnation, sequence }: Version): number | undefined {
    return this.#parts.db.get<{ position: number }>(
      "SELECT position FROM outbox WHERE incarnation = ? AND sequence = ?",
      incarnation,
      sequence,
    )?.position;
  }

  /**
   * The broker has it: the row is done. Returns the handles of its entries; `undefined` when there is no such row, or the receipt is
   * about other bytes, which then is not taken for a receipt.
   */
  settle({ incarnation, sequence }: Version, submissionHash: Uint8Array): Handle[] | undefined {
    const { db } = this.#parts;
    const row = db.get<{ position: number; submission_hash: Uint8Array; handles: string }>(
      "SELECT position, submission_hash, handles FROM outbox WHERE incarnation = ? AND sequence = ?",
      incarnation,
      sequence,
    );
    if (row === undefined || Buffer.compare(row.submission_hash, submissionHash) !== 0) return undefined;
    db.run("DELETE FROM outbox WHERE position = ?", row.position);
    if (this.#waitsUpTo({ incarnation, sequence })) this.#doneBefore.set(sequence, submissionHash);
    db.afterCommit(this.#parts.onSettled);
    return handlesOf(row);
  }

  /**
   * The broker has all of an incarnation up to a sequence: these rows are done, first to last. `undefined`, and nothing is done, when the
   * named row has other bytes than the receipt is about, or never was here while others up to it wait.
   */
  settleThrough(version: Version, submissionHash: Uint8Array): Settled[] | undefined {
    const { db } = this.#parts;
    const { incarnation, sequence } = version;
    const rows = db.all<{ sequence: number; submission_hash: Uint8Array; handles: string }>(
      "SELECT sequence, submission_hash, handles FROM outbox WHERE incarnation = ? AND sequence <= ? ORDER BY sequence",
      incarnation,
      sequence,
    );
    const last = rows.at(-1);
    if (last === undefined) return [];
    const hash = last.sequence === sequence ? last.submission_hash : this.#doneBefore.get(sequence);
    if (hash === undefined || Buffer.compare(hash, submissionHash) !== 0) return undefined;
    db.run("DELETE FROM outbox WHERE incarnation = ? AND sequence <= ?", incarnation, sequence);
    for (const done of this.#doneBefore.keys()) if (done <= sequence) this.#doneBefore.delete(done);
    db.afterCommit(this.#parts.onSettled);
    return rows.map((row) => ({ version: { incarnation, sequence: row.sequence }, handles: handlesOf(row) }));
  }

  #waitsUpTo({ incarnation, sequence }: Version): boolean {
    const sql = "SELECT 1 FROM outbox WHERE incarnation = ? AND sequence < ? LIMIT 1";
    return this.#parts.db.get(sql, incarnation, sequence) !== undefined;
  }

  /** How many rows wait for a receipt. */
  get length(): number {
    return this.#parts.db.get<{ rows: number }>("SELECT count(*) AS rows FROM outbox")?.rows ?? 0;
  }

  #insert(
    body: SubmissionBody,
    handles: readonly Handle[],
    address: OutboxAddress,
    writtenMs = this.#parts.world.clock(),
  ): void {
    const { db, vault } = this.#parts;
    const { incarnation, sequence, hash: prevHash } = this.#head();
    const submission: Submission = {
      recipientKey: recipientKeyOf(address.brokerSealingKey),
      member: address.member,
      incarnation,
      sequence: sequence + 1,
      prevHash,
      epoch: address.epoch,
      body,
    };
    const { signed, hash } = signSubmission(submission, address);
    const { sealed, key } = sealAndKeep(address.brokerSealingKey, signed, this.#parts.world.randomBytes(32));
    db.run(
      `INSERT INTO outbox (incarnation, sequence, epoch, subject, submission_hash, written_ms, handles, sealed_key, message)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      incarnation,
      submission.sequence,
      address.epoch,
      submissionSubject(address.member, address.epoch),
      hash,
      writtenMs,
      handles.join(" "),
      vault.seal(placeOf(submission), key),
      sealed,
    );
    db.run("UPDATE chain_head SET sequence = ?, hash = ?", submission.sequence, hash);
  }

  /** One row at a time: there may be hundreds of half a megabyte. */
  #signAnew(): void {
    const { db } = this.#parts;
    const { incarnation } = this.#head();
    for (;;) {
      const row = db.get<Row>(
        `SELECT position, incarnation, sequence, epoch, handles, written_ms, sealed_key, sealed, message FROM outbox
         WHERE incarnation <> ? ORDER BY position LIMIT 1`,
        incarnation,
      );
      if (row === undefined) return;
      this.#renumber(row);
      db.run("DELETE FROM outbox WHERE position = ?", row.position);
    }
  }

  #renumber(row: Row): void {
    const { vault, address, isOpen, onRenumbered } = this.#parts;
    const body = readKept(row, vault);
    const upserts = upsertsOf(body);
    const open = isOpen(row.epoch);
    // Tokens of an epoch that has ended mean nothing; what else was said in it still holds.
    if (FLEETING.includes(body.kind) || (!open && upserts.length > 0)) return;
    this.#insert(body, handlesOf(row), open ? address(row.epoch) : address(), row.written_ms);
    const { incarnation, sequence } = this.#head();
    onRenumbered(upserts, { epoch: row.epoch, from: row, to: { incarnation, sequence } });
  }

  /** In the database, not in memory: a transaction that fails takes its numbers back. */
  #head(): Head {
    const head = this.#parts.db.get<Head>("SELECT incarnation, sequence, hash FROM chain_head");
    if (head === undefined) throw new CausewayError("INTERNAL", "the outbox has no head");
    return head;
  }
}

/** What a waiting row says. Throws as `Vault.open` does. */
export function readKept(row: KeptBody, vault: Vault): SubmissionBody {
  const { sealed_key: key, sealed, message } = row;
  if (key !== null) return readSubmission(openKept(message, hashKey(vault.open(placeOf(row), key)))).body;
  if (sealed !== null) return vault.openJson(placeOf(row), STORED_SUBMISSION, sealed);
  throw new CausewayError("INTERNAL", "a row of the outbox says nothing");
}

/** The publisher sends upserts by themselves, see `Publisher`. */
function upsertsOf(body: SubmissionBody): Upsert[] {
  return body.kind === "publication" ? body.entries.filter((entry) => entry.operation === "upsert") : [];
}

function handlesOf({ handles }: Pick<Row, "handles">): Handle[] {
  return handles === "" ? [] : handles.split(" ").map((handle) => toId<Handle>(handle));
}

function placeOf({ incarnation, sequence }: Version): string {
  return `outbox/${incarnation}/${sequence}`;
}
