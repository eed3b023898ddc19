/** What a node makes of a meeting: whose tags hold, what it signs, and whom it believes to stand on the other side. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { doubtOf } from "../../agency-node/core/match.ts";
import type { MatchState } from "../../agency-node/core/match.ts";
import type { Matches, MatchesParts } from "../../agency-node/matches.ts";
import { Statements } from "../../agency-node/statements.ts";
import { fromHex } from "../../shared/core/bytes.ts";
import type { Disclosure, Meeting, MeetingStatement, NoticeEvent } from "../../shared/core/data-plane.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle, MatchId } from "../../shared/core/ids.ts";
import { verifyPayload } from "../../shared/crypto/sign.ts";
import { agreedHash, meetingPayload, tokenOf } from "../../shared/crypto/token.ts";
import { silentLog } from "../../shared/world/log.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { invented } from "../crypto/support.ts";
import { SOON } from "../support/patience.ts";
import { WrittenLog } from "../support/written-log.ts";
import {
  binderAtNode,
  federationOf,
  matchesOf,
  meetingOf,
  OTHER as other,
  OtherRecord,
  SALT,
  STRANGER as stranger,
  toldTo,
  UNTRUE_DISCLOSURES,
  WORTHLESS_TAGS,
} from "./meeting.ts";
import { because, FEDERATION, NODE_SIGNER, person, TestNode } from "./support.ts";

const MATCH = toId<MatchId>("d7".repeat(16));
const DOCUMENT = "person.document";
const PAIR = "person.pair-skeleton-year.rare-rare";
const SUPPORT = "person.name-year-birthplace.common";

let node: TestNode;
let met: ReturnType<typeof meetingOf>;
let handle: Handle;
let federation: Federation;
let matches: Matches;

beforeEach(() => {
  node = new TestNode();
  met = meetingOf(node);
  handle = node.put(person("R-1"));
  federation = federationOf(other, stranger);
  matches = begin();
});
afterEach(() => node[Symbol.dispose]());

const begin = (over: Partial<MatchesParts> = {}): Matches => matchesOf(node, { federation: () => federation, ...over });

const told = (event: NoticeEvent): MatchState => toldTo(node, matches, event);
const opened = (meeting: Meeting, matchId = MATCH): MatchState =>
  told({ type: "matchOpened", matchId, handle, side: 0, meeting });
const amended = (meeting: Meeting): MatchState => told({ type: "matchAmended", matchId: MATCH, amendment: 1, meeting });
const disclosed = (disclosure: Disclosure): MatchState =>
  told({ type: "counterpartDisclosed", matchId: MATCH, disclosure });

/** Whether the statement is signed by this node, over these tokens and the two binders. */
function isSigned(
  { statement }: MatchState,
  kinds: readonly (typeof DOCUMENT | typeof PAIR | typeof SUPPORT)[],
): boolean {
  const classes = { [DOCUMENT]: "single", [PAIR]: "opening", [SUPPORT]: "support" } as const;
  const agreed = kinds.map((kind) => ({
    tokenClass: classes[kind],
    token: tokenOf(SALT, "target", invented(`y of ${kind}`, 64)),
  }));
  const payload = meetingPayload({
    matchId: fromHex(MATCH),
    ownBinder: binderAtNode(handle),
    otherBinder: other.binder,
    validHash: agreedHash(agreed),
  });
  const { publicKey } = NODE_SIGNER;
  const { signature = new Uint8Array() } = statement!;
  return verifyPayload({ type: "meeting", federation: FEDERATION, payload, publicKey, signature });
}

const NOWHERE = { single: [], opening: [], support: [] };

