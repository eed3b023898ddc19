/** Members that are told in beats: what they are told, and what becomes of it when one of the two sides has lost something. All is invented. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { DueBeat } from "../../broker/bus/due-beat.ts";
import { BEAT_MS, LINE_ANEW_MS, REJECTIONS_PER_BEAT_MAX } from "../../broker/core/limits.ts";
import { judgeHeld } from "../../broker/core/notice-line.ts";
import { CAPABILITIES } from "../../shared/core/capabilities.ts";
import type { Beat, NoticeBatch, SubmissionBody } from "../../shared/core/data-plane.ts";
import type { Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { batchHash, openDelivery } from "../../shared/wire/data-plane.ts";
import { readBatch } from "../../shared/wire/delivery.ts";
import { deliverySubject } from "../../shared/wire/subjects.ts";
import { newHandle, tokens, upsert } from "./support.ts";
import { Bench, BORDER, CUSTOMS, HARBOUR, MEMBERS } from "./writer-support.ts";

const NO_HASH = new Uint8Array(32);
type Connected = Extract<SubmissionBody, { kind: "connected" }>;
type Held = Pick<Connected, "noticeIncarnation" | "noticeNumber" | "noticeHash">;

const NOTHING: Held = { noticeNumber: 0, noticeHash: NO_HASH };

function connect(bench: Bench, member: MemberId, held: Held = NOTHING): void {
  bench.receive(bench.next(member, { kind: "connected", ...held, version: "0.2.0", capabilities: CAPABILITIES }));
}

const batchesOf = (bench: Bench, member: MemberId): NoticeBatch[] =>
  bench.ledger.lines.after(member, 0, 1_000).map(({ batch }) => readBatch(batch));
const eventsIn = (bench: Bench, member: MemberId): string[] =>
  batchesOf(bench, member).flatMap(({ events }) => events.map(({ type }) => type));
const lineOf = (bench: Bench, member: MemberId) => bench.ledger.lines.line(member);

/** All that its line holds now. */
function heldBy(bench: Bench, member: MemberId): Held {
  const { incarnation, number, hash } = lineOf(bench, member)!;
  return { noticeIncarnation: incarnation, noticeNumber: number, noticeHash: hash };
}

async function retell(bench: Bench): Promise<void> {
  await bench.reteller.settle(new AbortController().signal);
}

/** Two members in beats whose records share a passport; `isProven`: and both have stated. */
async function met(isProven: boolean): Promise<{ bench: Bench; matchId: MatchId }> {
  const bench = new Bench();
  for (const member of [HARBOUR, BORDER]) connect(bench, member);
  await retell(bench);
  bench.publish(HARBOUR, upsert(newHandle(), tokens(["a passport"])));
  bench.publish(BORDER, upsert(newHandle(), tokens(["a passport"])));
  const matchId = bench.eventsOf(HARBOUR)[0]!.matchId;
  if (isProven) bench.prove(matchId, HARBOUR, BORDER);
  return { bench, matchId };
}

afterEach(() => void vi.useRealTimers());

