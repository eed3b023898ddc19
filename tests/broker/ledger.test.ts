import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PendingProof } from "../../broker/core/disclosure.ts";
import { evolveMatch } from "../../broker/core/match.ts";
import type { MatchEvent } from "../../broker/core/match.ts";
import { Ledger } from "../../broker/store/ledger.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";

const federation = new Uint8Array(16).fill(7);
const member = "a".repeat(32) as MemberId;
const other = "b".repeat(32) as MemberId;
const handle = "1".repeat(32) as Handle;
const theirs = "2".repeat(32) as Handle;
const matchId = "f".repeat(32) as MatchId;
const incarnation = "c".repeat(32) as Incarnation;
const hash = (value: number): Uint8Array => new Uint8Array(32).fill(value);

const opened: Extract<MatchEvent, { type: "opened" }> = {
  type: "opened",
  matchId,
  domain: "target",
  parties: [
    { member, handle },
    { member: other, handle: theirs },
  ],
  epoch: 1,
};

const terms = { conversationKey: hash(1), blind: hash(2), handling: "open" } as const;
/** Side 0 has stated, side 1 owes. */
const PROOF: PendingProof = {
  amendment: 0,
  epoch: 1,
  met: [{ tokenClass: "single", token: new Uint8Array(16).fill(4), positions: [3, 0] }],
  terms: [terms, terms],
  incarnations: [incarnation, incarnation],
  sides: [
    { askedAtMs: 5, isOverdue: false, statement: { validHash: hash(6), signature: new Uint8Array(64).fill(7) } },
    { askedAtMs: 5, isOverdue: false },
  ],
};

