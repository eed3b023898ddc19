/** Everything that lives as long as the node, connected to each other and to nothing outside yet. */
import { join } from "node:path";
import type { Capabilities } from "../shared/core/capabilities.ts";
import { digestKey } from "../shared/core/digest.ts";
import type { Clock } from "../shared/world/clock.ts";
import type { Log } from "../shared/world/log.ts";
import { readNatsCredentials } from "../shared/party/credentials.ts";
import { readTls } from "../shared/party/tls.ts";
import { readStorageKey } from "../shared/party/keys.ts";
import { randomBytes } from "../shared/world/random.ts";
import { ChainFollower } from "../shared/rpc/chain-follower.ts";
import { VERSION } from "../shared/platform/version.ts";
import { MEMBER_API_PREFIX, memberInboxPrefix } from "../shared/wire/subjects.ts";
import { Link } from "./bus/link.ts";
import { BrokerFaults } from "./bus/receiver.ts";
import type { NodeConfig } from "./config.ts";
import { Canaries } from "./canaries/canaries.ts";
import { CanaryStore } from "./canaries/canary-store.ts";
import { keepEvidence } from "./evidence.ts";
import { budgetAt } from "./hardening/rpc/budget-client.ts";
import { createHardener } from "./hardening/hardener.ts";
import { Health } from "./health.ts";
import { Matches } from "./matches.ts";
import { Digests } from "./publishing/digests.ts";
import { Epochs } from "./publishing/epochs.ts";
import { KeyOffers } from "./publishing/key-offers.ts";
import { Preparer } from "./publishing/preparer.ts";
import { Publisher } from "./publishing/publisher.ts";
import { Records } from "./records.ts";
import { MembershipClient } from "./rpc/membership-client.ts";
import { Spending } from "./spending.ts";
import { ActivityLog } from "./store/activity.ts";
import { NODE_DATABASE } from "./store/node-schema.ts";
import { Database } from "../shared/store/database.ts";
import { HardenedStore } from "./store/hardened.ts";
import { Inbox } from "./store/inbox.ts";
import { Outbox } from "./store/outbox.ts";
import { RecordStore } from "./store/records.ts";
import { StandingStore } from "./store/standings.ts";
import { Vault } from "./store/vault.ts";
import { readKeys, Trust } from "./trust.ts";

/** What tests replace. */
export type Surroundings = { readonly clock: Clock; readonly log: Log };

export type NodeParts = ReturnType<typeof assemble>;

type Stores = ReturnType<typeof storesOf>;

/** `resources` disposes of what must be, last made first: the database outlives all that writes to it. */
export function assemble(config: NodeConfig, surroundings: Surroundings, resources: AsyncDisposableStack) {
  const { clock, log } = surroundings;
  const stores = storesOf(config, resources);
  const directory = resources.use(new ChainFollower({ dir: config.dir, clock, log }));
  const trust = new Trust(readKeys(config.dir), () => directory.federation);
  const { member } = trust;
  const outbox = new Outbox({
    ...stores,
    clock,
    address: (epoch) => trust.outboxAddress(epoch),
    isOpen: (epoch) => trust.isOpen(epoch),
    onAppend: () => link.wake(),
    onRenumbered: (upserts, moved) =>
      stores.standings.renumber(upserts, moved, digestKey(trust.federation.id, member, moved.epoch)),
  });
  const canaries: Canaries = canariesOf(config, { ...stores, ...surroundings, trust }, () => ({ records, health }));
  const broker = (): Capabilities => directory.broker;
  const of = { ...stores, ...surroundings, outbox, trust, canaries, broker };
  const publishing = publishingOf(config, of, resources, () => link);
  const { publisher, preparer, digests, health } = publishing;
  const proofNonce: Trust["proofNonce"] = (matchId) => trust.proofNonce(matchId);
  const matches = new Matches({ ...stores, outbox, publisher, canaries, clock, log, proofNonce });
  const onStored = (): void => preparer.wake();
  const admit = () => trust.admit;
  const records: Records = new Records({ ...stores, store: stores.records, outbox, clock, admit, onStored });
  const faults = new BrokerFaults();
  const link: Link = new Link({
    ...stores,
    outbox,
    member,
    log,
    version: VERSION,
    broker,
    faults,
    open: (sealed) => trust.openDelivery(sealed),
    apply: (notice) => matches.apply(notice),
    takeDigestAnswer: (answer) => digests.take(answer),
    onReceipt: () => publisher.wake(),
    onDoubt: () => digests.askAll(),
    onConnect: () => digests.askAll(),
    server: () => natsServerOf(config, trust),
  });
  return {
    ...stores,
    ...publishing,
    ...authoritiesOf(config, trust, log, resources),
    canaries,
    member,
    trust,
    directory,
    outbox,
    matches,
    store: stores.records,
    records,
    faults,
    link,
  };
}

