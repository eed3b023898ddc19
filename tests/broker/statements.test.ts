/** Statements on meetings, from the submission that holds one to what both sides and oversight are told. Everything is invented. */
import { describe, expect, it } from "vitest";
import { STATEMENT_DUE_ABSENT_MS, STATEMENT_DUE_MS, TOLD_AGAIN_MAX } from "../../broker/core/limits.ts";
import type { MeetingStatement, NoticeEvent, Upsert } from "../../shared/core/data-plane.ts";
import type { Handle, MatchId, MemberId } from "../../shared/core/ids.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { chunks, newHandle, tokens, upsert } from "./support.ts";
import { Bench, BORDER, Chain, CUSTOMS, HARBOUR } from "./writer-support.ts";

const MINUTE = 60_000;
const [ours, theirs] = [newHandle(), newHandle()];

/** A record of each side that share a telephone number. */
function met(over: Partial<Upsert> = {}, bench = new Bench()): { bench: Bench; matchId: MatchId } {
  bench.publish(HARBOUR, upsert(ours, tokens(["a phone", "a passport"])));
  bench.publish(BORDER, upsert(theirs, tokens(["a phone"]), over));
  return { bench, matchId: matchOf(bench) };
}

const matchOf = (bench: Bench): MatchId => bench.eventsOf(HARBOUR)[0]?.matchId as MatchId;
const refusals = (bench: Bench): unknown[] =>
  bench.recorded.lines
    .filter(({ event }) => event.startsWith("statement."))
    .flatMap(({ fields }) => Array(Number(fields["count"])).fill(fields["refusal"] ?? "wrong"));
const alarmsOf = (bench: Bench, member: MemberId): string[] =>
  bench.ledger.alarms.openOf(member).map(({ kind }) => kind);

function last<Type extends NoticeEvent["type"]>(bench: Bench, member: MemberId, type: Type) {
  const events = bench.eventsOf(member).filter((event) => event.type === type);
  return events.at(-1) as Extract<NoticeEvent, { type: Type }>;
}

/** The member's records are looked up again, as the broker does in time. */
async function settled(bench: Bench): Promise<void> {
  expect(bench.isReleased).toBe(true);
  bench.isReleased = false;
  await bench.standings.settle();
}

describe("a meeting", () => {
  it("comes to each side with the other's tags, in the order of its own positions, and the other's binder", () => {
    const bench = new Bench();
    bench.publish(HARBOUR, upsert(ours, tokens(["a", "b", "c"], [], ["d"])));
    bench.publish(BORDER, upsert(theirs, tokens(["c", "x", "b"], [], ["y", "d"])));
    const statements = [HARBOUR, BORDER].map((member) => bench.statementOn(member, matchOf(bench)));
    // As a node checks them: each holds for the token at its position.
    for (const { failed, signature } of statements) {
      expect(failed).toEqual({ single: [], opening: [], support: [] });
      expect(signature).toBeDefined();
    }
    const meeting = last(bench, HARBOUR, "matchOpened").meeting;
    expect(meeting.positions).toEqual({ single: [1, 2], opening: [], support: [0] });
    expect(chunks(meeting.otherTags.single, 8)).toHaveLength(2);
    expect(meeting.otherTags.support).toHaveLength(8);
    expect(last(bench, BORDER, "matchOpened").meeting.positions).toEqual({ single: [0, 2], opening: [], support: [1] });
  });

  it("is told again when the tags of what met or a binder have changed, and not for tags of padding", () => {
    const { bench } = met();
    const again = upsert(theirs, tokens(["a phone"]));
    bench.publish(BORDER, again);
    expect(bench.types(HARBOUR)).toEqual(["matchOpened"]);
    const tags = { single: randomBytes(64), opening: randomBytes(64), support: randomBytes(64) };
    bench.publish(BORDER, { ...again, tags });
    expect(bench.types(HARBOUR)).toEqual(["matchOpened", "matchAmended"]);
    expect(last(bench, HARBOUR, "matchAmended").meeting.otherTags.single).toEqual(tags.single.subarray(0, 8));
    bench.publish(BORDER, { ...again, tags, blind: randomBytes(32) });
    expect(bench.types(BORDER)).toEqual(["matchOpened", "matchAmended", "matchAmended"]);
  });
});