describe("notices in batches", () => {
  it("are numbered and chained over the bytes that are sent, one batch for each commit", async () => {
    const { bench } = await met(true);
    const stored = bench.ledger.lines.after(HARBOUR, 0, 10);
    expect(eventsIn(bench, HARBOUR)).toEqual(["matchOpened", "counterpartDisclosed"]);
    expect(batchesOf(bench, HARBOUR).map(({ number }) => number)).toEqual([1, 2]);
    expect(batchesOf(bench, HARBOUR)[0]!.prevHash).toEqual(NO_HASH);
    expect(batchesOf(bench, HARBOUR)[1]!.prevHash).toEqual(batchHash(stored[0]!.batch));
    expect(lineOf(bench, HARBOUR)!.hash).toEqual(batchHash(stored[1]!.batch));
  });

  it("of one transaction are one batch, whatever causes them", () => {
    const bench = new Bench();
    connect(bench, HARBOUR);
    for (let i = 0; i < 5; i += 1) bench.publish(BORDER, upsert(newHandle(), tokens([`passport ${i}`])));
    const arrived = [0, 1, 2, 3, 4].map((i) => {
      const entries = [upsert(newHandle(), tokens([`passport ${i}`]))];
      return bench.next(HARBOUR, { kind: "publication", entries });
    });
    bench.writer.receiveAll(arrived, bench.nowMs);
    expect(batchesOf(bench, HARBOUR).map(({ events }) => events.length)).toEqual([5]);
  });

  it("are not what a member is told that does not understand them", async () => {
    const bench = new Bench();
    bench.publish(HARBOUR, upsert(newHandle(), tokens(["a passport"])));
    bench.publish(BORDER, upsert(newHandle(), tokens(["a passport"])));
    expect(lineOf(bench, HARBOUR)).toBeUndefined();
    expect(bench.ledger.noticeHead(HARBOUR).number).toBe(1);
    // Its node is replaced by a later version: all that is open is told in batches from now on.
    connect(bench, HARBOUR);
    await retell(bench);
    expect(eventsIn(bench, HARBOUR)).toEqual(["matchOpened", "matchAmended"]);
    expect(bench.ledger.noticeHead(HARBOUR).number).toBe(1);
  });
});

describe("what a node states to hold", () => {
  const LINE = { incarnation: "a1".repeat(16) as Incarnation, number: 7, hash: NO_HASH, held: 5, begunAtMs: 0 };
  const [OURS, OTHERS] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const state = (noticeNumber: number, noticeHash = OURS, noticeIncarnation = LINE.incarnation): Held => {
    return { noticeIncarnation, noticeNumber, noticeHash };
  };
  const later = LINE_ANEW_MS;
  const ANOTHER = "b2".repeat(16) as Incarnation;

  it.each([
    ["is ours", state(6), OURS, later, { kind: "held", number: 6 }],
    ["is nothing of this incarnation yet", state(0, NO_HASH), undefined, later, { kind: "behind" }],
    ["is more than the ledger knows: the ledger has lost its end", state(9), undefined, later, { kind: "anew" }],
    ["has another hash: two histories", state(6, OTHERS), OURS, later, { kind: "anew" }],
    [
      "is of an older incarnation, and it held some of this one: it was restored",
      state(3, OURS, ANOTHER),
      undefined,
      later,
      { kind: "anew" },
    ],
    ["is nothing, and it held some: its database is empty", NOTHING, undefined, later, { kind: "anew" }],
    [
      "makes a new beginning needed again so soon that nothing is done",
      state(9),
      undefined,
      later - 1,
      { kind: "foreign" },
    ],
  ] as const)("%s", (_, stated, known, nowMs, verdict) => {
    expect(judgeHeld(LINE, stated, known, nowMs)).toEqual(verdict);
  });

  it("is of an older incarnation as long as it has not heard of the new one", () => {
    const fresh = { ...LINE, held: 0 };
    expect(judgeHeld(fresh, state(3, OURS, ANOTHER), undefined, later)).toEqual({ kind: "behind" });
    expect(judgeHeld(fresh, NOTHING, undefined, later)).toEqual({ kind: "behind" });
    expect(judgeHeld(undefined, NOTHING, undefined, later)).toEqual({ kind: "anew" });
  });
});

