/**
 * Bytes from an unknown file to lines, in bounded memory. The sender of the file controls every byte: a line is at most
 * `LINE_BYTES_MAX` long or is dropped while it streams past, damaged lines are named and the others go on.
 *
 * UTF-8, and UTF-16 with a byte order mark (what spreadsheets call "Unicode text"). LF or CRLF.
 */

import { isUtf8 } from "node:buffer";
import { TextDecoder } from "node:util";
import { type Problem, problem } from "./problem.ts";

export const LINE_BYTES_MAX = 1024 * 1024;

/** Slices of a large chunk, so that a file handed over in one piece is not turned into lines all at once. */
const SLICE_BYTES = 64 * 1024;

const LF = 0x0a;
const CR = 0x0d;

export type LineFault = "LINE_LONG" | "NOT_UTF8" | "NUL";

export type Line = {
  /** From 1. */
  readonly number: number;
  /** Without its line end. Empty if too long, with replacement characters if not UTF-8. */
  readonly text: string;
  /** False for a last line that the file ends in the middle of. */
  readonly ended: boolean;
  readonly fault?: LineFault;
};

/** Lines in groups, as the bytes come. A line end at the end of the file opens no further line. */
export async function* readLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Line[]> {
  const splitter = new LineSplitter();
  for await (const slice of toUtf8(bytes)) {
    const lines = splitter.push(slice);
    if (lines.length > 0) yield lines;
  }
  const last = splitter.end();
  if (last !== undefined) yield [last];
}

/** Drops a byte order mark; turns UTF-16 into UTF-8. */
async function* toUtf8(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array(0);
  let decoder: TextDecoder | undefined;
  const encoder = new TextEncoder();
  for await (const chunk of bytes) {
    let rest = chunk;
    if (head !== undefined) {
      rest = Buffer.concat([head, chunk]);
      head = rest.length < 3 ? rest : undefined;
      if (head !== undefined) continue;
      [decoder, rest] = withoutMark(rest);
    }
    for (const slice of slices(rest)) yield decoder ? encoder.encode(decoder.decode(slice, { stream: true })) : slice;
  }
  if (head !== undefined) yield head;
  if (decoder !== undefined) yield encoder.encode(decoder.decode());
}

function withoutMark(bytes: Uint8Array): [TextDecoder | undefined, Uint8Array] {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return [undefined, bytes.subarray(3)];
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return [new TextDecoder("utf-16le"), bytes.subarray(2)];
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return [new TextDecoder("utf-16be"), bytes.subarray(2)];
  return [undefined, bytes];
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}

class LineSplitter {
  /** Pieces of the line under way. */
  #pieces: Uint8Array[] = [];
  #length = 0;
  #number = 0;
  /** Damaged characters become U+FFFD; `ignoreBOM`, because a mark inside the file is a character of its line. */
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  push(slice: Uint8Array): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = slice.indexOf(LF); end !== -1; end = slice.indexOf(LF, start)) {
      this.#append(slice.subarray(start, end));
      lines.push(this.#finish(true));
      start = end + 1;
    }
    // A copy, because the caller may use its buffer again.
    this.#append(Uint8Array.from(slice.subarray(start)));
    return lines;
  }

  end(): Line | undefined {
    return this.#length === 0 ? undefined : this.#finish(false);
  }

  /** Keeps nothing of a line that is too long. */
  #append(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#length += piece.length;
    if (this.#length > LINE_BYTES_MAX) this.#pieces = [];
    else this.#pieces.push(piece);
  }

  #finish(ended: boolean): Line {
    const tooLong = this.#length > LINE_BYTES_MAX;
    const bytes = this.#pieces.length === 1 ? (this.#pieces[0] as Uint8Array) : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#length = 0;
    this.#number += 1;
    if (tooLong) return { number: this.#number, text: "", ended, fault: "LINE_LONG" };
    const text = this.#decoder.decode(bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes);
    const fault = faultOf(text, bytes);
    return { number: this.#number, text, ended, ...(fault && { fault }) };
  }
}

/** A replacement character may stand in a sound file: whoever made it lost that character, which is another matter. */
function faultOf(text: string, bytes: Uint8Array): LineFault | undefined {
  if (text.includes("\0")) return "NUL";
  return text.includes("\uFFFD") && !isUtf8(bytes) ? "NOT_UTF8" : undefined;
}

/** The problem of a line or row that is damaged. */
export function faultProblem(line: number, fault: LineFault | "QUOTES" | "TRUNCATED"): Problem {
  return problem(line, "", fault, LINE_BYTES_MAX);
}
