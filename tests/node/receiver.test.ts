import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BrokerFaults } from "../../agency-node/bus/broker-faults.ts";
import { Receiver } from "../../agency-node/bus/receiver.ts";
import { CAPABILITIES, FIRST_VERSION, understoodOf } from "../../shared/core/capabilities.ts";
import type { Capabilities } from "../../shared/core/capabilities.ts";
import type { Beat, Delivery, EncodedBatch, Notice, NoticeEvent } from "../../shared/core/data-plane.ts";
import type { PositionRange } from "../../agency-node/store/outbox.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Incarnation, MatchId } from "../../shared/core/ids.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { silentLog } from "../../shared/world/log.ts";
import type { BusMessage } from "../../shared/bus/bus.ts";
import { invented } from "../crypto/support.ts";
import {
  MEMBER,
  TestNode,
  delivered,
  deliveredNoticeOfLaterKind,
  deliveredOfLaterKind,
  kindsOf,
  openAtNode,
  person,
  receiptOf,
} from "./support.ts";
import { batchHash } from "../../shared/wire/data-plane.ts";
import { encodeBatch } from "../../shared/wire/delivery.ts";
import { systemWorld } from "../../shared/world/world.ts";

let node: TestNode;
let applied: number[];
let resent: number[];
let faults: BrokerFaults;
/** How often carrying out a notice fails before it succeeds. */
let failures: number;
/** That the chain names; undefined: the one that it named first. */
let brokerKey: Uint8Array | undefined;
/** What the broker states to understand. */
let broker: Capabilities;
let receiver: Receiver;
let acknowledged: number;
let streamSequence: number;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  node = new TestNode();
  [applied, resent, faults, failures, acknowledged, streamSequence] = [[], [], new BrokerFaults(), 0, 0, 0];
  brokerKey = undefined;
  broker = FIRST_VERSION;
  receiver = receiverOf();
});
afterEach(() => {
  vi.useRealTimers();
  node[Symbol.dispose]();
});

const NEW_BROKER = signingKeyPair(invented("the broker's new key", 32));

let incoming: BusMessage[] = [];

let compared = 0;
let askedFor: PositionRange[] = [];

const OTHERS = {
  takeDigestAnswer: () => undefined,
  sendStatements: () => undefined,
  onReceipt: () => undefined,
  onDoubt: () => void (compared += 1),
  resend: (ranges: readonly PositionRange[]) => void askedFor.push(...ranges),
};

/** Each notice here is about a match of the same number. */
const matchOf = (number: number): MatchId => toId<MatchId>(number.toString(16).padStart(32, "0"));
const numberOf = ({ matchId }: NoticeEvent): number => Number.parseInt(matchId, 16);

function receiverOf(): Receiver {
  return new Receiver({
    bus: {
      async *consume() {
        for (let next = incoming.shift(); next !== undefined; next = incoming.shift()) yield next;
      },
    },
    db: node.db,
    standings: node.standings,
    outbox: node.outbox,
    inbox: node.inbox,
    member: MEMBER,
    world: systemWorld(silentLog),
    version: "0.0.0",
    broker: () => broker,
    faults,
    line: node.line,
    retries: node.retries,
    open: (sealed) => openAtNode(sealed, brokerKey),
    apply(told) {
      applied.push(...told.map(numberOf));
      failures -= 1;
      if (failures >= 0) throw new CausewayError("UNAVAILABLE", "no epoch is active yet");
    },
    ...OTHERS,
    resendFrom: (position) => resent.push(position),
  });
}

function message(data: Uint8Array): BusMessage {
  streamSequence += 1;
  return { subject: "s", data, streamSequence, pending: 0, ack: () => void (acknowledged += 1) };
}

async function take(...sealed: Uint8Array[]): Promise<void> {
  incoming = sealed.map(message);
  await receiver.run(new AbortController().signal);
}

const takeBody = async (body: Delivery["body"]): Promise<void> => await take(delivered(body).sealed);

/** A chain of notices as the broker numbers them. */
function chain(count: number): { readonly sealed: Uint8Array; readonly hash: Uint8Array }[] {
  const made: ReturnType<typeof delivered>[] = [];
  for (let number = 1; number <= count; number += 1) {
    made.push(delivered(notice(number, made.at(-1)?.hash ?? new Uint8Array(32))));
  }
  return made;
}

