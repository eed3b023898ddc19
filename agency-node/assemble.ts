/**
 * A node's parts, connected to each other over its ports and to nothing outside yet: no door is open, nothing has been asked, no timer runs
 * until `run`. Parts come in an order in which each needs only those before it; who hears of what else stands in `connect`.
 */
import { digestKey } from "../shared/core/digest.ts";
import { VERSION } from "../shared/platform/version.ts";
import { Database } from "../shared/store/database.ts";
import { WatchedTimers } from "../shared/world/watched-timers.ts";
import { Line } from "./bus/line.ts";
import { Link } from "./bus/link.ts";
import { BrokerFaults } from "./bus/broker-faults.ts";
import { Erasure } from "./erasure.ts";
import { Canaries } from "./canaries/canaries.ts";
import { CanaryStore } from "./canaries/canary-store.ts";
import { Comparison } from "./comparison.ts";
import { createHardener } from "./hardening/hardener.ts";
import { Health } from "./health.ts";
import { Matches } from "./matches.ts";
import type { NodePorts } from "./ports.ts";
import { Acts } from "./publishing/acts.ts";
import { Digests } from "./publishing/digests.ts";
import { Epochs } from "./publishing/epochs.ts";
import { KeyOffers } from "./publishing/key-offers.ts";
import { Preparer } from "./publishing/preparer.ts";
import { Publisher } from "./publishing/publisher.ts";
import { Records } from "./records.ts";
import { Rereading } from "./rereading.ts";
import { Retries } from "./retries.ts";
import { Spending } from "./spending.ts";
import { Statements } from "./statements.ts";
import { ActivityLog } from "./store/activity.ts";
import { HardenedStore } from "./store/hardened.ts";
import { Inbox } from "./store/inbox.ts";
import { LoanStore } from "./store/loans.ts";
import { NODE_DATABASE } from "./store/node-schema.ts";
import { Outbox } from "./store/outbox.ts";
import { RecordStore } from "./store/records.ts";
import { StandingStore } from "./store/standings.ts";
import { StrayStore } from "./store/strays.ts";
import { Vault } from "./store/vault.ts";
import { Told } from "./told.ts";
import { Trust } from "./trust.ts";
import { events } from "./events.ts";

/** Everything that lives as long as the node. Dispose of it after `run` has ended. */
export type Assembled = ReturnType<typeof assemble>;

type Ground = ReturnType<typeof groundOf>;

/** Throws as `Database` and `OwnKeys` do. */
export function assemble(given: NodePorts) {
  const timers = new WatchedTimers(given.world);
  const ports = { ...given, world: timers.world };
  const ground = groundOf(ports);
  const { directory } = ports;
  const collection = collectionOf(ports, ground);
  const publishing = publishingOf(ports, ground, collection);
  const exchange = exchangeOf(ports, ground, collection, publishing);
  const authorities = authoritiesOf(ports, ground);
  const node = { ...ground, ...collection, ...publishing, ...exchange, ...authorities, directory, timers };
  connect(node);
  return {
    ...node,
    async [Symbol.asyncDispose]() {
      await node.hardener[Symbol.asyncDispose]();
      // Outlives all that writes to it.
      node.db[Symbol.dispose]();
    },
  };
}

type Unconnected = Omit<Assembled, typeof Symbol.asyncDispose>;

/** Who hears of what a part says without knowing to whom. */
function connect({ told, link, preparer, publisher, health, rereading }: Unconnected): void {
  told.appended.heardBy(() => link.wake());
  told.settled.heardBy(() => link.wake());
  told.stored.heardBy(() => preparer.wake());
  told.prepared.heardBy(
    () => publisher.wake(),
    () => rereading.wake(),
  );
  told.repaired.heardBy(() => publisher.wake());
  told.news.heardBy(() => health.changed());
  told.startedOver.heardBy(() => link.startedOver());
}

/** Who hears of a directive, in this order: what it takes back and opens comes before what is said of it. */
function onDirective({ canaries, records, epochs, matches, rereading, statements, link }: Assembled): void {
  canaries.onDirective();
  records.onDirective();
  epochs.onDirective();
  matches.onDirective();
  rereading.wake();
  statements.onDirective();
  link.onDirective();
}

