/**
 * Records made ready and layouts as the bytes that the node keeps of them. There are as many as there are records, several times over,
 * and a rotation reads all of them: JSON would cost more than the tokens do. The bytes are the node's own and never leave it.
 */
import { concat, fromHex, lpText, toHex, u16, u8 } from "../../shared/core/bytes.ts";
import { byClass, HANDLINGS, TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { Handling, TokenClass } from "../../shared/core/data-plane.ts";
import { DOMAINS } from "../../shared/core/domain.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { HANDLE_BYTES } from "../../shared/crypto/lengths.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle } from "../../shared/core/ids.ts";
import type { Loan } from "./padding.ts";
import type { HardenedIdentifier, Layout } from "./publication.ts";

/** All that publishing a record in one more epoch needs: the record itself stays closed. */
export type Prepared = {
  readonly domain: Domain;
  readonly handling: Handling;
  /** X25519 public key. */
  readonly conversationKey: Uint8Array;
  readonly identifiers: readonly SaltableIdentifier[];
};

/** With the 64 bytes y beside it: to fetch a million of them one by one would take as long as all the rest of a rotation. */
export type SaltableIdentifier = HardenedIdentifier & { readonly y: Uint8Array };

const CACHE_KEY_BYTES = 16;
const Y_BYTES = 64;
const CONVERSATION_KEY_BYTES = 32;
/** In place of a class: this place is padding. */
const PADDING = 0xff;

/**
 * Set in the first byte, beside the domain: each kind's name stands once, in front, and what follows names it by its place there. What was
 * packed before lacks it, and has a name in each identifier.
 */
const KINDS_ONCE = 0x80;

export function packPrepared({ domain, handling, conversationKey, identifiers }: Prepared): Uint8Array {
  const kinds = kindsOf(identifiers);
  const writer = new Writer(64 + kinds.bytes + identifiers.length * (2 + CACHE_KEY_BYTES + Y_BYTES));
  writer.u8(KINDS_ONCE | DOMAINS.indexOf(domain));
  writer.u8(HANDLINGS.indexOf(handling));
  writer.bytes(conversationKey);
  writer.kinds(kinds);
  writer.u16(identifiers.length);
  for (const { kind, class: tokenClass, cacheKey, y } of identifiers) {
    writer.u8(TOKEN_CLASSES.indexOf(tokenClass));
    writer.u8(kinds.places.get(kind) as number);
    writer.bytes(cacheKey);
    writer.bytes(y);
  }
  return writer.written;
}

/** Throws INTERNAL for what `packPrepared` did not write. */
export function unpackPrepared(bytes: Uint8Array): Prepared {
  const reader = new Reader(bytes);
  const { domain, hasKinds } = domainIn(reader);
  const handling = reader.word(HANDLINGS);
  const conversationKey = reader.take(CONVERSATION_KEY_BYTES);
  const kinds = hasKinds ? kindsIn(reader) : undefined;
  const identifiers = Array.from({ length: reader.u16() }, () => {
    if (kinds === undefined) {
      const { kind, class: tokenClass, cacheKey } = identifierIn(reader) ?? reader.fail();
      return { kind, class: tokenClass, cacheKey, y: reader.take(Y_BYTES) };
    }
    const tokenClass = reader.word(TOKEN_CLASSES);
    const kind = reader.word(kinds);
    return { kind, class: tokenClass, cacheKey: reader.take(CACHE_KEY_BYTES), y: reader.take(Y_BYTES) };
  });
  return { domain, handling, conversationKey, identifiers };
}

export function packLayout(domain: Domain, layout: Layout): Uint8Array {
  const kinds = kindsOf(TOKEN_CLASSES.flatMap((tokenClass) => layout[tokenClass].filter((place) => place !== null)));
  const places = TOKEN_CLASSES.reduce((sum, tokenClass) => sum + layout[tokenClass].length, 0);
  const writer = new Writer(16 + kinds.bytes + places * (1 + CACHE_KEY_BYTES));
  writer.u8(KINDS_ONCE | DOMAINS.indexOf(domain));
  writer.kinds(kinds);
  for (const tokenClass of TOKEN_CLASSES) {
    writer.u16(layout[tokenClass].length);
    for (const place of layout[tokenClass]) {
      writer.u8(place === null ? PADDING : (kinds.places.get(place.kind) as number));
      if (place !== null) writer.bytes(place.cacheKey);
    }
  }
  return writer.written;
}

