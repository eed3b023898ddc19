/**
 * An agency node: the only place where the unit's records and the epoch's salts exist together. It imports records, has their
 * identifiers hardened, publishes tokens, and keeps the matches that come back. This file only puts the parts together.
 */
import { join } from "node:path";
import { probeCrypto } from "../shared/crypto/probe.ts";
import { systemClock } from "../shared/platform/clock.ts";
import type { Clock } from "../shared/platform/clock.ts";
import { startGrpcServer } from "../shared/platform/grpc.ts";
import { createLog } from "../shared/platform/log.ts";
import type { Log } from "../shared/platform/log.ts";
import { connectNats } from "../shared/platform/nats.ts";
import type { NatsBus } from "../shared/platform/nats.ts";
import { readNatsCredentials, readStorageKey } from "../shared/platform/party.ts";
import { pause } from "../shared/platform/retry.ts";
import { VERSION } from "../shared/platform/version.ts";
import { openDelivery } from "../shared/wire/data-plane.ts";
import { MEMBER_API_PREFIX, memberInboxPrefix } from "../shared/wire/subjects.ts";
import { Receiver } from "./bus/receiver.ts";
import { Sender } from "./bus/sender.ts";
import type { NodeConfig } from "./config.ts";
import { writeEvidence } from "./evidence.ts";
import { createHardener } from "./hardening/hardener.ts";
import type { Hardener } from "./hardening/hardener.ts";
import { Matches } from "./matches.ts";
import { Publisher } from "./publishing/publisher.ts";
import { Records } from "./records.ts";
import { DirectoryClient } from "./rpc/directory-client.ts";
import { liaisonService } from "./rpc/liaison-service.ts";
import { recordsService } from "./rpc/records-service.ts";
import { statusOf } from "./rpc/status.ts";
import { ActivityLog } from "./store/activity.ts";
import { Database } from "./store/database.ts";
import { HardenedStore } from "./store/hardened.ts";
import { Inbox } from "./store/inbox.ts";
import { Outbox } from "./store/outbox.ts";
import { RecordStore } from "./store/records.ts";
import { Vault } from "./store/vault.ts";
import { readKeys, Trust } from "./trust.ts";

export type Node = AsyncDisposable & {
  /** Of the node's own services. */
  readonly port: number;
  /** Settles when the node has stopped; rejects when a part of it has failed for good. */
  readonly running: Promise<void>;
};

/** What tests replace. */
export type Surroundings = { readonly clock: Clock; readonly log: Log };

const SWEEP_MS = 60_000;

/** Starts a node from its directory. Throws ENVIRONMENT, INVALID or UNPROVEN when keys, chain or configuration cannot be used. */
export async function createNode(
  config: NodeConfig,
  surroundings: Surroundings = { clock: systemClock, log: createLog("node") },
): Promise<Node> {
  probeCrypto();
  await using resources = new AsyncDisposableStack();
  const stop = new AbortController();
  const parts = assemble(config, surroundings, resources);
  const server = resources.use(
    await startGrpcServer({
      address: config.listen,
      tls: parts.trust.tls,
      services: [
        recordsService({ ...parts, status: () => statusOf(parts) }),
        liaisonService({ ...parts, records: parts.store }),
      ],
      log: surroundings.log,
    }),
  );
  surroundings.log.info("node.started", { member: parts.trust.admit.slug, port: server.port });
  const running = run(config, surroundings, parts, stop.signal);
  // A caller that never looks at `running` must not turn a stop into a crash.
  running.catch(() => undefined);
  const held = resources.move();
  return {
    port: server.port,
    running,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running.catch(() => undefined);
      await held.disposeAsync();
    },
  };
}

/** Everything that lives as long as the node, connected to each other and to nothing outside yet. */
export type NodeParts = ReturnType<typeof assemble>;

function assemble(config: NodeConfig, { clock, log }: Surroundings, resources: AsyncDisposableStack) {
  const keys = readKeys(config.dir);
  const directory = resources.use(new DirectoryClient({ dir: config.dir, keys, clock, log }));
  const trust = new Trust(keys, () => directory.federation);
  const db = resources.use(new Database(join(config.dir, "node.sqlite")));
  const vault = new Vault(readStorageKey(config.dir, "database"));
  const link: { bus?: NatsBus; sender?: Sender } = {};
  const outbox = new Outbox(
    db,
    () => trust.outboxAddress,
    () => link.sender?.wake(),
  );
  const store = new RecordStore(db, vault);
  const inbox = new Inbox(db, vault);
  const activity = new ActivityLog(db, vault);
  const hardener: Hardener = resources.use(
    createHardener({
      federation: () => trust.federation,
      member: trust.member,
      tls: trust.tls,
      onEvidence: (evidence) => {
        log.warn("evaluator.unproven", { evaluator: evidence.evaluator, fault: evidence.fault });
        writeEvidence(config.dir, evidence, clock());
      },
      ...(config.workers === 0 ? {} : { workers: config.workers }),
    }),
  );
  const publisher = new Publisher({
    db,
    records: store,
    hardened: new HardenedStore(db, vault),
    outbox,
    clock,
    log,
    harden: (batch) => hardener.hardenBatch(batch),
    terms: () => trust.terms,
    conversationKey: (handle) => trust.conversationKey(handle),
  });
  const matches = new Matches({ records: store, inbox, outbox, publisher, activity, clock, log });
  const onStored = (): void => publisher.wake();
  const records = new Records({ db, store, outbox, activity, clock, admit: () => trust.admit, onStored });
  return { member: trust.member, trust, directory, db, store, outbox, inbox, publisher, matches, records, link };
}

/** Runs every loop until the signal aborts; when one fails for good, all stop. */
async function run(config: NodeConfig, { log }: Surroundings, parts: NodeParts, signal: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const stopping = AbortSignal.any([signal, failed.signal]);
  const loops = [
    parts.directory.run(stopping, () => parts.publisher.wake()),
    parts.publisher.run(stopping),
    sweep(parts.records, stopping),
    talk(config, log, parts, stopping),
  ];
  const outcomes = await Promise.allSettled(
    loops.map((loop) =>
      loop.catch((error: unknown) => {
        log.error("node.failed", error);
        failed.abort();
        throw error;
      }),
    ),
  );
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}

async function sweep(records: Records, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    records.sweep();
    await pause(SWEEP_MS, signal);
  }
}

/** The data plane: connects when a server is there, sends and receives from then on. */
async function talk(config: NodeConfig, log: Log, parts: NodeParts, signal: AbortSignal): Promise<void> {
  const { trust, outbox, link, member } = parts;
  const bus = await connectNats({
    url: config.natsUrl,
    creds: readNatsCredentials(config.dir),
    roots: trust.tls.rootsPem,
    inboxPrefix: memberInboxPrefix(member),
    apiPrefix: MEMBER_API_PREFIX,
    name: `node ${trust.admit.slug}`,
    signal,
    log,
  }).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  if (bus === undefined) return;
  await using connection = bus;
  const sender = new Sender({ bus: connection, outbox, log });
  link.bus = connection;
  link.sender = sender;
  const receiver = new Receiver(
    {
      ...parts,
      bus: connection,
      records: parts.store,
      log,
      open: (sealed) => openDelivery(sealed, trust.deliveryScope),
      apply: (notice) => parts.matches.apply(notice),
      resendFrom: (position) => sender.resendFrom(position),
    },
    VERSION,
  );
  receiver.connect();
  await Promise.all([sender.run(signal), receiver.run()]);
}
