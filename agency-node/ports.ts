/**
 * What a node needs of its surroundings besides time, timers, randomness and the log (`shared/world/world.ts`), each with how it fails.
 * `program.ts` has the adapters for a node that owns a directory; tests have others.
 */
import type { BusConnector } from "../shared/bus/bus.ts";
import type { Capabilities } from "../shared/core/capabilities.ts";
import type { Federation, MemberKey } from "../shared/core/directive.ts";
import type { MemberId } from "../shared/core/ids.ts";
import type { SealingKeyPair } from "../shared/crypto/seal.ts";
import type { SigningKeyPair } from "../shared/crypto/sign.ts";
import type { World } from "../shared/world/world.ts";
import type { Evidence } from "./hardening/answers.ts";
import type { Engine } from "./hardening/engine.ts";
import type { Balance, Evaluators } from "./hardening/evaluators.ts";

/** A sealing key and the epoch that it was made for; the first has none. */
export type OwnSealingKey = { readonly epoch: number | undefined; readonly keyPair: SealingKeyPair };

/** The node's secrets. Every call throws ENVIRONMENT when a key is missing, damaged, or lies where others can read it. */
export type OwnKeys = {
  readonly member: MemberId;
  readonly signer: SigningKeyPair;
  /** 32 bytes, from which conversation keys, blinds and paddings are derived. */
  readonly conversationSeed: Uint8Array;
  /** 32 bytes, under which the database's sealed columns are. */
  readonly databaseKey: Uint8Array;
  readonly sealing: {
    /** Those that there are, newest first. */
    all(): readonly OwnSealingKey[];
    /** Makes the key of an epoch to come unless there is one, durably; answers with its public half. */
    prepare(epoch: number): Uint8Array;
    /** Destroys a key for good: what was sealed to it opens for nobody any more. */
    destroy(epoch: number | undefined): void;
  };
  /** When the certificate under which this node calls others ends. */
  certificateUntilMs(): number;
};

/** The chain of directives, proved from the pinned fingerprint on, and followed while `run` runs. */
export type Directory = {
  /** What the directives so far add up to; another object after each. */
  readonly federation: Federation;
  /** What the broker states to understand; nothing before it has said so. */
  readonly broker: Capabilities;
  /** 0: proven. Else since when the board's latest word is not known, in milliseconds. */
  readonly policyUnprovenSinceMs: number;
  /** Whether the broker answers. */
  readonly reached: boolean;
  /** Whether the broker refuses this party. */
  readonly refused: boolean;
  /** Whether the broker takes no request of this node because they are not of now by its clock. */
  readonly clockRefused: boolean;
  /** Follows until the signal aborts; `onChange` is told after new directives were accepted. What cannot be kept is asked for again. */
  run(signal: AbortSignal, onChange: () => void): Promise<void>;
};

export type BrokerStanding = Balance & { readonly alarms: readonly string[] };

/**
 * What a member asks of the broker about itself and the board's preparations; it is not believed in what matters. Every call rejects as its
 * client does, with whatever class that has, or does not end: callers go by `within`.
 */
export type BrokerDesk = {
  /** The epoch that the board prepares; 0 for none. */
  preparedEpoch(signal: AbortSignal): Promise<number>;
  offerKey(key: MemberKey, signal: AbortSignal): Promise<void>;
  /** Published tokens against the budget, and what was noticed. */
  standing(signal: AbortSignal): Promise<BrokerStanding>;
};

export type NodePorts = {
  readonly world: World;
  readonly keys: OwnKeys;
  readonly directory: Directory;
  readonly connectBus: BusConnector;
  readonly desk: BrokerDesk;
  readonly evaluators: Evaluators;
  /** The node's own hardening arithmetic. The node disposes of it. */
  readonly engine: Engine;
  /** Keeps signed evidence against an evaluator for oversight. Never throws: the batch must be dropped even if the disk is full. */
  readonly onEvidence: (evidence: Evidence) => void;
  /** Path of the SQLite file; `:memory:` keeps it as long as the process lives. */
  readonly database: string;
  readonly settings: {
    /** Test records that prove silence. */
    readonly canaries: boolean;
    /** Few changes wait for the next multiple of it, in ms; 0: they do not wait. */
    readonly beatMs: number;
    /** Days that a record stays after its end. */
    readonly endedKeptDays: number;
  };
};
