/**
 * A record with its tokens as bytes, for snapshots: what `EpochSpace` needs to have it back, and nothing of this process's own (no numbers,
 * no places in memory). Big-endian; `image.version` of the snapshot says that it is this form.
 *
 *   u8 kind: 0 gone, 1 stands, 2 stands with its digest item ‖ member 16 ‖ handle 16, and of one that stands
 *   u8 domain ‖ u8 handling ‖ u32 review day ‖ conversation key 32 ‖ blind 32 ‖ incarnation 16 ‖ f64 sequence ‖ u32 published ‖ u32 settled
 *   ‖ f64 since (ms) ‖ digest sum 32 (kind 2) ‖ for each class: u16 tokens ‖ for each class: tokens ‖ tags
 */
import { fromHex, toHex } from "../../shared/core/bytes.ts";
import { HANDLINGS, TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { Handling, TokenClass } from "../../shared/core/data-plane.ts";
import { fromSumBytes, toSumBytes } from "../../shared/core/digest.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { Handle, Incarnation, MemberId } from "../../shared/core/ids.ts";
import { TAG_BYTES, TOKEN_BYTES } from "../../shared/crypto/token.ts";
import type { LiveRecord } from "./records.ts";
import type { TaggedTokens } from "./token-index.ts";

/** What stands, or that nothing does. */
export type RecordImage = {
  readonly member: MemberId;
  readonly handle: Handle;
  /** Undefined: the record is gone. */
  readonly standing: StandingImage | undefined;
};

export type StandingImage = TaggedTokens & {
  readonly record: Omit<LiveRecord, "number" | "tokens">;
  /** Sum of its digest item, if that had been made. */
  readonly sum: bigint | undefined;
};

export function toImageBytes({ member, handle, standing }: RecordImage): Uint8Array {
  if (standing === undefined) return new ImageWriter(33).byte(0).id(member).id(handle).done();
  const { record, sum, tokens, tags } = standing;
  const counts = TOKEN_CLASSES.map((each) => tokens[each].length / TOKEN_BYTES);
  const content = counts.reduce((total, count) => total + count * (TOKEN_BYTES + TAG_BYTES), 0);
  const image = new ImageWriter(33 + 110 + (sum === undefined ? 0 : 32) + 6 + content);
  image
    .byte(sum === undefined ? 1 : 2)
    .id(member)
    .id(handle);
  image.byte(DOMAINS.indexOf(record.domain)).byte(HANDLINGS.indexOf(record.handling)).word(record.reviewByDay);
  image.bytes(record.conversationKey).bytes(record.blind).id(record.incarnation).double(record.sequence);
  image.word(record.published).word(record.settled).double(record.sinceMs);
  if (sum !== undefined) image.bytes(toSumBytes(sum));
  for (const count of counts) image.half(count);
  for (const each of TOKEN_CLASSES) image.bytes(tokens[each]).bytes(tags[each]);
  return image.done();
}

/** The images in `bytes`, one after the other; their byte strings are views on it. Throws INVALID if they do not end where it ends. */
export function* imagesIn(bytes: Uint8Array): Generator<RecordImage> {
  const reader = new ImageReader(bytes);
  while (!reader.isAtEnd) yield read(reader);
}

function read(image: ImageReader): RecordImage {
  const kind = image.byte();
  if (kind > 2) throw unreadable();
  const [member, handle] = [image.id<MemberId>(), image.id<Handle>()];
  if (kind === 0) return { member, handle, standing: undefined };
  const record = {
    member,
    handle,
    domain: known<Domain>(DOMAINS, image.byte()),
    handling: known<Handling>(HANDLINGS, image.byte()),
    reviewByDay: image.word(),
    conversationKey: image.bytes(32),
    blind: image.bytes(32),
    incarnation: image.id<Incarnation>(),
    sequence: image.double(),
    published: image.word(),
    settled: image.word(),
    sinceMs: image.double(),
  };
  const sum = kind === 2 ? fromSumBytes(image.bytes(32)) : undefined;
  const counts = TOKEN_CLASSES.map(() => image.half());
  const tokens: Partial<Record<TokenClass, Uint8Array>> = {};
  const tags: Partial<Record<TokenClass, Uint8Array>> = {};
  for (const [i, each] of TOKEN_CLASSES.entries()) {
    tokens[each] = image.bytes((counts[i] as number) * TOKEN_BYTES);
    tags[each] = image.bytes((counts[i] as number) * TAG_BYTES);
  }
  return { member, handle, standing: { record, sum, ...({ tokens, tags } as TaggedTokens) } };
}

class ImageWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.#bytes = new Uint8Array(length);
    this.#view = new DataView(this.#bytes.buffer);
  }

  byte(value: number): this {
    this.#view.setUint8(this.#take(1), value);
    return this;
  }

  half(value: number): this {
    this.#view.setUint16(this.#take(2), value);
    return this;
  }

  word(value: number): this {
    this.#view.setUint32(this.#take(4), value);
    return this;
  }

  double(value: number): this {
    this.#view.setFloat64(this.#take(8), value);
    return this;
  }

  id(hex: string): this {
    return this.bytes(fromHex(hex));
  }

  bytes(value: Uint8Array): this {
    this.#bytes.set(value, this.#take(value.length));
    return this;
  }

  done(): Uint8Array {
    return this.#bytes;
  }

  #take(length: number): number {
    this.#at += length;
    return this.#at - length;
  }
}

class ImageReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  half(): number {
    return this.#view.getUint16(this.#take(2));
  }

  word(): number {
    return this.#view.getUint32(this.#take(4));
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  id<Kind extends MemberId | Handle | Incarnation>(): Kind {
    return toHex(this.bytes(16)) as Kind;
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  #take(length: number): number {
    if (this.#at + length > this.#bytes.length) throw unreadable();
    this.#at += length;
    return this.#at - length;
  }
}

function known<Word>(words: readonly Word[], index: number): Word {
  const word = words[index];
  if (word === undefined) throw unreadable();
  return word;
}

function unreadable(): CausewayError {
  return new CausewayError("INVALID", "a snapshot holds what this version cannot read");
}
