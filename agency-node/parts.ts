/** Everything that lives as long as the node, connected to each other and to nothing outside yet. */
import { join } from "node:path";
import type { Clock } from "../shared/platform/clock.ts";
import type { Log } from "../shared/platform/log.ts";
import { readNatsCredentials, readStorageKey } from "../shared/platform/party.ts";
import { ChainFollower } from "../shared/rpc/chain-follower.ts";
import { VERSION } from "../shared/platform/version.ts";
import { openDelivery } from "../shared/wire/data-plane.ts";
import { MEMBER_API_PREFIX, memberInboxPrefix } from "../shared/wire/subjects.ts";
import { Link } from "./bus/link.ts";
import { BrokerFaults } from "./bus/receiver.ts";
import type { NodeConfig } from "./config.ts";
import { keepEvidence } from "./evidence.ts";
import { createHardener } from "./hardening/hardener.ts";
import { Matches } from "./matches.ts";
import { Publisher } from "./publishing/publisher.ts";
import { Records } from "./records.ts";
import { ActivityLog } from "./store/activity.ts";
import { Database } from "./store/database.ts";
import { HardenedStore } from "./store/hardened.ts";
import { Inbox } from "./store/inbox.ts";
import { Outbox } from "./store/outbox.ts";
import { RecordStore } from "./store/records.ts";
import { Vault } from "./store/vault.ts";
import { readKeys, Trust } from "./trust.ts";

/** What tests replace. */
export type Surroundings = { readonly clock: Clock; readonly log: Log };

export type NodeParts = ReturnType<typeof assemble>;

/** `resources` disposes of what must be, last made first: the database outlives all that writes to it. */
export function assemble(config: NodeConfig, { clock, log }: Surroundings, resources: AsyncDisposableStack) {
  const db = resources.use(new Database(join(config.dir, "node.sqlite")));
  const vault = new Vault(readStorageKey(config.dir, "database"));
  const keys = readKeys(config.dir);
  const directory = resources.use(new ChainFollower({ dir: config.dir, clock, log }));
  const trust = new Trust(keys, () => directory.federation);
  const store = new RecordStore(db, vault);
  const inbox = new Inbox(db, vault);
  const activity = new ActivityLog(db, vault);
  const outbox = new Outbox({
    db,
    vault,
    address: () => trust.outboxAddress,
    onAppend: () => link.wake(),
    onRenumbered: (handles, from, to) => handles.forEach((handle) => store.moveVersion(handle, from, to)),
    onOutdated: (handles) => handles.forEach((handle) => store.publishAgain(handle)),
  });
  const { member } = trust;
  const onEvidence = keepEvidence({ dir: config.dir, clock, log });
  const workers = config.workers === 0 ? {} : { workers: config.workers };
  const federation = () => trust.federation;
  const hardener = resources.use(createHardener({ federation, member, tls: trust.tls, onEvidence, ...workers }));
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
    paddingKey: (handle) => trust.paddingKey(handle),
  });
  const proofNonce: Trust["proofNonce"] = (matchId) => trust.proofNonce(matchId);
  const matches = new Matches({ db, records: store, inbox, outbox, publisher, activity, clock, log, proofNonce });
  const onStored = (): void => publisher.wake();
  const records = new Records({ db, store, outbox, activity, clock, admit: () => trust.admit, onStored });
  const faults = new BrokerFaults();
  const link: Link = new Link({
    db,
    records: store,
    outbox,
    inbox,
    member,
    log,
    version: VERSION,
    faults,
    open: (sealed) => openDelivery(sealed, trust.deliveryScope),
    apply: (notice) => matches.apply(notice),
    server: () => ({
      url: config.natsUrl,
      creds: readNatsCredentials(config.dir),
      roots: trust.tls.rootsPem,
      inboxPrefix: memberInboxPrefix(member),
      apiPrefix: MEMBER_API_PREFIX,
      // Shown to the NATS operator, who may know the member by its id only.
      name: `node ${member}`,
    }),
  });
  return { member, trust, directory, store, outbox, inbox, publisher, matches, records, faults, link };
}