describe("after a loss", () => {
  it("of the ledger's end the member is told all that is open under a new incarnation, and the other side nothing", async () => {
    const { bench } = await met(true);
    const before = lineOf(bench, HARBOUR)!;
    bench.receive(bench.next(HARBOUR, { kind: "noticeReceipt", ...heldBy(bench, HARBOUR) }));
    const untouched = lineOf(bench, BORDER);
    bench.nowMs += LINE_ANEW_MS;
    // It has been told two more, of which this ledger knows nothing.
    connect(bench, HARBOUR, {
      ...heldBy(bench, HARBOUR),
      noticeNumber: before.number + 2,
      noticeHash: new Uint8Array(32).fill(7),
    });
    await retell(bench);
    expect(lineOf(bench, HARBOUR)!.incarnation).not.toBe(before.incarnation);
    expect(eventsIn(bench, HARBOUR)).toEqual(["matchOpened", "counterpartDisclosed"]);
    expect(lineOf(bench, BORDER)).toEqual(untouched);
    expect(bench.recorded.count("member.toldAnew")).toBe(1);
    expect(bench.ledger.alarms.openOf(HARBOUR).map(({ kind }) => kind)).toEqual(["foreignNotices"]);
  });

  it("of a node's database it is told all that is open, with who the other side is", async () => {
    const { bench, matchId } = await met(true);
    bench.receive(bench.next(HARBOUR, { kind: "noticeReceipt", ...heldBy(bench, HARBOUR) }));
    bench.nowMs += LINE_ANEW_MS;
    connect(bench, HARBOUR);
    await retell(bench);
    const [disclosed] = bench.eventsOf(HARBOUR).filter(({ type }) => type === "counterpartDisclosed");
    expect(
      batchesOf(bench, HARBOUR)
        .flatMap(({ events }) => events)
        .at(-1),
    ).toEqual(disclosed);
    expect(disclosed).toMatchObject({ matchId, disclosure: { handling: "open", member: BORDER } });
  });

  it("what is not proven yet is asked anew, of both", async () => {
    const { bench, matchId } = await met(false);
    bench.prove(matchId, BORDER);
    bench.receive(bench.next(HARBOUR, { kind: "noticeReceipt", ...heldBy(bench, HARBOUR) }));
    bench.nowMs += LINE_ANEW_MS;
    connect(bench, HARBOUR);
    await retell(bench);
    expect(eventsIn(bench, HARBOUR)).toEqual(["matchOpened", "matchAmended"]);
    bench.prove(matchId, HARBOUR, BORDER);
    expect(bench.types(HARBOUR).at(-1)).toBe("counterpartDisclosed");
    expect(bench.types(BORDER).at(-1)).toBe("counterpartDisclosed");
  });

  it("what was closed since is told as closed, and is not told who it was with", async () => {
    const { bench } = await met(true);
    const entry = bench.spaces.all[0]!.records.ofMember(BORDER).next().value!;
    bench.receive(bench.next(HARBOUR, { kind: "noticeReceipt", ...heldBy(bench, HARBOUR) }));
    bench.nowMs += LINE_ANEW_MS;
    bench.publish(BORDER, { operation: "withdraw", handle: entry.handle });
    connect(bench, HARBOUR, { ...heldBy(bench, HARBOUR), noticeNumber: 99 });
    await retell(bench);
    // The closing itself was the last that this ledger had told.
    expect(eventsIn(bench, HARBOUR)).toEqual([]);
    bench.ledger.lines.begin(HARBOUR, "cc".repeat(16) as Incarnation, { closedSinceMs: 0, nowMs: bench.nowMs });
    await retell(bench);
    expect(eventsIn(bench, HARBOUR)).toEqual(["matchClosed"]);
  });

  it("a match whose other side is suspended is told when that is back", async () => {
    const { bench, matchId } = await met(true);
    bench.setStanding(BORDER, "suspended");
    bench.standings.note();
    bench.receive(bench.next(HARBOUR, { kind: "noticeReceipt", ...heldBy(bench, HARBOUR) }));
    bench.nowMs += LINE_ANEW_MS;
    connect(bench, HARBOUR);
    await retell(bench);
    expect(eventsIn(bench, HARBOUR)).toEqual([]);
    bench.setStanding(BORDER, "members");
    bench.standings.note();
    await bench.standings.settle();
    expect(eventsIn(bench, HARBOUR)).toEqual(["matchAmended"]);
    bench.prove(matchId, HARBOUR, BORDER);
    expect(eventsIn(bench, HARBOUR).at(-1)).toBe("counterpartDisclosed");
  });
});

