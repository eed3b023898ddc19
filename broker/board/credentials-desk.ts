/**
 * Passes requests for certificates and NATS users on to the registrar, and its answers back. Both are public and each is of use to
 * one party alone: the holder of the keys that it names. Whether a party may have them the registrar asks of the chain for itself. Key
 * ids are those of signing keys, hexadecimal.
 */
import type { Credentials } from "../../shared/core/board.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { Sleeper } from "../../shared/world/wake.ts";
import type { Timers } from "../../shared/world/world.ts";
import type { CredentialsTable, StoredRequest } from "./store/credentials-table.ts";

export class CredentialsDesk {
  readonly #table: CredentialsTable;
  readonly #asked: Wake;

  constructor(table: CredentialsTable, timers: Pick<Timers, "after">) {
    this.#table = table;
    this.#asked = new Wake(timers);
  }

  /** Leaves a request that was proven, as it was signed. Throws as the table does. */
  ask(keyId: string, signed: Uint8Array, requestedAtMs: number): void {
    this.#table.ask(keyId, signed, requestedAtMs);
    this.#asked.set();
  }

  /** Requests after a position that wait. */
  requestsAfter(position: number): StoredRequest[] {
    return this.#table.requestsAfter(position);
  }

  /** Is told of each further request from this call on. */
  listen(): Sleeper {
    return this.#asked.sleeper();
  }

  issue(keyId: string, credentials: Credentials): void {
    this.#table.issue(keyId, credentials);
  }

  /** The last that were issued. */
  issued(keyId: string): Credentials | undefined {
    return this.#table.issued(keyId);
  }
}
