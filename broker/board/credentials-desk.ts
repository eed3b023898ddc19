/**
 * Passes requests for certificates and NATS users on to the registrar, and its answers back. Both are public and each is of use to
 * one party alone: the holder of the keys that it names. Whether a party may have them the registrar asks of the chain for itself. Key
 * ids are those of signing keys, hexadecimal.
 */
import type { Credentials } from "../../shared/core/board.ts";
import type { CredentialsTable, StoredRequest } from "./store/credentials-table.ts";

export class CredentialsDesk {
  readonly #table: CredentialsTable;
  #more = Promise.withResolvers<void>();

  constructor(table: CredentialsTable) {
    this.#table = table;
  }

  /** Leaves a request that was proven, as it was signed. Throws as the table does. */
  ask(keyId: string, signed: Uint8Array, requestedAtMs: number): void {
    this.#table.ask(keyId, signed, requestedAtMs);
    const { resolve } = this.#more;
    this.#more = Promise.withResolvers<void>();
    resolve();
  }

  /** Requests after a position that wait. */
  requestsAfter(position: number): StoredRequest[] {
    return this.#table.requestsAfter(position);
  }

  /** Resolves when there is a further request. Take it before looking. */
  nextRequest(): Promise<void> {
    return this.#more.promise;
  }

  issue(keyId: string, credentials: Credentials): void {
    this.#table.issue(keyId, credentials);
  }

  /** The last that were issued. */
  issued(keyId: string): Credentials | undefined {
    return this.#table.issued(keyId);
  }
}
