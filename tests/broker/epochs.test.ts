import { describe, expect, it } from "vitest";
import { Rebuild } from "../../broker/bus/rebuild.ts";
import type { Received } from "../../broker/core/submission.ts";
import type { Entry, NoticeEvent } from "../../shared/core/data-plane.ts";
import type { Handle, MatchId, MemberId } from "../../shared/core/ids.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { newHandle, tokens, upsert } from "./support.ts";
import { Bench, BORDER, CUSTOMS, HARBOUR } from "./writer-support.ts";

const [ours, theirs] = [newHandle(), newHandle()];
/** A record in an epoch: other salts make other tokens of the same names. */
const record = (epoch: number, handle: Handle, ...names: string[]): Entry =>
  upsert(handle, tokens(names.map((name) => `${epoch} ${name}`)));

/** Both records stand in epoch 1 and meet there. */
function rotating(): Bench {
  const bench = new Bench();
  bench.publishIn(1, HARBOUR, record(1, ours, "a", "b"));
  bench.publishIn(1, BORDER, record(1, theirs, "a", "c"));
  bench.setEpoch(2, "staging");
  return bench;
}

function carryOver(bench: Bench): void {
  bench.publishIn(2, HARBOUR, record(2, ours, "a", "b"));
  bench.publishIn(2, BORDER, record(2, theirs, "a", "c"));
}

const matchOf = (bench: Bench): MatchId => bench.eventsOf(HARBOUR)[0]?.matchId as MatchId;
const told = (bench: Bench): string[][] => [HARBOUR, BORDER].map((member) => bench.types(member));

describe("two open epochs", () => {
  it("are matched in both, and a pair that is open is told nothing when it meets in the second", () => {
    const bench = rotating();
    carryOver(bench);
    expect(told(bench)).toEqual([["matchOpened"], ["matchOpened"]]);
    const fresh = newHandle();
    bench.publishIn(2, CUSTOMS, record(2, fresh, "a"));
    expect(bench.types(CUSTOMS)).toEqual(["matchOpened", "matchOpened"]);
    bench.publishIn(1, CUSTOMS, record(1, fresh, "a"));
    expect(bench.types(CUSTOMS)).toEqual(["matchOpened", "matchOpened"]);
    expect(bench.types(HARBOUR)).toEqual(["matchOpened", "matchOpened"]);
  });

  it("do not let tokens of one meet tokens of the other", () => {
    const bench = rotating();
    bench.publishIn(2, CUSTOMS, record(1, newHandle(), "a"));
    expect(bench.types(CUSTOMS)).toEqual([]);
  });

  it("tell a change once, whichever is told first", () => {
    const bench = rotating();
    carryOver(bench);
    bench.publishIn(1, BORDER, record(1, theirs, "a", "b"));
    bench.publishIn(2, BORDER, record(2, theirs, "a", "b"));
    expect(told(bench)).toEqual([
      ["matchOpened", "matchAmended"],
      ["matchOpened", "matchAmended"],
    ]);
    bench.publishIn(2, BORDER, record(2, theirs, "b"));
    bench.publishIn(1, BORDER, record(1, theirs, "b"));
    expect(bench.types(HARBOUR)).toEqual(["matchOpened", "matchAmended", "matchAmended"]);
  });

  it("keep a match open until it meets in neither", () => {
    const bench = rotating();
    carryOver(bench);
    bench.publishIn(1, BORDER, record(1, theirs, "z"));
    expect(bench.types(HARBOUR)).toEqual(["matchOpened"]);
    bench.publishIn(2, BORDER, record(2, theirs, "z"));
    expect(bench.eventsOf(HARBOUR).at(-1)).toMatchObject({ type: "matchClosed", reason: "amended" });
  });

  it("take a withdrawal as one act", () => {
    const bench = rotating();
    carryOver(bench);
    bench.publishIn(1, BORDER, { operation: "withdraw", handle: theirs });
    expect(bench.eventsOf(HARBOUR).at(-1)).toMatchObject({ type: "matchClosed", reason: "withdrawn" });
    expect(bench.publications.recordCount).toBe(2);
  });

  it("take no entries once they have ended or their day has come", () => {
    const bench = rotating();
    bench.setEpoch(1, "closing", { retiresAtMs: bench.nowMs });
    bench.setEpoch(2, "active");
    const [late] = bench.publishIn(1, BORDER, record(1, newHandle(), "a"));
    expect(late?.body).toMatchObject({ rejections: [{ index: 0, reason: "epoch" }] });
    bench.setEpoch(2, "aborted");
    const [aborted] = bench.publishIn(2, BORDER, record(2, newHandle(), "a"));
    expect(aborted?.body).toMatchObject({ rejections: [{ index: 0, reason: "epoch" }] });
  });

  it("tell changes by the new one once the old one's day has come", () => {
    const bench = rotating();
    carryOver(bench);
    bench.setEpoch(1, "closing", { retiresAtMs: bench.nowMs });
    bench.setEpoch(2, "active");
    bench.publishIn(2, BORDER, record(2, theirs, "a", "b"));
    expect(bench.types(HARBOUR)).toEqual(["matchOpened", "matchAmended"]);
  });

  it("open no match by tokens that the board has listed, and go on with those that are open", () => {
    const bench = rotating();
    const listed = tokens(["1 common"]).single.subarray(0, 16);
    const neverCorrelate = new Map([["target", new Set([Buffer.from(listed).toString("hex")])]]) as never;
    bench.setEpoch(1, "active", { neverCorrelate });
    bench.publishIn(1, CUSTOMS, record(1, newHandle(), "common"));
    bench.publishIn(1, HARBOUR, record(1, newHandle(), "common"));
    expect(bench.types(CUSTOMS)).toEqual([]);
    bench.publishIn(1, CUSTOMS, record(1, newHandle(), "common", "a"));
    expect(bench.types(CUSTOMS)).toEqual(["matchOpened", "matchOpened"]);
    const { meeting } = bench.eventsOf(CUSTOMS)[0] as Extract<NoticeEvent, { type: "matchOpened" }>;
    expect(meeting.positions.single).toEqual([1]);
  });
});

