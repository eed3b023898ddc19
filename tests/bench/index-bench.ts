/**
 * The token index at 1, 10 and 50 million tokens: bytes a token, inserts and probes a second of one core's time, the
 * longest single put. Tokens are made outside the timed parts. The yardsticks are measured in the same run: random reads of one
 * typed array as large as the index (what the memory itself allows), and a JavaScript Map at one million.
 */
import { createCipheriv } from "node:crypto";

import { keyedTokenHash } from "../../broker/core/token-hash.ts";
import { type TaggedTokens, TokenIndex } from "../../broker/core/token-index.ts";
import { type TokenClass, TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import { TAG_BYTES, TOKEN_BYTES } from "../../shared/crypto/token.ts";
import { type BenchOptions, type BenchResult, collectGarbage, coreSeconds, median, rounded } from "./measure.ts";

const MILLION = 1_000_000;
const SIZES = [
  { tokens: MILLION, builds: 5 },
  { tokens: 10 * MILLION, builds: 3 },
  { tokens: 50 * MILLION, builds: 1 },
];

/** A record as nodes publish it: 8 single, 16 opening, 8 support tokens. */
const CLASS_TOKENS = [8, 16, 8] as const;
const RECORD_TOKENS = 32;
const RECORD_BYTES = RECORD_TOKENS * TOKEN_BYTES;
const RECORDS_PER_SLAB = 8_192;
const MEMBERS = 50;

const LOOKUP_BYTES = 32 * TOKEN_BYTES;
const PROBES = MILLION;
const PROBE_RUNS = 7;
/** More than probes, because some systems count processor time in steps of several milliseconds. */
const READS = 8 * MILLION;

type IndexPoint = {
  readonly tokens: number;
  readonly insertsPerSecond: number;
  readonly probesPerSecond: number;
  /** Typed arrays allocated / live tokens. */
  readonly bytesPerToken: number;
  /** The same by what the process as a whole gained: array buffers and heap, after a garbage collection. */
  readonly processBytesPerToken: number;
  /** Of one record's 32 tokens, by the wall clock: garbage collection and other processes included. */
  readonly longestPutMs: number;
  readonly randomReadsPerSecond: number;
  /** Probes / random reads: what is left of the memory's own speed. */
  readonly ratioToRandomReads: number;
};

/** Measures every size, one after the other; `quick` stops after one million. */
export async function benchIndex({ quick, say }: BenchOptions): Promise<BenchResult> {
  const points: IndexPoint[] = [];
  for (const { tokens, builds } of quick ? SIZES.slice(0, 1) : SIZES) {
    const point = measurePoint(tokens, builds);
    points.push(point);
    say(
      `index ${tokens / MILLION} M tokens: ${inMillions(point.insertsPerSecond)} inserts/s, ` +
        `${inMillions(point.probesPerSecond)} probes/s (${point.ratioToRandomReads} of plain random reads), ` +
        `${point.bytesPerToken} bytes/token (${point.processBytesPerToken} by the process), ` +
        `longest put ${point.longestPutMs} ms`,
    );
  }
  const mapProbesPerSecond = rounded(measureMap());
  const ratioToMap = rounded((points[0] as IndexPoint).probesPerSecond / mapProbesPerSecond);
  say(`JavaScript Map at 1 M: ${inMillions(mapProbesPerSecond)} probes/s; the index is ${ratioToMap} times as fast`);
  return { bench: "index", points, mapProbesPerSecond, ratioToMap };
}

function inMillions(perSecond: number): string {
  return `${rounded(perSecond / MILLION)} M`;
}

function measurePoint(tokens: number, builds: number): IndexPoint {
  const insertRates: number[] = [];
  const longest: number[] = [];
  const processBytes: number[] = [];
  let built: Built | undefined;
  for (let i = 0; i < builds; i += 1) {
    built = undefined;
    collectGarbage();
    built = build(tokens);
    insertRates.push(built.index.size / built.insertSeconds);
    longest.push(built.longestPutSeconds);
    processBytes.push(built.processBytes);
  }
  const { index, sample } = built as Built;
  const probesPerSecond = measureProbes(index, sample);
  const randomReadsPerSecond = measureRandomReads(index.bytes);
  return {
    tokens,
    insertsPerSecond: rounded(median(insertRates)),
    probesPerSecond: rounded(probesPerSecond),
    bytesPerToken: rounded(index.bytes / index.size),
    processBytesPerToken: rounded(median(processBytes) / index.size),
    longestPutMs: rounded(Math.max(...longest) * 1_000),
    randomReadsPerSecond: rounded(randomReadsPerSecond),
    ratioToRandomReads: rounded(probesPerSecond / randomReadsPerSecond),
  };
}

type Sample = { readonly tokens: Uint8Array; readonly classNumbers: Uint8Array };
type Built = {
  readonly index: TokenIndex;
  /** Tokens that are in the index, spread evenly over it; each tells its class. */
  readonly sample: Sample;
  insertSeconds: number;
  longestPutSeconds: number;
  processBytes: number;
};

function build(tokens: number): Built {
  const random = randomBytes("tokens");
  const sample = { tokens: new Uint8Array((PROBES / 2) * TOKEN_BYTES), classNumbers: new Uint8Array(PROBES / 2) };
  collectGarbage();
  const before = processBytes();
  const index = new TokenIndex(keyedTokenHash(random(16)));
  const built: Built = { index, sample, insertSeconds: 0, longestPutSeconds: 0, processBytes: 0 };
  const records = Math.ceil(tokens / RECORD_TOKENS);
  for (let first = 0; first < records; first += RECORDS_PER_SLAB) addSlab(built, random, first, records);
  collectGarbage();
  built.processBytes = processBytes() - before;
  return built;
}

/** Makes the tokens of the next records, puts them against the clock, and takes their share of the sample. */
function addSlab(built: Built, random: (length: number) => Uint8Array, first: number, records: number): void {
  const slab = random(Math.min(RECORDS_PER_SLAB, records - first) * RECORD_BYTES);
  const puts = recordsOf(slab);
  built.insertSeconds += coreSeconds(() => {
    for (const [i, content] of puts.entries()) {
      const start = performance.now();
      built.index.put(first + i, (first + i) % MEMBERS, content);
      built.longestPutSeconds = Math.max(built.longestPutSeconds, (performance.now() - start) / 1_000);
    }
  });
  const sampledUntil = (record: number) => Math.floor((record / records) * (PROBES / 2));
  takeSample(built.sample, sampledUntil(first), sampledUntil(first + puts.length) - sampledUntil(first), slab);
}

/** The tags are the beginning of the same bytes: nothing depends on what they are. */
function recordsOf(bytes: Uint8Array): TaggedTokens[] {
  const records: TaggedTokens[] = [];
  for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
    const record = bytes.subarray(at, at + RECORD_BYTES);
    records.push({ tokens: byClasses(record, TOKEN_BYTES), tags: byClasses(record, TAG_BYTES) });
  }
  return records;
}