describe("a meeting", () => {
  it("with tags that hold is graded, and signed over all that met", () => {
    const state = opened(met.with(handle, other));
    expect(state).toMatchObject({ status: "open", grading: { grade: "strong", kind: "identity" } });
    expect(state.statement?.failed).toEqual(NOWHERE);
    expect(isSigned(state, [DOCUMENT, PAIR, SUPPORT])).toBe(true);
    expect(isSigned(state, [DOCUMENT, PAIR])).toBe(false);
  });

  it.each(WORTHLESS_TAGS)("with %s is shown as unproven, and nothing is signed", (_, tag) => {
    const state = opened(met.meeting(handle, other.binder, { [DOCUMENT]: tag() }));
    expect(state).toMatchObject({ status: "unproven", grading: { grade: "none" } });
    expect(state.statement).toEqual({ amendment: 0, failed: { ...NOWHERE, single: [1] } });
    expect(matches.list({ all: false }, because(""))).toHaveLength(1);
  });

  it("counts only the tokens that are proven: what is copied besides lends no weight", () => {
    const state = opened(met.meeting(handle, other.binder, { [DOCUMENT]: invented("no", 8), [PAIR]: other.tag(PAIR) }));
    expect(state).toMatchObject({ status: "open", grading: { grade: "probable" } });
    expect(state.statement?.failed).toEqual({ ...NOWHERE, single: [1] });
    expect(isSigned(state, [PAIR])).toBe(true);
  });

  it("is not opened by support alone, whatever the broker says", () => {
    const state = opened(met.meeting(handle, other.binder, { [SUPPORT]: other.tag(SUPPORT) }));
    expect(state).toMatchObject({ status: "unproven", statement: { failed: NOWHERE } });
    expect(state.statement?.signature).toBeUndefined();
  });

  it("in padding, or outside of the record, proves nothing: nobody can know what stands there", () => {
    const state = opened(met.meeting(handle, other.binder, {}, { single: [0, 99], opening: [5] }));
    expect(state.statement).toEqual({ amendment: 0, failed: { single: [0, 99], opening: [5], support: [] } });
  });

  it("that an amendment makes larger brings its own tags", () => {
    opened(met.meeting(handle, other.binder, { [PAIR]: other.tag(PAIR) }));
    const copied = amended(
      met.meeting(handle, other.binder, { [PAIR]: other.tag(PAIR), [DOCUMENT]: invented("no", 8) }),
    );
    expect(copied).toMatchObject({
      grading: { grade: "probable" },
      statement: { amendment: 1, failed: { single: [1] } },
    });
    expect(amended(met.with(handle, other))).toMatchObject({ grading: { grade: "strong" } });
  });

  it("of a version that is not known here is shown and not stated, and neither is one whose salt is gone", () => {
    const unknown = { ...met.with(handle, other), sequence: 99 };
    expect(opened(unknown)).toMatchObject({ status: "open", grading: { grade: "possible" } });
    expect(node.inbox.match(MATCH)?.grading.reasons[0]).toContain("import the record again");
    matches = begin({ terms: () => [] });
    expect(opened(met.with(handle, other), toId<MatchId>("d8".repeat(16))).statement).toBeUndefined();
    expect(node.inbox.dueStatements(10)).toEqual([]);
  });
});

describe("the counterpart of a match", () => {
  beforeEach(() => void opened(met.with(handle, other)));

  it("is who the binder names and who has signed, with name and contact as the chain has them now", () => {
    const state = disclosed(other.disclosure(MATCH, binderAtNode(handle)));
    expect(state).toMatchObject({
      status: "proven",
      counterpart: { member: other.admit.member, handle: other.handle },
    });
    expect(JSON.stringify(state)).not.toContain("@");
    expect(matches.counterpartOf(state)).toMatchObject({ name: other.admit.name, contact: other.admit.contact });
    const moved = { ...other.admit, contact: { ...other.admit.contact, phone: "+44 1632 960111" } };
    federation = { ...federation, members: new Map([[moved.member, moved]]) };
    expect(matches.counterpartOf(state)?.contact?.phone).toBe("+44 1632 960111");
    federation = {
      ...federation,
      members: new Map(),
      removed: new Map([[moved.member, { admit: moved, reason: "", forCause: false }]]),
    };
    expect(matches.counterpartOf(state)?.name).toBe(other.admit.name);
  });

  it("may have signed with a key that it had before", () => {
    const renewed = new OtherRecord("renewed");
    federation = {
      ...federation,
      signingKeys: new Map([[other.admit.member, [renewed.signer.publicKey, other.signer.publicKey]]]),
    };
    expect(disclosed(other.disclosure(MATCH, binderAtNode(handle))).status).toBe("proven");
    expect(disclosed(other.disclosure(MATCH, binderAtNode(handle), renewed.signer)).status).toBe("proven");
  });

  it.each(UNTRUE_DISCLOSURES)("is not %s: that is refused, said, and never shown", (_, untrue) => {
    const written = new WrittenLog();
    matches = matchesOf(node, { federation: () => federation, log: written.for("node") });
    const { signature: ownSignature } = node.inbox.match(MATCH)!.statement!;
    const state = disclosed(untrue({ matchId: MATCH, handle, ownSignature: ownSignature! }));
    expect(state).toMatchObject({ status: "unproven" });
    expect(doubtOf(state)).toBe("misnamed");
    expect(matches.counterpartOf(state)).toBeUndefined();
    expect(written.lines("counterpart.refused")).toHaveLength(1);
  });

  it("is its mandate at most under brokered handling", () => {
    const brokered = { handling: "brokered", conversationKey: other.conversationKey, owner: other.owner } as const;
    expect(matches.counterpartOf(disclosed({ ...brokered, mandate: "war-crimes" }))).toEqual({
      handling: "brokered",
      mandate: "war-crimes",
    });
    expect(matches.counterpartOf(disclosed(brokered))).toBeDefined();
  });

  it("is believed once the chain has caught up with what it was told", () => {
    const late = new OtherRecord("late");
    opened(met.with(handle, late));
    expect(disclosed(late.disclosure(MATCH, binderAtNode(handle))).status).toBe("unproven");
    matches.onDirective();
    expect(node.inbox.match(MATCH)?.status).toBe("unproven");
    federation = federationOf(other, late);
    const shown: string[] = [];
    matches.watch(({ status }) => void shown.push(status));
    matches.onDirective();
    expect(node.inbox.match(MATCH)).toMatchObject({ status: "proven", counterpart: { member: late.admit.member } });
    expect(shown).toEqual(["proven"]);
  });
});

