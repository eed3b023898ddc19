import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HELD_SUBMISSIONS_MAX } from "../../broker/core/limits.ts";
import type { Received } from "../../broker/core/submission.ts";
import { Rebuild } from "../../broker/bus/rebuild.ts";
import type { Applied } from "../../broker/store/ledger.ts";
import type { Entry } from "../../shared/core/data-plane.ts";
import { dayOf, monthEnd } from "../../shared/core/days.ts";
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import { newHandle, reviewDay, tokens, upsert } from "./support.ts";
import { Bench, BORDER, Chain, CUSTOMS, HARBOUR, MEMBERS } from "./writer-support.ts";

const publication = (...entries: Entry[]) => ({ kind: "publication", entries }) as const;
const record = (...names: string[]): Entry => upsert(newHandle(), tokens(names));
const kinds = (replies: ReturnType<Bench["receive"]>): string[] => replies.map(({ body }) => body.kind);

describe("the writer: order", () => {
  it("applies what was held as soon as the missing one is there, and answers each", () => {
    const bench = new Bench();
    const [one, two, three] = [1, 2, 3].map(() => bench.next(HARBOUR, publication(record("x")))) as [
      Received,
      Received,
      Received,
    ];
    expect(bench.receive(three)).toEqual([
      { to: HARBOUR, body: { kind: "gap", incarnation: three.submission.incarnation, expectedSequence: 1 } },
    ]);
    expect(kinds(bench.receive(two))).toEqual([]);
    expect(kinds(bench.receive(one))).toEqual(["receipt", "receipt", "receipt"]);
    expect(bench.publications.recordCount).toBe(3);
  });

  it("answers a replay with the first receipt and changes nothing", () => {
    const bench = new Bench();
    const received = bench.next(HARBOUR, publication(record("x"), { operation: "withdraw", handle: newHandle() }));
    const [first] = bench.receive(received);
    bench.nowMs += 60_000;
    expect(bench.receive(received)).toEqual([first]);
    expect(first?.body).toMatchObject({ rejections: [{ index: 1, reason: "unknownHandle" }] });
    expect(bench.publications.recordCount).toBe(1);
  });

  it("gives what it does not know its place, says so in the receipt, and goes on with what is behind", () => {
    const bench = new Bench();
    const unknown = bench.next(HARBOUR, { kind: "unknown", field: 18 });
    const [receipt] = bench.receive(unknown);
    expect(receipt?.body).toMatchObject({
      kind: "receipt",
      sequence: 1,
      submissionHash: unknown.hash,
      rejections: [{ index: 0, reason: "kind" }],
    });
    expect(kinds(bench.publish(HARBOUR, record("y")))).toEqual(["receipt"]);
    expect(bench.receive(unknown)).toEqual([receipt]);
    expect(bench.ledger.alarms.list()).toMatchObject([{ kind: "unknownKind", member: HARBOUR, count: 1 }]);
    expect(bench.recorded.count("submission.kindUnknown")).toBe(1);
  });

  it("never applies a fork, and raises an alarm", () => {
    const bench = new Bench();
    const received = bench.next(HARBOUR, publication(record("x")));
    bench.receive(received);
    const fork = { ...received, hash: new Uint8Array(32).fill(8) };
    expect(bench.receive(fork)).toEqual([]);
    expect(bench.recorded.count("alarm.submissionRefused")).toBe(1);
    expect(kinds(bench.publish(HARBOUR, record("y")))).toEqual(["receipt"]);
  });

  it("holds a bounded number, and the owner's second try repairs the rest", () => {
    const bench = new Bench();
    const all = Array.from({ length: HELD_SUBMISSIONS_MAX + 5 }, () => bench.next(HARBOUR, publication()));
    for (const each of all.slice(1)) bench.receive(each);
    expect(kinds(bench.receive(all[0] as Received))).toHaveLength(HELD_SUBMISSIONS_MAX + 1);
    for (const each of all.slice(HELD_SUBMISSIONS_MAX + 1)) expect(kinds(bench.receive(each))).toEqual(["receipt"]);
  });

  it("lets a restored node start anew, and what it sent before no longer counts", () => {
    const bench = new Bench();
    bench.publish(HARBOUR, record("x"));
    const late = bench.next(HARBOUR, publication(record("y")));
    bench.chains.set(HARBOUR, new Chain(HARBOUR, "2".repeat(32) as Chain["incarnation"]));
    expect(kinds(bench.publish(HARBOUR, record("z")))).toEqual(["receipt"]);
    expect(bench.receive(late)).toEqual([]);
    expect(bench.publications.recordCount).toBe(2);
  });
});

