/**
 * One epoch's part of a snapshot, as a file:
 *
 *   "CWINDEX" ‖ u8 version ‖ snapshot id 16 ‖ frames: u8 is last ‖ u32 length ‖ sealed chunk (`shared/platform/sealed-chunks.ts`)
 *
 * The first chunk says how much room is needed, the last one holds the hash of the manifest that the snapshot was completed with; those in
 * between are record images (`broker/core/record-image.ts`), of which the last one of a record counts. The key comes from the broker's
 * sealing key of the epoch, with which the streams can be opened too: when that is destroyed, nobody opens the file any more.
 */
import { concat, equalBytes, lpText, u32, u64, u8, utf8 } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { CHUNK_OVERHEAD_BYTES, openChunk, sealChunk } from "../../shared/platform/sealed-chunks.ts";
import { blake2b, blake2bKeyed, hashKey } from "../../shared/crypto/hash.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import type { SealingKeyPair } from "../../shared/crypto/seal.ts";
import type { SnapshotSink, SnapshotSource } from "../ports.ts";

const VERSION = 1;
const ID_BYTES = 16;
const FRAME_HEAD_BYTES = 5;
/** Encrypting one takes a millisecond. */
const CHUNK_BYTES = 256 * 1024;
const CHUNK_BYTES_MAX = 4 * CHUNK_BYTES;

/** Which file of which snapshot. */
export type FileName = { readonly federation: Uint8Array; readonly epoch: number; readonly id: Uint8Array };

function headerOf({ id }: FileName): Uint8Array {
  return concat(utf8("CWINDEX"), u8(VERSION), id);
}

function fileKey({ secretKey }: SealingKeyPair, { federation, epoch, id }: FileName): HashKey {
  const label = lpText("causeway/index-snapshot/v1");
  return hashKey(blake2bKeyed(32, hashKey(secretKey), label, federation, u64(epoch), id));
}

function manifestHash(manifest: string): Uint8Array {
  return blake2b(32, lpText("causeway/index-manifest/v1"), utf8(manifest));
}

/** Gathers images in memory, and writes them when told. */
export class SnapshotFile {
  readonly #sink: SnapshotSink;
  readonly #key: HashKey;
  readonly #header: Uint8Array;
  #images: Uint8Array[] = [];
  #gathered = 0;
  #unwritten: Uint8Array[];
  #chunks = 0;

  constructor(sink: SnapshotSink, keyPair: SealingKeyPair, name: FileName, room: Uint8Array) {
    this.#sink = sink;
    this.#key = fileKey(keyPair, name);
    this.#header = headerOf(name);
    this.#unwritten = [this.#header];
    this.#seal(room, false);
  }

  /** Takes no time but that of sealing. */
  add(image: Uint8Array): void {
    this.#images.push(image);
    this.#gathered += image.length;
    if (this.#gathered >= CHUNK_BYTES) this.#sealGathered();
  }

  async flush(): Promise<void> {
    const unwritten = this.#unwritten;
    this.#unwritten = [];
    for (const bytes of unwritten) await this.#sink.append(bytes);
  }

  /** Nothing can be added any more. */
  complete(manifest: string): void {
    this.#sealGathered();
    this.#seal(manifestHash(manifest), true);
  }

  async finish(): Promise<void> {
    await this.flush();
    await this.#sink.finish();
  }

  async abandon(): Promise<void> {
    await this.#sink.abandon();
  }

  #sealGathered(): void {
    if (this.#gathered > 0) this.#seal(concat(...this.#images), false);
    this.#images = [];
    this.#gathered = 0;
  }

  #seal(plaintext: Uint8Array, isLast: boolean): void {
    const sealed = sealChunk(this.#key, { number: this.#chunks, isLast }, plaintext, this.#header);
    this.#chunks += 1;
    this.#unwritten.push(u8(isLast ? 1 : 0), u32(sealed.length), sealed);
  }
}

/** The chunks of a file but the last one, opened. Throws UNPROVEN or INVALID for whatever is not as it was written, also at its end. */
export async function* chunksOf(
  source: SnapshotSource,
  keyPair: SealingKeyPair,
  name: FileName,
  manifest: string,
): AsyncGenerator<Uint8Array> {
  const key = fileKey(keyPair, name);
  const header = headerOf(name);
  if (!equalBytes(await source.read(header.length), header)) throw damaged();
  for (let number = 0; ; number += 1) {
    const head = await source.read(FRAME_HEAD_BYTES);
    if (head.length !== FRAME_HEAD_BYTES) throw damaged();
    const isLast = head[0] === 1;
    const length = new DataView(head.buffer, head.byteOffset).getUint32(1);
    if (length < CHUNK_OVERHEAD_BYTES || length > CHUNK_BYTES_MAX) throw damaged();
    const opened = openChunk(key, { number, isLast }, await source.read(length), header);
    if (!isLast) yield opened;
    else if (equalBytes(opened, manifestHash(manifest))) return;
    else throw damaged();
  }
}

function damaged(): CausewayError {
  return new CausewayError("INVALID", "a snapshot is damaged, or of another version");
}

export function newSnapshotId(randomBytes: (count: number) => Uint8Array): Uint8Array {
  return randomBytes(ID_BYTES);
}
