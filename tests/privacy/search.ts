/**
 * Looks for values in heaps of bytes, however they are spelt there: as text in several encodings, in hexadecimal, in base64 at any
 * alignment, escaped, or as the plain digest of themselves.
 *
 * What it cannot find: a value that was compressed, encrypted, split in two, or hashed together with something else.
 */
import { createHash } from "node:crypto";
import { blake2b } from "../../shared/crypto/hash.ts";

/** Something to look in. */
export type Haystack = { readonly place: string; readonly bytes: Uint8Array };

/** One spelling of a value. */
export type Needle = { readonly what: string; readonly spelling: string; readonly bytes: Uint8Array };

export type Finding = { readonly what: string; readonly spelling: string; readonly place: string };

/** A shorter spelling is met by chance, and so is a longer one that could stand in any hexadecimal text. */
const NEEDLE_BYTES_MIN = 8;
const HEX_DIGITS_MIN = 12;

/** Spellings of a text that a person would recognise. Empty if it is too short to be told from chance. */
export function needlesOfText(what: string, text: string): Needle[] {
  const written = new Set([text, text.toLowerCase(), text.toUpperCase(), text.normalize("NFD")]);
  return [...written]
    .flatMap((each) => [
      ...needlesOfBytes(what, utf8(each), "UTF-8"),
      ...needlesOfBytes(what, Buffer.from(each, "utf16le"), "UTF-16LE"),
      ...needlesOfBytes(what, Buffer.from(each, "utf16le").swap16(), "UTF-16BE"),
      needle(what, "Latin-1", Buffer.from(each, "latin1")),
      needle(what, "percent-encoded", utf8(encodeURIComponent(each))),
      needle(what, "JSON-escaped", utf8(jsonEscaped(each))),
      ...digestsOf(utf8(each)).flatMap(([name, digest]) => needlesOfBytes(what, digest, name)),
    ])
    .filter(isTelling);
}

/** Spellings of a byte string, such as a key. `encoding` says what the bytes themselves are. */
export function needlesOfBytes(what: string, bytes: Uint8Array, encoding = "raw"): Needle[] {
  const buffer = Buffer.from(bytes);
  const hex = buffer.toString("hex");
  return [
    needle(what, encoding, buffer),
    needle(what, `${encoding} in hex`, utf8(hex)),
    needle(what, `${encoding} in upper-case hex`, utf8(hex.toUpperCase())),
    ...base64Spellings(buffer).map((text) => needle(what, `${encoding} in base64`, utf8(text))),
    // How JSON shows an array of bytes, and a typed array.
    needle(what, `${encoding} as decimal numbers`, utf8(buffer.join(","))),
    needle(what, `${encoding} as a JSON object`, utf8([...buffer].map((byte, i) => `"${i}":${byte}`).join(","))),
  ].filter(isTelling);
}

/** Every needle in every haystack, once a place. */
export function search(needles: readonly Needle[], haystacks: Iterable<Haystack>): Finding[] {
  const index = new NeedleIndex(needles);
  const findings = new Map<string, Finding>();
  for (const { place, bytes } of haystacks) {
    for (const { what, spelling } of index.within(bytes)) {
      findings.set(`${what}\0${spelling}\0${place}`, { what, spelling, place });
    }
  }
  return [...findings.values()];
}

/** Needles by their first four bytes, so that a heap is read once. */
class NeedleIndex {
  readonly #byStart = new Map<number, Needle[]>();
  /** Whether any needle begins with these two bytes. */
  readonly #begins = new Uint8Array(1 << 16);

  constructor(needles: readonly Needle[]) {
    for (const each of needles) {
      const start = Buffer.from(each.bytes).readUInt32BE(0);
      this.#begins[start >>> 16] = 1;
      const same = this.#byStart.get(start);
      if (same === undefined) this.#byStart.set(start, [each]);
      else same.push(each);
    }
  }

  *within(bytes: Uint8Array): Generator<Needle> {
    const heap = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at + 4 <= heap.length; at += 1) {
      if (this.#begins[((heap[at] as number) << 8) | (heap[at + 1] as number)] === 0) continue;
      for (const each of this.#byStart.get(heap.readUInt32BE(at)) ?? []) {
        const end = at + each.bytes.length;
        if (end <= heap.length && heap.compare(each.bytes, 0, each.bytes.length, at, end) === 0) yield each;
      }
    }
  }
}

function needle(what: string, spelling: string, bytes: Uint8Array): Needle {
  return { what, spelling, bytes };
}

function isTelling({ bytes }: Needle): boolean {
  const isHex = /^[0-9a-fA-F]*$/.test(Buffer.from(bytes).toString("latin1"));
  return bytes.length >= (isHex ? HEX_DIGITS_MIN : NEEDLE_BYTES_MIN);
}

/** The characters that are the same whatever stands before and after, for each of the three alignments, in both alphabets. */
function base64Spellings(bytes: Buffer): string[] {
  const texts = [0, 1, 2].map((shift) => {
    const whole = Math.floor(((shift + bytes.length) * 8) / 6);
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    return text.slice(Math.ceil((shift * 8) / 6), whole);
  });
  return [...new Set([...texts, ...texts.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"))])];
}

/** What a careless "anonymisation" would write. */
function digestsOf(bytes: Uint8Array): (readonly [string, Uint8Array])[] {
  const names = ["md5", "sha1", "sha256", "sha512"];
  return [
    ...names.map((name) => [name.toUpperCase(), createHash(name).update(bytes).digest()] as const),
    ["BLAKE2b-128", blake2b(16, bytes)],
    ["BLAKE2b-256", blake2b(32, bytes)],
  ];
}

function utf8(text: string): Buffer {
  return Buffer.from(text, "utf8");
}

function jsonEscaped(text: string): string {
  return text.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
