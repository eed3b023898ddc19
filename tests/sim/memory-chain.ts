/** A broker's chain of directives and freshness statement, kept in memory: what is read is decoded anew each time, as from a disk. */
import type { KeptChain } from "../../broker/ports.ts";
import { equalBytes } from "../../shared/core/bytes.ts";
import type { SignedDirective } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { decodeChain, encodeChain } from "../../shared/party/chain-file.ts";
import type { Chain } from "../../shared/party/chain-file.ts";

export class MemoryChain implements KeptChain {
  readonly pinnedFingerprint: Uint8Array;
  #directives: Uint8Array | undefined;
  #freshness: Uint8Array | undefined;
  /** How often each was changed. */
  readonly #changes = { chain: 0, freshness: 0 };

  constructor(pinnedFingerprint: Uint8Array, directives: readonly SignedDirective[]) {
    this.pinnedFingerprint = pinnedFingerprint;
    if (directives.length > 0) this.replace(directives);
  }

  /** As the operator may, whatever they are. */
  replace(directives: readonly SignedDirective[]): void {
    this.#directives = encodeChain(directives);
    this.#changes.chain += 1;
  }

  stampOf(what: "chain" | "freshness"): string {
    return String(this.#changes[what]);
  }

  directives(): SignedDirective[] {
    if (this.#directives === undefined) throw new CausewayError("NOT_FOUND", "no directives are kept");
    return decodeChain(this.#directives);
  }

  keep({ directives }: Chain): void {
    const kept = this.#directives === undefined ? [] : this.directives();
    const goesOn = kept.every(({ payload }, i) => equalBytes(payload, directives[i]?.payload ?? new Uint8Array()));
    if (!goesOn) throw new CausewayError("OUT_OF_SEQUENCE", "the stored chain of directives goes further");
    this.replace(directives);
  }

  freshness(): Uint8Array | undefined {
    return this.#freshness?.slice();
  }

  keepFreshness(statement: Uint8Array): void {
    this.#freshness = statement.slice();
    this.#changes.freshness += 1;
  }
}
