/** What a member's NATS credentials allow, tried against a real server with the configuration that we ship. */
import { decode } from "@nats-io/jwt";
import { AckPolicy, connect, credsAuthenticator, DiscardPolicy, headers, StorageType } from "nats";
import type { JetStreamManager, NatsConnection } from "nats";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  issueMemberAccount,
  memberAccount,
  issueSystemCredentials,
  SYSTEM_INBOX_PREFIX,
} from "../../agency-node/registrar/nats-accounts.ts";
import { readRegistrarKeys } from "../../agency-node/registrar/keys.ts";
import type { Admit } from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import {
  BROKER_CONSUMER,
  BROKER_INBOX_PREFIX,
  deliveryStream,
  deliverySubject,
  MEMBER_API_PREFIX,
  memberInboxPrefix,
  NODE_CONSUMER,
  submissionStream,
  submissionSubject,
  submissionSubjects,
} from "../../shared/wire/subjects.ts";
import { freePort } from "../../deploy/demo/ports.ts";
import { NatsProcess } from "../support/nats-process.ts";
import { foundSample } from "./sample-federation.ts";
import type { SampleFederation } from "./sample-federation.ts";
import { SOON } from "../support/patience.ts";

let sample: SampleFederation;
let server: NatsProcess;
let broker: NatsConnection;
let manager: JetStreamManager;
let member: NatsConnection;
let own: MemberId;
let other: MemberId;

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function connectAs(credentials: string, inboxPrefix: string): Promise<NatsConnection> {
  return await connect({
    servers: server.url,
    authenticator: credsAuthenticator(text(credentials)),
    tls: { ca: readTls(sample.dir("nats")).rootsPem },
    inboxPrefix,
    timeout: SOON.timeout,
    reconnect: false,
  });
}

beforeAll(async () => {
  sample = await foundSample(Date.now());
  server = new NatsProcess(sample, await freePort());
  await server.start();
  own = sample.founded.members.get("harbour") as MemberId;
  other = sample.founded.members.get("border") as MemberId;
  broker = await connectAs(readNatsCredentials(sample.dir("broker")), BROKER_INBOX_PREFIX);
  manager = await broker.jetstreamManager();
  for (const each of [own, other]) {
    await addStream(submissionStream(each), submissionSubjects(each), BROKER_CONSUMER);
    await addStream(deliveryStream(each), deliverySubject(each), NODE_CONSUMER);
    for (const number of [1, 2, 3]) await broker.jetstream().publish(deliverySubject(each), text(`sealed ${number}`));
  }
  member = await connectAs(readNatsCredentials(sample.dir("harbour")), memberInboxPrefix(own));
  void countRefusals(member);
});

afterAll(async () => {
  await member?.close();
  await broker?.close();
  await server?.[Symbol.asyncDispose]();
  sample?.[Symbol.dispose]();
});

async function addStream(name: string, subject: string, consumer: string): Promise<void> {
  await manager.streams.add({
    name,
    subjects: [subject],
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_bytes: 64 * 1024 * 1024,
    duplicate_window: 60_000_000_000,
    deny_delete: true,
    allow_direct: false,
    allow_rollup_hdrs: false,
  });
  await manager.consumers.add(name, { durable_name: consumer, ack_policy: AckPolicy.Explicit });
}

/** Everything at the server that a member must not be able to change. */
async function stateOfTheOthers(): Promise<unknown> {
  const streams = [submissionStream(other), deliveryStream(other), deliveryStream(own)];
  const states = await Promise.all(streams.map(async (name) => (await manager.streams.info(name)).state));
  const consumer = await manager.consumers.info(deliveryStream(other), NODE_CONSUMER);
  const feedback = await manager.consumers.info(submissionStream(own), BROKER_CONSUMER);
  const names = await Promise.all(
    [submissionStream(own), ...streams].map(async (name) =>
      (await manager.consumers.list(name).next()).map((c) => c.name),
    ),
  );
  return {
    states: states.map(({ messages, first_seq, last_seq }) => ({ messages, first_seq, last_seq })),
    delivered: [consumer.delivered.stream_seq, feedback.delivered.stream_seq],
    acknowledged: [consumer.ack_floor.stream_seq, feedback.ack_floor.stream_seq],
    streams: (await manager.streams.names().next()).toSorted(),
    consumers: names,
  };
}