function notice(number: number, prevHash: Uint8Array): Notice {
  const matchId = matchOf(number);
  return {
    kind: "notice",
    number,
    prevHash,
    issuedAtMs: 1,
    event: { type: "proofFailed", matchId, own: true, other: false },
  };
}

const sealedOf = (notices: ReturnType<typeof chain>, ...numbers: number[]): Uint8Array[] =>
  numbers.map((number) => notices[number - 1]!.sealed);

describe("notices", () => {
  it("are carried out once each, in order, and acknowledged", async () => {
    const notices = chain(3);
    await take(...sealedOf(notices, 1, 2, 2, 3, 1));
    expect(applied).toEqual([1, 2, 3]);
    expect(acknowledged).toBe(5);
    expect(node.inbox.head()).toEqual({ number: 3, hash: notices[2]!.hash });
  });

  it("behind a gap are not carried out; the broker is asked once for what lacks", async () => {
    const notices = chain(4);
    await take(...sealedOf(notices, 1, 3, 4));
    expect(applied).toEqual([1]);
    const [asked, ...more] = node.sent().filter(({ submission }) => submission.body.kind === "connected");
    expect(asked?.submission.body).toMatchObject({ noticeNumber: 1, noticeHash: notices[0]!.hash });
    expect(more).toEqual([]);
    await take(...sealedOf(notices, 2, 3, 4));
    expect(applied).toEqual([1, 2, 3, 4]);
  });

  it("that do not name the one before are refused and counted", async () => {
    const notices = chain(2);
    await take(notices[0]!.sealed, delivered(notice(2, invented("another history", 32))).sealed);
    expect(applied).toEqual([1]);
    expect(faults.brokenNotices).toBe(1);
    await take(delivered({ ...notice(1, new Uint8Array(32)), issuedAtMs: 2 }).sealed);
    expect(faults.brokenNotices).toBe(2);
    expect(node.inbox.head().number).toBe(1);
  });

  it("of a kind that this version does not know are skipped, counted and confirmed; nothing behind them waits", async () => {
    const [first] = chain(1);
    const unknown = deliveredNoticeOfLaterKind(2, first!.hash);
    const third = delivered(notice(3, unknown.hash));
    const run = heldOpen(first!.sealed, unknown.sealed, third.sealed);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(applied).toEqual([1, 3]);
    expect(node.inbox.head()).toEqual({ number: 3, hash: third.hash });
    expect(node.inbox.skipped).toBe(1);
    expect([acknowledged, faults.brokenNotices]).toEqual([3, 0]);
    // Said once, that all three are held: nothing is asked for again.
    expect(node.sent().map(({ submission }) => submission.body)).toMatchObject([
      { kind: "noticeReceipt", noticeNumber: 3 },
    ]);
    await run.end();
    await take(unknown.sealed);
    node.restart();
    expect(node.inbox.skipped).toBe(1);
  });

  it("of an unknown kind that do not name the one before are refused like any other", async () => {
    await take(deliveredNoticeOfLaterKind(1, invented("another history", 32)).sealed);
    expect([node.inbox.head().number, node.inbox.skipped, faults.brokenNotices]).toEqual([0, 0, 1]);
  });

  it("behind a delivery of a kind that this version does not know are carried out", async () => {
    await take(deliveredOfLaterKind(), ...sealedOf(chain(1), 1));
    expect([applied, acknowledged]).toEqual([[1], 2]);
  });

  it("by another signature, or unreadable, do not hold up the next", async () => {
    const forged = delivered(notice(1, new Uint8Array(32)), signingKeyPair(invented("a stranger", 32)));
    incoming = [forged.sealed, invented("noise", 300), new Uint8Array(0), ...sealedOf(chain(1), 1)].map(message);
    const run = receiver.run(new AbortController().signal);
    await vi.advanceTimersByTimeAsync(3_000);
    await run;
    expect(applied).toEqual([1]);
    expect(acknowledged).toBe(4);
  });

  it("under a key that no directive has named yet wait for the next one", async () => {
    incoming = [message(delivered(notice(1, new Uint8Array(32)), NEW_BROKER).sealed)];
    const run = receiver.run(new AbortController().signal);
    // Another directive comes first.
    receiver.onDirective();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([applied, acknowledged]).toEqual([[], 0]);
    brokerKey = NEW_BROKER.publicKey;
    receiver.onDirective();
    await run;
    expect([applied, acknowledged]).toEqual([[1], 1]);
  });

  it("that are forged hold the others up for three seconds in a minute at most, however many they are", async () => {
    const { sealed } = delivered(notice(1, new Uint8Array(32)), NEW_BROKER);
    const [first, second] = sealedOf(chain(2), 1, 2) as [Uint8Array, Uint8Array];
    incoming = [sealed, sealed, sealed, first].map(message);
    let run = receiver.run(new AbortController().signal);
    await vi.advanceTimersByTimeAsync(2_900);
    expect([applied, acknowledged]).toEqual([[], 0]);
    await vi.advanceTimersByTimeAsync(100);
    await run;
    expect([applied, acknowledged]).toEqual([[1], 4]);
    vi.advanceTimersByTime(59_000);
    await take(sealed);
    expect(acknowledged).toBe(5);
    vi.advanceTimersByTime(1_000);
    incoming = [sealed, second].map(message);
    run = receiver.run(new AbortController().signal);
    await vi.advanceTimersByTimeAsync(2_900);
    expect(acknowledged).toBe(5);
    await vi.advanceTimersByTimeAsync(100);
    await run;
    expect([applied, acknowledged]).toEqual([[1, 2], 7]);
  });

  it("that wait for a directive at the end are left to NATS", async () => {
    incoming = [message(delivered(notice(1, new Uint8Array(32)), NEW_BROKER).sealed)];
    const stop = new AbortController();
    const run = receiver.run(stop.signal);
    await vi.advanceTimersByTimeAsync(100);
    stop.abort();
    await run;
    expect(acknowledged).toBe(0);
  });

  it("are confirmed together, once for each state of the inbox", async () => {
    incoming = sealedOf(chain(3), 1, 2, 3).map(message);
    const endless = receiver.run(new AbortController().signal);
    await endless;
    expect(node.sent()).toEqual([]);
    // The timer ends with the receiver; another one that runs on confirms.
    receiver = receiverOf();
    const held = heldOpen(...sealedOf(chain(3), 3));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(kindsOf(node.sent())).toEqual(["noticeReceipt"]);
    expect(node.sent()[0]?.submission.body).toMatchObject({ noticeNumber: 3 });
    await held.end();
  });

  it("that cannot be carried out now are tried again, without acknowledgement and before those behind them", async () => {
    failures = 2;
    incoming = sealedOf(chain(2), 1, 2).map(message);
    const run = receiver.run(new AbortController().signal);
    await vi.advanceTimersByTimeAsync(500);
    expect([applied, acknowledged]).toEqual([[1], 0]);
    await vi.advanceTimersByTimeAsync(2_000);
    await run;
    expect([applied, acknowledged]).toEqual([[1, 1, 1, 2], 2]);
    expect(node.inbox.head().number).toBe(2);
  });

  it("that could not be carried out before the end are left to NATS", async () => {
    failures = 99;
    incoming = sealedOf(chain(1), 1).map(message);
    const stop = new AbortController();
    const run = receiver.run(stop.signal);
    await vi.advanceTimersByTimeAsync(100);
    stop.abort();
    await run;
    expect([acknowledged, node.inbox.head().number]).toEqual([0, 0]);
  });
});