describe("statements", () => {
  it("of both sides give each what the handling of the other's record allows", () => {
    const { bench, matchId } = met({ handling: "brokered" });
    bench.prove(matchId, HARBOUR);
    expect(bench.types(BORDER)).toEqual(["matchOpened"]);
    bench.prove(matchId, BORDER);
    const learned = (member: MemberId) => last(bench, member, "counterpartDisclosed").disclosure;
    expect(learned(HARBOUR)).toMatchObject({ handling: "brokered", mandate: "invented mandate" });
    expect(JSON.stringify(learned(HARBOUR))).not.toContain(BORDER);
    expect(learned(BORDER)).toMatchObject({ handling: "open", member: HARBOUR, handle: ours });
    expect(refusals(bench)).toEqual([]);
  });

  it("disclose nothing of protected persons, and are over all the same", () => {
    const bench = new Bench();
    for (const member of [HARBOUR, BORDER])
      bench.publish(member, upsert(newHandle(), tokens(["a phone"]), { domain: "protected" }));
    bench.prove(matchOf(bench), HARBOUR, BORDER);
    expect(bench.types(HARBOUR)).toEqual(["matchOpened"]);
    expect(bench.ledger.proofs.outcome(matchOf(bench))).toBe("proven");
  });

  it("count by the owner's newest word on its record, also when it is withdrawn by then", () => {
    const { bench, matchId } = met();
    bench.publish(BORDER, upsert(theirs, tokens(["a phone"]), { handling: "brokered" }));
    bench.publish(BORDER, { operation: "withdraw", handle: theirs });
    bench.prove(matchId, HARBOUR, BORDER);
    expect(last(bench, HARBOUR, "counterpartDisclosed").disclosure.handling).toBe("brokered");
  });

  it("in one batch are each taken for themselves", () => {
    const { bench, matchId } = met();
    bench.publish(CUSTOMS, upsert(newHandle(), tokens(["a passport"])));
    const other = bench.eventsOf(CUSTOMS)[0]?.matchId as MatchId;
    const forged = { ...bench.statementOn(HARBOUR, matchId), matchId: other };
    bench.state(HARBOUR, forged, bench.statementOn(HARBOUR, matchId), bench.statementOn(HARBOUR, other));
    expect(refusals(bench)).toEqual(["wrong"]);
    bench.prove(matchId, BORDER);
    bench.prove(other, CUSTOMS);
    expect(bench.types(HARBOUR).filter((type) => type === "counterpartDisclosed")).toHaveLength(2);
  });

  it("on matches of others, and on none, are passed over alike", () => {
    const { bench, matchId } = met();
    const statement = { ...bench.statementOn(HARBOUR, matchId) };
    bench.state(CUSTOMS, statement, { ...statement, matchId: "0".repeat(32) as MatchId });
    expect(refusals(bench)).toEqual(["stranger", "stranger"]);
  });

  it("count under any key that the chain ever gave to the member", () => {
    const { bench, matchId } = met();
    const statement = bench.statementOn(HARBOUR, matchId);
    const keys = bench.federation.signingKeys.get(HARBOUR) as Uint8Array[];
    const newer = signingKeyPair(randomBytes(32)).publicKey;
    const signingKeys = new Map(bench.federation.signingKeys).set(HARBOUR, [...keys, newer]);
    bench.federation = { ...bench.federation, signingKeys };
    bench.state(HARBOUR, statement);
    expect(refusals(bench)).toEqual([]);
  });

  it("that are forged prove nothing", () => {
    const { bench, matchId } = met();
    bench.prove(matchId, BORDER);
    const own = bench.statementOn(HARBOUR, matchId);
    const signature = (bench.statementOn(BORDER, matchId) as Required<MeetingStatement>).signature;
    bench.state(HARBOUR, { ...own, signature });
    bench.state(HARBOUR, { ...own, failed: { ...own.failed, single: [0] } });
    const { signature: _, ...unsigned } = own;
    bench.state(HARBOUR, unsigned);
    expect(refusals(bench)).toEqual(["wrong", "wrong", "wrong"]);
    expect(bench.types(BORDER)).toEqual(["matchOpened"]);
    bench.state(HARBOUR, own);
    expect(bench.types(BORDER)).toEqual(["matchOpened", "counterpartDisclosed"]);
  });

  it("answer the meeting that was told last: one of before is not replayed into an amendment", () => {
    const { bench, matchId } = met();
    const before = bench.statementOn(BORDER, matchId);
    bench.publish(BORDER, upsert(theirs, tokens(["a phone", "a passport"])));
    bench.state(BORDER, before, { ...before, amendment: 1 });
    expect(refusals(bench)).toEqual(["outdated", "wrong"]);
    bench.prove(matchId, HARBOUR, BORDER);
    expect(bench.types(BORDER)).toEqual(["matchOpened", "matchAmended", "counterpartDisclosed"]);
  });

  it("are over once the match is proven, and a later amendment asks for none", () => {
    const { bench, matchId } = met();
    bench.prove(matchId, HARBOUR, BORDER);
    bench.publish(BORDER, upsert(theirs, tokens(["a phone", "a passport"])));
    bench.prove(matchId, HARBOUR);
    expect(refusals(bench)).toEqual(["over"]);
    bench.pass(3 * STATEMENT_DUE_ABSENT_MS);
    expect(bench.types(BORDER)).toEqual(["matchOpened", "counterpartDisclosed", "matchAmended"]);
  });
});

