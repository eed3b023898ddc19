/**
 * Looks for tokens where none may be left: in all readable memory of a process and in every file below some directories, as bytes and
 * as hexadecimal text.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { toHex } from "../../shared/core/bytes.ts";

const TOKEN_BYTES = 16;
const CHUNK_BYTES = 32 * 1024 * 1024;
const OVERLAP_BYTES = 2 * TOKEN_BYTES;
const PAGE_BYTES = 4096;
const BLOCK_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(BLOCK_BYTES + OVERLAP_BYTES);
const FILTER_BITS = 24;
/** Multiplicative hashing: spreads the first four bytes over the filter. */
const SPREAD = 0x9e3779b1;

/** How many of the tokens are found, each counted once. */
export async function residueOf(
  tokens: readonly Uint8Array[],
  where: { readonly pid: number; readonly dirs: readonly string[] },
): Promise<number> {
  const search = new Search(tokens);
  await searchMemory(where.pid, search);
  for (const dir of where.dirs) for (const file of filesBelow(dir)) searchFile(file, search);
  return search.found.size;
}

/** Looks for many patterns of 16 bytes, or 32 in hexadecimal, at every offset. */
class Search {
  readonly found = new Set<string>();
  readonly #patterns = new Map<number, { readonly bytes: Buffer; readonly token: string }[]>();
  readonly #filter = new Uint8Array(2 ** (FILTER_BITS - 3));

  constructor(tokens: readonly Uint8Array[]) {
    for (const token of tokens) {
      const hex = toHex(token);
      this.#add(Buffer.from(token), hex);
      this.#add(Buffer.from(hex, "latin1"), hex);
    }
  }

  /** `bytes` must overlap the chunk before by as much as a pattern is long. */
  look(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      const block = bytes.subarray(at, at + BLOCK_BYTES + OVERLAP_BYTES);
      // Most of what is mapped was never written to.
      if (!block.equals(ZEROS.subarray(0, block.length))) this.#lookIn(block);
    }
  }

  #lookIn(bytes: Buffer): void {
    const end = bytes.length - TOKEN_BYTES;
    let window = bytes.length < 4 ? 0 : bytes.readUInt32BE(0);
    for (let at = 0; at <= end; at += 1) {
      const slot = Math.imul(window, SPREAD) >>> (32 - FILTER_BITS);
      if (((this.#filter[slot >>> 3] as number) >> (slot & 7)) & 1) this.#compare(bytes, at, window >>> 0);
      window = (window << 8) | (bytes[at + 4] as number);
    }
  }

  #compare(bytes: Buffer, at: number, head: number): void {
    for (const { bytes: pattern, token } of this.#patterns.get(head) ?? []) {
      if (bytes.compare(pattern, 0, pattern.length, at, Math.min(at + pattern.length, bytes.length)) === 0) {
        this.found.add(token);
      }
    }
  }

  #add(bytes: Buffer, token: string): void {
    const head = bytes.readUInt32BE(0);
    const same = this.#patterns.get(head);
    if (same === undefined) this.#patterns.set(head, [{ bytes, token }]);
    else same.push({ bytes, token });
    const slot = Math.imul(head, SPREAD) >>> (32 - FILTER_BITS);
    this.#filter[slot >>> 3] = (this.#filter[slot >>> 3] as number) | (1 << (slot & 7));
  }
}

async function searchMemory(pid: number, search: Search): Promise<void> {
  const memory = openSync(`/proc/${pid}/mem`, "r");
  try {
    for (const { from, to } of mappingsOf(pid)) {
      await new Promise(setImmediate);
      readRange(memory, from, to, search);
    }
  } finally {
    closeSync(memory);
  }
}

/** What is mapped, readable and has any page in memory: reserved address space is thousands of times as large. */
function mappingsOf(pid: number): { readonly from: number; readonly to: number }[] {
  const mappings: { from: number; to: number }[] = [];
  let current: { from: number; to: number } | undefined;
  for (const line of readFileSync(`/proc/${pid}/smaps`, "utf8").split("\n")) {
    const [, from, to, access] = /^([0-9a-f]+)-([0-9a-f]+) (\S)/.exec(line) ?? [];
    if (from !== undefined && to !== undefined) {
      // What the kernel maps for itself cannot be read by anybody else.
      const readable = access === "r" && !/\[v(var|syscall)/.test(line);
      current = readable ? { from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) } : undefined;
    } else if (current !== undefined && /^(Rss|Swap): +[1-9]/.test(line)) {
      mappings.push(current);
      current = undefined;
    }
  }
  return mappings;
}

/** Reads with an overlap, so that what lies across two chunks is found; steps over pages that cannot be read. */
function readRange(file: number, from: number, to: number, search: Search): void {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let at = from; at < to;) {
    const read = readSome(file, chunk, Math.min(chunk.length, to - at), at);
    if (read > 0) search.look(chunk.subarray(0, read));
    at += read === CHUNK_BYTES ? read - OVERLAP_BYTES : read === 0 ? PAGE_BYTES : read;
  }
}

/** Reserved address space has no pages to read. */
function readSome(file: number, into: Buffer, length: number, at: number): number {
  try {
    return readSync(file, into, 0, length, at);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EIO" || code === "EFAULT") return 0;
    throw error;
  }
}

function searchFile(path: string, search: Search): void {
  const file = openSync(path, "r");
  try {
    readRange(file, 0, statSync(path).size, search);
  } finally {
    closeSync(file);
  }
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