describe("what the node states at connect", () => {
  const stated = () => node.sent().map(({ submission }) => submission.body);

  it("is in the first version's words to a broker that states nothing: any other would block it", () => {
    receiver.connect();
    expect(stated()).toMatchObject([{ kind: "connected", capabilities: [] }]);
  });

  it("is all that it understands as soon as the broker states that it reads that", () => {
    receiver.connect();
    broker = understoodOf(["capabilities", "of-a-later-version"]);
    receiver.onDirective();
    expect(stated()).toMatchObject([{ capabilities: [] }, { capabilities: CAPABILITIES }]);
  });
});

/** A receiver whose bus stays open until told. */
function heldOpen(...sealed: Uint8Array[]): { end(): Promise<void> } {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const first = sealed.map(message);
  const bus = {
    async *consume() {
      yield* first;
      await ended;
    },
  };
  const parts = { db: node.db, standings: node.standings, outbox: node.outbox, inbox: node.inbox, member: MEMBER };
  const own = new Receiver({
    ...parts,
    bus,
    world: systemWorld(silentLog),
    version: "0.0.0",
    broker: () => broker,
    faults,
    line: node.line,
    retries: node.retries,
    open: openAtNode,
    apply: (told) => void applied.push(...told.map(numberOf)),
    ...OTHERS,
    resendFrom: () => undefined,
  });
  const run = own.run(new AbortController().signal);
  return {
    async end() {
      resolve();
      await run;
    },
  };
}