describe("what an officer is shown of a match that has ended", () => {
  const DAY_MS = 86_400_000;
  const closed = (): MatchState => told({ type: "matchClosed", matchId: MATCH, amendment: 1, reason: "withdrawn" });
  const shown = (): number => matches.list({ all: false }, because("")).length;

  it("is for a month that the other side asked, never proved and withdrew", () => {
    opened(met.with(handle, other));
    closed();
    expect(shown()).toBe(1);
    node.nowMs += 29 * DAY_MS;
    expect(shown()).toBe(1);
    node.nowMs += 2 * DAY_MS;
    expect(shown()).toBe(0);
    expect(matches.list({ all: true }, because(""))).toHaveLength(1);
  });

  it("is who it was, if that comes after the end", () => {
    opened(met.with(handle, other));
    closed();
    const state = disclosed(other.disclosure(MATCH, binderAtNode(handle)));
    expect(state.status).toBe("closed");
    expect(matches.counterpartOf(state)?.name).toBe(other.admit.name);
    expect(shown()).toBe(0);
  });
});

describe("the statements of one beat", () => {
  const MATCHES = Array.from({ length: 3 }, (_, i) => toId<MatchId>(`d${i}`.repeat(16)));

  /** What is sent until there is nothing more to say. */
  async function sentBy(run: () => void): Promise<MeetingStatement[][]> {
    const { db, inbox, outbox, retries } = node;
    const isOpen = (): boolean => node.epoch !== undefined;
    const statements = new Statements({ db, inbox, outbox, retries, isOpen, world: systemWorld(silentLog) });
    matches = begin({ onStatement: () => statements.wake() });
    const stop = new AbortController();
    const running = statements.run(stop.signal);
    run();
    await expect.poll(() => inbox.dueStatements(10), SOON).toEqual([]);
    stop.abort();
    await running;
    return node
      .sent()
      .flatMap(({ submission: { body } }) => (body.kind === "statements" ? [[...body.statements]] : []));
  }

  it("go in one submission, each once", async () => {
    const sent = await sentBy(() => {
      for (const matchId of MATCHES) opened(met.with(handle, other), matchId);
    });
    expect(sent.map((batch) => batch.map(({ matchId }) => matchId))).toEqual([MATCHES]);
    for (const statement of sent[0]!) {
      expect(statement).toEqual({ matchId: statement.matchId, ...node.inbox.match(statement.matchId)!.statement });
    }
  });

  it("are sent though more is told of the match before", () => {
    opened(met.with(handle, other));
    told({ type: "proofOverdue", matchId: MATCH, ownStated: false, otherStated: true });
    told({ type: "matchClosed", matchId: MATCH, amendment: 1, reason: "withdrawn" });
    expect(node.inbox.dueStatements(10).map(({ matchId }) => matchId)).toEqual([MATCH]);
  });

  it("are not lost with the program, and wait for an epoch in which something can be said", async () => {
    opened(met.with(handle, other), MATCHES[0]);
    node.restart();
    node.epoch = undefined;
    const sent = await sentBy(() => {
      expect(node.inbox.dueStatements(10)).toHaveLength(1);
      node.epoch = 1;
      opened(met.with(handle, other), MATCHES[1]);
    });
    expect(sent.map((batch) => batch.map(({ matchId }) => matchId))).toEqual([MATCHES.slice(0, 2)]);
  });

  it("of a whole beat go with what told of them, unless nothing can be said yet", () => {
    const { db, inbox, outbox, retries } = node;
    const isOpen = (): boolean => node.epoch !== undefined;
    const statements = new Statements({ db, inbox, outbox, retries, isOpen, world: systemWorld(silentLog) });
    const meeting = met.with(handle, other);
    const beat = (matchId: MatchId | undefined): void =>
      db.transaction(() => {
        opened(meeting, matchId);
        statements.sendDue();
      });
    node.epoch = undefined;
    beat(MATCHES[0]);
    expect(inbox.dueStatements(10).map(({ matchId }) => matchId)).toEqual([MATCHES[0]]);
    node.epoch = 1;
    beat(MATCHES[1]);
    expect(inbox.dueStatements(10)).toEqual([]);
    const said = node.sent().flatMap(({ submission: { body } }) => (body.kind === "statements" ? body.statements : []));
    expect(said.map(({ matchId }) => matchId)).toEqual(MATCHES.slice(0, 2));
  });
});