/** Counts the server's permission errors on the member's connection. */
let refusals = 0;
async function countRefusals(connection: NatsConnection): Promise<void> {
  for await (const status of connection.status()) {
    const type: string = status.type;
    if (type === "error" && status.data === "PERMISSIONS_VIOLATION") refusals += 1;
  }
}

/** Publishes and waits until the server has looked at it. True if it refused by permission. */
async function isRefused(subject: string, payload = "", reply?: string): Promise<boolean> {
  const before = refusals;
  member.publish(subject, text(payload), reply === undefined ? {} : { reply });
  // The error stands before the answer to the flush in the same stream of bytes; one turn lets the counter see it.
  await member.flush();
  await new Promise((done) => setImmediate(done));
  return refusals > before;
}

function ackOf(id: () => MemberId): () => string {
  return () => `$JS.ACK.${deliveryStream(id())}.${NODE_CONSUMER}.1.1.1.1.0`;
}

function jwtOf(creds: string): string {
  return (/-----\n([^\n]+)\n-+END NATS USER JWT/.exec(creds) as string[])[1] as string;
}

describe("a member's own credentials", () => {
  it("publish, pull, and acknowledge what is its own", async () => {
    const ack = await member.jetstream().publish(submissionSubject(own, 1), text("sealed"), { msgID: "1" });
    expect(ack.stream).toBe(submissionStream(own));
    const js = member.jetstream({ apiPrefix: MEMBER_API_PREFIX });
    const consumer = await js.consumers.get(deliveryStream(own), NODE_CONSUMER);
    const messages = await consumer.consume({ max_bytes: 1024 * 1024, idle_heartbeat: 1_000, expires: 5_000 });
    const received: string[] = [];
    for await (const message of messages) {
      received.push(message.string());
      expect(await message.ackAck()).toBe(true);
      if (received.length === 3) break;
    }
    messages.stop();
    expect(received).toEqual(["sealed 1", "sealed 2", "sealed 3"]);
    expect((await manager.consumers.info(deliveryStream(own), NODE_CONSUMER)).ack_floor.stream_seq).toBe(3);
  });

  it("learn of a repeated message id that it was a repetition", async () => {
    const js = member.jetstream();
    await js.publish(submissionSubject(own, 1), text("sealed"), { msgID: "twice" });
    expect((await js.publish(submissionSubject(own, 1), text("sealed"), { msgID: "twice" })).duplicate).toBe(true);
  });

  it("carry a sealed message of full size", async () => {
    const ack = await member.jetstream().publish(submissionSubject(own, 1), new Uint8Array(512 * 1024), { msgID: "f" });
    expect(ack.seq).toBeGreaterThan(0);
  });

  it("keep pulling through silence and after it", async () => {
    const consumer = await member
      .jetstream({ apiPrefix: MEMBER_API_PREFIX })
      .consumers.get(deliveryStream(own), NODE_CONSUMER);
    // Heartbeats are answers too: a server that took the first for the last would let what follows fall on the floor.
    const quiet = { max_messages: 1, idle_heartbeat: 500, expires: 1_600 };
    for await (const message of await consumer.fetch(quiet)) throw new Error(`received ${message.subject}`);
    const later = await consumer.fetch({ ...quiet, expires: 10_000 });
    const beaten = (async () => {
      for await (const message of later) {
        message.ack();
        return message.string();
      }
      return "nothing";
    })();
    await member.flush();
    await broker.jetstream().publish(deliverySubject(own), text("late"));
    expect(await beaten).toBe("late");
  });
});