describe("receipts", () => {
  it("settle the row and the records in it, with the reason of each that was refused", async () => {
    const handles = [node.put(person("R-1")), node.put(person("R-2"))];
    for (const handle of handles) node.publish(handle);
    const [one, two] = node.sent();
    await takeBody(receiptOf(one!));
    await takeBody(receiptOf(two!, [{ index: 0, reason: "budget" }]));
    expect(node.records.byHandle(handles[0]!)).toMatchObject({ state: "published", reason: null });
    expect(node.records.byHandle(handles[1]!)).toMatchObject({ state: "rejected", reason: "budget", sentDay: null });
    expect(node.outbox.length).toBe(0);
  });

  it("for other bytes settle nothing", async () => {
    const handle = node.put(person("R-1"));
    node.publish(handle);
    await takeBody({ ...receiptOf(node.sent()[0]!), submissionHash: invented("other", 32) });
    expect(node.records.byHandle(handle)?.state).toBe("waiting");
    expect(node.outbox.length).toBe(1);
  });

  it("of an older version leave the newer one waiting, and its refusal is not lost", async () => {
    const handle = node.put(person("R-1"));
    node.publish(handle);
    node.put(person("R-1", { caseReference: "CASE-2" }));
    node.publish(handle);
    const [older, newer] = node.sent();
    await takeBody(receiptOf(older!));
    expect(node.records.byHandle(handle)?.state).toBe("waiting");
    await takeBody(receiptOf(newer!, [{ index: 0, reason: "reviewDay" }]));
    expect(node.records.byHandle(handle)).toMatchObject({ state: "rejected", reason: "reviewDay", sentDay: 21_000 });
  });

  it("that come while the record is hardened anew, or after it was withdrawn, leave that state", async () => {
    const [amended, withdrawn] = [node.put(person("R-1")), node.put(person("R-2"))];
    for (const handle of [amended, withdrawn]) node.publish(handle);
    const sent = node.sent();
    node.put(person("R-1", { caseReference: "CASE-2" }));
    node.records.end(withdrawn, "withdrawn", node.nowMs);
    for (const row of sent) await takeBody(receiptOf(row));
    expect(node.records.byHandle(amended)?.state).toBe("hardening");
    expect(node.records.byHandle(withdrawn)).toMatchObject({ state: "withdrawn", sentDay: null });
  });
});

describe("a gap", () => {
  const gapAt = (sequence: number, incarnation: Incarnation = node.outbox.incarnation): Delivery["body"] => ({
    kind: "gap",
    incarnation,
    expectedSequence: sequence,
  });

  it("at a row that waits sends it again", async () => {
    node.publish(node.put(person("R-1")));
    await takeBody(gapAt(1));
    expect(resent).toEqual([node.sent()[0]?.position]);
  });

  it("of another incarnation is about nothing that is still sent", async () => {
    await takeBody(gapAt(1, toId<Incarnation>("ee".repeat(16))));
    expect([resent, faults.lostSubmissions]).toEqual([[], 0]);
  });

  it("at something receipted is not believed when NATS repeats an old one", async () => {
    node.publish(node.put(person("R-1")));
    await takeBody(receiptOf(node.sent()[0]!));
    const { sealed } = delivered(gapAt(1));
    await take(sealed);
    streamSequence = 0;
    vi.advanceTimersByTime(60_000);
    await take(sealed);
    expect(faults.lostSubmissions).toBe(0);
  });

  it("told anew at something receipted is a loss of the broker's: it is counted, and what waits goes out under new numbers", async () => {
    node.publish(node.put(person("R-1")));
    await takeBody(receiptOf(node.sent()[0]!));
    const waiting = node.put(person("R-2"));
    node.publish(waiting);
    const before = node.outbox.incarnation;
    await takeBody(gapAt(1));
    await takeBody(gapAt(1));
    expect(faults.lostSubmissions).toBe(0);
    vi.advanceTimersByTime(6_000);
    await takeBody(gapAt(1));
    expect(faults.lostSubmissions).toBe(1);
    expect(node.outbox.incarnation).not.toBe(before);
    expect(kindsOf(node.sent())).toEqual(["publication", "connected"]);
    await takeBody(receiptOf(node.sent()[0]!));
    expect(node.records.byHandle(waiting)?.state).toBe("published");
  });
});