describe("the writer: matches", () => {
  it("tells both sides of an overlap, whichever came first", () => {
    const bench = new Bench();
    bench.publish(HARBOUR, record("a phone"));
    expect(bench.types(HARBOUR)).toEqual([]);
    bench.publish(BORDER, record("a phone"));
    expect([bench.types(HARBOUR), bench.types(BORDER)]).toEqual([["matchOpened"], ["matchOpened"]]);
  });

  it("does not match records of one member, nor across domains or classes", () => {
    const bench = new Bench();
    bench.publish(HARBOUR, record("a"), record("a"));
    bench.publish(BORDER, upsert(newHandle(), tokens(["a"]), { domain: "protected" }));
    bench.publish(CUSTOMS, upsert(newHandle(), tokens([], ["a"])));
    expect(MEMBERS.flatMap((member) => bench.types(member))).toEqual([]);
  });

  it("amends when the set of met tokens changes, and only then", () => {
    const bench = new Bench();
    const handle = newHandle();
    bench.publish(HARBOUR, record("a", "b"));
    bench.publish(BORDER, upsert(handle, tokens(["a", "c"])));
    bench.publish(BORDER, upsert(handle, tokens(["d", "e", "a"])));
    expect(bench.types(HARBOUR)).toEqual(["matchOpened"]);
    bench.publish(BORDER, upsert(handle, tokens(["b", "a"])));
    for (const member of [HARBOUR, BORDER]) expect(bench.types(member)).toEqual(["matchOpened", "matchAmended"]);
    expect(bench.eventsOf(BORDER).at(-1)).toMatchObject({
      amendment: 1,
      meeting: { sequence: 3, positions: { single: [0, 1] } },
    });
    expect(bench.eventsOf(HARBOUR).at(-1)).toMatchObject({
      amendment: 1,
      meeting: { sequence: 1, positions: { single: [0, 1] } },
    });
  });

  it("closes on withdrawal and on amendment, and opens again by amendment", () => {
    const bench = new Bench();
    const handle = newHandle();
    bench.publish(HARBOUR, record("a"));
    bench.publish(BORDER, upsert(handle, tokens(["a"])));
    bench.publish(BORDER, upsert(handle, tokens(["b"])));
    bench.publish(BORDER, upsert(handle, tokens(["a"])));
    bench.publish(BORDER, { operation: "withdraw", handle });
    for (const member of [HARBOUR, BORDER]) {
      expect(bench.types(member)).toEqual(["matchOpened", "matchClosed", "matchAmended", "matchClosed"]);
    }
    const closings = bench.eventsOf(HARBOUR).filter((event) => event.type === "matchClosed");
    expect(closings.map(({ reason, amendment }) => [reason, amendment])).toEqual([
      ["amended", 1],
      ["withdrawn", 3],
    ]);
  });

  it("closes what has passed its review day, and meets nobody with it before the sweep", () => {
    const bench = new Bench();
    const lastDay = monthEnd(dayOf(bench.nowMs));
    bench.publish(HARBOUR, upsert(newHandle(), tokens(["a"]), { reviewByDay: lastDay }));
    bench.publish(BORDER, record("a"));
    bench.nowMs = (lastDay + 1) * 86_400_000 - 1;
    bench.publications.sweep(bench.nowMs);
    expect(bench.types(BORDER)).toEqual(["matchOpened"]);
    bench.nowMs += 1;
    bench.publish(CUSTOMS, record("a"));
    expect(bench.types(CUSTOMS)).toEqual(["matchOpened"]);
    bench.publications.sweep(bench.nowMs);
    expect(bench.eventsOf(HARBOUR).at(-1)).toMatchObject({ type: "matchClosed", reason: "expired" });
    expect(bench.publications.recordCount).toBe(2);
  });

  it("lets the entries of a batch stand beside a rejected one", () => {
    const bench = new Bench();
    const bad = upsert(newHandle(), tokens(["a"]), { conversationKey: new Uint8Array(32) });
    const [reply] = bench.publish(HARBOUR, record("a"), bad, record("b"));
    expect(reply?.body).toMatchObject({ rejections: [{ index: 1, reason: "conversationKey" }] });
    expect(bench.publications.recordCount).toBe(2);
  });
});

