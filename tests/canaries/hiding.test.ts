import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MatchState } from "../../agency-node/core/match.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle, MatchId } from "../../shared/core/ids.ts";
import { person, TestNode } from "../node/support.ts";

const CANARY = toId<Handle>("c0".repeat(16));
const RECORD = {
  reference: "any",
  subject: { kind: "person", names: [{ text: "Takzqilon Vermqvasos", strength: "full" }], birthDates: ["2070-05-17"] },
  role: "suspect",
  legalBasis: "",
  caseReference: "",
  handling: "open",
  reviewBy: "2027-03-31",
} as const;

const match = (id: string, handle: Handle): MatchState => ({
  matchId: toId<MatchId>(id.repeat(16)),
  handle,
  side: 0,
  domain: "target",
  status: "open",
  grading: { grade: "strong", kind: "identity", score: 200, reasons: [] },
  amendment: 0,
  openedAtMs: 0,
  updatedAtMs: 0,
  otherBinder: new Uint8Array(32),
});

describe("a canary in the stores of a node", () => {
  let node: TestNode;
  beforeEach(() => {
    node = new TestNode();
    node.records.putCanary(RECORD, CANARY, 1);
  });
  afterEach(() => node[Symbol.dispose]());

  it("is hardened like any record, and in no list, count or sample", () => {
    expect(node.hardening().map(({ handle }) => handle)).toEqual([CANARY]);
    expect([...node.records.all()]).toEqual([]);
    expect(node.records.counts()).toMatchObject({ hardening: 0, tokens: 0 });
    expect(node.records.sample(0)).toBeUndefined();
    expect(() => node.records.byReference("any")).toThrow();
  });

  it("goes into no epoch but its own", () => {
    node.standings.join(2, 1, "scheme");
    node.prepare(CANARY, 1);
    expect([node.standings.isDue(1, "fresh"), node.standings.isDue(2, "fresh")]).toEqual([true, false]);
  });

  it("has matches that no officer sees, and leaves nothing when it is removed", () => {
    node.inbox.save(match("0a", CANARY), { isCanary: true });
    node.inbox.save(match("0b", node.put(person("CASE-1"))));
    expect(node.inbox.matches().map(({ matchId }) => matchId)).toEqual(["0b".repeat(16)]);
    expect(node.inbox.counts().open).toBe(1);
    node.inbox.removeCanary(CANARY);
    node.records.removeCanary(CANARY);
    expect(node.inbox.match(toId<MatchId>("0a".repeat(16)))).toBeUndefined();
    expect(node.records.byHandle(CANARY)).toBeUndefined();
    expect(node.inbox.matches()).toHaveLength(1);
  });
});