describe("a beat", () => {
  const federationOf = (bench: Bench) => bench.federation.id;

  function opened(bench: Bench, member: MemberId): Beat[] {
    const keyPair = sealingKeyPair(new Uint8Array(32).fill(20 + MEMBERS.findIndex((each) => each === member)));
    return bench.sent
      .filter(([subject]) => subject === deliverySubject(member))
      .map(([, sealed]) => {
        const scope = { federation: federationOf(bench), member, keyPair };
        const brokerSigningKey = signingKeyPair(new Uint8Array(32).fill(9)).publicKey;
        return openDelivery(sealed, { ...scope, brokerSigningKey }).delivery.body as Beat;
      });
  }

  async function beaten(beats = 2): Promise<void> {
    await vi.advanceTimersByTimeAsync(beats * BEAT_MS);
  }

  function running(bench: Bench): { end(): Promise<void> } {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const stop = new AbortController();
    const run = bench.beats.run(stop.signal);
    return {
      async end() {
        stop.abort();
        await run;
      },
    };
  }

  it("is one message for all that is due: receipt of the last, rejections of each, answers, notices", async () => {
    const bench = new Bench();
    connect(bench, HARBOUR);
    const run = running(bench);
    bench.publish(BORDER, upsert(newHandle(), tokens(["a passport"])));
    bench.publish(HARBOUR, upsert(newHandle(), tokens(["a passport"])));
    bench.publish(HARBOUR, upsert(newHandle(), tokens(["x"]), { domain: "nexus" }));
    const buckets = Array.from({ length: 256 }, () => ({ count: 0, sum: NO_HASH }));
    bench.receive(bench.next(HARBOUR, { kind: "digest", day: 1, buckets }));
    // Notices are told by whoever writes them down.
    bench.beats.tell(HARBOUR);
    await beaten();
    const [beat, ...more] = opened(bench, HARBOUR);
    expect(more).toEqual([]);
    expect(beat!.receipts).toMatchObject({
      sequence: 4,
      rejections: [{ sequence: 3, rejections: [{ reason: "domain" }] }],
    });
    expect(beat!.digestAnswers).toHaveLength(1);
    expect(readBatch(beat!.notices[0]!).events.map(({ type }) => type)).toEqual(["matchOpened"]);
    await run.end();
  });

  it("is not for a member that does not understand it, which is told single notices", async () => {
    const bench = new Bench();
    const run = running(bench);
    for (const member of [HARBOUR, BORDER]) bench.publish(member, upsert(newHandle(), tokens(["a passport"])));
    bench.beats.tell(HARBOUR);
    await beaten();
    const told: readonly { readonly kind: string }[] = opened(bench, HARBOUR);
    expect(told.map(({ kind }) => kind)).toEqual(["notice"]);
    await run.end();
  });

  it("does not leave before all of it is in both copies of the ledger", async () => {
    const bench = new Bench();
    const { promise, resolve } = Promise.withResolvers<void>();
    vi.spyOn(bench.ledger, "kept").mockImplementation(async () => await promise);
    connect(bench, HARBOUR);
    const run = running(bench);
    await beaten(10);
    expect(bench.sent).toEqual([]);
    resolve();
    await beaten();
    expect(opened(bench, HARBOUR)).toHaveLength(1);
    await run.end();
  });

  it("that NATS does not take holds up no other member, and leaves later with what has come meanwhile", async () => {
    const bench = new Bench();
    for (const member of [HARBOUR, CUSTOMS]) connect(bench, member);
    bench.refuse = (subject) => subject === deliverySubject(HARBOUR);
    const run = running(bench);
    await beaten();
    expect([opened(bench, HARBOUR).length, opened(bench, CUSTOMS).length]).toEqual([0, 1]);
    bench.publish(HARBOUR, upsert(newHandle(), tokens(["x"]), { domain: "nexus" }));
    bench.refuse = () => false;
    await beaten(40);
    expect(opened(bench, HARBOUR).map(({ receipts }) => [receipts?.sequence, receipts?.rejections.length])).toEqual([
      [2, 1],
    ]);
    await run.end();
  });

  it("names what is missing, and after a start what was told before", async () => {
    const bench = new Bench();
    connect(bench, HARBOUR);
    bench.publish(HARBOUR, upsert(newHandle(), tokens(["x"]), { domain: "nexus" }));
    const run = running(bench);
    await beaten();
    const [lost, arrived] = [1, 2].map(() => bench.next(HARBOUR, { kind: "publication", entries: [] }));
    bench.receive(arrived!);
    await beaten();
    expect(opened(bench, HARBOUR).at(-1)!.receipts).toMatchObject({ sequence: 2, missing: [{ first: 3, last: 3 }] });
    bench.receive(lost!);
    await beaten();
    expect(opened(bench, HARBOUR).at(-1)!.receipts).toMatchObject({ sequence: 4, missing: [] });
    bench.beats.greet(HARBOUR);
    await beaten();
    expect(opened(bench, HARBOUR).at(-1)).toMatchObject({
      compare: true,
      receipts: { sequence: 4, rejections: [{ sequence: 2 }] },
    });
    await run.end();
  });
});