describe("the writer: budgets", () => {
  it("counts new distinct tokens over sliding 24 hours, across submissions", () => {
    const bench = new Bench({ budget: { initial: 0, perDay: 48 } });
    const handle = newHandle();
    const set = tokens(["a"]);
    bench.publish(HARBOUR, upsert(handle, set), record("b"));
    const [over] = bench.publish(HARBOUR, record("c"));
    expect(over?.body).toMatchObject({ rejections: [{ index: 0, reason: "budget" }] });
    const [same] = bench.publish(HARBOUR, upsert(handle, set, { handling: "brokered" }));
    expect(same?.body).toMatchObject({ rejections: [] });
    bench.nowMs += 25 * 3_600_000;
    const [later] = bench.publish(HARBOUR, record("c"));
    expect(later?.body).toMatchObject({ rejections: [] });
  });

  it("charges nothing for what is rejected, and one member's use to nobody else", () => {
    const bench = new Bench({ budget: { initial: 24, perDay: 0 } });
    bench.publish(HARBOUR, upsert(newHandle(), tokens(["a"]), { handling: "silent" }));
    const [fits] = bench.publish(HARBOUR, record("a"));
    expect(fits?.body).toMatchObject({ rejections: [] });
    const [theirs] = bench.publish(BORDER, record("a"));
    expect(theirs?.body).toMatchObject({ rejections: [] });
  });
});

describe("the writer: notices", () => {
  const met = (bench: Bench): void => {
    bench.publish(HARBOUR, record("a"));
    bench.publish(BORDER, record("a"));
  };

  it("starts again from the notice that a node says it holds last, and alarms if that is not ours", () => {
    const bench = new Bench();
    met(bench);
    const noticeHash = bench.ledger.noticeHash(HARBOUR, 1) as Uint8Array;
    const connected = { kind: "connected", noticeNumber: 1, noticeHash, version: "1.0", capabilities: [] } as const;
    bench.receive(bench.next(HARBOUR, connected));
    expect(bench.connected).toEqual([[HARBOUR, 1]]);
    bench.receive(bench.next(HARBOUR, { ...connected, noticeNumber: 0, noticeHash: new Uint8Array(32) }));
    expect(bench.connected.at(-1)).toEqual([HARBOUR, 0]);
    expect(bench.recorded.count("alarm.foreignNotices")).toBe(0);
    bench.receive(bench.next(HARBOUR, { ...connected, noticeNumber: 7 }));
    bench.receive(bench.next(HARBOUR, { ...connected, noticeHash: new Uint8Array(32).fill(9) }));
    expect(bench.recorded.count("alarm.foreignNotices")).toBe(2);
  });
});

/** A short life of a small federation: who publishes or withdraws which of few records with which of few tokens. */
const lives = fc.array(
  fc.record({
    member: fc.constantFrom(...MEMBERS),
    handle: fc.integer({ min: 1, max: 3 }),
    names: fc.option(fc.subarray(["p", "q", "r", "s"]), { nil: undefined }),
  }),
  { maxLength: 25 },
);
type Act = { readonly member: MemberId; readonly handle: number; readonly names: string[] | undefined };

function entryOf({ member, handle, names }: Act): Entry {
  const id = `${member.slice(0, 31)}${handle}` as Handle;
  return names === undefined
    ? { operation: "withdraw", handle: id }
    : upsert(id, tokens(names), { reviewByDay: reviewDay() });
}

/** Pairs that are open by what a member was told. */
function openAt(bench: Bench, member: MemberId): Set<string> {
  const open = new Set<string>();
  for (const event of bench.eventsOf(member)) {
    if (event.type === "matchClosed") open.delete(event.matchId);
    else open.add(event.matchId);
  }
  return open;
}

