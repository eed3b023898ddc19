/**
 * What the stream of the broker's journal says, and its bytes. A batch is a list of records; it is deflated, cut into pieces, and each piece
 * sealed into a message of its own (`sealing.ts`).
 *
 * record := u8 kind ‖ lp(name) ‖ u64 position ‖ hash (32 bytes) ‖ u32 length ‖ bytes
 */
import { concat, equalBytes, lpText, u32, u64, u8 } from "../../../shared/core/bytes.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { blake2b } from "../../../shared/crypto/hash.ts";

/** A transaction of one database. Each names by its hash all that were before it. */
export type Change = {
  readonly kind: "change";
  /** Such as "ledger". */
  readonly name: string;
  readonly position: number;
  readonly hash: Uint8Array;
  /** An SQLite patchset. */
  readonly bytes: Uint8Array;
};

/** A whole database, as it stands after the change of this position and hash. What was said of it before counts no more. */
export type Image = Omit<Change, "kind"> & { readonly kind: "image" };

/** Position and hash of the last change that a copy of a database has. */
export type Head = { readonly position: number; readonly hash: Uint8Array };

export type JournalRecord =
  | Change
  | Image
  /** A file of the broker's directory as it stands now; its path is relative to that. */
  | { readonly kind: "file"; readonly name: string; readonly bytes: Uint8Array }
  | { readonly kind: "fileGone"; readonly name: string }
  /** The key of that generation, with which all that follows is sealed. */
  | { readonly kind: "key"; readonly generation: number; readonly bytes: Uint8Array };

const KINDS: readonly JournalRecord["kind"][] = ["change", "image", "file", "fileGone", "key"];
const HASH_BYTES = 32;
const NO_HASH = new Uint8Array(HASH_BYTES);
const NO_BYTES = new Uint8Array(0);
const DOMAIN = lpText("causeway/journal/v1");

/** Of the change after `previous`. */
export function hashAfter(previous: Head, name: string, bytes: Uint8Array): Uint8Array {
  return blake2b(HASH_BYTES, DOMAIN, previous.hash, u64(previous.position + 1), lpText(name), bytes);
}

export function sameHead(a: Head, b: Head): boolean {
  return a.position === b.position && equalBytes(a.hash, b.hash);
}

export function encodeRecords(records: readonly JournalRecord[]): Uint8Array {
  return concat(...records.flatMap(partsOf));
}

/** Throws INVALID for what `encodeRecords` did not write. */
export function decodeRecords(bytes: Uint8Array): JournalRecord[] {
  const records: JournalRecord[] = [];
  const at = new Cursor(bytes);
  while (!at.isAtEnd) records.push(decodeRecord(at));
  return records;
}

function partsOf(record: JournalRecord): Uint8Array[] {
  const name = record.kind === "key" ? "" : record.name;
  const bytes = record.kind === "fileGone" ? NO_BYTES : record.bytes;
  const { position, hash } = headIn(record);
  return [u8(KINDS.indexOf(record.kind) + 1), lpText(name), u64(position), hash, u32(bytes.length), bytes];
}

function headIn(record: JournalRecord): Head {
  if (record.kind === "change" || record.kind === "image") return record;
  return { position: record.kind === "key" ? record.generation : 0, hash: NO_HASH };
}

function decodeRecord(at: Cursor): JournalRecord {
  const kind = KINDS[at.number(1) - 1];
  const name = new TextDecoder().decode(at.take(at.number(2)));
  const position = at.number(8);
  const hash = at.take(HASH_BYTES);
  const bytes = at.take(at.number(4));
  switch (kind) {
    case "change":
    case "image":
      return { kind, name, position, hash, bytes };
    case "file":
      return { kind, name, bytes };
    case "fileGone":
      return { kind, name };
    case "key":
      return { kind, generation: position, bytes };
    default:
      throw new CausewayError("INVALID", "a record of the journal is of a kind that this version does not know");
  }
}

/** Reads from front to back. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    if (taken.length < length) throw new CausewayError("INVALID", "a record of the journal is cut short");
    this.#at += length;
    return taken;
  }

  /** Big-endian. */
  number(length: number): number {
    let value = 0;
    for (const byte of this.take(length)) value = value * 256 + byte;
    if (!Number.isSafeInteger(value)) throw new CausewayError("INVALID", "a number in the journal is too large");
    return value;
  }
}
