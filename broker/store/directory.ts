/**
 * The chain of directives in the broker's directory, proven from the pinned fingerprint. It grows in two ways: the board's quorum signs a
 * directive here (`append`), or the operator replaces the file (`refresh`); either is taken only if it goes further along the same
 * history, and whoever waits for `nextChange` hears of it at once.
 */
import { readFileSync, statSync } from "node:fs";
import { equalBytes } from "../../shared/core/bytes.ts";
import { judgeFreshness } from "../../shared/core/chain.ts";
import type { Federation, SignedDirective } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { appendDirective, loadChain } from "../../shared/party/chain-file.ts";
import type { Chain, ChainContext } from "../../shared/party/chain-file.ts";
import type { Clock } from "../../shared/world/clock.ts";
import { replaceFile } from "../../shared/party/key-files.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readPin } from "../../shared/party/pin.ts";
import { pauseUnlessTold } from "../../shared/platform/retry.ts";
import { decodeSignedFreshness } from "../../shared/wire/directive.ts";

export class Directory {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #chain: Chain;
  #readAt: string;
  #freshnessReadAt: string;
  /** Who waits for a change; each is told once. */
  readonly #waiting = new Set<() => void>();

  /** Throws as `loadChain`, and ENVIRONMENT without a pin. */
  constructor(dir: string, clock: Clock) {
    this.#dir = dir;
    this.#clock = clock;
    this.#readAt = this.#stamp("chain");
    this.#freshnessReadAt = this.#stamp("freshness");
    this.#chain = loadChain(partyFile(dir, "chain"), this.#context());
  }

  get chain(): Chain {
    return this.#chain;
  }

  get federation(): Federation {
    return this.#chain.federation;
  }

  /**
   * Resolves when there is a further directive or another freshness statement, or the signal aborts: whoever asks ends the wait with it,
   * and nothing is left of it. Take it before looking, so that nothing is missed.
   */
  nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const tell = (): void => {
        this.#waiting.delete(tell);
        signal.removeEventListener("abort", tell);
        resolve();
      };
      this.#waiting.add(tell);
      signal.addEventListener("abort", tell, { once: true });
      if (signal.aborted) tell();
    });
  }

  /** Waits for such a change, `ms` at most, or until the signal aborts; whether there was one. For whoever looks again and again. */
  async changeWithin(ms: number, signal: AbortSignal): Promise<boolean> {
    const subscribe = (tell: () => void): (() => void) => {
      this.#waiting.add(tell);
      return () => void this.#waiting.delete(tell);
    };
    return await pauseUnlessTold(subscribe, ms, signal);
  }

  /**
   * Calls `listener` whenever the chain has grown, in the same step: nothing is done under the new directives before. Listeners do not
   * throw.
   */
  onGrown(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Adds what the board has decided to chain and file. Throws as `foldDirective`, and OUT_OF_SEQUENCE if the file holds another history;
   * then nothing changed.
   */
  append(signed: SignedDirective): void {
    this.refresh();
    this.#chain = appendDirective(partyFile(this.#dir, "chain"), this.#chain, signed, this.#context());
    this.#readAt = this.#stamp("chain");
    this.#tellGrown();
    this.#announce();
  }

  /** Reads the files again if they have changed. True if the chain is longer now. Throws as `loadChain`, and OUT_OF_SEQUENCE. */
  refresh(): boolean {
    const grown = this.#refreshChain();
    const freshness = this.#stamp("freshness");
    if (grown || freshness !== this.#freshnessReadAt) this.#announce();
    this.#freshnessReadAt = freshness;
    return grown;
  }

  /** The bytes of the last freshness statement. Throws NOT_FOUND if the board has given none. */
  readFreshness(): Uint8Array {
    try {
      return new Uint8Array(readFileSync(partyFile(this.#dir, "freshness")));
    } catch (error) {
      throw new CausewayError("NOT_FOUND", "there is no freshness statement here", { cause: error });
    }
  }

  /**
   * Keeps a new freshness statement. Throws as `judgeFreshness`, and OUT_OF_SEQUENCE for one that is out of date already, or that is not
   * about the chain as it is here: its author has to catch up, or this broker has been given an old chain.
   */
  putFreshness(bytes: Uint8Array): void {
    if (judgeFreshness(this.federation, decodeSignedFreshness(bytes), this.#clock()) !== "fresh") {
      throw new CausewayError("OUT_OF_SEQUENCE", "the freshness statement is not about the latest directive");
    }
    replaceFile(partyFile(this.#dir, "freshness"), bytes, 0o644);
    this.#freshnessReadAt = this.#stamp("freshness");
    this.#announce();
  }

  #refreshChain(): boolean {
    const stamp = this.#stamp("chain");
    if (stamp === this.#readAt) return false;
    this.#readAt = stamp;
    const chain = loadChain(partyFile(this.#dir, "chain"), this.#context());
    const { number, hash } = this.#chain.federation.head;
    const known = this.#chain.directives.at(-1)?.payload as Uint8Array;
    const same = chain.directives[number - 1]?.payload;
    if (same === undefined || !equalBytes(same, known)) {
      throw new CausewayError("OUT_OF_SEQUENCE", "the file of directives no longer holds those that were read before");
    }
    this.#chain = chain;
    const grown = !equalBytes(hash, chain.federation.head.hash);
    if (grown) this.#tellGrown();
    return grown;
  }

  #tellGrown(): void {
    for (const listener of this.#listeners) listener();
  }

  #announce(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const tell of waiting) tell();
  }

  #context(): ChainContext {
    return { pinnedFingerprint: readPin(this.#dir), nowMs: this.#clock() };
  }

  #stamp(file: "chain" | "freshness"): string {
    const stats = statSync(partyFile(this.#dir, file), { throwIfNoEntry: false });
    return `${stats?.ino} ${stats?.mtimeMs} ${stats?.size}`;
  }
}
