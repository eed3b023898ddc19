/**
 * The chain of directives in the broker's directory, proven from the pinned fingerprint. The operator replaces the file when the
 * board has decided something new; it is then read again, and taken if it goes further along the same history.
 */
import { readFileSync, statSync } from "node:fs";
import { equalBytes } from "../../shared/core/bytes.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { loadChain } from "../../shared/platform/chain-file.ts";
import type { Chain } from "../../shared/platform/chain-file.ts";
import type { Clock } from "../../shared/platform/clock.ts";
import { partyFile, readPin } from "../../shared/platform/party.ts";

export class Directory {
  readonly #dir: string;
  readonly #clock: Clock;
  #chain: Chain;
  #readAt: string;

  /** Throws as `loadChain`, and ENVIRONMENT without a pin. */
  constructor(dir: string, clock: Clock) {
    this.#dir = dir;
    this.#clock = clock;
    this.#readAt = this.#stamp();
    this.#chain = this.#load();
  }

  get chain(): Chain {
    return this.#chain;
  }

  get federation(): Federation {
    return this.#chain.federation;
  }

  /** Reads the file again if it has changed. True if the chain is longer now. Throws as `loadChain`, and OUT_OF_SEQUENCE. */
  refresh(): boolean {
    const stamp = this.#stamp();
    if (stamp === this.#readAt) return false;
    this.#readAt = stamp;
    const chain = this.#load();
    const { number, hash } = this.#chain.federation.head;
    const known = this.#chain.directives.at(-1)?.payload as Uint8Array;
    const same = chain.directives[number - 1]?.payload;
    if (same === undefined || !equalBytes(same, known)) {
      throw new CausewayError("OUT_OF_SEQUENCE", "the file of directives no longer holds those that were read before");
    }
    this.#chain = chain;
    return !equalBytes(hash, chain.federation.head.hash);
  }

  /** The bytes of the last freshness statement. Throws NOT_FOUND if the board has given none. */
  readFreshness(): Uint8Array {
    try {
      return new Uint8Array(readFileSync(partyFile(this.#dir, "freshness")));
    } catch (error) {
      throw new CausewayError("NOT_FOUND", "there is no freshness statement here", { cause: error });
    }
  }

  #load(): Chain {
    const context = { pinnedFingerprint: readPin(this.#dir), nowMs: this.#clock() };
    return loadChain(partyFile(this.#dir, "chain"), context);
  }

  #stamp(): string {
    const stats = statSync(partyFile(this.#dir, "chain"), { throwIfNoEntry: false });
    return `${stats?.ino} ${stats?.mtimeMs} ${stats?.size}`;
  }
}
