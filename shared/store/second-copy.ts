/** A copy of a database elsewhere, which follows it transaction by transaction. */
import type { Database } from "./database.ts";

export type SecondCopy = {
  /** Every transaction from now on is in both copies before `kept` resolves. */
  record(database: Database): void;
  /** Resolves when all that was committed so far is in both. Throws UNAVAILABLE when the program stops, or this copy counts no more. */
  kept(): Promise<void>;
};
