/**
 * One engine for each generation of keys that an open epoch needs. A new generation begins to work in a running evaluator when the board
 * has opened an epoch of it, and one that no open epoch needs ends, its share destroyed: nobody can be made to evaluate under it again.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import type { Evaluator as Listed, Federation } from "../../shared/core/directive.ts";
import { publicKeyOf } from "../../shared/crypto/oprf.ts";
import type { Engine, StartEngine } from "./engine.ts";
import type { KeyShares } from "./ports.ts";

export type EnginesOptions = {
  readonly name: string;
  readonly federation: () => Federation;
  readonly shares: KeyShares;
  readonly startEngine: StartEngine;
};

export class Engines implements AsyncDisposable {
  readonly #options: EnginesOptions;
  readonly #engines = new Map<number, Engine>();

  constructor(options: EnginesOptions) {
    this.#options = options;
  }

  /** Undefined for a generation that is not in use, that the chain does not list us in, or of which we have no share. */
  of(generation: number): Engine | undefined {
    const listed = listingsOf(this.#options.federation(), this.#options.name).get(generation);
    if (listed === undefined) return undefined;
    const known = this.#engines.get(generation);
    if (known !== undefined) return known;
    const { sharePublicKey: publicKey } = listed;
    const keyShare = this.#held().find((share) => equalBytes(publicKeyOf(share.keyShare), publicKey))?.keyShare;
    if (keyShare === undefined) return undefined;
    const engine = this.#options.startEngine({ keyShare, publicKey });
    this.#engines.set(generation, engine);
    return engine;
  }

  /** Ends the generations that are over, and destroys shares that no open epoch needs or will need. What they still worked on fails. */
  async retire(): Promise<void> {
    const { federation, name, shares } = this.#options;
    const { found, epochs, generations } = federation();
    const listings = listingsOf({ found, generations }, name);
    const over = [...this.#engines].filter(([generation]) => !listings.has(generation));
    for (const [generation] of over) this.#engines.delete(generation);
    // A later one is being prepared.
    const newest = Math.max(found.generation, ...[...epochs.values()].map(({ generation }) => generation));
    for (const { generation, keyShare } of this.#held().filter((share) => share.generation <= newest)) {
      const publicKey = publicKeyOf(keyShare);
      const needed = [...listings.values()].some(({ sharePublicKey }) => equalBytes(sharePublicKey, publicKey));
      if (!needed) shares.destroy(generation);
    }
    for (const [, engine] of over) await engine[Symbol.asyncDispose]();
  }

  /** Shares are known by their public halves: an evaluator that came later has its first share listed under a later generation. */
  #held(): { readonly generation: number; readonly keyShare: Uint8Array }[] {
    const { shares } = this.#options;
    return shares.generations().map((generation) => ({ generation, keyShare: shares.read(generation) }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const engines = [...this.#engines.values()];
    this.#engines.clear();
    await Promise.all(engines.map((engine) => engine[Symbol.asyncDispose]()));
  }
}

/** How the chain lists this evaluator, by the generations that are in use. */
export function listingsOf(
  { found, generations }: Pick<Federation, "found" | "generations">,
  name: string,
): ReadonlyMap<number, Listed> {
  const inUse = [...generations, [found.generation, found.evaluators] as const];
  const listings = new Map<number, Listed>();
  for (const [generation, evaluators] of inUse) {
    const listed = evaluators.find((each) => each.name === name);
    if (listed !== undefined) listings.set(generation, listed);
  }
  return listings;
}
