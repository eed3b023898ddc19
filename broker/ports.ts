/**
 * What the broker needs of its surroundings besides time, timers, randomness and the log (`shared/world/world.ts`): each in terms of what
 * it keeps or carries, with how it fails. `broker/disk/` has the adapters for a broker that owns a directory.
 */
import type { Federation, SignedDirective } from "../shared/core/directive.ts";
import type { SealingKeyPair } from "../shared/crypto/seal.ts";
import type { SigningKeyPair } from "../shared/crypto/sign.ts";
import type { Chain } from "../shared/party/chain-file.ts";
import type { BusConnector } from "../shared/bus/bus.ts";
import type { World } from "../shared/world/world.ts";
import type { StreamSizes } from "./bus/streams.ts";
import type { BrokerSettings } from "./config.ts";
import type { StartEngine } from "./evaluator/engine.ts";
import type { KeyShares, ShareMaker } from "./evaluator/ports.ts";
import type { OwnFiles } from "./journal/file-look.ts";
import type { JournalKeys, JournalSizes } from "./journal/stream.ts";

/**
 * Keeps the chain of directives and the last freshness statement. Others may replace either at any moment: nothing that is read here is
 * believed before it is proven. Every call throws ENVIRONMENT when the medium fails.
 */
export type KeptChain = {
  /** Fingerprint of the `found` directive, told to the broker's operator by another way: the one thing believed without proof. */
  readonly pinnedFingerprint: Uint8Array;
  /** Another text whenever what is kept may have changed. */
  stampOf(what: "chain" | "freshness"): string;
  /** Oldest first, unproven. Throws NOT_FOUND if none are kept, INVALID for what cannot be read as directives. */
  directives(): readonly SignedDirective[];
  /** Durable once it returns. Throws OUT_OF_SEQUENCE if what is kept goes further or is another history; then nothing changed. */
  keep(chain: Chain, nowMs: number): void;
  /** `Signed` bytes, unproven; undefined if none are kept. */
  freshness(): Uint8Array | undefined;
  /** Durable once it returns. */
  keepFreshness(statement: Uint8Array): void;
};

/** The broker's secrets. Every call throws ENVIRONMENT when a key is missing, damaged, or lies where others can read it. */
export type OwnKeys = {
  readonly signer: SigningKeyPair;
  /** Whether another signing key was made here that the chain names now: it is taken at the next start. */
  isNextDue(federation: Federation): boolean;
  readonly sealing: {
    /** Of which there are keys, in any order. */
    epochs(): readonly number[];
    read(epoch: number): SealingKeyPair;
    /** Makes the key of an epoch to come unless there is one, durably, and returns its public half. */
    prepare(epoch: number): Uint8Array;
    /** Destroys a key for good, if there is one: what was sealed to it opens for nobody any more. */
    destroy(epoch: number): void;
  };
  /** Of the evaluator that the broker hosts, if it hosts one. */
  readonly shares: KeyShares & ShareMaker;
  /** Seal the ledger's copy at NATS. */
  readonly journal: JournalKeys;
};

/** Where a part's SQLite file lies, such as `/var/lib/causeway/data/ledger.sqlite`; `:memory:` keeps it as long as the process lives. */
export type DatabasePaths = (name: "ledger" | "board" | "evaluator" | "console") => string;

/** A file of a snapshot that is being written; it is there only once it is finished. */
export type SnapshotSink = {
  append(bytes: Uint8Array): Promise<void>;
  /** Durable once it resolves. */
  finish(): Promise<void>;
  /** Nothing of it stays, unless it was finished. */
  abandon(): Promise<void>;
};

export type SnapshotSource = {
  /** The next bytes, fewer at the end. */
  read(length: number): Promise<Uint8Array>;
  close(): Promise<void>;
};

/** Keeps snapshots of the index: files by name, and one manifest. Nothing that is read here is believed before it is proven. */
export type KeptSnapshots = {
  manifest(): string | undefined;
  /** Replaces it in one step, durably, and with it the names of the files that were finished. */
  keepManifest(text: string): void;
  removeManifest(): void;
  /** All there are, unfinished ones included. */
  files(): readonly string[];
  remove(name: string): void;
  begin(name: string): Promise<SnapshotSink>;
  /** Throws ENVIRONMENT if it is not there. */
  open(name: string): Promise<SnapshotSource>;
};

export type BrokerPorts = {
  readonly world: World;
  /** Asked once, when the broker begins to run. The bus may be away at any moment and for any time, then too. */
  readonly connectBus: BusConnector;
  readonly chain: KeptChain;
  readonly keys: OwnKeys;
  readonly databases: DatabasePaths;
  /** What a standby needs besides the databases. None: there is no standby. */
  readonly files?: OwnFiles;
  /** Names the directory that the broker runs in, the same for each process there; a copy of it has another one. */
  readonly place: string;
  /** Absent: none are kept, and each start reads the streams from their beginning. */
  readonly snapshots?: KeptSnapshots;
  /** Of the evaluator that the broker hosts. */
  readonly startEngine: StartEngine;
  readonly settings: Pick<BrokerSettings, "console"> & { readonly streams: StreamSizes & JournalSizes };
};