describe("the budget over a rotation", () => {
  const budget = { initial: 0, perDay: 48 };
  const used = (bench: Bench): number => [...bench.ledger.account(HARBOUR).hours.values()].reduce((a, b) => a + b, 0);

  it("is not charged for what is carried over, once", () => {
    const bench = new Bench({ budget });
    const both = [newHandle(), newHandle()];
    bench.publishIn(1, HARBOUR, ...both.map((each) => record(1, each, "a")));
    bench.setEpoch(2, "staging");
    bench.publishIn(2, HARBOUR, ...both.map((each) => record(2, each, "a")));
    expect(used(bench)).toBe(48);
    expect(bench.publications.recordCount).toBe(4);
    const [answer] = bench.publishIn(2, HARBOUR, record(2, both[0] as Handle, "b"));
    expect(answer?.body).toMatchObject({ rejections: [{ index: 0, reason: "budget" }] });
  });

  it("is charged in each of two open epochs for what is new, whatever the order", () => {
    for (const epochs of [
      [1, 2],
      [2, 1],
    ]) {
      const bench = new Bench({ budget: { initial: 0, perDay: 1_000 } });
      bench.publishIn(1, HARBOUR, record(1, ours, "a"));
      bench.setEpoch(2, "staging");
      bench.publishIn(2, HARBOUR, record(2, ours, "a"));
      for (const name of ["b", "c"])
        for (const epoch of epochs) bench.publishIn(epoch, HARBOUR, record(epoch, ours, name));
      for (const epoch of epochs) bench.publishIn(epoch, HARBOUR, record(epoch, theirs, `other ${epoch}`));
      expect(used(bench)).toBe(24 + 2 * 2 * 24 + 2 * 24);
    }
  });

  it("never lets more tokens be published than it has, but for one set of what was held when the second epoch opened", () => {
    const bench = new Bench({ budget: { initial: 0, perDay: 240 } });
    const handles = Array.from({ length: 40 }, newHandle);
    const standing = (epoch: number) => bench.spaces.find(epoch)?.tokenCount ?? 0;
    bench.publishIn(1, HARBOUR, ...handles.slice(0, 5).map((each, i) => record(1, each, `${i}`)));
    bench.setEpoch(2, "staging");
    for (const epoch of [2, 1, 2, 1])
      bench.publishIn(epoch, HARBOUR, ...handles.map((each, i) => record(epoch, each, `other ${epoch} ${i}`)));
    expect(used(bench)).toBe(240);
    expect(standing(1) + standing(2)).toBeLessThanOrEqual(240 + 5 * 24);
  });

  it("is charged for tokens that are exchanged again and again in one of two epochs", () => {
    const bench = new Bench({ budget: { initial: 0, perDay: 1_000 } });
    bench.setEpoch(2, "staging");
    for (const epoch of [1, 2]) bench.publishIn(epoch, HARBOUR, record(epoch, ours, "a"));
    for (const name of ["b", "c", "d"]) bench.publishIn(2, HARBOUR, record(2, ours, name));
    expect(used(bench)).toBe(5 * 24);
  });
});

