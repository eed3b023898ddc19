/**
 * The chain of directives as the broker keeps it, proven from the pinned fingerprint. It grows in two ways: the board's quorum signs a
 * directive here (`append`), or the operator replaces what is kept (`refresh`); either is taken only if it goes further along the same
 * history, and whoever listens hears of it at once.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import { foldDirective, judgeFreshness } from "../../shared/core/chain.ts";
import type { Directive, Federation, SignedDirective, SignedFreshness } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { proveChain } from "../../shared/party/chain-file.ts";
import type { Chain, ChainContext } from "../../shared/party/chain-file.ts";
import { encodeSignedFreshness } from "../../shared/wire/directive.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { Sleeper } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import type { KeptChain } from "../ports.ts";

export class Directory {
  readonly #kept: KeptChain;
  readonly #clock: World["clock"];
  readonly #changed: Wake;
  readonly #listeners = new Set<() => void>();
  #chain: Chain;
  #readAt: string;
  #freshnessReadAt: string;

  /** Throws as `KeptChain.directives` and `foldDirective`. */
  constructor(kept: KeptChain, { clock, after }: Pick<World, "clock" | "after">) {
    this.#kept = kept;
    this.#clock = clock;
    this.#changed = new Wake({ after });
    this.#readAt = kept.stampOf("chain");
    this.#freshnessReadAt = kept.stampOf("freshness");
    this.#chain = proveChain(kept.directives(), this.#context());
  }

  get chain(): Chain {
    return this.#chain;
  }

  get federation(): Federation {
    return this.#chain.federation;
  }

  /** All of them, oldest first. */
  get directives(): readonly Directive[] {
    return this.#chain.directives.map(({ directive }) => directive);
  }

  /** Is told of each further directive and each other freshness statement from this call on. */
  listen(): Sleeper {
    return this.#changed.sleeper();
  }

  /**
   * Calls `listener` whenever the chain has grown, in the same step: nothing is done under the new directives before. Listeners do not
   * throw.
   */
  onGrown(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Adds what the board has decided. Throws as `foldDirective`, and OUT_OF_SEQUENCE if another history is kept; then nothing changed.
   */
  append(signed: SignedDirective): void {
    this.refresh();
    const context = this.#context();
    const federation = foldDirective(this.federation, signed, context);
    const chain = { directives: [...this.#chain.directives, signed], federation };
    this.#kept.keep(chain, context.nowMs);
    this.#chain = chain;
    this.#readAt = this.#kept.stampOf("chain");
    this.#tellGrown();
    this.#changed.set();
  }

  /** Reads again what has changed. True if the chain is longer now. Throws as the constructor, and OUT_OF_SEQUENCE. */
  refresh(): boolean {
    const grown = this.#refreshChain();
    const freshness = this.#kept.stampOf("freshness");
    if (grown || freshness !== this.#freshnessReadAt) this.#changed.set();
    this.#freshnessReadAt = freshness;
    return grown;
  }

  /** The bytes of the last freshness statement. Throws NOT_FOUND if the board has given none. */
  readFreshness(): Uint8Array {
    const statement = this.#kept.freshness();
    if (statement === undefined) throw new CausewayError("NOT_FOUND", "there is no freshness statement here");
    return statement;
  }

  /**
   * Keeps a new freshness statement. Throws as `judgeFreshness`, and OUT_OF_SEQUENCE for one that is out of date already, or that is not
   * about the chain as it is here: its author has to catch up, or this broker has been given an old chain.
   */
  putFreshness(statement: SignedFreshness): void {
    if (judgeFreshness(this.federation, statement, this.#clock()) !== "fresh") {
      throw new CausewayError("OUT_OF_SEQUENCE", "the freshness statement is not about the latest directive");
    }
    this.#kept.keepFreshness(encodeSignedFreshness(statement));
    this.#freshnessReadAt = this.#kept.stampOf("freshness");
    this.#changed.set();
  }

  #refreshChain(): boolean {
    const stamp = this.#kept.stampOf("chain");
    if (stamp === this.#readAt) return false;
    this.#readAt = stamp;
    const chain = proveChain(this.#kept.directives(), this.#context());
    const { number, hash } = this.#chain.federation.head;
    const known = this.#chain.directives.at(-1)?.payload as Uint8Array;
    const same = chain.directives[number - 1]?.payload;
    if (same === undefined || !equalBytes(same, known)) {
      throw new CausewayError("OUT_OF_SEQUENCE", "the directives that are kept are not those that were read before");
    }
    this.#chain = chain;
    const grown = !equalBytes(hash, chain.federation.head.hash);
    if (grown) this.#tellGrown();
    return grown;
  }

  #tellGrown(): void {
    for (const listener of this.#listeners) listener();
  }

  #context(): ChainContext {
    return { pinnedFingerprint: this.#kept.pinnedFingerprint, nowMs: this.#clock() };
  }
}