describe("the writer: over any life of a federation", () => {
  it("has told each member exactly of the overlaps that stand", () => {
    fc.assert(
      fc.property(lives, (acts) => {
        const bench = new Bench();
        const live = new Map<string, Act>();
        for (const act of acts) {
          bench.publish(act.member, entryOf(act));
          if (act.names === undefined) live.delete(`${act.member}${act.handle}`);
          else live.set(`${act.member}${act.handle}`, act);
        }
        for (const member of MEMBERS) {
          const mine = [...live.values()].filter((act) => act.member === member);
          const others = [...live.values()].filter((act) => act.member !== member);
          const meets = (a: Act, b: Act): boolean => (a.names ?? []).some((name) => b.names?.includes(name));
          const pairs = mine.flatMap((a) => others.filter((b) => meets(a, b)));
          expect(openAt(bench, member).size).toBe(pairs.length);
          const opened = bench.eventsOf(member).filter(({ type }) => type === "matchOpened");
          expect(new Set(opened.map(({ matchId }) => matchId)).size).toBe(opened.length);
        }
        bench.ledger[Symbol.dispose]();
      }),
      { numRuns: 60 },
    );
  });

  it("comes back from the streams as it was, whatever their order", () => {
    const shuffled = lives.chain((acts) =>
      fc.record({
        acts: fc.constant(acts),
        keys: fc.array(fc.nat(), { minLength: acts.length, maxLength: acts.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ acts, keys }) => {
        const before = new Bench();
        const sent = acts.map((act) => before.next(act.member, publication(entryOf(act))));
        for (const received of sent) before.receive(received);
        const after = new Bench({ ledger: before.ledger });
        for (const member of MEMBERS) {
          const stream = sent.filter(({ submission }) => submission.member === member);
          const rebuild = new Rebuild(member, {
            ledger: after.ledger,
            restore: (submission, applied) => {
              if (submission.body.kind !== "publication") return;
              after.publications.restore(submission, submission.body.entries, applied);
            },
          });
          const order = stream.toSorted((a, b) => (keys[sent.indexOf(a)] ?? 0) - (keys[sent.indexOf(b)] ?? 0));
          for (const received of order) expect(rebuild.take(received)).toBe(true);
          rebuild.finish();
          expect(rebuild.missing).toBe(0);
        }
        expect(after.publications.recordCount).toBe(before.publications.recordCount);
        expect(after.publications.tokenCount).toBe(before.publications.tokenCount);
        for (const act of acts) {
          const { handle } = entryOf(act) as { handle: Handle };
          const [a, b] = [before, after].map((bench) => bench.publications.find(act.member, handle));
          expect({ ...b, number: 0 }).toEqual({ ...a, number: 0 });
        }
        before.ledger[Symbol.dispose]();
      }),
      { numRuns: 60 },
    );
  });

  it("comes back without the entries that did not stand", () => {
    const before = new Bench();
    const silent = upsert(newHandle(), tokens(["p"]), { handling: "silent" });
    const received = before.next(HARBOUR, publication(record("p"), silent));
    before.receive(received);
    const after = new Bench({ ledger: before.ledger });
    const applied = before.ledger.applied(HARBOUR, received.submission.incarnation, 1) as Applied;
    const { body } = received.submission;
    after.publications.restore(received.submission, body.kind === "publication" ? body.entries : [], applied);
    expect(after.publications.recordCount).toBe(1);
    expect(after.publications.find(HARBOUR, silent.handle)).toBeUndefined();
  });

  it("comes back without what a stream has lost, and says how much", () => {
    const before = new Bench();
    const sent = ["p", "q", "r"].map((name) => before.next(HARBOUR, publication(record(name))));
    for (const received of sent) before.receive(received);
    const restored: number[] = [];
    const rebuild = new Rebuild(HARBOUR, {
      ledger: before.ledger,
      restore: (submission) => restored.push(submission.sequence),
    });
    rebuild.take(sent[2] as Received);
    rebuild.take(sent[0] as Received);
    rebuild.take(sent[0] as Received);
    rebuild.finish();
    expect(restored).toEqual([1, 3]);
    expect(rebuild.missing).toBe(1);
  });
});