/** Throws INTERNAL for what `packLayout` did not write. */
export function unpackLayout(bytes: Uint8Array): { readonly domain: Domain; readonly layout: Layout } {
  const reader = new Reader(bytes);
  const { domain, hasKinds } = domainIn(reader);
  const kinds = hasKinds ? kindsIn(reader) : undefined;
  const placeOf = (tokenClass: TokenClass): HardenedIdentifier | null => {
    if (kinds === undefined) return identifierIn(reader);
    if (reader.isPadding()) return null;
    return { kind: reader.word(kinds), class: tokenClass, cacheKey: reader.take(CACHE_KEY_BYTES) };
  };
  // In the order of `TOKEN_CLASSES`, as they were written.
  const layout = byClass((tokenClass) => Array.from({ length: reader.u16() }, () => placeOf(tokenClass)));
  return { domain, layout };
}

function domainIn(reader: Reader): { readonly domain: Domain; readonly hasKinds: boolean } {
  const first = reader.u8();
  return { domain: DOMAINS[first & ~KINDS_ONCE] ?? reader.fail(), hasKinds: (first & KINDS_ONCE) !== 0 };
}

/** The kinds of a record, each with its place in front and the bytes of all names. */
type Kinds = { readonly places: ReadonlyMap<string, number>; readonly bytes: number };

function kindsOf(identifiers: readonly { readonly kind: string }[]): Kinds {
  const places = new Map<string, number>();
  let bytes = 1;
  for (const { kind } of identifiers) {
    if (places.has(kind)) continue;
    places.set(kind, places.size);
    bytes += kindBytes(kind).length;
  }
  return { places, bytes };
}

const kindsIn = (reader: Reader): string[] => Array.from({ length: reader.u8() }, () => reader.kind());

export function packLoans(loans: readonly Loan[]): Uint8Array {
  return concat(
    u16(loans.length),
    ...loans.flatMap(({ tokenClass, number, lender, lent }) => [
      u8(TOKEN_CLASSES.indexOf(tokenClass)),
      u8(number),
      fromHex(lender),
      u8(lent),
    ]),
  );
}

/** Throws INTERNAL for what `packLoans` did not write. */
export function unpackLoans(bytes: Uint8Array): Loan[] {
  const reader = new Reader(bytes);
  return Array.from({ length: reader.u16() }, () => ({
    tokenClass: reader.word(TOKEN_CLASSES),
    number: reader.u8(),
    lender: toId<Handle>(toHex(reader.take(HANDLE_BYTES))),
    lent: reader.u8(),
  }));
}

/** A scheme has some dozens of kinds, and a rotation writes them a million times. */
const encodedKinds = new Map<string, Uint8Array>();

function kindBytes(kind: string): Uint8Array {
  let encoded = encodedKinds.get(kind);
  if (encoded === undefined) encodedKinds.set(kind, (encoded = lpText(kind)));
  return encoded;
}

/** As it was packed before. */
function identifierIn(reader: Reader): HardenedIdentifier | null {
  if (reader.isPadding()) return null;
  const tokenClass = reader.word(TOKEN_CLASSES);
  const cacheKey = reader.take(CACHE_KEY_BYTES);
  return { kind: reader.kind(), class: tokenClass, cacheKey };
}

/** Into bytes that are made once, large enough. */
class Writer {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytesMax: number) {
    this.#bytes = new Uint8Array(bytesMax);
  }

  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  u8(value: number): void {
    if (value > 0xff) throw new RangeError("integer out of range");
    this.#bytes[this.#at++] = value;
  }

  u16(value: number): void {
    this.u8(value >>> 8);
    this.u8(value & 0xff);
  }

  bytes(value: Uint8Array): void {
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  kinds({ places }: Kinds): void {
    if (places.size >= PADDING) throw new RangeError("too many kinds");
    this.u8(places.size);
    for (const kind of places.keys()) this.bytes(kindBytes(kind));
  }
}

const decoder = new TextDecoder();

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  peek(): number {
    return this.#bytes[this.#at] ?? this.fail();
  }

  u8(): number {
    const value = this.peek();
    this.#at += 1;
    return value;
  }

  u16(): number {
    return 256 * this.u8() + this.u8();
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    if (taken.length < length) this.fail();
    this.#at += length;
    return taken;
  }

  /** Whether the next place is padding, which is taken then. */
  isPadding(): boolean {
    const isPadding = this.peek() === PADDING;
    if (isPadding) this.#at += 1;
    return isPadding;
  }

  kind(): string {
    return decoder.decode(this.take(this.u16()));
  }

  word<Word>(words: readonly Word[]): Word {
    return words[this.u8()] ?? this.fail();
  }

  fail(): never {
    throw new CausewayError("INTERNAL", "a stored layout is cut off or not one");
  }
}