/** Whatever runs at the same time. */
function loopsOf(node: Assembled): readonly ((signal: AbortSignal) => Promise<void>)[] {
  const { directory, epochs, canaries, preparer, acts, publisher, digests, health, records, statements } = node;
  const { erasure, keyOffers, spending, link, rereading, timers } = node;
  const collection = [epochs, canaries, preparer, acts, publisher, digests, health, records, statements];
  const parts = [...collection, rereading, erasure, keyOffers, spending, link];
  return [
    (signal) => directory.run(signal, () => onDirective(node)),
    ...parts.map((part) => (signal: AbortSignal) => part.run(signal)),
    (signal) => timers.run(signal),
  ];
}

/** Runs every loop, and `others` beside them, until the signal aborts; when one fails for good, all stop. */
export async function run(
  node: Assembled,
  signal: AbortSignal,
  ...others: readonly ((signal: AbortSignal) => Promise<void>)[]
): Promise<void> {
  const failed = new AbortController();
  const stopping = AbortSignal.any([signal, failed.signal]);
  const loops = [...loopsOf(node), ...others].map(async (loop) => {
    try {
      await loop(stopping);
    } catch (error) {
      events.node.failed(node.world.log, error);
      failed.abort();
      throw error;
    }
  });
  const failure = (await Promise.allSettled(loops)).find(({ status }) => status === "rejected");
  if (failure?.status === "rejected") throw failure.reason;
}

/** What all others stand on: what the node believes, what it keeps, and what it says to the broker. */
function groundOf({ world, keys, directory, database, settings }: NodePorts) {
  const told = new Told();
  const trust = new Trust(keys, () => directory.federation);
  const { member } = trust;
  const db = new Database(database, NODE_DATABASE);
  const vault = new Vault(keys.databaseKey, world);
  const standings = new StandingStore(db, vault);
  const outbox = new Outbox({
    world,
    db,
    vault,
    address: (epoch) => trust.outboxAddress(epoch),
    isOpen: (epoch) => trust.isOpen(epoch),
    onAppend: told.appended.ring,
    onSettled: told.settled.ring,
    onRenumbered: (upserts, moved) =>
      standings.renumber(upserts, moved, digestKey(trust.federation.id, member, moved.epoch)),
  });
  const stores = {
    store: new RecordStore(db, vault),
    hardened: new HardenedStore(db, vault),
    loans: new LoanStore(db, vault),
    inbox: new Inbox(db, vault),
    strays: new StrayStore(db),
    activity: new ActivityLog(db, vault),
  };
  const { endedKeptDays } = settings;
  return {
    world,
    told,
    trust,
    member,
    federation: () => trust.federation,
    /** What the broker states to understand. */
    broker: () => directory.broker,
    /** Whether the broker hears us. */
    line: new Line(world),
    /** What is tried again and again. */
    retries: new Retries(world.clock),
    db,
    vault,
    standings,
    outbox,
    ...stores,
    erasure: new Erasure({ ...stores, db, standings, world, endedKeptDays }),
  };
}

/** The unit's records, and the test records among them, which go the way of all. */
function collectionOf({ settings }: NodePorts, ground: Ground) {
  const { told, trust, store, inbox, erasure, db, federation } = ground;
  const acts = new Acts({ ...ground, beatMs: settings.beatMs, onSent: told.repaired.ring });
  const records = new Records({
    ...ground,
    acts,
    handleOf: (domain, reference) => trust.recordHandle(domain, reference),
    admit: () => trust.admit,
    onStored: told.stored.ring,
  });
  const canaries = new Canaries({
    ...ground,
    store: new CanaryStore(db),
    records: {
      keep: (record, handle, epoch) => store.putCanary(record, handle, epoch),
      withdraw: (handles) => records.withdrawCanaries(handles),
      remove(handle): void {
        const stored = store.byHandle(handle);
        if (stored !== undefined) erasure.letGo(stored.record);
        inbox.removeCanary(handle);
        store.removeCanary(handle);
      },
      sample: (share) => store.sample(share),
    },
    enabled: settings.canaries,
    federation,
    epochs: () => trust.openTerms,
    handleOf: (epoch, domain, pair) => trust.canaryHandle(epoch, domain, pair),
    onChange: told.news.ring,
  });
  return { records, acts, canaries };
}

type Collection = ReturnType<typeof collectionOf>;

