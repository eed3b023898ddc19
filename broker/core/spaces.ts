/** What is published, over all epochs whose records are in memory: open ones, and those that are about to be purged. */
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import { EpochSpace } from "./epoch-space.ts";
import type { LiveRecord } from "./records.ts";
import type { TokenHash } from "./token-hash.ts";

export class Spaces {
  readonly #byEpoch = new Map<number, EpochSpace>();
  readonly #hash: TokenHash;

  constructor(hash: TokenHash) {
    this.#hash = hash;
  }

  /** By epoch, lowest first. */
  get all(): EpochSpace[] {
    return [...this.#byEpoch.values()].toSorted((a, b) => a.epoch - b.epoch);
  }

  find(epoch: number): EpochSpace | undefined {
    return this.#byEpoch.get(epoch);
  }

  /** Makes the space of the epoch if there is none yet. */
  of(epoch: number): EpochSpace {
    const known = this.#byEpoch.get(epoch);
    if (known !== undefined) return known;
    const space = new EpochSpace(epoch, this.#hash);
    this.#byEpoch.set(epoch, space);
    return space;
  }

  /** The record of a handle in the lowest epoch in which it stands. */
  record(member: MemberId, handle: Handle): LiveRecord | undefined {
    for (const space of this.all) {
      const record = space.records.find(member, handle);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  /** Overwrites and forgets everything of an epoch. */
  drop(epoch: number): void {
    this.#byEpoch.get(epoch)?.wipe();
    this.#byEpoch.delete(epoch);
  }
}