describe("a node that was restored", () => {
  it("is told again of what it owes once it has published its record anew, whose old version it has lost", () => {
    const { bench, matchId } = met();
    bench.prove(matchId, BORDER);
    bench.chains.set(HARBOUR, new Chain(HARBOUR, "2".repeat(32) as Chain["incarnation"]));
    bench.publish(HARBOUR, upsert(ours, tokens(["a passport", "a phone"])));
    expect(bench.types(HARBOUR)).toEqual(["matchOpened", "matchAmended"]);
    bench.prove(matchId, HARBOUR, BORDER);
    bench.publish(BORDER, upsert(theirs, tokens(["a phone"])));
    expect(bench.types(HARBOUR)).toEqual(["matchOpened", "matchAmended", "counterpartDisclosed"]);
  });
});

describe("a node that starts anew again and again", () => {
  it("does not fill the other side's notices with what it owes", () => {
    const { bench } = met();
    for (let start = 2; start < 40; start += 1) {
      bench.chains.set(BORDER, new Chain(BORDER, String(start).padStart(32, "0") as Chain["incarnation"]));
      bench.publish(BORDER, upsert(theirs, tokens(["a phone"])));
    }
    expect(bench.types(HARBOUR).length).toBe(TOLD_AGAIN_MAX);
    bench.pass(2 * MINUTE, BORDER);
    bench.chains.set(BORDER, new Chain(BORDER, "f".repeat(32) as Chain["incarnation"]));
    bench.publish(BORDER, upsert(theirs, tokens(["a phone"])));
    expect(bench.types(HARBOUR).length).toBe(TOLD_AGAIN_MAX + 1);
  });
});

describe("a thief of tokens", () => {
  /** Border has copied what the broker holds of Harbour, and cannot make the tags. */
  function stolen(): { bench: Bench; matchId: MatchId } {
    return met({ tags: { single: randomBytes(64), opening: randomBytes(64), support: randomBytes(64) } });
  }

  it("is not told whom it hit, both are told that it failed, and oversight is named both", () => {
    const { bench, matchId } = stolen();
    bench.prove(matchId, BORDER);
    expect(bench.ledger.proofs.outcome(matchId)).toBe("pending");
    bench.prove(matchId, HARBOUR);
    expect(last(bench, HARBOUR, "proofFailed")).toMatchObject({ own: false, other: true });
    expect(last(bench, BORDER, "proofFailed")).toMatchObject({ own: true, other: false });
    expect([alarmsOf(bench, BORDER), alarmsOf(bench, HARBOUR)]).toEqual([["proofFailed"], ["proofDenied"]]);
    bench.publish(BORDER, upsert(theirs, tokens(["a phone", "a passport"])));
    bench.prove(matchId, HARBOUR, BORDER);
    expect(refusals(bench)).toEqual(["over", "over"]);
    for (const member of [HARBOUR, BORDER]) expect(bench.types(member)).not.toContain("counterpartDisclosed");
  });

  it("cannot use the tags of the record that it copied: they are bound to the other binder", () => {
    const bench = new Bench();
    const received = bench.next(HARBOUR, { kind: "publication", entries: [upsert(ours, tokens(["a phone"]))] });
    bench.receive(received);
    const { body } = received.submission;
    const [copied] = (body.kind === "publication" ? body.entries : []) as [Upsert];
    const [asTheirs] = bench.publish(BORDER, { ...copied, handle: theirs });
    expect(asTheirs?.body).toMatchObject({ rejections: [{ index: 0, reason: "binder" }] });
    bench.publish(BORDER, upsert(theirs, copied.tokens, { tags: copied.tags }));
    bench.prove(matchOf(bench), HARBOUR);
    expect(last(bench, BORDER, "proofFailed")).toMatchObject({ own: true });
  });
});

