import { describe, expect, it } from "vitest";
import { DigestBook } from "../../broker/core/digest-book.ts";
import { DIGEST_HANDLES_MAX } from "../../broker/core/limits.ts";
import { sealMessage } from "../../shared/wire/envelope.ts";
import { signDelivery } from "../../shared/wire/data-plane.ts";
import type { Digest, DigestAnswer, Entry, Health, Revalidate, Upsert } from "../../shared/core/data-plane.ts";
import { dayOf, monthEnd } from "../../shared/core/days.ts";
import { bucketOf, digestItem, digestKey, digestOf } from "../../shared/core/digest.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { SEALED_BYTES_MAX } from "../../shared/core/limits.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { seeded } from "../drills/seeded.ts";
import { newHandle, tokens, upsert } from "./support.ts";
import { Bench, BORDER, HARBOUR } from "./writer-support.ts";
import { randomBytes } from "../../shared/world/random.ts";

/** Harbour's own books: what it has published in an epoch, and in which of its submissions. */
class Books {
  readonly bench: Bench;
  readonly #live = new Map<Handle, { readonly entry: Upsert; readonly sequence: number }>();

  constructor(bench: Bench) {
    this.bench = bench;
  }

  publish(...entries: Entry[]): void {
    const received = this.bench.next(HARBOUR, { kind: "publication", entries });
    this.bench.receive(received);
    for (const entry of entries) {
      if (entry.operation === "upsert") this.note(entry, received.submission.sequence);
      if (entry.operation === "withdraw") this.#live.delete(entry.handle);
      if (entry.operation === "revalidate") this.#revalidate(entry);
    }
  }

  note(entry: Upsert, sequence: number): void {
    this.#live.set(entry.handle, { entry, sequence });
  }

  get handles(): Handle[] {
    return [...this.#live.keys()];
  }

  #revalidate({ handle, reviewByDay }: Revalidate): void {
    const { entry, sequence } = this.#live.get(handle) as { entry: Upsert; sequence: number };
    this.#live.set(handle, { entry: { ...entry, reviewByDay }, sequence });
  }

  digest(day = dayOf(this.bench.nowMs)): Digest {
    const key = digestKey(this.bench.federation.id, HARBOUR, 1);
    const live = [...this.#live.values()].filter(({ entry }) => entry.reviewByDay >= day);
    return digestOf(
      day,
      live.map(({ entry, sequence }) => {
        return [entry.handle, digestItem(key, { handle: entry.handle, sequence }, entry.tokens)] as const;
      }),
    );
  }

  compare(digest = this.digest(), epoch = 1): DigestAnswer | undefined {
    const replies = this.bench.receive(this.bench.next(HARBOUR, { kind: "digest", ...digest }, epoch));
    expect(replies[0]?.body.kind).toBe("receipt");
    return replies[1]?.body as DigestAnswer | undefined;
  }
}

const handleIn = (bucket: string): Handle => `${bucket}${newHandle().slice(2)}` as Handle;
const record = (handle = newHandle(), ...names: string[]): Upsert => upsert(handle, tokens(names));

/** Records of Harbour, of one token each, put where publications would have put them. */
function hold(bench: Bench, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const handle = (i % 256).toString(16).padStart(2, "0") + i.toString(16).padStart(30, "0");
    bench.spaces.of(1).put(
      {
        member: HARBOUR,
        handle: handle as Handle,
        domain: "target",
        handling: "open",
        reviewByDay: 40_000,
        conversationKey: new Uint8Array(32),
        blind: new Uint8Array(32),
        incarnation: "1".repeat(32) as never,
        sequence: 1,
      },
      {
        tokens: { single: new Uint8Array(), opening: new Uint8Array(), support: new Uint8Array(16) },
        tags: { single: new Uint8Array(), opening: new Uint8Array(), support: new Uint8Array(8) },
      },
      0,
    );
  }
  while (bench.publications.prepareDigests(count));
}