/** `size` bytes for each token of a record. */
function byClasses(record: Uint8Array, size: number): TaggedTokens["tokens"] {
  const [single, opening, support] = CLASS_TOKENS;
  return {
    single: record.subarray(0, single * size),
    opening: record.subarray(single * size, (single + opening) * size),
    support: record.subarray((single + opening) * size, (single + opening + support) * size),
  };
}

/** Adds `count` tokens, spread evenly over a slab, none of them twice. */
function takeSample(sample: Sample, from: number, count: number, slab: Uint8Array): void {
  const step = slab.length / TOKEN_BYTES / count;
  for (let i = 0; i < count; i += 1) {
    const token = Math.floor(i * step);
    sample.tokens.set(slab.subarray(token * TOKEN_BYTES, (token + 1) * TOKEN_BYTES), (from + i) * TOKEN_BYTES);
    sample.classNumbers[from + i] = classNumberAt(token % RECORD_TOKENS);
  }
}

function classNumberAt(tokenInRecord: number): number {
  const [single, opening] = CLASS_TOKENS;
  if (tokenInRecord < single) return 0;
  return tokenInRecord < single + opening ? 1 : 2;
}

/** Half hits, half misses, in random order, another order each run. */
function measureProbes(index: TokenIndex, sample: Sample): number {
  const random = randomBytes("probes");
  const rates: number[] = [];
  for (let run = 0; run < PROBE_RUNS; run += 1) {
    const classes = byClass(mixWithMisses(sample, random));
    let hits = 0;
    const took = coreSeconds(() => {
      for (const [tokenClass, tokens] of classes) {
        // Batches as large as a full record's class, which is how the broker looks up.
        for (let at = 0; at < tokens.length; at += LOOKUP_BYTES) {
          for (const members of index.membersHolding(tokenClass, tokens.subarray(at, at + LOOKUP_BYTES)))
            hits += members;
        }
      }
    });
    if (hits !== PROBES / 2) throw new Error("the index gave a wrong answer");
    rates.push(PROBES / took);
  }
  return median(rates);
}