describe("a member's NATS credentials can read, write, acknowledge or create nothing but its own", () => {
  let before: unknown;
  beforeEach(async () => {
    before = await stateOfTheOthers();
  });

  const api = ["$JS.API", MEMBER_API_PREFIX];
  const forbidden: [name: string, subject: () => string, payload?: string][] = [
    ["another's submissions", () => submissionSubject(other, 1)],
    ["its own submissions under a deeper subject", () => `${submissionSubject(own, 1)}.x`],
    ["its own deliveries", () => deliverySubject(own)],
    ["another's deliveries", () => deliverySubject(other)],
    ["another's inbox", () => `${memberInboxPrefix(other)}.x`],
    ["the broker's inbox", () => `${BROKER_INBOX_PREFIX}.x`],
    ["an acknowledgement for another", ackOf(() => other)],
    ["an acknowledgement for the broker", () => `$JS.ACK.${submissionStream(own)}.${BROKER_CONSUMER}.1.1.1.1.0`],
    ["the system's account requests", () => "$SYS.REQ.CLAIMS.UPDATE"],
    ["the system's server requests", () => "$SYS.REQ.SERVER.PING"],
    ["a key-value bucket", () => "$KV.bucket.key"],
    ["anything else", () => "hello"],
    ...api.flatMap((prefix): [string, () => string, string?][] => [
      [`${prefix}: account information`, () => `${prefix}.INFO`],
      [`${prefix}: creating a stream`, () => `${prefix}.STREAM.CREATE.MINE`, '{"name":"MINE","subjects":["mine"]}'],
      [`${prefix}: changing its stream`, () => `${prefix}.STREAM.UPDATE.${submissionStream(own)}`],
      [`${prefix}: deleting its stream`, () => `${prefix}.STREAM.DELETE.${submissionStream(own)}`],
      [`${prefix}: purging its deliveries`, () => `${prefix}.STREAM.PURGE.${deliveryStream(own)}`],
      [`${prefix}: purging its submissions`, () => `${prefix}.STREAM.PURGE.${submissionStream(own)}`],
      [`${prefix}: purging another's`, () => `${prefix}.STREAM.PURGE.${deliveryStream(other)}`],
      [`${prefix}: listing streams`, () => `${prefix}.STREAM.NAMES`],
      [`${prefix}: stream information`, () => `${prefix}.STREAM.INFO.${deliveryStream(other)}`],
      [`${prefix}: a message by number`, () => `${prefix}.STREAM.MSG.GET.${deliveryStream(other)}`, '{"seq":1}'],
      [`${prefix}: deleting a message`, () => `${prefix}.STREAM.MSG.DELETE.${submissionStream(own)}`, '{"seq":1}'],
      [`${prefix}: direct get of its own`, () => `${prefix}.DIRECT.GET.${submissionStream(own)}`, '{"seq":1}'],
      [`${prefix}: direct get of another's`, () => `${prefix}.DIRECT.GET.${deliveryStream(other)}`, '{"seq":1}'],
      [`${prefix}: creating a consumer`, () => `${prefix}.CONSUMER.CREATE.${deliveryStream(own)}.mine`],
      [`${prefix}: creating one on another's`, () => `${prefix}.CONSUMER.CREATE.${deliveryStream(other)}.mine`],
      [`${prefix}: creating a durable`, () => `${prefix}.CONSUMER.DURABLE.CREATE.${deliveryStream(other)}.mine`],
      [`${prefix}: deleting its consumer`, () => `${prefix}.CONSUMER.DELETE.${deliveryStream(own)}.${NODE_CONSUMER}`],
      [`${prefix}: another's consumer`, () => `${prefix}.CONSUMER.INFO.${deliveryStream(other)}.${NODE_CONSUMER}`],
      [`${prefix}: pulling another's`, () => `${prefix}.CONSUMER.MSG.NEXT.${deliveryStream(other)}.${NODE_CONSUMER}`],
      [
        `${prefix}: pulling the broker's`,
        () => `${prefix}.CONSUMER.MSG.NEXT.${submissionStream(own)}.${BROKER_CONSUMER}`,
      ],
      [`${prefix}: snapshot`, () => `${prefix}.STREAM.SNAPSHOT.${deliveryStream(other)}`],
      [`${prefix}: restore`, () => `${prefix}.STREAM.RESTORE.MINE`],
    ]),
  ];

  it.each(forbidden)("refuses to publish: %s", async (_name, subject, payload) => {
    expect(await isRefused(subject(), payload, `${memberInboxPrefix(own)}.reply`)).toBe(true);
    expect(await stateOfTheOthers()).toEqual(before);
  });

  const listening: [name: string, subject: () => string][] = [
    ["everything", () => ">"],
    ["all submissions", () => "cw.pub.>"],
    ["its own submissions", () => submissionSubjects(own)],
    ["its own deliveries", () => deliverySubject(own)],
    ["another's deliveries", () => deliverySubject(other)],
    ["another's inbox", () => `${memberInboxPrefix(other)}.>`],
    ["all inboxes", () => "*.>"],
    ["the broker's inbox", () => `${BROKER_INBOX_PREFIX}.>`],
    ["the common inbox", () => "_INBOX.>"],
    ["the system's events", () => "$SYS.>"],
    ["JetStream's events", () => "$JS.EVENT.>"],
    ["acknowledgements", () => "$JS.ACK.>"],
  ];

  it.each(listening)("refuses to subscribe: %s", async (_name, subject) => {
    const subscription = member.subscribe(subject());
    const ended = (async () => {
      for await (const message of subscription) throw new Error(`received ${message.subject}`);
    })();
    await expect(ended).rejects.toMatchObject({ code: "PERMISSIONS_VIOLATION" });
  });

  /** The server answers to a reply subject without asking whether the requester may publish there. */
  const replies: [name: string, reply: () => string][] = [
    ["another's submissions", () => submissionSubject(other, 1)],
    ["another's deliveries", () => deliverySubject(other)],
    ["its own deliveries", () => deliverySubject(own)],
    ["another's inbox", () => `${memberInboxPrefix(other)}.x`],
    ["a purge", () => `$JS.API.STREAM.PURGE.${deliveryStream(other)}`],
    ["an acknowledgement for another", ackOf(() => other)],
  ];

  it.each(replies)("cannot have the server write for it, by reply subject: %s", async (_name, reply) => {
    const own1 = `${deliveryStream(own)}.${NODE_CONSUMER}`;
    await isRefused(`${MEMBER_API_PREFIX}.CONSUMER.INFO.${own1}`, "", reply());
    await isRefused(`${MEMBER_API_PREFIX}.CONSUMER.MSG.NEXT.${own1}`, '{"batch":1,"no_wait":true}', reply());
    await isRefused(submissionSubject(own, 1), "sealed", reply());
    // All of it has been answered once an ordinary request, sent after, has been.
    await member.jetstream().publish(submissionSubject(own, 1), text("sealed"));
    expect(await stateOfTheOthers()).toEqual(before);
  });

  it("cannot replace a stream's messages by a rollup header", async () => {
    const rollup = headers();
    rollup.set("Nats-Rollup", "all");
    const published = member.jetstream().publish(submissionSubject(own, 1), text("sealed"), { headers: rollup });
    await expect(published).rejects.toMatchObject({ message: expect.stringContaining("rollup") });
  });

  it("cannot burn another's message id", async () => {
    await member.jetstream().publish(submissionSubject(own, 1), text("sealed"), { msgID: "shared" });
    const second = await connectAs(readNatsCredentials(sample.dir("border")), memberInboxPrefix(other));
    try {
      const ack = await second.jetstream().publish(submissionSubject(other, 1), text("sealed"), { msgID: "shared" });
      expect(ack.duplicate).toBe(false);
    } finally {
      await second.close();
    }
  });

  it("is worth nothing with another's seed or another's account", async () => {
    const [mine, theirs] = ["harbour", "border"].map((dir) => readNatsCredentials(sample.dir(dir))) as [string, string];
    const mixed = mine.replace(jwtOf(mine), jwtOf(theirs));
    await expect(connectAs(mixed, memberInboxPrefix(other))).rejects.toMatchObject({ code: "AUTHORIZATION_VIOLATION" });
  });
});

