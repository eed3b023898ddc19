/**
 * Messages of the journal's stream: batches of records, deflated, cut into pieces, padded and sealed with the broker's journal key. A message
 * opens only at its own place in the stream of its own federation.
 *
 * message := u32 generation of the key ‖ sealed piece; piece := u8 1 ‖ u32 number ‖ u32 of how many ‖ u32 length ‖ bytes ‖ zeros
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { concat, lpText, u32, u64, u8 } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { SEAL_PADDING_BYTES } from "../../shared/core/limits.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import { decryptWith, encryptWith } from "../../shared/crypto/secretbox.ts";
import type { Randomness } from "../../shared/world/world.ts";
import { PIECE_BYTES_MAX } from "./core/limits.ts";
import { decodeRecords, encodeRecords } from "./core/record.ts";
import type { JournalRecord } from "./core/record.ts";

export type SealingKey = { readonly generation: number; readonly key: HashKey };

/** What stands at one place of the stream. */
export type Piece = { readonly number: number; readonly of: number; readonly bytes: Uint8Array };

const FORM = 1;
const GENERATION_BYTES = 4;
const PIECE_HEAD_BYTES = 13;
const NONCE_BYTES = 24;
const DOMAIN = lpText("causeway/journal/v1");

/** The pieces of a batch, to be sealed one after the other. */
export function toPieces(records: readonly JournalRecord[]): Piece[] {
  const deflated = new Uint8Array(deflateRawSync(encodeRecords(records), { level: 3 }));
  const of = Math.max(1, Math.ceil(deflated.length / PIECE_BYTES_MAX));
  return Array.from({ length: of }, (_, number) => ({
    number,
    of,
    bytes: deflated.subarray(number * PIECE_BYTES_MAX, (number + 1) * PIECE_BYTES_MAX),
  }));
}

/** The records of all pieces of a batch. Throws INVALID for what `toPieces` did not make. */
export function fromPieces(pieces: readonly Piece[]): JournalRecord[] {
  let batch: Uint8Array;
  try {
    batch = new Uint8Array(inflateRawSync(concat(...pieces.map(({ bytes }) => bytes))));
  } catch (error) {
    throw new CausewayError("INVALID", "a batch of the journal cannot be read", { cause: error });
  }
  return decodeRecords(batch);
}

export type Place = { readonly federation: Uint8Array; readonly sequence: number };

export function sealPiece(
  piece: Piece,
  { generation, key }: SealingKey,
  place: Place,
  randomness: Randomness,
): Uint8Array {
  const { number, of, bytes } = piece;
  const length = PIECE_HEAD_BYTES + bytes.length;
  const padding = new Uint8Array((SEAL_PADDING_BYTES - (length % SEAL_PADDING_BYTES)) % SEAL_PADDING_BYTES);
  const plain = concat(u8(FORM), u32(number), u32(of), u32(bytes.length), bytes, padding);
  const nonce = randomness.randomBytes(NONCE_BYTES);
  return concat(u32(generation), encryptWith(key, nonce, plain, binding(generation, place)));
}

/** Readable by everybody: which of the broker's keys opens a message. */
export function generationOf(message: Uint8Array): number {
  if (message.length < GENERATION_BYTES) throw new CausewayError("UNPROVEN", "a message of the journal is cut short");
  return new DataView(message.buffer, message.byteOffset).getUint32(0);
}

/** Throws UNPROVEN unless it was sealed with this key, for this place. */
export function openPiece(message: Uint8Array, { generation, key }: SealingKey, place: Place): Piece {
  const plain = decryptWith(key, message.subarray(GENERATION_BYTES), binding(generation, place));
  const view = new DataView(plain.buffer, plain.byteOffset);
  if (plain[0] !== FORM) throw new CausewayError("UNPROVEN", "a message of the journal is of a newer form");
  const length = view.getUint32(9);
  const bytes = plain.subarray(PIECE_HEAD_BYTES, PIECE_HEAD_BYTES + length);
  return { number: view.getUint32(1), of: view.getUint32(5), bytes };
}

function binding(generation: number, { federation, sequence }: Place): Uint8Array {
  return concat(DOMAIN, federation, u32(generation), u64(sequence));
}
