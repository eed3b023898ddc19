import { callerIn } from "../support/callers.ts";
import { DiscardPolicy, RetentionPolicy, StorageType } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deliveryStreamSettings, submissionStreamSettings } from "../../broker/bus/streams.ts";
import { fromHex } from "../../shared/core/bytes.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Incarnation, MemberId } from "../../shared/core/ids.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { grpcClient } from "../../shared/platform/grpc.ts";
import { silentLog } from "../../shared/world/log.ts";
import { connectNats, openNats } from "../../shared/platform/nats.ts";
import type { NatsOptions } from "../../shared/platform/nats.ts";
import type { StreamSettings } from "../../shared/bus/bus.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import { HealthDefinition, NOT_SERVING, SERVING } from "../../shared/wire/health.ts";
import { DirectoryServiceDefinition } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { sealMessage } from "../../shared/wire/envelope.ts";
import { BROKER_INBOX_PREFIX, submissionSubject } from "../../shared/wire/subjects.ts";
import { newHandle, STREAM_SIZES, tokens, upsert, World } from "./support.ts";
import type { Client } from "./support.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

const publication = (...names: string[]) =>
  ({ kind: "publication", entries: [upsert(newHandle(), tokens(names))] }) as const;

describe("a broker with a real nats-server", { timeout: LONG_MS }, () => {
  let world: World;
  let harbour: Client;
  let border: Client;

  beforeAll(async () => {
    world = await World.start();
    harbour = await world.client("harbour");
    border = await world.client("border");
  }, LONG_MS);
  afterAll(async () => await world?.[Symbol.asyncDispose](), LONG_MS);

  /** Shows that the queue goes on: a further submission is answered. */
  async function goesOn(client = harbour): Promise<void> {
    const receipt = await client.publishAndWait(upsert(newHandle(), tokens([])));
    expect(receipt.rejections).toEqual([]);
  }

  it("tells both sides of an overlap once, each with its own positions", async () => {
    const [ours, theirs] = [newHandle(), newHandle()];
    const receipt = await harbour.publishAndWait(upsert(ours, tokens(["a passport", "a phone"])));
    expect(receipt.rejections).toEqual([]);
    await border.publishAndWait(upsert(theirs, tokens(["another phone", "a phone"])));
    const atHarbour = await harbour.event("matchOpened");
    const atBorder = await border.event("matchOpened");
    expect(atHarbour.matchId).toBe(atBorder.matchId);
    expect(atHarbour).toMatchObject({ handle: ours, meeting: { sequence: 1, positions: { single: [1] } } });
    expect(atBorder).toMatchObject({ handle: theirs, meeting: { sequence: 1, positions: { single: [1] } } });
    expect(new Set([atHarbour.side, atBorder.side])).toEqual(new Set([0, 1]));
  });

  it("discloses the sides to each other once both have stated", async () => {
    const matchId = (await harbour.event("matchOpened")).matchId;
    for (const client of [harbour, border]) await client.state(matchId);
    const disclosed = async (client: Client) => (await client.event("counterpartDisclosed")).disclosure;
    expect(await disclosed(harbour)).toMatchObject({ handling: "open", member: border.member });
    expect(await disclosed(border)).toMatchObject({ handling: "open", member: harbour.member });
  });

  it("answers what is sent again with the same receipt", async () => {
    const { submission, sealed } = harbour.next(publication("sent twice"));
    await harbour.send(sealed);
    const first = await harbour.receipt(submission.sequence);
    await harbour.send(harbour.seal(submission));
    const [, second] = await harbour.until(() => {
      const receipts = harbour.receipts(submission.sequence);
      return receipts.length === 2 ? receipts : undefined;
    });
    expect(second).toEqual(first);
  });

  it("asks for what is missing, and applies in order once it is there", async () => {
    const one = harbour.next(publication("one"));
    const two = harbour.next(publication("two"));
    await harbour.send(two.sealed);
    const gap = await harbour.until(() => harbour.received.find(({ body }) => body.kind === "gap"));
    expect(gap.body).toMatchObject({ expectedSequence: one.submission.sequence });
    expect(harbour.receipts(two.submission.sequence)).toEqual([]);
    await harbour.send(one.sealed);
    await harbour.receipt(one.submission.sequence);
    await harbour.receipt(two.submission.sequence);
  });

  it("never applies other content under an applied number", async () => {
    const { submission } = harbour.next(publication("the truth"));
    await harbour.send(harbour.seal(submission));
    const receipt = await harbour.receipt(submission.sequence);
    await harbour.send(harbour.seal({ ...submission, body: publication("another story") }));
    await goesOn();
    expect(harbour.receipts(submission.sequence)).toEqual([receipt]);
    expect(world.recorded.count("alarm.submissionRefused")).toBe(1);
  });

  it.each<[string, (client: Client) => { readonly sealed: Uint8Array; readonly subject?: string }]>([
    ["is noise", () => ({ sealed: randomBytes(1_072) })],
    ["is larger than a sealed message may be", () => ({ sealed: randomBytes(512 * 1024 + 48) })],
    ["is signed by another member", (client) => ({ sealed: client.seal(unsent(client), world.sample.dir("border")) })],
    ["names another member", (client) => ({ sealed: client.seal({ ...unsent(client), member: border.member }) })],
    ["names an epoch other than its subject", (client) => ({ sealed: client.seal({ ...unsent(client), epoch: 2 }) })],
    [
      "comes under an epoch that does not exist",
      (client) => ({
        sealed: client.seal({ ...unsent(client), epoch: 2 }),
        subject: submissionSubject(client.member, 2),
      }),
    ],
    [
      "was sealed to another key first",
      (client) => ({ sealed: client.seal({ ...unsent(client), recipientKey: randomBytes(32) }) }),
    ],
    [
      "is sealed to another key",
      (client) => ({
        sealed: sealMessage(
          client.seal(unsent(client)).subarray(0, 900),
          sealingKeyPair(randomBytes(32)).publicKey,
          randomBytes(32),
        ),
      }),
    ],
  ])("passes over a message that %s, without an answer, and goes on", async (_what, make) => {
    const before = world.recorded.count("submission.unproven");
    const { sealed, subject } = make(harbour);
    await harbour.send(sealed, subject);
    await goesOn();
    expect(world.recorded.count("submission.unproven")).toBe(before + 1);
  });

  /** What the client would send next, without taking a number for it. */
  function unsent(client: Client) {
    const { sequence, prevHash } = client;
    const { submission } = client.next(publication("forged"));
    client.sequence = sequence;
    client.prevHash = prevHash;
    return submission;
  }

  it("has no way for a member to speak as another on NATS", async () => {
    const sealed = harbour.seal(unsent(harbour));
    await expect(harbour.send(sealed, submissionSubject(border.member, 1))).rejects.toThrow(
      expect.objectContaining({ code: "UNAUTHENTICATED" }),
    );
  });

  it("rejects single entries with reasons and lets the others stand", async () => {
    const low = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    const receipt = await harbour.publishAndWait(
      upsert(newHandle(), tokens(["stands"])),
      upsert(newHandle(), tokens(["x"]), { conversationKey: fromHex(low) }),
      upsert(newHandle(), tokens(["x"]), { domain: "protected" }),
      { operation: "withdraw", handle: newHandle() },
      upsert(newHandle(), tokens(["stands too"])),
    );
    expect(receipt.rejections).toEqual([
      { index: 1, reason: "conversationKey" },
      { index: 2, reason: "domain" },
      { index: 3, reason: "unknownHandle" },
    ]);
    await border.publishAndWait(upsert(newHandle(), tokens(["stands too"])));
    await border.event("matchOpened", 2);
  });

  it("starts a member's chain anew after a restore", async () => {
    harbour.incarnation = toId<Incarnation>("5".repeat(32));
    harbour.sequence = 0;
    harbour.prevHash = new Uint8Array(32);
    await goesOn();
    expect(harbour.sequence).toBe(1);
  });

  it("sends again, byte for byte, the notices that a node says it lacks", async () => {
    const held = harbour.noticeNumber;
    const zero = {
      kind: "connected",
      noticeNumber: 0,
      noticeHash: new Uint8Array(32),
      version: "test",
      capabilities: [],
    } as const;
    const count = (): number => harbour.received.filter(({ body }) => body.kind === "notice").length;
    const before = count();
    // Ticks have gone by since: nobody asked, so each has come once.
    expect(before).toBe(held);
    await harbour.submit(zero);
    await harbour.until(() => (count() >= before + held ? true : undefined));
    expect([...harbour.noticeHashes.values()].every((hashes) => hashes.size === 1)).toBe(true);
    await harbour.submit({ kind: "noticeReceipt", noticeNumber: held, noticeHash: harbour.noticeHash });
    await goesOn();
    expect(world.recorded.count("alarm.foreignNotices")).toBe(0);
  });

  it("has set up its streams as the table says", async () => {
    const dir = world.sample.dir("broker");
    const abort = new AbortController();
    const options: NatsOptions = {
      url: world.nats.url,
      creds: readNatsCredentials(dir),
      roots: readTls(dir).rootsPem,
      inboxPrefix: BROKER_INBOX_PREFIX,
      name: "test",
      signal: abort.signal,
      log: silentLog,
    };
    await using bus = await connectNats(options);
    const { connection } = await openNats(options);
    const { streams } = await connection.jetstreamManager();
    const members: MemberId[] = [harbour.member, border.member];
    const table = members.flatMap((member): StreamSettings[] => [
      submissionStreamSettings(member, STREAM_SIZES),
      deliveryStreamSettings(member, STREAM_SIZES),
    ]);
    for (const row of table) {
      expect(await bus.streamSettings(row.name)).toEqual(row);
      expect((await streams.info(row.name)).config).toMatchObject({
        subjects: row.subjects,
        retention: row.keeps === "all" ? RetentionPolicy.Limits : RetentionPolicy.Workqueue,
        storage: StorageType.File,
        discard: DiscardPolicy.New,
        allow_rollup_hdrs: false,
        deny_delete: true,
        max_bytes: row.maxBytes,
        max_msgs: row.maxMessages,
        max_msg_size: row.maxMessageBytes,
        max_age: row.maxAgeMs * 1_000_000,
        duplicate_window: row.duplicateWindowMs * 1_000_000,
        num_replicas: row.replicas,
      });
    }
    await connection.close();
  });

  it("serves directives and freshness to members and evaluators, and to nobody else", async () => {
    const of = (party: string) =>
      grpcClient(DirectoryServiceDefinition, {
        address: `127.0.0.1:${world.broker.port}`,
        tls: readTls(world.sample.dir(party)),
        expected: { kind: "broker" },
        caller: callerIn(world.sample.dir(party), world.federation),
      });
    using member = of("harbour");
    const numbers = async (fromNumber: bigint): Promise<number> => {
      let count = 0;
      for await (const { directive } of member.client.listDirectives({ fromNumber }))
        if (directive !== undefined) count += 1;
      return count;
    };
    const all = world.federation.head.number;
    expect(await numbers(1n)).toBe(all);
    expect(await numbers(BigInt(all))).toBe(1);
    expect((await member.client.getFreshness({})).freshness?.type).toBe("freshness");
    using office = of("key-office");
    expect((await office.client.getFreshness({})).freshness?.type).toBe("freshness");
    using nats = of("nats");
    await expect(nats.client.getFreshness({})).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("says in health checks whether it takes submissions", async () => {
    using connection = grpcClient(HealthDefinition, {
      address: `127.0.0.1:${world.broker.port}`,
      tls: readTls(world.sample.dir("harbour")),
      expected: { kind: "broker" },
    });
    const status = async () => (await connection.client.check({})).status;
    expect(await status()).toBe(SERVING);
    await world.nats.kill();
    await expect.poll(status, SOON).toBe(NOT_SERVING);
    await world.nats.start();
    await expect.poll(status, SOON).toBe(SERVING);
  });

  it("logs neither tokens nor handles nor ids in full", () => {
    const text = JSON.stringify(world.recorded.lines);
    expect(text).not.toContain(harbour.member);
    expect(text).not.toMatch(/[0-9a-f]{32}/);
  });
});
