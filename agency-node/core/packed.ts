/**
 * Records made ready and layouts as the bytes that the node keeps of them. There are as many as there are records, several times over,
 * and a rotation reads all of them: JSON would cost more than the tokens do. The bytes are the node's own and never leave it.
 */
import { concat, fromHex, lpText, toHex, u16, u8 } from "../../shared/core/bytes.ts";
import { byClass, HANDLINGS, TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { Handling } from "../../shared/core/data-plane.ts";
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
const PADDING_PARTS = [u8(PADDING)];

export function packPrepared({ domain, handling, conversationKey, identifiers }: Prepared): Uint8Array {
  return concat(
    u8(DOMAINS.indexOf(domain)),
    u8(HANDLINGS.indexOf(handling)),
    conversationKey,
    u16(identifiers.length),
    ...identifiers.flatMap((identifier) => [...identifierParts(identifier), identifier.y]),
  );
}

/** Throws INTERNAL for what `packPrepared` did not write. */
export function unpackPrepared(bytes: Uint8Array): Prepared {
  const reader = new Reader(bytes);
  const domain = reader.word(DOMAINS);
  const handling = reader.word(HANDLINGS);
  const conversationKey = reader.take(CONVERSATION_KEY_BYTES);
  const identifiers = Array.from({ length: reader.u16() }, () => {
    const { kind, class: tokenClass, cacheKey } = identifierIn(reader) ?? reader.fail();
    return { kind, class: tokenClass, cacheKey, y: reader.take(Y_BYTES) };
  });
  return { domain, handling, conversationKey, identifiers };
}

export function packLayout(domain: Domain, layout: Layout): Uint8Array {
  const parts = [u8(DOMAINS.indexOf(domain))];
  for (const tokenClass of TOKEN_CLASSES) {
    const places = layout[tokenClass];
    parts.push(u16(places.length));
    for (const place of places) parts.push(...(place === null ? PADDING_PARTS : identifierParts(place)));
  }
  return concat(...parts);
}

/** Throws INTERNAL for what `packLayout` did not write. */
export function unpackLayout(bytes: Uint8Array): { readonly domain: Domain; readonly layout: Layout } {
  const reader = new Reader(bytes);
  const domain = reader.word(DOMAINS);
  // In the order of `TOKEN_CLASSES`, as they were written.
  const layout = byClass(() => Array.from({ length: reader.u16() }, () => identifierIn(reader)));
  return { domain, layout };
}

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

function identifierParts({ kind, class: tokenClass, cacheKey }: HardenedIdentifier): readonly Uint8Array[] {
  return [u8(TOKEN_CLASSES.indexOf(tokenClass)), cacheKey, kindBytes(kind)];
}

/** A scheme has some dozens of kinds, and a rotation writes them a million times. */
const encodedKinds = new Map<string, Uint8Array>();

function kindBytes(kind: string): Uint8Array {
  let encoded = encodedKinds.get(kind);
  if (encoded === undefined) encodedKinds.set(kind, (encoded = lpText(kind)));
  return encoded;
}

function identifierIn(reader: Reader): HardenedIdentifier | null {
  if (reader.peek() === PADDING) {
    reader.u8();
    return null;
  }
  const tokenClass = reader.word(TOKEN_CLASSES);
  const cacheKey = reader.take(CACHE_KEY_BYTES);
  return { kind: reader.text(), class: tokenClass, cacheKey };
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

  text(): string {
    return decoder.decode(this.take(this.u16()));
  }

  word<Word>(words: readonly Word[]): Word {
    return words[this.u8()] ?? this.fail();
  }

  fail(): never {
    throw new CausewayError("INTERNAL", "a stored layout is cut off or not one");
  }
}
