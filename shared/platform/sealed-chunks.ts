/**
 * Large files in chunks, each sealed by itself with ChaCha20-Poly1305 (RFC 8439), by the platform's own code, which is several times as fast
 * as ours. The key is of one file and no other, so a chunk's number is its nonce: chunks cannot be changed, left out, put in another order or
 * taken from another file, and the last one says that it is the last.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { concat } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import type { HashKey } from "../crypto/hash.ts";

const CIPHER = "chacha20-poly1305";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What a sealed chunk has more than its plaintext. */
export const CHUNK_OVERHEAD_BYTES = TAG_BYTES;

/** Which chunk of a file; numbers count from 0. */
export type ChunkPlace = { readonly number: number; readonly isLast: boolean };

/** `fileKey`: never for two files. `ad`: bytes that are not kept here, and must be the same when it is opened. */
export function sealChunk(fileKey: HashKey, place: ChunkPlace, plaintext: Uint8Array, ad: Uint8Array): Uint8Array {
  const cipher = createCipheriv(CIPHER, fileKey, nonceOf(place), { authTagLength: TAG_BYTES });
  cipher.setAAD(ad, { plaintextLength: plaintext.length });
  return concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** Throws UNPROVEN, always with the same text, if anything is not the original. */
export function openChunk(fileKey: HashKey, place: ChunkPlace, sealed: Uint8Array, ad: Uint8Array): Uint8Array {
  const length = sealed.length - TAG_BYTES;
  try {
    const decipher = createDecipheriv(CIPHER, fileKey, nonceOf(place), { authTagLength: TAG_BYTES });
    decipher.setAAD(ad, { plaintextLength: length });
    decipher.setAuthTag(sealed.subarray(length));
    const plaintext = decipher.update(sealed.subarray(0, length));
    decipher.final();
    return plaintext;
  } catch {
    throw new CausewayError("UNPROVEN", "a chunk cannot be opened");
  }
}

function nonceOf({ number, isLast }: ChunkPlace): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setBigUint64(0, BigInt(number));
  nonce[NONCE_BYTES - 1] = isLast ? 1 : 0;
  return nonce;
}