/** From records to the outbox, and whether the broker has what went there. */
function publishingOf(ports: NodePorts, ground: Ground, { records, acts, canaries }: Collection) {
  const { told, trust, federation, line, member } = ground;
  const of = { ...ground, acts, records: ground.store };
  const hardener = createHardener({ ...ports, federation, member });
  const terms = () => trust.openTerms;
  const digests = new Digests({
    ...of,
    openEpochs: () => (line.connected ? trust.openTerms.map(({ epoch }) => epoch) : []),
    isCanary: (handle) => canaries.isCanary(handle),
    onRepair: told.repaired.ring,
    onAnswer: told.news.ring,
  });
  const publisher = new Publisher({
    ...of,
    federation: federation().id,
    terms,
    paddingKey: (handle) => trust.paddingKey(handle),
    blind: (handle) => trust.blind(handle),
    onCarried: (epoch) => digests.ask(epoch),
  });
  const preparer = new Preparer({
    ...of,
    harden: (batch) => hardener.hardenBatch(batch),
    terms: () => trust.terms,
    conversationKey: (handle) => trust.conversationKey(handle),
    isArriving: () => records.isArriving,
    onReady: told.prepared.ring,
    beatMs: ports.settings.beatMs,
  });
  const comparison = new Comparison({
    ...ground,
    ...ports,
    canaries,
    membershipEnd: () => trust.membershipEnd,
    obstacles: () => trust.obstacles,
    agreementIn: (epoch) => digests.agreementIn(epoch),
    halt: () => preparer.halt,
    areNoticesMissing: () => line.noticesMissing,
  });
  const health = new Health({
    ...of,
    version: VERSION,
    obstacles: () => trust.obstacles,
    canaries,
    comparison,
    isConnected: () => line.connected && trust.membershipEnd === "",
  });
  const epochs = new Epochs({
    ...of,
    terms,
    currentEpoch: () => trust.currentEpoch?.epoch,
    isOpen: (epoch) => trust.isOpen(epoch),
    destroyOldKeys: () => trust.destroyOldKeys(),
    onChange(): void {
      preparer.onDirective();
      publisher.wake();
      digests.askAll();
      health.changed();
    },
    onStartedOver: told.startedOver.ring,
  });
  return { hardener, digests, publisher, preparer, comparison, health, epochs };
}

type Publishing = ReturnType<typeof publishingOf>;

/** To and from the broker. */
function exchangeOf(
  { connectBus }: NodePorts,
  ground: Ground,
  { canaries }: Collection,
  { publisher, digests }: Publishing,
) {
  const { trust, store } = ground;
  const faults = new BrokerFaults();
  const statements = new Statements({ ...ground, isOpen: () => trust.currentEpoch !== undefined });
  const matches = new Matches({
    ...ground,
    records: store,
    signer: trust.signer,
    terms: () => trust.openTerms,
    binder: (handle) => trust.binder(handle),
    canaries,
    onStatement: () => statements.wake(),
  });
  const link = new Link({
    ...ground,
    connectBus,
    version: VERSION,
    faults,
    open: (sealed) => trust.openDelivery(sealed),
    apply: (told) => matches.apply(told),
    takeDigestAnswer: (answer) => digests.take(answer),
    sendStatements: () => statements.sendDue(),
    onReceipt: () => publisher.onRoom(),
    onDoubt: () => digests.askAll(),
    onConnect: () => digests.askAll(),
  });
  const rereading = new Rereading({ ...ground, matches });
  return { faults, matches, rereading, statements, link };
}

/** What the node asks of broker and evaluators besides its work. */
function authoritiesOf({ desk, evaluators }: NodePorts, ground: Ground) {
  const { world, member, trust, federation } = ground;
  const keyOffers = new KeyOffers({
    world,
    member,
    signer: trust.signer,
    federation,
    preparedEpoch: (signal) => desk.preparedEpoch(signal),
    offer: (key, signal) => desk.offerKey(key, signal),
    prepareKey: (epoch) => trust.prepareSealingKey(epoch),
  });
  const spending = new Spending({
    world,
    evaluators: () => federation().found.evaluators,
    budgetAt: (evaluator, signal) => evaluators.budgetAt(evaluator, federation(), signal),
    standing: (signal) => desk.standing(signal),
  });
  return { keyOffers, spending };
}
