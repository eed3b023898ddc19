/** What the node's test records say (protocol section 9): whether "no match" means that there is none. */
import type { MemberId } from "../shared/core/ids.ts";

export type CanaryReport = {
  /** 0: all have met in time. Else since when they have not, or there are none, so that silence proves nothing. */
  unprovenSinceMs(): number;
  /** Test records of an epoch that have met, of those that should have. */
  counts(epoch: number): { readonly met: number; readonly expected: number };
  /** The members with whom they have not met. */
  missing(epoch: number): readonly MemberId[];
};