describe("a suspended member", () => {
  it("is cut off at once when the registrar pushes its account as closed", async () => {
    const { nats: authority } = readRegistrarKeys(sample.founded.registrarDir);
    const holder = sample.founded.federation.members.get(other) as Admit;
    expect(decode(await issueMemberAccount(authority, holder, "closed")).sub).toBe(memberAccount(authority, holder));
    const suspended = await connectAs(readNatsCredentials(sample.dir("border")), memberInboxPrefix(other));
    const credentials = await issueSystemCredentials(authority, Date.now() + 60_000);
    const system = await connectAs(credentials, SYSTEM_INBOX_PREFIX);
    const push = async (state: "open" | "closed"): Promise<number> => {
      const account = await issueMemberAccount(authority, holder, state);
      const answer = await system.request("$SYS.REQ.CLAIMS.UPDATE", text(account), { timeout: SOON.timeout });
      return answer.json<{ data: { code: number } }>().data.code;
    };
    expect(await push("closed")).toBe(200);
    await suspended.closed();
    const connectAgain = () => connectAs(readNatsCredentials(sample.dir("border")), memberInboxPrefix(other));
    await expect(connectAgain()).rejects.toMatchObject({ code: "AUTHORIZATION_VIOLATION" });
    // Reinstated, its credentials hold again.
    expect(await push("open")).toBe(200);
    await (await connectAgain()).close();
    await system.close();
  });
});