describe("who asks and stays silent", () => {
  it("is named to oversight after ten minutes while its node is heard, and both sides are told once who has stated", () => {
    const { bench, matchId } = met();
    bench.prove(matchId, HARBOUR);
    bench.pass(STATEMENT_DUE_MS - MINUTE, HARBOUR, BORDER);
    expect(bench.ledger.alarms.list()).toEqual([]);
    bench.pass(2 * MINUTE, HARBOUR, BORDER);
    expect(last(bench, HARBOUR, "proofOverdue")).toMatchObject({ ownStated: true, otherStated: false });
    expect(last(bench, BORDER, "proofOverdue")).toMatchObject({ ownStated: false, otherStated: true });
    expect([alarmsOf(bench, HARBOUR), alarmsOf(bench, BORDER)]).toEqual([[], ["proofOverdue"]]);
    bench.pass(10 * STATEMENT_DUE_MS, HARBOUR, BORDER);
    expect(bench.types(HARBOUR)).toEqual(["matchOpened", "proofOverdue"]);
    expect(bench.ledger.alarms.list()).toMatchObject([{ count: 1 }]);
  });

  it("is named no longer once it has stated", () => {
    const { bench, matchId } = met();
    bench.pass(STATEMENT_DUE_MS + MINUTE, HARBOUR, BORDER);
    expect([alarmsOf(bench, HARBOUR), alarmsOf(bench, BORDER)]).toEqual([["proofOverdue"], ["proofOverdue"]]);
    bench.prove(matchId, HARBOUR, BORDER);
    bench.pass(MINUTE);
    expect(alarmsOf(bench, BORDER)).toEqual([]);
    expect(bench.ledger.alarms.list()).toMatchObject([{ acknowledged: { by: "" } }, { acknowledged: { by: "" } }]);
    expect(bench.types(HARBOUR)).toEqual(["matchOpened", "proofOverdue", "counterpartDisclosed"]);
  });

  it("has two days while its node is away, and its minutes when it comes back", () => {
    const { bench, matchId } = met();
    bench.prove(matchId, HARBOUR);
    bench.pass(STATEMENT_DUE_ABSENT_MS - 10 * MINUTE);
    bench.pass(9 * MINUTE, BORDER);
    expect(bench.ledger.alarms.list()).toEqual([]);
    bench.pass(3 * MINUTE, BORDER);
    expect(alarmsOf(bench, BORDER)).toEqual(["proofOverdue"]);
  });

  it("is named after two days of silence", () => {
    const { bench, matchId } = met();
    bench.prove(matchId, HARBOUR);
    bench.pass(STATEMENT_DUE_ABSENT_MS + MINUTE);
    expect(alarmsOf(bench, BORDER)).toEqual(["proofOverdue"]);
  });

  it("does not get away by withdrawing: what it owes stays due, and when it states the other side learns who it was", () => {
    const { bench, matchId } = met();
    bench.publish(BORDER, { operation: "withdraw", handle: theirs });
    bench.prove(matchId, HARBOUR);
    bench.pass(STATEMENT_DUE_MS + MINUTE, HARBOUR, BORDER);
    expect(bench.types(HARBOUR)).toEqual(["matchOpened", "matchClosed", "proofOverdue"]);
    expect(alarmsOf(bench, BORDER)).toEqual(["proofOverdue"]);
    bench.prove(matchId, BORDER);
    expect(last(bench, HARBOUR, "counterpartDisclosed").disclosure).toMatchObject({ member: BORDER, handle: theirs });
  });

  it("does not put its answer off by amending", () => {
    const { bench, matchId } = met();
    bench.prove(matchId, HARBOUR);
    for (const names of [["a phone", "a passport"], ["a phone"], ["a phone", "a passport"]]) {
      bench.pass(4 * MINUTE, HARBOUR, BORDER);
      bench.publish(BORDER, upsert(theirs, tokens(names)));
      bench.prove(matchId, HARBOUR);
    }
    expect(alarmsOf(bench, BORDER)).toEqual(["proofOverdue"]);
    expect(alarmsOf(bench, HARBOUR)).toEqual([]);
  });

  it("does not make the other side late by amending faster than that one can answer", () => {
    const { bench, matchId } = met();
    for (let i = 0; i < 8; i += 1) {
      const onItsWay = bench.statementOn(HARBOUR, matchId);
      bench.publish(BORDER, upsert(theirs, tokens(i % 2 === 0 ? ["a phone", "a passport"] : ["a phone"])));
      bench.prove(matchId, BORDER);
      bench.state(HARBOUR, onItsWay);
      bench.pass(4 * MINUTE, HARBOUR, BORDER);
    }
    expect([alarmsOf(bench, HARBOUR), alarmsOf(bench, BORDER)]).toEqual([[], []]);
  });

  it("owes nothing to, and as, a member that is gone, of matches that have ended before too", async () => {
    const { bench, matchId } = met();
    bench.publish(HARBOUR, upsert(newHandle(), tokens(["another phone"])));
    const gone = newHandle();
    bench.publish(BORDER, upsert(gone, tokens(["another phone"])));
    bench.publish(BORDER, { operation: "withdraw", handle: gone });
    bench.setStanding(BORDER, "removed");
    await bench.standings.settle();
    bench.pass(3 * STATEMENT_DUE_ABSENT_MS, HARBOUR);
    expect(bench.ledger.alarms.list()).toEqual([]);
    expect(bench.ledger.proofs.pending(matchId)).toBeUndefined();
    expect(bench.types(HARBOUR)).toEqual(["matchOpened", "matchOpened", "matchClosed", "matchClosed"]);
  });

  it("is not taken for silent when the broker itself has slept, or its clock was set", () => {
    const { bench } = met();
    bench.pass(5 * MINUTE, HARBOUR, BORDER);
    bench.nowMs += 2 * STATEMENT_DUE_ABSENT_MS;
    bench.proofs.look(bench.nowMs);
    bench.pass(5 * MINUTE, HARBOUR, BORDER);
    expect(bench.ledger.alarms.list()).toEqual([]);
  });

  it("owes what it owed before a restart of the broker, and may answer", () => {
    const { bench, matchId } = met();
    bench.prove(matchId, HARBOUR);
    bench.publish(BORDER, { operation: "withdraw", handle: theirs });
    const after = new Bench({ before: bench });
    after.pass(STATEMENT_DUE_MS + MINUTE, HARBOUR, BORDER);
    expect(alarmsOf(after, BORDER)).toEqual(["proofOverdue"]);
    const again = new Bench({ before: after });
    again.prove(matchId, BORDER);
    again.pass(MINUTE);
    expect(alarmsOf(again, BORDER)).toEqual([]);
    expect(last(again, HARBOUR, "counterpartDisclosed").disclosure).toMatchObject({ member: BORDER });
  });

  it("is given its time anew after a suspension, in which it could not answer", () => {
    const { bench, matchId } = met();
    bench.prove(matchId, HARBOUR);
    bench.standings.note();
    bench.setStanding(BORDER, "suspended");
    bench.standings.note();
    bench.pass(2 * STATEMENT_DUE_ABSENT_MS, HARBOUR);
    bench.setStanding(BORDER, "members");
    bench.standings.note();
    bench.pass(MINUTE, HARBOUR);
    expect(bench.ledger.alarms.list()).toEqual([]);
    bench.pass(STATEMENT_DUE_MS + MINUTE, HARBOUR, BORDER);
    expect(alarmsOf(bench, BORDER)).toEqual(["proofOverdue"]);
  });
});

