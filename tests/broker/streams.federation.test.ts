/** A real nats-server whose account has room for the streams of some members only. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NATS_STORE_BYTES_MAX } from "../../agency-node/registrar/nats-accounts.ts";
import { deliveryStreamSettings, submissionStreamSettings } from "../../broker/bus/streams.ts";
import { journalStreamSettings, leaseStreamSettings } from "../../broker/journal/stream.ts";
import { grpcClient } from "../../shared/platform/grpc.ts";
import { silentLog } from "../../shared/world/log.ts";
import { connectNats } from "../../shared/platform/nats.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import { HealthDefinition, SERVING } from "../../shared/wire/health.ts";
import { BROKER_INBOX_PREFIX, deliveryStream, submissionStream } from "../../shared/wire/subjects.ts";
import { LONG_MS, SOON } from "../support/patience.ts";
import { newHandle, STREAM_SIZES, tokens, upsert, World } from "./support.ts";

const GIBIBYTE = 1024 ** 3;
/** What a server lets all streams promise, and the board one of them. */
const [ACCOUNT_BYTES, STREAM_BYTES_MAX] = [NATS_STORE_BYTES_MAX, 16 * GIBIBYTE];
const MEMBER_BYTES = STREAM_SIZES.submissionBytesMax + STREAM_SIZES.deliveryBytesMax;

describe("a broker whose NATS server has no room for one member's streams", { timeout: LONG_MS }, () => {
  let world: World;
  let bus: Bus;

  beforeEach(async () => {
    world = await World.withoutBroker();
    const dir = world.sample.dir("broker");
    bus = await connectNats({
      url: world.nats.url,
      creds: readNatsCredentials(dir),
      roots: readTls(dir).rootsPem,
      inboxPrefix: BROKER_INBOX_PREFIX,
      name: "test",
      signal: new AbortController().signal,
      log: silentLog,
    });
  });
  afterEach(async () => {
    await bus[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  /** Makes the broker's own streams and those of some members, and streams of nobody that take all other room. */
  async function leaveRoomOnlyFor(...slugs: readonly string[]): Promise<void> {
    const members = slugs.map((slug) => world.memberOf(slug));
    const settings = [
      journalStreamSettings(STREAM_SIZES),
      leaseStreamSettings(STREAM_SIZES),
      ...members.map((member) => submissionStreamSettings(member, STREAM_SIZES)),
      ...members.map((member) => deliveryStreamSettings(member, STREAM_SIZES)),
    ];
    for (const each of settings) await bus.ensureStream(each);
    let room = settings.reduce((rest, { maxBytes }) => rest - maxBytes, ACCOUNT_BYTES);
    for (let number = 1; room > 0; number += 1) {
      const bytes = Math.min(room, STREAM_BYTES_MAX);
      await take(number, bytes);
      room -= bytes;
    }
  }

  async function take(number: number, bytes: number): Promise<void> {
    const sizes = { submissionBytesMax: bytes, deliveryBytesMax: bytes, replicas: 1 };
    const settings = submissionStreamSettings(world.memberOf("harbour"), sizes);
    await bus.ensureStream({ ...settings, name: `FILLER_${number}`, subjects: [`filler.${number}`] });
  }

  const refused = (): readonly string[] => world.broker.oversight.streamsRefused().map((each) => world.slugOf(each));

  async function health(): Promise<number> {
    using connection = grpcClient(HealthDefinition, {
      address: `127.0.0.1:${world.broker.port}`,
      tls: readTls(world.sample.dir("key-office")),
      expected: { kind: "broker" },
    });
    return (await connection.client.check({})).status;
  }

  it("starts, serves the others, says who is not served, and serves that one once there is room", async () => {
    await leaveRoomOnlyFor("border");
    await world.startBroker();
    const border = await world.client("border");
    expect((await border.publishAndWait(upsert(newHandle(), tokens(["a phone"])))).rejections).toEqual([]);
    await expect.poll(refused, SOON).toEqual(["harbour"]);
    const told = world.recorded.lines.find(({ event }) => event === "alarm.streamsRefused");
    expect(told?.fields).toMatchObject({ member: "harbour", natsCode: 10_047 });
    expect(await health()).toBe(SERVING);

    await bus.deleteStream("FILLER_1");
    await expect.poll(refused, SOON).toEqual([]);
    const harbour = await world.client("harbour");
    await harbour.publishAndWait(upsert(newHandle(), tokens(["a phone"])));
    await harbour.event("matchOpened");
    await border.event("matchOpened");
    expect(world.recorded.count("nats.streamsMade")).toBe(1);
  });

  it("is held up by it neither in suspending and removing it nor in what it knows of the others", async () => {
    await leaveRoomOnlyFor("border");
    await world.startBroker();
    const border = await world.client("border");
    await border.publishAndWait(upsert(newHandle(), tokens(["a phone"])));
    await world.stopBroker();
    await world.startBroker();
    expect(world.broker.status.records).toBe(1);
    await expect.poll(refused, SOON).toEqual(["harbour"]);
    const member = world.memberOf("harbour");
    world.board.decide({ type: "suspend", member, reason: "invented" });
    await expect.poll(refused, SOON).toEqual([]);
    world.board.decide({ type: "remove", member, reason: "invented", forCause: false });
    await expect.poll(() => world.recorded.count("member.removed"), SOON).toBe(1);
    await bus.deleteStream("FILLER_1");
    expect((await border.publishAndWait(upsert(newHandle(), tokens(["another phone"])))).rejections).toEqual([]);
    for (const stream of [submissionStream(member), deliveryStream(member)])
      await expect(bus.streamSettings(stream)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(world.recorded.count("broker.failed")).toBe(0);
  });

  it("goes on with streams as they stand that cannot be made as large as its operator wants them", async () => {
    await leaveRoomOnlyFor("border");
    world.streamSizes = { ...STREAM_SIZES, submissionBytesMax: 2 * STREAM_SIZES.submissionBytesMax };
    await world.startBroker();
    await expect.poll(refused, SOON).toEqual(expect.arrayContaining(["harbour", "border"]));
    const border = await world.client("border");
    expect((await border.publishAndWait(upsert(newHandle(), tokens(["a phone"])))).rejections).toEqual([]);
    await bus.deleteStream("FILLER_1");
    await expect.poll(refused, SOON).toEqual([]);
    const { maxBytes } = await bus.streamSettings(submissionStream(world.memberOf("border")));
    expect(maxBytes).toBe(2 * STREAM_SIZES.submissionBytesMax);
  });

  it("finds it out as well when NATS comes back without the streams", async () => {
    await world.startBroker();
    const border = await world.client("border");
    await border.publishAndWait(upsert(newHandle(), tokens(["a phone"])));
    const harbour = world.memberOf("harbour");
    await leaveRoomOnlyFor("border", "harbour");
    // The broker makes them again once it notices, unless their room is taken first.
    const areReplaced = async (): Promise<boolean> => {
      for (const stream of [submissionStream(harbour), deliveryStream(harbour)]) await bus.deleteStream(stream);
      return await take(0, MEMBER_BYTES).then(
        () => true,
        () => false,
      );
    };
    await expect.poll(areReplaced, SOON).toBe(true);
    await world.nats.kill();
    await world.nats.start();
    await expect.poll(refused, SOON).toEqual(["harbour"]);
    const late = border.next({ kind: "publication", entries: [upsert(newHandle(), tokens(["another phone"]))] });
    await expect
      .poll(
        () =>
          border.send(border.seal(late.submission)).then(
            () => true,
            () => false,
          ),
        SOON,
      )
      .toBe(true);
    await border.receipt(late.submission.sequence);
  });
});
