import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OpenBroker } from "../../broker/program.ts";
import { ENTRIES_PER_SUBMISSION_MAX, SEALED_BYTES_MAX } from "../../shared/core/limits.ts";
import type { MatchId } from "../../shared/core/ids.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { submissionSubject } from "../../shared/wire/subjects.ts";
import { newHandle, tokens, upsert } from "../broker/support.ts";
import { TestFederation } from "../support/federation.ts";
import { publishAll, RawMember } from "./raw-member.ts";
import { AT_ONCE_MS, LONG_MS } from "../support/patience.ts";

const MIB = 1024 * 1024;
const nothing = () => ({ kind: "publication", entries: [] }) as const;

/**
 * One member has turned: it holds its real credentials and keys and acts by hand. Two honest ones go on. What a stranger, a
 * forger or a replay can do stands in `tests/broker/broker.federation.test.ts`.
 */
describe("a member that abuses the wire", { timeout: 2 * LONG_MS }, () => {
  let federation: TestFederation;
  let broker: OpenBroker;
  let attacker: RawMember;
  let harbour: RawMember;
  let border: RawMember;
  let overlaps = 0;
  const abort = new AbortController();
  let attacking = new AbortController();

  beforeAll(async () => {
    federation = await TestFederation.found();
    await federation.nats.start();
    broker = await federation.startBroker({ deliveryBytesMax: MIB });
    attacker = await RawMember.connect(federation, "thb", attacking.signal);
    harbour = await RawMember.connect(federation, "ct", abort.signal);
    border = await RawMember.connect(federation, "wcu", abort.signal);
  }, LONG_MS);
  afterAll(async () => {
    for (const each of [abort, attacking]) each.abort();
    for (const member of [attacker, harbour, border]) await member?.[Symbol.asyncDispose]();
    await federation?.[Symbol.asyncDispose]();
  }, LONG_MS);

  /** The honest two publish an overlap and learn of it; answers with the milliseconds that it took. */
  async function othersGoOn(): Promise<number> {
    const started = performance.now();
    const honest = [harbour, border];
    const before = honest.map((member) => member.events("matchOpened").length);
    const shared = `overlap ${(overlaps += 1)}`;
    for (const member of honest) {
      const { rejections } = await member.publishAndWait(upsert(newHandle(), tokens([shared])));
      expect(rejections).toEqual([]);
    }
    for (const [i, member] of honest.entries()) await member.event("matchOpened", (before[i] as number) + 1);
    return performance.now() - started;
  }

  const unproven = (): number => federation.log.lines("submission.unproven").length;

  describe("by size", () => {
    it("is refused by the stream what is larger than a sealed message with its headers", async () => {
      await expect(attacker.send(randomBytes(SEALED_BYTES_MAX + 8 * 1024))).rejects.toMatchObject({
        code: "UNAVAILABLE",
      });
      await othersGoOn();
    });

    it("is cut off when it sends more than the server takes, and nobody else is", async () => {
      const connection = await attacker.plainConnection();
      const info = connection.info as { max_payload: number };
      // The client is polite and would not send it.
      info.max_payload = 64 * MIB;
      connection.publish(submissionSubject(attacker.member, 1), randomBytes(MIB));
      for await (const status of connection.status()) {
        const type: string = status.type;
        if (type === "disconnect") break;
      }
      await connection.close();
      await othersGoOn();
    });
  });

  it.each<[string, () => Uint8Array]>([
    ["a sealed message that is no signed one", () => attacker.sealPayload(randomBytes(700))],
    ["a signed payload that is no submission", () => attacker.sealPayload(new Uint8Array([0xff, 0xff, 0xff]))],
    ["a signed empty payload's neighbour: one zero byte", () => attacker.sealPayload(new Uint8Array(1))],
    ["a signature over another type", () => attacker.sealPayload(new Uint8Array(10), "delivery")],
    ["no body", () => attacker.nextOnWire(undefined).sealed],
    [
      "more entries than a submission may have, two bytes each",
      () => {
        const entries = Array.from({ length: 250_000 }, () => ({ handle: new Uint8Array(0), operation: undefined }));
        return attacker.nextOnWire({ $case: "publication", value: { entries } }).sealed;
      },
    ],
  ])("passes over %s, says so in the log, and goes on", async (_what, make) => {
    const before = unproven();
    await attacker.send(make());
    const receipt = await attacker.publishAndWait(upsert(newHandle(), tokens([])));
    expect(receipt.rejections).toEqual([]);
    expect(unproven()).toBe(before + 1);
    await othersGoOn();
  });

  it("gets a signed reason for each of as many entries as a submission may have", async () => {
    const entries = Array.from(
      { length: ENTRIES_PER_SUBMISSION_MAX },
      () => ({ operation: "withdraw", handle: newHandle() }) as const,
    );
    const { rejections } = await attacker.publishAndWait(...entries);
    expect(rejections).toHaveLength(entries.length);
    expect(new Set(rejections.map(({ reason }) => reason))).toEqual(new Set(["unknownHandle"]));
  });

  it("has the last of several entries under one handle stand, in their order", async () => {
    const handle = newHandle();
    const before = broker.status;
    const { rejections } = await attacker.publishAndWait(
      upsert(handle, tokens(["first"])),
      upsert(handle, tokens(["second"])),
      { operation: "withdraw", handle },
      { operation: "withdraw", handle },
      upsert(handle, tokens(["third"])),
    );
    expect(rejections).toEqual([{ index: 3, reason: "unknownHandle" }]);
    expect(broker.status.records).toBe(before.records + 1);
    await harbour.publishAndWait(upsert(newHandle(), tokens(["first", "second"])));
    expect(broker.status.matchesOpened).toBe(before.matchesOpened);
    await harbour.publishAndWait({ operation: "withdraw", handle });
    await attacker.publishAndWait({ operation: "withdraw", handle });
    expect(broker.status.records).toBe(before.records + 1);
  });

  it("cannot touch another's record by its handle", async () => {
    const theirs = newHandle();
    await harbour.publishAndWait(upsert(theirs, tokens(["untouched"])));
    const receipt = await attacker.publishAndWait(
      { operation: "withdraw", handle: theirs },
      { operation: "revalidate", handle: theirs, reviewByDay: 1 },
    );
    expect(receipt.rejections.map(({ reason }) => reason)).toEqual(["unknownHandle", "unknownHandle"]);
    const opened = border.events("matchOpened").length;
    await border.publishAndWait(upsert(newHandle(), tokens(["untouched"])));
    await border.event("matchOpened", opened + 1);
  });

  it("learns nothing and spoils nothing by statements on a match of others", async () => {
    await othersGoOn();
    const { matchId } = harbour.events("matchOpened").at(-1) as { matchId: MatchId };
    const heard = attacker.notices.length;
    const failed = { single: [], opening: [], support: [] };
    const statements = (id: MatchId) => [
      { matchId: id, amendment: 0, failed, signature: randomBytes(64) },
      { matchId: id, amendment: 0, failed: { ...failed, single: [0, 1, 2, 3, 4, 5, 6, 7] } },
    ];
    const invented = "5".repeat(32) as MatchId;
    const answers = [];
    for (const statement of [...statements(matchId), ...statements(invented)])
      answers.push(await attacker.receipt(await attacker.submit({ kind: "statements", statements: [statement] })));
    // The same answer for a match of others and for none.
    expect(answers.flatMap(({ rejections }) => rejections)).toEqual([]);
    const refusals = federation.log.lines("statement.notAwaited").map(({ refusal }) => refusal);
    expect(refusals).toEqual(Array(4).fill("stranger"));
    expect(attacker.notices).toHaveLength(heard);
    for (const member of [harbour, border]) await member.state(matchId);
    for (const member of [harbour, border]) {
      await member.until(() => member.events("counterpartDisclosed").find((event) => event.matchId === matchId));
    }
    expect(harbour.events("proofFailed")).toEqual([]);
  });

  it("cannot make the broker forget what to tell by receipts for notices that it was never sent", async () => {
    const ours = newHandle();
    const opened = attacker.events("matchOpened").length;
    const statements = [
      { noticeNumber: Number.MAX_SAFE_INTEGER, noticeHash: randomBytes(32) },
      { noticeNumber: attacker.noticeNumber + 1, noticeHash: attacker.noticeHash },
      { noticeNumber: attacker.noticeNumber, noticeHash: randomBytes(32) },
      { noticeNumber: 0, noticeHash: randomBytes(32) },
    ];
    for (const statement of statements)
      await attacker.receipt(await attacker.submit({ kind: "noticeReceipt", ...statement }));
    for (const statement of statements) {
      await attacker.receipt(
        await attacker.submit({ kind: "connected", version: "abuse", capabilities: [], ...statement }),
      );
    }
    expect(federation.log.lines("alarm.foreignNotices")).toHaveLength(2 * statements.length);
    await harbour.publishAndWait(upsert(newHandle(), tokens(["told all the same"])));
    await attacker.publishAndWait(upsert(ours, tokens(["told all the same"])));
    const event = await attacker.event("matchOpened", opened + 1);
    expect(event.handle).toBe(ours);
    await attacker.publishAndWait({ operation: "withdraw", handle: ours });
    await othersGoOn();
  });

  it("has its submissions applied in order, whatever order they come in", async () => {
    const count = 40;
    const handle = newHandle();
    const before = broker.status.records;
    const sent = Array.from({ length: count }, (_, i) =>
      attacker.next({
        kind: "publication",
        entries: i % 2 === 0 ? [upsert(handle, tokens([]))] : [{ operation: "withdraw", handle }],
      }),
    );
    const missing = () => sent.filter(({ submission }) => attacker.receipts(submission.sequence).length === 0);
    for (const { sealed } of sent.toReversed()) await attacker.send(sealed);
    // More than the broker holds back for one member: as a node does, the rest is sent again.
    while (missing().length > 0) {
      for (const { submission } of missing()) await attacker.send(attacker.seal(submission));
      await attacker.until(() => (missing().length === 0 ? true : undefined), 1_000).catch(() => undefined);
    }
    const receipts = sent.flatMap(({ submission }) => attacker.receipts(submission.sequence).slice(0, 1));
    expect(receipts.flatMap(({ rejections }) => rejections)).toEqual([]);
    expect(broker.status.records).toBe(before);
    await othersGoOn();
  });

  it("is refused nothing for having been sent much, as long as it reads", async () => {
    const count = 1_000;
    const first = harbour.sequence + 1;
    const messages = Array.from({ length: count }, () => harbour.next(nothing()).sealed);
    const connection = await harbour.plainConnection();
    await publishAll(connection, harbour, messages);
    await connection.close();
    // More than its deliveries have room for at once.
    await receiptsOf(harbour, first, count);
  });

  it("slows nobody else down by a flood, not even when its own deliveries have no more room", async () => {
    const count = 5_000;
    const { matchesOpened } = broker.status;
    const usualMs = await othersGoOn();
    const first = attacker.sequence + 1;
    const messages = Array.from({ length: count }, () => attacker.next(nothing()).sealed);
    // It reads nothing of what it is sent from now on.
    attacking.abort();
    await attacker[Symbol.asyncDispose]();
    const connection = await attacker.plainConnection();
    const flood = publishAll(connection, attacker, messages);
    const waits: number[] = [];
    for (let look = 0; look < 8; look += 1) waits.push(await othersGoOn());
    await flood;
    await connection.close();
    // What the flood has left undone stands before them when the broker starts.
    await federation.stop("broker");
    broker = await federation.startBroker({ deliveryBytesMax: MIB });
    waits.push(await othersGoOn());
    expect(appliedOf("thb")).toBeLessThan(count);
    // It reads again: of the flood, too, nothing is lost.
    attacking = new AbortController();
    attacker = await RawMember.connect(federation, "thb", attacking.signal);
    await receiptsOf(attacker, first, count);
    waits.push(await othersGoOn());
    // A machine that is slow without a flood is no faster with one.
    expect(Math.max(...waits)).toBeLessThan(Math.max(AT_ONCE_MS, 20 * usualMs));
    expect(broker.status.matchesOpened).toBe(matchesOpened + 1 + waits.length);
    expect(federation.log.lines("broker.failed")).toEqual([]);
  });

  const appliedOf = (slug: string): number =>
    federation.log.lines("publication.applied").filter(({ member }) => member === slug).length;

  /** Waits for the receipts of so many submissions from `first` on, of whatever incarnation. */
  async function receiptsOf(member: RawMember, first: number, count: number): Promise<void> {
    const known = new Set<number>();
    let read = 0;
    await member.until(() => {
      for (const { body } of member.received.slice(read)) {
        if (body.kind === "receipt" && body.sequence >= first) known.add(body.sequence);
      }
      read = member.received.length;
      return known.size >= count ? true : undefined;
    }, LONG_MS);
  }
});
