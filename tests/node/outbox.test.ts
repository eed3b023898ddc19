import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { equalBytes } from "../../shared/core/bytes.ts";
import type { SubmissionBody } from "../../shared/core/data-plane.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MatchId } from "../../shared/core/ids.ts";
import { expectRefusal, invented } from "../crypto/support.ts";
import { TestNode, kindsOf, person, receiptOf } from "./support.ts";

let node: TestNode;
beforeEach(() => void (node = new TestNode()));
afterEach(() => node[Symbol.dispose]());

const stated = (label: string): SubmissionBody => ({
  kind: "statements",
  statements: [
    {
      matchId: toId<MatchId>("aa".repeat(16)),
      amendment: 0,
      failed: { single: [], opening: [1], support: [] },
      signature: invented(label, 64),
    },
  ],
});
const connected: SubmissionBody = {
  kind: "connected",
  noticeNumber: 0,
  noticeHash: new Uint8Array(32),
  version: "0.0.0",
  capabilities: [],
};

describe("the outbox", () => {
  it("numbers from 1 without gaps, each naming the one before", () => {
    for (const label of ["a", "b", "c"]) node.outbox.append(stated(label));
    const sent = node.sent();
    expect(sent.map(({ submission }) => submission.sequence)).toEqual([1, 2, 3]);
    expect(sent[0]?.submission.prevHash).toEqual(new Uint8Array(32));
    expect(sent[2]?.submission.prevHash).toEqual(sent[1]?.hash);
  });

  it("takes numbers back with the transaction that fails", () => {
    node.outbox.append(stated("a"));
    expect(() =>
      node.db.transaction(() => {
        node.outbox.append(stated("b"));
        throw new RangeError("no");
      }),
    ).toThrow(RangeError);
    node.outbox.append(stated("c"));
    const sent = node.sent();
    expect(sent.map(({ submission }) => submission.sequence)).toEqual([1, 2]);
    expect(sent[1]?.submission.prevHash).toEqual(sent[0]?.hash);
  });

  it("is done with a row on a receipt for these very bytes, and no other", () => {
    node.outbox.append(stated("a"), []);
    const [row] = node.sent();
    expect(node.outbox.settle(row!.submission, invented("other bytes", 32))).toBeUndefined();
    expect(node.outbox.settle({ ...row!.submission, sequence: 2 }, row!.hash)).toBeUndefined();
    expect(node.outbox.length).toBe(1);
    expect(node.outbox.settle(row!.submission, row!.hash)).toEqual([]);
    expect(node.outbox.settle(row!.submission, row!.hash)).toBeUndefined();
    expect(node.outbox.length).toBe(0);
  });

  it("is done with all rows up to one on a receipt for that one", () => {
    const [first, second] = [node.put(person("R-1")), node.put(person("R-2"))];
    node.publish(first);
    node.outbox.append(stated("a"));
    node.publish(second);
    node.outbox.append(stated("b"));
    const sent = node.sent();
    const third = sent[2]!;
    expect(node.outbox.settleThrough(third.submission, invented("other bytes", 32))).toBeUndefined();
    expect(node.outbox.settleThrough({ ...third.submission, sequence: 9 }, third.hash)).toBeUndefined();
    expect(node.outbox.length).toBe(4);
    const { incarnation } = third.submission;
    expect(node.outbox.settleThrough(third.submission, third.hash)).toEqual([
      { version: { incarnation, sequence: 1 }, handles: [first] },
      { version: { incarnation, sequence: 2 }, handles: [] },
      { version: { incarnation, sequence: 3 }, handles: [second] },
    ]);
    expect(node.outbox.length).toBe(1);
    // It comes again, or an earlier one late: there is nothing that it could be wrong about.
    expect(node.outbox.settleThrough(third.submission, third.hash)).toEqual([]);
    expect(node.outbox.settleThrough(sent[0]!.submission, sent[0]!.hash)).toEqual([]);
  });

  it("believes a receipt for all that names a row which was done before those in front of it", () => {
    for (const label of ["a", "b", "c"]) node.outbox.append(stated(label));
    const [, second] = node.sent();
    const { incarnation } = second!.submission;
    expect(node.outbox.settle(second!.submission, second!.hash)).toEqual([]);
    expect(node.outbox.settleThrough(second!.submission, invented("other bytes", 32))).toBeUndefined();
    expect(node.outbox.settleThrough(second!.submission, second!.hash)).toEqual([
      { version: { incarnation, sequence: 1 }, handles: [] },
    ]);
    expect(node.outbox.length).toBe(1);
  });

  it("knows where sequences stand that wait, and which of a range do", () => {
    for (const label of ["a", "b", "c", "d"]) node.outbox.append(stated(label));
    const sent = node.sent();
    const { incarnation } = sent[0]!.submission;
    node.outbox.settle(sent[1]!.submission, sent[1]!.hash);
    const [first, , third, fourth] = sent.map(({ position }) => position);
    expect(node.outbox.rangeOf(incarnation, { first: 2, last: 9 })).toEqual({ first: third, last: fourth });
    expect(node.outbox.rangeOf(incarnation, { first: 2, last: 2 })).toBeUndefined();
    expect(node.outbox.waitingAmong({ first: first!, last: third! })).toEqual([first, third]);
  });

  it("refuses to write while no epoch is active, and loses no number by it", () => {
    node.epoch = undefined;
    expectRefusal(() => node.outbox.append(stated("a")), "UNAVAILABLE");
    node.epoch = 1;
    node.outbox.append(stated("b"));
    expect(node.sent().map(({ submission }) => submission.sequence)).toEqual([1]);
  });
});

