/**
 * What the registrar needs of its surroundings besides time, timers, randomness and the log. Calls of a peer reject as its client does, of
 * whatever class, or do not end; whoever calls bounds them.
 */
import type { Credentials } from "../../shared/core/board.ts";
import type { Federation } from "../../shared/core/directive.ts";
import type { Chain } from "../../shared/party/chain-file.ts";

/** Passes on, and is believed in nothing. */
export type BrokerPort = {
  /** `statement`: `Signed` bytes. Throws OUT_OF_SEQUENCE if the broker knows a later directive, or not yet this one. */
  putFreshness(statement: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Requests that wait, then each as it comes, as `Signed` bytes. Ends or throws when the connection does. */
  requests(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** `keyId`: of the party's signing key, hexadecimal. */
  putCredentials(keyId: string, credentials: Credentials, signal: AbortSignal): Promise<void>;
};

/** The NATS servers' own account, over one connection, which comes back by itself. See `shared/platform/nats-system.ts`. */
export type NatsPort = AsyncDisposable & {
  heldAccount(account: string): Promise<string | undefined>;
  replaceAccount(jwt: string): Promise<void>;
  certificateEndsMs(): Promise<readonly number[]>;
  reload(): Promise<void>;
};

/** Waits for a server as long as it takes. `creds` is asked at each connection. */
export type ConnectNats = (of: {
  readonly creds: () => string;
  readonly signal: AbortSignal;
  readonly onReconnect?: () => void;
}) => Promise<NatsPort>;

/** Where a certificate lies with the request that its key signed; PEM. Every call throws ENVIRONMENT when the medium fails. */
export type CertificatePlace = {
  present(): string;
  request(): string;
  replace(certificatePem: string): void;
};

/** The board's on-line key, and the last statement. Every call throws ENVIRONMENT when the medium fails. */
export type FreshnessPlace = {
  /** Of the key with this public half. Throws ENVIRONMENT if it is not here. */
  seedOf(publicKey: Uint8Array): Uint8Array;
  keep(statement: Uint8Array): void;
};

/** Follows the chain until the signal aborts, and tells of each directive. */
export type ChainPort = {
  readonly chain: Chain;
  readonly federation: Federation;
  run(signal: AbortSignal, onDirective: () => void): Promise<void>;
};