describe("a beat", () => {
  const [LINE, NEXT_LINE] = ["b1".repeat(16), "b2".repeat(16)].map((id) => toId<Incarnation>(id)) as [
    Incarnation,
    Incarnation,
  ];
  const beat = (of: Partial<Beat>): Delivery["body"] => ({
    kind: "beat",
    issuedAtMs: 7,
    digestAnswers: [],
    notices: [],
    compare: false,
    ...of,
  });
  const receiptsUpTo = (
    sent: { submission: { sequence: number }; hash: Uint8Array },
    over: Partial<Beat["receipts"]> = {},
  ) => ({
    incarnation: node.outbox.incarnation,
    sequence: sent.submission.sequence,
    submissionHash: sent.hash,
    appliedAtMs: 1,
    rejections: [],
    missing: [],
    ...over,
  });
  const failed = (number: number): NoticeEvent => ({
    type: "proofFailed",
    matchId: matchOf(number),
    own: true,
    other: false,
  });

  /** Batches of an incarnation, each of two notices: 1 and 2, 3 and 4, and so on. */
  function batches(count: number, incarnation = LINE): EncodedBatch[] {
    const made: EncodedBatch[] = [];
    for (let number = 1; number <= count; number += 1) {
      const last = made.at(-1);
      const prevHash = last === undefined ? new Uint8Array(32) : batchHash(last);
      const events = [failed(2 * number - 1), failed(2 * number)];
      made.push(encodeBatch({ incarnation, number, prevHash, events }));
    }
    return made;
  }
  const told = async (...notices: EncodedBatch[]): Promise<void> => await takeBody(beat({ notices }));
  const states = () => node.sent().map(({ submission }) => submission.body);

  it("with a receipt settles every row up to it, each with the reasons of its own", async () => {
    const handles = ["R-1", "R-2", "R-3"].map((reference) => node.put(person(reference)));
    for (const handle of handles) node.publish(handle);
    const sent = node.sent();
    const rejections = [{ sequence: 2, rejections: [{ index: 0, reason: "budget" as const }] }];
    await takeBody(beat({ receipts: receiptsUpTo(sent[1]!, { rejections }) }));
    expect(handles.map((handle) => node.records.byHandle(handle)?.state)).toEqual(["published", "rejected", "waiting"]);
    expect(node.outbox.length).toBe(1);
  });

  it("with a receipt for other bytes settles nothing", async () => {
    node.publish(node.put(person("R-1")));
    const receipts = receiptsUpTo(node.sent()[0]!, { submissionHash: invented("other", 32) });
    await takeBody(beat({ receipts }));
    expect(node.outbox.length).toBe(1);
  });

  it("that names what is missing has just that sent again", async () => {
    for (const reference of ["R-1", "R-2", "R-3", "R-4"]) node.publish(node.put(person(reference)));
    const sent = node.sent();
    const receipts = receiptsUpTo(sent[0]!, { missing: [{ first: 2, last: 3 }] });
    await takeBody(beat({ receipts }));
    expect(askedFor.splice(0)).toEqual([{ first: sent[1]!.position, last: sent[2]!.position }]);
  });

  it("that asks again for what it gave a receipt for is a loss of the broker's", async () => {
    node.publish(node.put(person("R-1")));
    const [first] = node.sent();
    await takeBody(beat({ receipts: receiptsUpTo(first!) }));
    const before = node.outbox.incarnation;
    const lacking = beat({ receipts: receiptsUpTo(first!, { sequence: 0, missing: [{ first: 1, last: 1 }] }) });
    await takeBody(lacking);
    expect(faults.lostSubmissions).toBe(0);
    vi.advanceTimersByTime(6_000);
    await takeBody(lacking);
    expect(faults.lostSubmissions).toBe(1);
    expect(node.outbox.incarnation).not.toBe(before);
  });

  it("carries batches out once each, in order, and says so once", async () => {
    const [first, second, third] = batches(3) as [EncodedBatch, EncodedBatch, EncodedBatch];
    const run = heldOpen(
      ...[beat({ notices: [first, second] }), beat({ notices: [second, third] }), beat({ notices: [first] })].map(
        (body) => delivered(body).sealed,
      ),
    );
    await vi.advanceTimersByTimeAsync(10_000);
    await run.end();
    expect(applied).toEqual([1, 2, 3, 4, 5, 6]);
    expect(states()).toMatchObject([{ kind: "noticeReceipt", noticeIncarnation: LINE, noticeNumber: 3 }]);
    expect(faults.brokenNotices).toBe(0);
  });

  it("with a batch behind one that lacks asks for that, naming the last one held", async () => {
    const made = batches(3);
    await told(made[0]!);
    await told(made[2]!);
    expect([applied, faults.brokenNotices]).toEqual([[1, 2], 0]);
    expect(states()).toMatchObject([{ kind: "connected", noticeIncarnation: LINE, noticeNumber: 1 }]);
    expect(node.line.noticesMissing).toBe(true);
    await told(made[1]!);
    expect(node.line.noticesMissing).toBe(false);
  });

  it("with a new incarnation's second batch before its first leaves the line that it has", async () => {
    const [first, second] = batches(2) as [EncodedBatch, EncodedBatch];
    await told(first);
    await told(batches(2, NEXT_LINE)[1]!);
    expect(node.inbox.line()).toMatchObject({ incarnation: LINE, number: 1 });
    await told(second);
    expect(applied).toEqual([1, 2, 3, 4]);
  });

  it("with a batch that does not follow from the one before is refused and counted, and the broker finds out who has lost something", async () => {
    await told(batches(1)[0]!);
    await told(
      encodeBatch({ incarnation: LINE, number: 2, prevHash: invented("another history", 32), events: [failed(9)] }),
    );
    expect([applied, faults.brokenNotices]).toEqual([[1, 2], 1]);
    expect(states()).toMatchObject([{ kind: "connected", noticeNumber: 1 }]);
    await told(encodeBatch({ incarnation: LINE, number: 1, prevHash: new Uint8Array(32), events: [failed(9)] }));
    expect(faults.brokenNotices).toBe(2);
  });

  it("may begin a new incarnation; one that was replaced never comes back", async () => {
    const before = batches(2);
    await told(...before);
    await told(batches(1, NEXT_LINE)[0]!);
    expect(node.inbox.line()).toMatchObject({ incarnation: NEXT_LINE, number: 1 });
    await told(...before);
    expect(applied).toEqual([1, 2, 3, 4, 1, 2]);
    expect(node.inbox.line()).toMatchObject({ incarnation: NEXT_LINE, number: 1 });
  });

  it("that cannot be carried out whole leaves nothing behind", async () => {
    node.publish(node.put(person("R-1")));
    failures = 1;
    incoming = [message(delivered(beat({ receipts: receiptsUpTo(node.sent()[0]!), notices: batches(1) })).sealed)];
    const stop = new AbortController();
    const run = receiver.run(stop.signal);
    await vi.advanceTimersByTimeAsync(500);
    expect([node.outbox.length, node.inbox.line(), acknowledged]).toEqual([1, undefined, 0]);
    await vi.advanceTimersByTimeAsync(1_000);
    await run;
    expect([node.outbox.length, node.inbox.line()?.number, acknowledged]).toEqual([0, 1, 1]);
  });

  it("that asks to compare has digests sent, and says what is held", async () => {
    compared = 0;
    await takeBody(beat({ compare: true }));
    expect(compared).toBe(1);
    expect(states().map(({ kind }) => kind)).toEqual(["connected"]);
  });

  it("from the future says by how much this node's clock is behind; one of the past may have been on its way", async () => {
    await takeBody(beat({}));
    expect(node.line.clockSkewMs).toBe(0);
    await takeBody(beat({ issuedAtMs: node.nowMs + 600_000 }));
    expect(node.line.clockSkewMs).toBe(-600_000);
  });
});