describe("the outbox after a start", () => {
  it("has another incarnation, under which it sends what waited, first and in order", () => {
    const before = node.outbox.incarnation;
    for (const label of ["a", "b"]) node.outbox.append(stated(label));
    node.restart();
    node.outbox.append(stated("c"));
    const sent = node.sent();
    expect(node.outbox.incarnation).not.toBe(before);
    expect(sent.map(({ submission }) => submission.body)).toEqual([stated("a"), stated("b"), stated("c")]);
    expect(sent.map(({ submission }) => submission.sequence)).toEqual([1, 2, 3]);
    expect(new Set(sent.map(({ submission }) => submission.incarnation))).toEqual(new Set([node.outbox.incarnation]));
    expect(node.outbox.length).toBe(3);
  });

  it("publishes the same tokens under the new number, and settles by it", () => {
    const handle = node.put(person("R-1"));
    node.publish(handle);
    const [before] = node.sent();
    node.restart();
    node.outbox.append(connected);
    const [after] = node.sent();
    expect(after!.submission.body).toEqual(before!.submission.body);
    expect(node.standings.publication(handle, before!.submission)).toBeDefined();
    expect(node.standings.publication(handle, after!.submission)).toBeDefined();
    expect(node.outbox.settle(before!.submission, before!.hash)).toBeUndefined();
    const receipt = receiptOf(after!);
    expect(node.outbox.settle(receipt, receipt.submissionHash)).toEqual([handle]);
    node.standings.settle(handle, receipt, null, node.nowMs);
    expect(node.records.byHandle(handle)?.state).toBe("published");
  });

  it("gives the version that a publication gets only after what waited has its own", () => {
    node.outbox.append(stated("a"));
    node.restart();
    const handle = node.put(person("R-1"));
    node.publish(handle);
    const publication = node.sent().find(({ submission }) => submission.body.kind === "publication");
    expect(publication?.submission.sequence).toBe(2);
    expect(node.standings.publication(handle, publication!.submission)).toBeDefined();
  });

  it("says anew what is true only of a start, instead of what the last one said", () => {
    node.outbox.append(connected);
    node.outbox.append(stated("a"));
    node.outbox.append({ kind: "noticeReceipt", noticeNumber: 0, noticeHash: new Uint8Array(32) });
    node.restart();
    node.outbox.append(connected);
    expect(kindsOf(node.sent())).toEqual(["statements", "connected"]);
  });

  it("drops tokens of an epoch that is over, and keeps withdrawals", () => {
    const handle = node.put(person("R-1"));
    node.publish(handle);
    node.outbox.append({ kind: "publication", entries: [{ operation: "withdraw", handle }] });
    node.restart();
    node.epoch = 2;
    node.outbox.append(connected);
    const bodies = node.sent().map(({ submission }) => submission.body);
    expect(bodies).toEqual([{ kind: "publication", entries: [{ operation: "withdraw", handle }] }, connected]);
  });

  it("signs anew in one transaction: a crash in it leaves everything as it was", () => {
    for (const label of ["a", "b"]) node.outbox.append(stated(label));
    node.restart();
    expect(() =>
      node.db.transaction(() => {
        node.outbox.append(stated("c"));
        throw new RangeError("crash");
      }),
    ).toThrow(RangeError);
    expect(node.sent()).toEqual([]);
    node.restart();
    node.outbox.append(stated("d"));
    expect(node.sent().map(({ submission }) => submission.body)).toEqual([stated("a"), stated("b"), stated("d")]);
  });

  it("never signs two things under one number", () => {
    const seen = new Map<string, Uint8Array>();
    for (const label of ["a", "b", "c"]) {
      node.outbox.append(stated(label));
      for (const { submission, hash } of node.sent()) {
        const place = `${submission.incarnation} ${submission.sequence}`;
        expect(equalBytes(seen.get(place) ?? hash, hash)).toBe(true);
        seen.set(place, hash);
      }
      node.restart();
    }
  });
});