describe("the ledger", () => {
  let dir: string;
  let path: string;
  let ledger: Ledger;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "causeway-ledger-"));
    path = join(dir, "ledger.sqlite");
    ledger = new Ledger(path, federation);
  });
  afterEach(() => {
    ledger[Symbol.dispose]();
    rmSync(dir, { recursive: true });
  });

  function reopen(): void {
    ledger[Symbol.dispose]();
    ledger = new Ledger(path, federation);
  }

  it("remembers submissions in the order of their application", () => {
    ledger.recordSubmission(member, { incarnation, epoch: 1, sequence: 1, hash: hash(1) }, 10, []);
    ledger.recordSubmission(other, { incarnation, epoch: 1, sequence: 1, hash: hash(9) }, 11, []);
    ledger.recordSubmission(member, { incarnation, epoch: 1, sequence: 2, hash: hash(2) }, 12, [
      { index: 4, reason: "budget" },
    ]);
    reopen();
    expect(ledger.currentHead(member)).toEqual({ incarnation, sequence: 2, hash: hash(2) });
    const applied = ledger.applied(member, incarnation, 2);
    expect(applied).toMatchObject({ hash: hash(2), appliedAtMs: 12, rejections: [{ index: 4, reason: "budget" }] });
    const first = ledger.nextPosition(member, 0) as number;
    expect(ledger.nextPosition(member, first)).toBe(applied?.position);
    expect(ledger.nextPosition(member, applied?.position as number)).toBeUndefined();
  });

  it("takes no number twice", () => {
    ledger.recordSubmission(member, { incarnation, epoch: 1, sequence: 1, hash: hash(1) }, 10, []);
    expect(() =>
      ledger.recordSubmission(member, { incarnation, epoch: 1, sequence: 1, hash: hash(2) }, 10, []),
    ).toThrow(/UNIQUE/);
  });

  it("keeps all of a transaction or nothing", () => {
    const failing = (): void =>
      ledger.transaction(() => {
        ledger.recordMatchEvent(evolveMatch(undefined, opened), opened, 1);
        ledger.appendNotice(member, { number: 1, hash: hash(1), signed: hash(2) });
        throw new Error("power failure");
      });
    expect(failing).toThrow("power failure");
    expect(ledger.match(matchId)).toBeUndefined();
    expect(ledger.noticeHead(member).number).toBe(0);
    ledger.transaction(() => ledger.recordMatchEvent(evolveMatch(undefined, opened), opened, 1));
    expect(ledger.matchCounts()).toEqual({ opened: 1, open: 1 });
  });

  it("finds open matches from either side, and none that is closed", () => {
    const match = evolveMatch(undefined, opened);
    ledger.recordMatchEvent(match, opened, 1);
    reopen();
    expect(ledger.match(matchId)).toEqual(match);
    expect(ledger.openMatchesOf(member, handle)).toEqual([match]);
    expect(ledger.openMatchesOf(other, theirs)).toEqual([match]);
    expect(ledger.openMatchesOf(member, theirs)).toEqual([]);
    const closed: MatchEvent = { type: "closed", matchId, amendment: 1, reason: "withdrawn" };
    ledger.recordMatchEvent(evolveMatch(match, closed), closed, 2);
    expect(ledger.openMatchesOf(member, handle)).toEqual([]);
    expect(ledger.match(matchId)).toEqual(ledger.matchEvents(matchId).reduce(evolveMatch, undefined as never));
  });

  it("opens a match once", () => {
    ledger.recordMatchEvent(evolveMatch(undefined, opened), opened, 1);
    expect(() => ledger.recordMatchEvent(evolveMatch(undefined, opened), opened, 2)).toThrow(/UNIQUE/);
  });

  it("gives back notices from any number on, confirmed ones too", () => {
    for (let number = 1; number <= 5; number += 1) {
      ledger.appendNotice(member, { number, hash: hash(number), signed: hash(100 + number) });
    }
    ledger.confirm(member, 4);
    reopen();
    expect(ledger.confirmed(member)).toBe(4);
    expect(ledger.noticesAfter(member, 1, 2).map(({ number }) => number)).toEqual([2, 3]);
    expect(ledger.noticeHead(member)).toEqual({ number: 5, hash: hash(5) });
    expect(ledger.noticeHash(member, 3)).toEqual(hash(3));
    expect(ledger.noticesAfter(other, 0, 10)).toEqual([]);
  });

  it("keeps half a proof until it is decided, and then nothing of what it took", () => {
    ledger.proofs.save(matchId, opened.parties, PROOF);
    reopen();
    expect(ledger.proofs.pending(matchId)).toEqual(PROOF);
    expect(ledger.proofs.outcome(matchId)).toBe("pending");
    ledger.proofs.decide(matchId, "proven");
    reopen();
    expect(ledger.proofs.outcome(matchId)).toBe("proven");
    expect(ledger.proofs.pending(matchId)).toBeUndefined();
  });

  it("takes an owner's newest word on its record, and forgets what was asked in an epoch with it", () => {
    ledger.recordMatchEvent(evolveMatch(undefined, opened), opened, 1);
    ledger.proofs.save(matchId, opened.parties, PROOF);
    ledger.proofs.noteHandling(other, theirs, "brokered");
    ledger.proofs.noteHandling(other, handle, "silent");
    expect(ledger.proofs.pending(matchId)?.terms.map(({ handling }) => handling)).toEqual(["open", "brokered"]);
    ledger.proofs.lapseEpoch(2);
    expect(ledger.proofs.pending(matchId)).toBeDefined();
    ledger.proofs.lapseEpoch(1);
    expect(ledger.proofs.pending(matchId)).toBeUndefined();
    ledger.proofs.decide(matchId, "failed");
    ledger.proofs.lapseEpoch(1);
  });

  it("knows who owes a statement since when, and who is late", () => {
    ledger.proofs.save(matchId, opened.parties, PROOF);
    expect(ledger.proofs.newlyOverdue(member, 9, 10)).toEqual([]);
    expect(ledger.proofs.newlyOverdue(other, 4, 10)).toEqual([]);
    expect(ledger.proofs.newlyOverdue(other, 5, 10)).toEqual([{ matchId, side: 1 }]);
    expect([1, 1].map((side) => ledger.proofs.noteOverdue(matchId, side as 1))).toEqual([true, false]);
    reopen();
    expect(ledger.proofs.newlyOverdue(other, 5, 10)).toEqual([]);
    expect(ledger.proofs.overdue()).toEqual(new Map([[other, 1]]));
    ledger.proofs.askAgain(other, 7);
    expect(ledger.proofs.overdue()).toEqual(new Map());
    expect(ledger.proofs.newlyOverdue(other, 7, 10)).toEqual([{ matchId, side: 1 }]);
  });

  it("keeps what was used of a budget", () => {
    const account = { initialUsed: 3, hours: new Map([[495_000, 7]]) };
    ledger.saveAccount(member, account);
    reopen();
    expect(ledger.account(member)).toEqual(account);
  });

  it("keeps one item of oversight open for each kind and member, until somebody has looked into it", () => {
    const burst = { kind: "burst", member, text: "invented" } as const;
    expect([1, 2].map((atMs) => ledger.alarms.raise(burst, atMs))).toEqual([true, false]);
    ledger.alarms.raise({ ...burst, member: other }, 3);
    ledger.alarms.raise({ kind: "directoryRefused", text: "invented" }, 4);
    reopen();
    const [broker, theirs, ours] = ledger.alarms.list();
    expect(broker).not.toHaveProperty("member");
    expect([theirs?.member, ours]).toEqual([
      other,
      expect.objectContaining({ firstSeenMs: 1, lastSeenMs: 2, count: 2 }),
    ]);
    const id = ours?.id as number;
    const by = { by: "The chair", note: "an import" };
    expect([1, 2].map(() => ledger.alarms.acknowledge(id, by, 5))).toEqual([true, false]);
    expect(ledger.alarms.openOf(member)).toEqual([]);
    expect(ledger.alarms.list().at(-1)).toMatchObject({ id, acknowledged: { ...by, atMs: 5 } });
    expect(ledger.alarms.raise(burst, 6)).toBe(true);
  });

  it("serves one federation", () => {
    ledger[Symbol.dispose]();
    expect(() => new Ledger(path, new Uint8Array(16))).toThrow(expect.objectContaining({ code: "ENVIRONMENT" }));
    ledger = new Ledger(path, federation);
  });

  it("serves one broker at a time", () => {
    expect(() => new Ledger(path, federation)).toThrow(expect.objectContaining({ code: "ENVIRONMENT" }));
  });
});