function byClass({ tokens, classNumbers }: Sample): [TokenClass, Uint8Array][] {
  return TOKEN_CLASSES.map((tokenClass, number) => {
    const places = Array.from(classNumbers.keys()).filter((i) => classNumbers[i] === number);
    const joined = new Uint8Array(places.length * TOKEN_BYTES);
    for (const [to, from] of places.entries()) {
      joined.set(tokens.subarray(from * TOKEN_BYTES, (from + 1) * TOKEN_BYTES), to * TOKEN_BYTES);
    }
    return [tokenClass, joined];
  });
}

function mixWithMisses(sample: Sample, random: (length: number) => Uint8Array): Sample {
  const tokens = random(PROBES * TOKEN_BYTES).slice();
  const classNumbers = new Uint8Array(PROBES).map((_, i) => i % 3);
  const order = shuffled(PROBES, random);
  for (let i = 0; i < PROBES / 2; i += 1) {
    const at = order[i] as number;
    tokens.set(sample.tokens.subarray(i * TOKEN_BYTES, (i + 1) * TOKEN_BYTES), at * TOKEN_BYTES);
    classNumbers[at] = sample.classNumbers[i] as number;
  }
  return { tokens, classNumbers };
}

function shuffled(length: number, random: (length: number) => Uint8Array): Uint32Array {
  const order = new Uint32Array(length).map((_, i) => i);
  const bytes = random(length * 4);
  const draws = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = length - 1; i > 0; i -= 1) {
    const j = draws.getUint32(4 * i) % (i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

function measureRandomReads(bytes: number): number {
  const memory = new Int32Array(Math.ceil(bytes / 4)).fill(1);
  const random = randomBytes("reads");
  const rates: number[] = [];
  for (let run = 0; run < PROBE_RUNS; run += 1) {
    const draws = new Uint32Array(random(READS * 4).slice().buffer);
    const places = draws.map((draw) => draw % memory.length);
    let sum = 0;
    const took = coreSeconds(() => {
      for (let i = 0; i < READS; i += 1) sum += memory[places[i] as number] as number;
    });
    if (sum !== READS) throw new Error("the memory gave a wrong answer");
    rates.push(READS / took);
  }
  return median(rates);
}

/** The same half-and-half probes of a Map from hexadecimal token to record number. */
function measureMap(): number {
  const random = randomBytes("map");
  const keys = (count: number) => {
    const bytes = Buffer.from(random(count * TOKEN_BYTES));
    return Array.from({ length: count }, (_, i) => bytes.toString("hex", i * TOKEN_BYTES, (i + 1) * TOKEN_BYTES));
  };
  const held = keys(MILLION);
  const map = new Map(held.map((key, i) => [key, i]));
  const rates: number[] = [];
  for (let run = 0; run < PROBE_RUNS; run += 1) {
    const order = shuffled(PROBES, random);
    // New strings each run, as they come off the wire: a string that is a key already carries its hash.
    const present = held.slice(0, PROBES / 2).map((key) => Buffer.from(key).toString("latin1"));
    const probes = [...present, ...keys(PROBES / 2)];
    const mixed = Array.from(order, (at) => probes[at] as string);
    let hits = 0;
    const took = coreSeconds(() => {
      for (const key of mixed) if (map.has(key)) hits += 1;
    });
    if (hits !== PROBES / 2) throw new Error("the map gave a wrong answer");
    rates.push(PROBES / took);
  }
  return median(rates);
}

function processBytes(): number {
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

/** Repeatable random bytes (AES-CTR key stream), another stream for each purpose. */
function randomBytes(purpose: string): (length: number) => Uint8Array {
  const cipher = createCipheriv("aes-128-ctr", Buffer.from(purpose.padEnd(16)), Buffer.alloc(16));
  return (length) => cipher.update(Buffer.alloc(length));
}