describe("a node that is set back so soon after a new beginning that nothing is done", () => {
  it("is asked again in time, and told then", async () => {
    const bench = new Bench();
    connect(bench, HARBOUR);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    bench.receive(bench.next(HARBOUR, { kind: "noticeReceipt", ...heldBy(bench, HARBOUR), noticeNumber: 9 }));
    const stop = new AbortController();
    const run = bench.beats.run(stop.signal);
    await vi.advanceTimersByTimeAsync(2 * BEAT_MS);
    const before = bench.sent.length;
    await vi.advanceTimersByTimeAsync(LINE_ANEW_MS);
    expect(bench.sent.length).toBe(before + 1);
    stop.abort();
    await run;
  });
});

describe("what is due", () => {
  const incarnation = "d1".repeat(16) as Incarnation;
  const head = (sequence: number) => ({ incarnation, sequence, submissionHash: NO_HASH, appliedAtMs: 1 });
  const rejections = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ index, reason: "budget" as const }));

  it("is cut where the rejections fit, and the rest stays", () => {
    const due = new DueBeat();
    due.applied(head(1), rejections(REJECTIONS_PER_BEAT_MAX));
    due.applied(head(2), rejections(3));
    due.applied(head(3), []);
    const first = due.take((_, sequence) => head(sequence));
    expect([first.receipts?.sequence, first.receipts?.rejections.map(({ sequence }) => sequence)]).toEqual([1, [1]]);
    const second = due.take((_, sequence) => head(sequence));
    expect([second.receipts?.sequence, second.receipts?.rejections.map(({ sequence }) => sequence)]).toEqual([3, [2]]);
    expect(due.isEmpty).toBe(true);
  });

  it("is due again when it could not be sent: receipts, and the wish that the node compares", () => {
    const due = new DueBeat();
    due.applied(head(1), rejections(2));
    due.compare();
    const taken = due.take((_, sequence) => head(sequence));
    expect(due.isEmpty).toBe(true);
    due.putBack(taken);
    expect(taken.compare).toBe(true);
    expect(due.take((_, sequence) => head(sequence))).toEqual(taken);
  });

  it("forgets an incarnation that another has replaced, also when it comes back unsent", () => {
    const due = new DueBeat();
    due.applied(head(1), rejections(1));
    const taken = due.take((_, sequence) => head(sequence));
    due.applied({ ...head(1), incarnation: "d2".repeat(16) as Incarnation }, []);
    due.putBack(taken);
    expect(due.take((_, sequence) => head(sequence)).receipts).toMatchObject({
      incarnation: "d2".repeat(16),
      rejections: [],
    });
  });
});