describe("the budget", () => {
  it("is charged for tokens that come with other tags or another binder: each tells the other side anew", () => {
    const bench = new Bench({ budget: { initial: 0, perDay: 100 } });
    const first = upsert(ours, tokens(["1 a"]));
    bench.publish(HARBOUR, first);
    bench.publish(BORDER, record(1, theirs, "a"));
    const told = (): number => bench.types(BORDER).length;
    const used = (): number => [...bench.ledger.account(HARBOUR).hours.values()].reduce((a, b) => a + b, 0);
    bench.publish(HARBOUR, first);
    expect([used(), told()]).toEqual([24, 1]);
    const tags = { single: randomBytes(64), opening: randomBytes(64), support: randomBytes(64) };
    bench.publish(HARBOUR, { ...first, tags });
    expect([used(), told()]).toEqual([48, 2]);
    bench.publish(HARBOUR, { ...first, blind: randomBytes(32) });
    expect([used(), told()]).toEqual([72, 3]);
    bench.publish(HARBOUR, first);
    const [answer] = bench.publish(HARBOUR, { ...first, tags });
    expect(answer?.body).toMatchObject({ rejections: [{ index: 0, reason: "budget" }] });
    expect([used(), told()]).toEqual([96, 4]);
  });
});

describe("memory after a start, over a rotation", () => {
  /** Another process on the same ledger, given the streams but for an epoch that was purged. */
  function comeBack(bench: Bench, sent: readonly Received[], without: number): Bench {
    const after = new Bench({ ledger: bench.ledger });
    after.federation = bench.federation;
    for (const member of new Set(sent.map(({ submission }) => submission.member)))
      restore(after, member, sent, without);
    return after;
  }

  function restore(after: Bench, member: MemberId, sent: readonly Received[], without: number): void {
    const carried = after.publications.carriedOf(member, 0);
    const carryUpTo = (position: number): void => {
      const due = carried.filter((each) => each.position < position);
      for (const each of carried.splice(0, due.length)) after.publications.restoreCarried(each);
    };
    const rebuild = new Rebuild(member, {
      ledger: after.ledger,
      restore: (submission, applied) => {
        carryUpTo(applied.position);
        if (submission.body.kind === "publication")
          after.publications.restore(submission, submission.body.entries, applied);
      },
    });
    const stream = sent.filter(({ submission }) => submission.member === member && submission.epoch !== without);
    for (const received of stream) rebuild.take(received);
    rebuild.finish();
    expect(rebuild.missing).toBe(0);
    carryUpTo(Infinity);
  }

  it("knows what was held before the second epoch opened, and is carried over at no charge", () => {
    const bench = new Bench();
    const opensAtMs = bench.nowMs + 1;
    const sent = ["a", "b"].map((name, i) => {
      if (i === 1) bench.setEpoch(2, "staging", { opensAtMs });
      const received = bench.next(HARBOUR, { kind: "publication", entries: [record(1, ours, name)] });
      bench.receive(received);
      bench.nowMs += 2;
      return received;
    });
    for (const each of [bench, comeBack(bench, sent, 2)])
      expect(each.spaces.find(1)?.records.find(HARBOUR, ours)).toMatchObject({ published: 48, settled: 24 });
  });

  it("knows what a withdrawal and a revalidation in the purged epoch did to the other", () => {
    const bench = rotating();
    const sent: Received[] = [];
    const send = (epoch: number, ...entries: Entry[]): void => {
      const received = bench.next(HARBOUR, { kind: "publication", entries }, epoch);
      sent.push(received);
      bench.receive(received);
    };
    const [gone, back, kept] = [newHandle(), newHandle(), newHandle()];
    for (const epoch of [1, 2]) send(epoch, ...[gone, back, kept].map((handle) => record(epoch, handle, "x")));
    send(1, { operation: "withdraw", handle: gone });
    send(1, { operation: "withdraw", handle: back });
    send(2, record(2, back, "y"));
    const before = bench.publications.find(HARBOUR, kept)?.reviewByDay as number;
    const later = before + 1;
    bench.ledger.epochs.carry({ member: HARBOUR, handle: kept, epoch: 2, position: 10_000, reviewByDay: later });
    bench.ledger.transaction(() => bench.ledger.epochs.beginPurge(1, { records: 0, tokens: 0 }, bench.nowMs));
    bench.setEpoch(1, "retired");
    bench.setEpoch(2, "active");
    const after = comeBack(bench, sent, 1);
    expect(after.publications.find(HARBOUR, gone)).toBeUndefined();
    expect(after.publications.find(HARBOUR, back)).toBeDefined();
    expect(after.publications.find(HARBOUR, kept)).toMatchObject({ reviewByDay: later });
  });
});