function storesOf(config: NodeConfig, resources: AsyncDisposableStack) {
  const db = resources.use(new Database(join(config.dir, "node.sqlite"), NODE_DATABASE));
  const vault = new Vault(readStorageKey(config.dir, "database"));
  return {
    db,
    vault,
    records: new RecordStore(db, vault),
    standings: new StandingStore(db, vault),
    hardened: new HardenedStore(db, vault),
    inbox: new Inbox(db, vault),
    activity: new ActivityLog(db, vault),
  };
}

/** From records to the outbox, and whether the broker has what went there. */
function publishingOf(
  config: NodeConfig,
  of: Stores &
    Surroundings & {
      readonly outbox: Outbox;
      readonly trust: Trust;
      readonly canaries: Canaries;
      broker(): Capabilities;
    },
  resources: AsyncDisposableStack,
  link: () => Link,
) {
  const { trust } = of;
  const federation = () => trust.federation;
  const hardener = resources.use(hardenerOf(config, trust, of));
  const openTerms = () => trust.openTerms;
  const preparer: Preparer = new Preparer({
    ...of,
    harden: (batch) => hardener.hardenBatch(batch),
    terms: () => trust.terms,
    conversationKey: (handle) => trust.conversationKey(handle),
    onReady: () => publisher.wake(),
  });
  const publisher: Publisher = new Publisher({
    ...of,
    federation: federation().id,
    member: trust.member,
    terms: openTerms,
    paddingKey: (handle) => trust.paddingKey(handle),
    onCarried: (epoch) => digests.ask(epoch),
  });
  const health: Health = new Health({
    ...of,
    version: VERSION,
    federation,
    obstacles: () => trust.obstacles,
    canaries: () => of.canaries,
    isConnected: () => link().connected && trust.membershipEnd === "",
  });
  const digests: Digests = new Digests({
    ...of,
    openEpochs: () => (link().connected ? openTerms().map(({ epoch }) => epoch) : []),
    onRepair: () => publisher.wake(),
    onAnswer: () => health.changed(),
  });
  const epochs = new Epochs({
    ...of,
    federation,
    terms: openTerms,
    currentEpoch: () => trust.currentEpoch?.epoch,
    isOpen: (epoch) => trust.isOpen(epoch),
    destroyOldKeys: () => trust.destroyOldKeys(),
    onChange(): void {
      preparer.onDirective();
      publisher.wake();
      digests.askAll();
      health.changed();
    },
    onStartedOver: () => link().startedOver(),
  });
  return { preparer, publisher, health, digests, epochs };
}

/** Their records go the way of all records. */
function canariesOf(
  config: NodeConfig,
  of: Stores & Surroundings & { readonly trust: Trust },
  later: () => { readonly records: Records; readonly health: Health },
): Canaries {
  const { db, inbox, trust } = of;
  return new Canaries({
    ...of,
    store: new CanaryStore(db),
    records: {
      keep: (record, handle, epoch) => of.records.putCanary(record, handle, epoch),
      withdraw: (handles) => later().records.withdrawCanaries(handles),
      remove(handle): void {
        inbox.removeCanary(handle);
        of.records.removeCanary(handle);
      },
      sample: (share) => of.records.sample(share),
    },
    member: trust.member,
    enabled: config.canaries === "on",
    federation: () => trust.federation,
    epochs: () => trust.openTerms,
    handleOf: (epoch, domain, pair) => trust.canaryHandle(epoch, domain, pair),
    random: () => new DataView(randomBytes(4).buffer).getUint32(0) / 2 ** 32,
    onChange: () => later().health.changed(),
  });
}

/** What the node asks of broker and evaluators besides its work. */
function authoritiesOf(config: NodeConfig, trust: Trust, log: Log, resources: AsyncDisposableStack) {
  const federation = () => trust.federation;
  const tls = () => readTls(config.dir);
  const broker = resources.use(new MembershipClient({ address: federation().found.broker.address, tls }));
  const keyOffers = new KeyOffers({
    member: trust.member,
    signer: trust.signer,
    log,
    federation,
    preparedEpoch: (signal) => broker.preparedEpoch(signal),
    offer: (key, signal) => broker.offerKey(key, signal),
    prepareKey: (epoch) => trust.prepareSealingKey(epoch),
  });
  const spending = new Spending({
    evaluators: () => federation().found.evaluators,
    budgetAt: (evaluator, signal) => budgetAt(evaluator, { federation: federation(), tls, signal }),
    standing: (signal) => broker.standing(signal),
  });
  return { keyOffers, spending };
}

function natsServerOf(config: NodeConfig, { member, tls }: Trust) {
  return {
    url: config.natsUrl,
    creds: () => readNatsCredentials(config.dir),
    roots: tls.rootsPem,
    inboxPrefix: memberInboxPrefix(member),
    apiPrefix: MEMBER_API_PREFIX,
    // Shown to the NATS operator, who may know the member by its id only.
    name: `node ${member}`,
  };
}

function hardenerOf(config: NodeConfig, trust: Trust, { clock, log }: Surroundings) {
  return createHardener({
    federation: () => trust.federation,
    member: trust.member,
    tls: () => readTls(config.dir),
    onEvidence: keepEvidence({ dir: config.dir, clock, log }),
    ...(config.workers === 0 ? {} : { workers: config.workers }),
  });
}
