/** What all other parts stand on: the chain of directives, the broker's own keys as the chain names them, and the ledger. */
import { equalBytes } from "../shared/core/bytes.ts";
import type { Federation } from "../shared/core/directive.ts";
import type { MemberId } from "../shared/core/ids.ts";
import { Tasks } from "../shared/world/tasks.ts";
import { LateBus } from "./bus/late-bus.ts";
import { assertOwnSigner, lostSealingKeys, SealingRing } from "./keys.ts";
import { Journal } from "./journal/journal.ts";
import { Lease } from "./journal/lease.ts";
import type { BrokerPorts } from "./ports.ts";
import { Directory } from "./store/directory.ts";
import { Ledger } from "./store/ledger.ts";
import { Watch } from "./writer/watch.ts";
import { events } from "./events.ts";

export type Ground = BrokerPorts & {
  readonly directory: Directory;
  /** As it stands now. */
  readonly federation: () => Federation;
  /** Undefined for whoever is no member in good standing. */
  readonly slugOf: (member: MemberId) => string | undefined;
  /** Whether the chain names the key that this process signs with. Nobody would believe it under another. */
  readonly isNamed: () => boolean;
  readonly ledger: Ledger;
  readonly watch: Watch;
  readonly bus: LateBus;
  readonly sealing: SealingRing;
  readonly tasks: Tasks;
  /** The second copy of the databases. */
  readonly journal: Journal;
  readonly lease: Lease;
};

/** Throws ENVIRONMENT if keys or ledger are not those of this federation's broker, and as `Directory`. */
export function layGround(ports: BrokerPorts): Ground {
  const { world, keys, databases } = ports;
  const directory = new Directory(ports.chain, world);
  const federation = (): Federation => directory.federation;
  assertOwnSigner(keys, federation());
  using opened = new DisposableStack();
  const bus = new LateBus();
  const tasks = new Tasks(world.log, events.broker.failed);
  const { signal } = tasks;
  const sizes = ports.settings.streams;
  const { id } = federation();
  const stop = (): void => tasks.stop();
  const journal = new Journal({
    bus,
    keys: keys.journal,
    files: ports.files,
    federation: id,
    sizes,
    world,
    signal,
    stop,
    onRefusal: (isRefused) =>
      isRefused
        ? watch.raise("journalRefused", undefined, world.clock())
        : watch.end("journalRefused", undefined, world.clock()),
  });
  const lease = new Lease({ bus, place: ports.place, sizes, world, signal });
  const ledger = opened.use(new Ledger(databases("ledger"), id, journal.copyOf("ledger")));
  const watch = new Watch({ ledger, federation, log: world.log });
  const isGone = (epoch: number): boolean => ledger.epochs.ended(epoch) !== undefined;
  const sealing = new SealingRing({ kept: keys.sealing, federation, isGone });
  for (const epoch of lostSealingKeys(sealing.keys, federation())) {
    events.broker.sealingKeyLost(world.log, undefined, { epoch });
  }
  opened.move();
  return {
    ...ports,
    directory,
    federation,
    slugOf: (member) => federation().members.get(member)?.slug,
    isNamed: () => equalBytes(federation().found.broker.signingKey, keys.signer.publicKey),
    ledger,
    watch,
    bus,
    sealing,
    tasks,
    journal,
    lease,
  };
}
