import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { connect as connectTls } from "node:tls";
import { AckPolicy } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureMemberStreams } from "../../broker/bus/streams.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { createLog, silentLog } from "../../shared/world/log.ts";
import { connectNats, openNats } from "../../shared/platform/nats.ts";
import type { NatsOptions } from "../../shared/platform/nats.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { HYBRID_KEY_EXCHANGE } from "../../shared/platform/tls.ts";
import { readTls } from "../../shared/party/tls.ts";
import {
  BROKER_CONSUMER,
  BROKER_INBOX_PREFIX,
  deliverySubject,
  MEMBER_API_PREFIX,
  memberInboxPrefix,
  submissionStream,
  submissionSubject,
} from "../../shared/wire/subjects.ts";
import { TestFederation } from "../support/federation.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

/** Less than the 5 s after which the client itself gives up: what ends sooner was ended. */
const AT_ONCE_MS = 4_000;

let federation: TestFederation;
let broker: Bus;
const stop = new AbortController();

beforeAll(async () => {
  federation = await TestFederation.found();
  await federation.nats.start();
  broker = await connectNats(brokerOptions());
  const sizes = { submissionBytesMax: 64 * 1024, deliveryBytesMax: 1024 * 1024, replicas: 1 };
  await ensureMemberStreams(broker, member(), sizes);
}, LONG_MS);

afterAll(async () => {
  stop.abort();
  await broker?.[Symbol.asyncDispose]();
  await federation?.[Symbol.asyncDispose]();
}, LONG_MS);

const member = () => federation.founded.members.get("ct")!;

function brokerOptions(): NatsOptions {
  return { ...common("broker"), inboxPrefix: BROKER_INBOX_PREFIX, name: "broker" };
}

function memberOptions(over: Partial<NatsOptions> = {}): NatsOptions {
  const inboxPrefix = memberInboxPrefix(member());
  return { ...common("ct"), inboxPrefix, apiPrefix: MEMBER_API_PREFIX, name: "node", ...over };
}

function common(party: string) {
  const dir = federation.dir(party);
  const { rootsPem } = readTls(dir);
  return {
    url: federation.nats.url,
    creds: readNatsCredentials(dir),
    roots: rootsPem,
    signal: stop.signal,
    log: silentLog,
  };
}

const publish = async (bus: Bus, bytes: number, subject = submissionSubject(member(), 1)): Promise<void> =>
  await bus.publish(subject, randomBytes(bytes), toHex(randomBytes(32)));

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => "done",
    (error: unknown) => (error instanceof CausewayError ? error.code : "foreign"),
  );

describe("the NATS server", () => {
  it("agrees on the hybrid key exchange with a client that offers it", async () => {
    const plain = connect(federation.nats.port, "127.0.0.1");
    // It greets in the clear first.
    await once(plain, "data");
    const socket = connectTls({
      socket: plain,
      ca: common("ct").roots,
      minVersion: "TLSv1.3",
      checkServerIdentity: () => undefined,
    });
    await once(socket, "secureConnect");
    expect(socket.getEphemeralKeyInfo()).toMatchObject({ name: HYBRID_KEY_EXCHANGE });
    socket.destroy();
  });
});

describe("connecting", { timeout: LONG_MS }, () => {
  it("is UNAUTHENTICATED with credentials that the server does not know: waiting would not help", async () => {
    const creds = readNatsCredentials(federation.dir("ct")).replace(/(?<=JWT-----\n)[\s\S]*?(?=\n-)/, (jwt) =>
      jwt.replace(/\.[^.]*$/, `.${"A".repeat(86)}`),
    );
    expect(await codeOf(connectNats(memberOptions({ creds })))).toBe("UNAUTHENTICATED");
  });

  it("goes on until told to stop while no server answers, and then ends at once", async () => {
    // It takes connections and never says a word.
    const mute = createServer().listen(0, "127.0.0.1");
    await once(mute, "listening");
    const { port } = mute.address() as AddressInfo;
    const own = new AbortController();
    const connecting = codeOf(connectNats(memberOptions({ url: `tls://127.0.0.1:${port}`, signal: own.signal })));
    await once(mute, "connection");
    const begun = performance.now();
    own.abort();
    expect(await connecting).toBe("UNAVAILABLE");
    expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
    mute.close();
  });
});

describe("a consumer", () => {
  it("that an earlier version made otherwise is brought to the settings of this one", async () => {
    const stream = submissionStream(member());
    const { connection } = await openNats(brokerOptions());
    const { consumers } = await connection.jetstreamManager();
    const settings = async () => (await consumers.info(stream, BROKER_CONSUMER)).config;
    await consumers.delete(stream, BROKER_CONSUMER);
    await consumers.add(stream, { durable_name: BROKER_CONSUMER, ack_policy: AckPolicy.Explicit, max_ack_pending: 7 });
    const SECOND = 1_000_000_000;
    expect(await settings()).toMatchObject({ max_ack_pending: 7, ack_wait: 30 * SECOND });
    expect(await codeOf(broker.ensureConsumer(stream, BROKER_CONSUMER, 8))).toBe("done");
    expect(await settings()).toMatchObject({
      max_ack_pending: 8,
      ack_wait: 4 * SECOND,
      backoff: [4 * SECOND, 30 * SECOND],
      ack_policy: AckPolicy.Explicit,
      durable_name: BROKER_CONSUMER,
    });
    await connection.close();
  });
});

describe("publishing", { timeout: LONG_MS }, () => {
  it("is done when a server has stored it", async () => {
    await using bus = await connectNats(memberOptions());
    expect(await codeOf(publish(bus, 1_000))).toBe("done");
  });

  it("is UNAVAILABLE when the stream is full: nothing older is pushed out for it", async () => {
    await using bus = await connectNats(memberOptions());
    const outcomes: string[] = [];
    for (let i = 0; i < 10; i += 1) outcomes.push(await codeOf(publish(bus, 16_000)));
    expect(outcomes[0]).toBe("done");
    expect(outcomes.at(-1)).toBe("UNAVAILABLE");
  });

  it("on another's subject is refused without ending the connection", async () => {
    await using bus = await connectNats(memberOptions());
    const other = federation.founded.members.get("wcu")!;
    expect(["UNAUTHENTICATED", "UNAVAILABLE"]).toContain(await codeOf(publish(bus, 100, submissionSubject(other, 1))));
    expect(bus.connected).toBe(true);
  });

  it("fails at once while the server is away, and works again after it, of which the owner is told", async () => {
    const lines: string[] = [];
    const log = createLog("test", { write: (line) => void lines.push(line) });
    const { promise: back, resolve: onReconnect } = Promise.withResolvers<void>();
    await using bus = await connectNats(memberOptions({ log, onReconnect }));
    await federation.nats.kill();
    await expect.poll(() => bus.connected, SOON).toBe(false);
    const begun = performance.now();
    expect(await codeOf(publish(bus, 100))).toBe("UNAVAILABLE");
    expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
    await federation.nats.start();
    await back;
    expect(bus.connected).toBe(true);
    expect(lines.join("")).toContain("nats.reconnected");
    await expect.poll(() => codeOf(publish(broker, 100, deliverySubject(member()))), SOON).toBe("done");
  });

  it("that waits for an answer does not outlive the connection", async () => {
    const bus = await connectNats(memberOptions());
    const waiting = codeOf(publish(bus, 100));
    const begun = performance.now();
    await bus[Symbol.asyncDispose]();
    expect(["done", "UNAVAILABLE"]).toContain(await waiting);
    expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
  });
});