describe("a digest", () => {
  it("agrees over any mixture of what stands, was changed, withdrawn or revalidated", () => {
    const books = new Books(new Bench());
    const [kept, changed, gone] = [record(), record(), record()];
    books.publish(kept, changed, gone, ...Array.from({ length: 50 }, () => record()));
    books.publish(record(changed.handle, "other"), { operation: "withdraw", handle: gone.handle });
    expect(books.compare()).toMatchObject({ epoch: 1, sequence: 3, differing: [], handles: [] });
    books.publish({ operation: "revalidate", handle: kept.handle, reviewByDay: monthEnd(kept.reviewByDay + 1) });
    expect(books.compare()).toMatchObject({ differing: [], handles: [] });
  });

  it("agrees after each step of a life, as of any day", () => {
    const books = new Books(new Bench());
    const { next: random } = seeded(1);
    const today = dayOf(books.bench.nowMs);
    const inMonths = (): number => monthEnd(today + 30 * Math.floor(random() * 12));
    for (let step = 0; step < 300; step += 1) {
      const handle = books.handles[Math.floor(random() * books.handles.length * 1.5)];
      const choice = Math.floor(random() * 3);
      if (handle === undefined || choice === 0) {
        const reviewByDay = handle === undefined ? inMonths() : monthEnd(today);
        books.publish(upsert(handle ?? newHandle(), tokens([`${step}`]), { reviewByDay }));
      } else if (choice === 1) books.publish({ operation: "withdraw", handle });
      else books.publish({ operation: "revalidate", handle, reviewByDay: inMonths() });
      if (random() < 0.5) books.bench.publications.prepareDigests(2);
      const day = today + Math.floor(random() * 400);
      expect(books.compare(books.digest(day))?.differing, `step ${step}, day ${day}`).toEqual([]);
    }
    expect(books.handles.length).toBeGreaterThan(10);
  });

  it("costs the broker as much of many records as of few: who asks a thousand times holds up nobody", () => {
    const [few, many] = [10, 20_000].map((count) => {
      const bench = new Bench();
      hold(bench, count);
      const right = bench.spaces.of(1).digest(bench.federation.id, HARBOUR, dayOf(bench.nowMs));
      const times = Array.from({ length: 1_000 }, () => {
        const received = bench.next(HARBOUR, { kind: "digest", ...right });
        const startedMs = performance.now();
        const [, answer] = bench.receive(received);
        const tookMs = performance.now() - startedMs;
        expect(answer?.body).toMatchObject({ differing: [] });
        return tookMs;
      });
      return times.toSorted((a, b) => a - b)[500] as number;
    });
    // Going through the records made it ten times as much.
    expect((many as number) / (few as number)).toBeLessThan(4);
  });

  it.each([
    { what: "the day after all of them", day: 0xffff_ffff, named: 0 },
    { what: "the last day of one in each bucket", day: 40_000, named: 256 },
  ])("of $what is as cheap: what is past its review day then is not looked at", ({ day, named }) => {
    const [few, many] = [1, 400].map((perBucket) => {
      const book = new DigestBook();
      for (let i = 0; i < perBucket * 256; i += 1) {
        const handle = `${(i % 256).toString(16).padStart(2, "0")}${i.toString(16).padStart(30, "0")}` as Handle;
        book.enter(
          { number: i, member: HARBOUR, handle, reviewByDay: i < 256 ? 40_000 : 39_000 },
          { count: 1, sum: 1n },
        );
      }
      const times = Array.from({ length: 20 }, () => {
        const startedMs = performance.now();
        const handles = Array.from({ length: 256 }, (_, bucket) => book.recordsIn(HARBOUR, day, bucket, 30_000));
        const tookMs = performance.now() - startedMs;
        expect(handles.flat()).toHaveLength(named);
        return tookMs;
      });
      return Math.min(...times);
    });
    // Looking at each record made it twenty times as much or more.
    expect((many as number) / (few as number)).toBeLessThan(10);
  });

  it("names the buckets that differ, and the records held there", () => {
    const books = new Books(new Bench());
    const [unsent, held] = [record(handleIn("0a")), record(handleIn("0a"))];
    books.publish(held, record(handleIn("ff")));
    books.note(unsent, 1);
    expect(books.compare()).toMatchObject({ differing: [0x0a], handles: [held.handle] });
    const empty = new Books(books.bench);
    expect(empty.compare()?.differing).toEqual([0x0a, 0xff]);
  });

  it("leaves out what was rejected, and what is past its review day on the digest's day", () => {
    const bench = new Bench();
    const books = new Books(bench);
    const lastDay = monthEnd(dayOf(bench.nowMs));
    books.publish(upsert(newHandle(), tokens(["soon over"]), { reviewByDay: lastDay }), record());
    bench.publish(HARBOUR, upsert(newHandle(), tokens([]), { handling: "silent" }));
    expect(books.compare()?.differing).toEqual([]);
    expect(books.compare(books.digest(lastDay + 1))?.differing).toEqual([]);
    expect(books.compare({ ...books.digest(), day: lastDay + 1 })?.differing).toHaveLength(1);
  });

  it("is of one member and one epoch", () => {
    const bench = new Bench();
    const books = new Books(bench);
    books.publish(record());
    bench.publish(BORDER, record());
    expect(books.compare()?.differing).toEqual([]);
    bench.setEpoch(2, "staging");
    expect(books.compare(books.digest(), 2)?.differing).toHaveLength(1);
    bench.setEpoch(2, "aborted");
    expect(books.compare(books.digest(), 2)).toBeUndefined();
  });

  it("is of the records as they came back after a start", () => {
    const books = new Books(new Bench());
    const entries = [record(), record()];
    books.publish(...entries);
    const after = new Bench({ ledger: books.bench.ledger });
    const { incarnation, body } = after.next(HARBOUR, { kind: "publication", entries }).submission;
    const sent = body.kind === "publication" ? body.entries : [];
    const applied = after.ledger.applied(HARBOUR, incarnation, 1) as never;
    after.publications.restore({ member: HARBOUR, incarnation, sequence: 1, epoch: 1 }, sent, applied);
    while (after.publications.prepareDigests(1));
    expect(
      after.publications.answerDigest({ member: HARBOUR, incarnation, sequence: 2, epoch: 1 }, books.digest()),
    ).toEqual({ kind: "digestAnswer", incarnation, sequence: 2, epoch: 1, differing: [], handles: [] });
  });

  it("is answered with as many buckets as one sealed message can name the records of", () => {
    const bench = new Bench();
    const count = DIGEST_HANDLES_MAX + 1_000;
    hold(bench, count);
    const answer = new Books(bench).compare() as DigestAnswer;
    expect(answer.differing.length).toBeGreaterThan(200);
    expect(answer.differing.length).toBeLessThan(256);
    expect(new Set(answer.handles.map(bucketOf))).toEqual(new Set(answer.differing));
    const recipient = sealingKeyPair(new Uint8Array(32).fill(4)).publicKey;
    const signer = signingKeyPair(new Uint8Array(32).fill(5));
    const beat = { kind: "beat", issuedAtMs: 1, digestAnswers: [answer], notices: [], compare: false } as const;
    const delivery = { recipientKey: recipient, member: HARBOUR, body: beat };
    const { signed } = signDelivery(delivery, { federation: bench.federation.id, signer });
    expect(sealMessage(signed, recipient, randomBytes(32)).length).toBeLessThan(SEALED_BYTES_MAX);
  });
});

describe("a statement on a member's health", () => {
  it("is kept as it was signed, the latest one", () => {
    const bench = new Bench();
    const health: Health = {
      version: "1.0",
      nodeTimeMs: 1,
      outboxSinceMs: 0,
      capabilities: [],
      skippedNotices: 0,
      recordsNotCompared: 0,
      clockSkewMs: 0,
      heldStrays: 0,
      contestedExpiries: 0,
      canariesUnprovenSinceMs: 0,
      directiveNumber: 1,
      directiveHash: new Uint8Array(32),
      epochs: [],
    };
    for (const byte of [1, 2]) {
      const signed = new Uint8Array(3).fill(byte);
      bench.receive({ ...bench.next(HARBOUR, { kind: "health", ...health }), signed });
    }
    expect(bench.ledger.members.health(HARBOUR)).toEqual({
      signed: new Uint8Array(3).fill(2),
      receivedAtMs: bench.nowMs,
    });
    expect(bench.ledger.members.lastAppliedMs(HARBOUR)).toBe(bench.nowMs);
    expect(bench.ledger.members.health(BORDER)).toBeUndefined();
  });
});