describe("a proof of knowledge over the end of an epoch", () => {
  const end = (bench: Bench): void => {
    bench.setEpoch(1, "retired");
    bench.setEpoch(2, "active");
    bench.ledger.transaction(() => bench.publications.matches.retellSome(1, "", 100, bench.nowMs));
    bench.ledger.transaction(() => bench.ledger.proofs.lapseEpoch(1));
  };

  it("that is finished is left alone", () => {
    const bench = rotating();
    carryOver(bench);
    bench.prove(matchOf(bench), HARBOUR, BORDER);
    end(bench);
    expect(bench.types(HARBOUR)).toEqual(["matchOpened", "counterpartDisclosed"]);
  });

  it("goes no further once one side is removed, although its matches are not closed yet", () => {
    const bench = rotating();
    carryOver(bench);
    bench.prove(matchOf(bench), BORDER);
    bench.setStanding(BORDER, "removed");
    bench.prove(matchOf(bench), HARBOUR);
    expect(bench.types(HARBOUR)).toEqual(["matchOpened"]);
  });

  it("that is not is asked for again over a meeting in the epoch that remains, with the tags of that", () => {
    const bench = rotating();
    carryOver(bench);
    bench.prove(matchOf(bench), HARBOUR);
    const before = bench.statementOn(BORDER, matchOf(bench));
    end(bench);
    expect(bench.eventsOf(HARBOUR).at(-1)).toMatchObject({ type: "matchAmended", meeting: { sequence: 2 } });
    bench.state(BORDER, before);
    expect(bench.recorded.lines.at(-1)).toMatchObject({ fields: { refusal: "outdated" } });
    bench.prove(matchOf(bench), BORDER);
    expect(bench.types(BORDER)).toEqual(["matchOpened", "matchAmended"]);
    bench.prove(matchOf(bench), HARBOUR);
    expect(told(bench)).toEqual([
      ["matchOpened", "matchAmended", "counterpartDisclosed"],
      ["matchOpened", "matchAmended", "counterpartDisclosed"],
    ]);
  });

  it("is owed no longer when nothing is left that could be stated on", () => {
    const bench = rotating();
    bench.publishIn(1, BORDER, { operation: "withdraw", handle: theirs });
    const statement = bench.statementOn(HARBOUR, matchOf(bench));
    end(bench);
    bench.state(HARBOUR, statement);
    expect(bench.recorded.lines.at(-1)).toMatchObject({ fields: { refusal: "over" } });
    bench.pass(3 * 86_400_000);
    expect(bench.ledger.alarms.list()).toEqual([]);
  });

  it("waits for a laggard, whose match stays open, and goes on when the record is published again", () => {
    const bench = rotating();
    bench.publishIn(2, HARBOUR, record(2, ours, "a", "b"));
    end(bench);
    bench.publishIn(2, HARBOUR, record(2, ours, "a"));
    expect(told(bench)).toEqual([["matchOpened"], ["matchOpened"]]);
    bench.publishIn(2, BORDER, record(2, theirs, "a", "c"));
    expect(told(bench)).toEqual([
      ["matchOpened", "matchAmended"],
      ["matchOpened", "matchAmended"],
    ]);
  });
});
