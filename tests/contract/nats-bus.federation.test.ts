import { setTimeout as sleep } from "node:timers/promises";
import { silentLog } from "../../shared/world/log.ts";
import { connectNats } from "../../shared/platform/nats.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import { BROKER_INBOX_PREFIX } from "../../shared/wire/subjects.ts";
import { TestFederation } from "../support/federation.ts";
import { busContract } from "./bus.ts";
import type { BusHarness } from "./bus.ts";

async function start(): Promise<BusHarness> {
  const federation = await TestFederation.found();
  await federation.nats.start();
  const dir = federation.dir("broker");
  const options = {
    url: federation.nats.url,
    creds: readNatsCredentials(dir),
    roots: readTls(dir).rootsPem,
    inboxPrefix: BROKER_INBOX_PREFIX,
    name: "broker",
    log: silentLog,
  };
  return {
    connect: (connection) => connectNats({ ...options, ...connection }),
    until: (work) => work,
    pass: async (ms) => await sleep(ms),
    goAway: () => federation.nats.kill(),
    comeBack: () => federation.nats.start(),
    [Symbol.asyncDispose]: () => federation[Symbol.asyncDispose](),
  };
}

busContract("nats-server", start);