describe("who is late too often", () => {
  /** Border owes `count` statements to Harbour, and they are overdue. */
  function owing(count: number): { bench: Bench; handles: Handle[] } {
    const bench = new Bench();
    bench.federation = { ...bench.federation, policy: { ...bench.federation.policy, overdueStatementsMax: 2 } };
    const handles = Array.from({ length: count }, () => newHandle());
    for (const [i, handle] of handles.entries()) {
      bench.publish(HARBOUR, upsert(newHandle(), tokens([`person ${i}`])));
      bench.publish(BORDER, upsert(handle, tokens([`person ${i}`])));
    }
    for (const matchId of matchesOf(bench, HARBOUR)) bench.prove(matchId, HARBOUR);
    bench.pass(STATEMENT_DUE_MS + MINUTE, HARBOUR, BORDER);
    return { bench, handles };
  }

  const matchesOf = (bench: Bench, member: MemberId): MatchId[] =>
    bench.eventsOf(member).flatMap((event) => (event.type === "matchOpened" ? [event.matchId] : []));

  it("goes on meeting others up to what the policy allows", () => {
    const { bench } = owing(2);
    bench.publish(CUSTOMS, upsert(newHandle(), tokens(["person 0"])));
    expect(bench.types(CUSTOMS)).toEqual(["matchOpened", "matchOpened"]);
    expect(alarmsOf(bench, BORDER)).toEqual(["proofOverdue"]);
  });

  it("meets nobody beyond that, with old records and new ones; others meet as before", () => {
    const { bench } = owing(3);
    expect(alarmsOf(bench, BORDER)).toEqual(["proofOverdue", "quarantined"]);
    bench.publish(CUSTOMS, upsert(newHandle(), tokens(["person 0"])));
    bench.publish(BORDER, upsert(newHandle(), tokens(["person 0"])));
    expect(matchesOf(bench, BORDER)).toHaveLength(3);
    expect(bench.types(CUSTOMS)).toEqual(["matchOpened"]);
  });

  it("keeps its open matches, also when it changes a record meanwhile", () => {
    const { bench, handles } = owing(3);
    bench.publish(BORDER, upsert(handles[0] as Handle, tokens(["somebody else"])));
    expect(bench.types(HARBOUR)).not.toContain("matchClosed");
  });

  it("is released by answering all of them, and then meets whom it has missed", async () => {
    const { bench, handles } = owing(3);
    const missed = newHandle();
    bench.publish(CUSTOMS, upsert(missed, tokens(["person 1"])));
    bench.publish(BORDER, upsert(handles[0] as Handle, tokens(["somebody else"])));
    const owed = matchesOf(bench, BORDER);
    bench.prove(owed[0] as MatchId, BORDER);
    bench.prove(owed[1] as MatchId, BORDER);
    bench.pass(MINUTE, BORDER);
    expect(bench.isReleased).toBe(false);
    bench.prove(owed[2] as MatchId, BORDER);
    bench.pass(MINUTE, BORDER);
    expect(alarmsOf(bench, BORDER)).toEqual([]);
    await settled(bench);
    expect(bench.types(CUSTOMS)).toEqual(["matchOpened", "matchOpened"]);
    expect(last(bench, HARBOUR, "matchClosed")).toMatchObject({ reason: "amended" });
    expect(bench.ledger.members.standing(BORDER)).toBe("member");
  });

  it("is told again, restored without the versions that it owes statements on, as soon as it publishes the records anew", async () => {
    const { bench, handles } = owing(3);
    bench.chains.set(BORDER, new Chain(BORDER, "2".repeat(32) as Chain["incarnation"]));
    for (const [i, handle] of handles.entries()) bench.publish(BORDER, upsert(handle, tokens([`person ${i}`])));
    expect(bench.types(BORDER).filter((type) => type === "matchAmended")).toHaveLength(3);
    for (const matchId of matchesOf(bench, BORDER)) bench.prove(matchId, HARBOUR, BORDER);
    bench.pass(MINUTE, BORDER, HARBOUR);
    expect(bench.isReleased).toBe(true);
    expect(bench.types(HARBOUR)).toContain("counterpartDisclosed");
  });

  it("stays so over a restart of the broker", () => {
    const { bench } = owing(3);
    const after = new Bench({ before: bench });
    after.publish(CUSTOMS, upsert(newHandle(), tokens(["x"])));
    after.publish(BORDER, upsert(newHandle(), tokens(["x"])));
    expect(after.types(CUSTOMS)).toEqual([]);
  });
});
