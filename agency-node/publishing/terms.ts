/** What an open epoch means for publishing. */
import type { Domain } from "../../shared/core/domain.ts";
import type { SaltKey } from "../../shared/crypto/token.ts";

export type EpochTerms = {
  readonly epoch: number;
  /** Of the evaluators' keys. */
  readonly generation: number;
  /** Of every domain in this member's mandate. */
  readonly salts: ReadonlyMap<Domain, SaltKey>;
};
