/** The node's own rhythms and limits: unit in the name, reason beside it. Those of the protocol are in `shared/core/limits.ts`. */

/** A digest of each epoch goes to the broker this often: what it lost is noticed within minutes (protocol section 8). */
export const DIGEST_EVERY_MS = 5 * 60_000;
/** What has not changed since it was agreed on is asked again this often: the broker may have lost something. */
export const DIGEST_UNCHANGED_MS = 15 * 60_000;
/** A digest that differs may have crossed an expiry or a refusal: it is sent once more after this long before anything is repaired. */
export const DIGEST_AGAIN_MS = 2_000;
/** An answer that has not come after this long is not awaited any more. */
export const DIGEST_ANSWER_MS_MAX = 10_000;
/** After a repair that did not help the next one waits, twice as long each time: a fault that repairs do not mend must not fill streams. */
export const REPAIR_FIRST_MS = 10_000;
export const REPAIR_LAST_MS = 3_600_000;
/** Withdrawals of records that only the broker knows, in one submission. */
export const STRAYS_PER_SUBMISSION = 1_000;

/** How a node is, for the administrators: sooner if its figures have changed, or a rotation is under way and somebody waits for it. */
export const HEALTH_EVERY_MS = 5 * 60_000;
export const HEALTH_NEWS_MS = 60_000;
/** While records are carried into an epoch and the board watches how far they are. */
export const HEALTH_CARRYING_MS = 5_000;
/** Health follows a change no sooner than this after the last one. */
export const HEALTH_AGAIN_MS = 1_000;

/**
 * Rows that wait for receipts at once before more is made of them: what waits as records is drawn among more, and whatever is said next
 * queues behind these, an urgent record too. Each full row takes the broker about a sixth of a second; fewer would leave it idle. Those of
 * a rotation are fewer: new records queue behind them.
 */
export const ROWS_MAX = { fresh: 16, carried: 6 } as const;
/** Entries of one submission, well below what a sealed message may hold (`SEALABLE_BYTES_MAX`). */
export const SUBMISSION_BYTES = 400_000;

/** Rows removed in one transaction when an epoch ends: other work gets its turn between them. */
export const ENDED_ROWS_PER_STEP = 2_000;

/**
 * Statements on meetings go no sooner than this after the last ones: they come by the notice, and each submission costs a signature and a receipt.
 * The first goes at once.
 */
export const STATEMENTS_GATHERED_MS = 100;
/** Meetings looked at again before other work gets its turn: a hash for each identifier of the record. */
export const READ_AGAIN_PER_STEP = 50;
/** And at most this many in one submission, well below `STATEMENTS_PER_SUBMISSION_MAX`. */
export const STATEMENTS_PER_SUBMISSION = 1_000;
/** What could not be stated for want of an open epoch is tried again after this long, or with the next directive. */
export const STATEMENTS_AGAIN_MS = 60_000;
/** A match that ended without the other side's proof is shown this long after its end: somebody may have asked and run. */
export const ENDED_UNPROVEN_SHOWN_MS = 30 * 86_400_000;

/** A node warns of a clock that differs from the broker's by more (protocol section 12). */
export const CLOCK_SKEW_MS_MAX = 30_000;
/** Counts of what is compared are this old at most, where counting takes long. */
export const COMPARISON_KEPT_MS = 10_000;

/** What evaluators and broker say of budgets is asked again after this long. */
export const BUDGETS_KEPT_MS = 60_000;
/** Those who did not answer are asked again after this long. */
export const BUDGETS_AGAIN_MS = 10_000;
/** How often the broker is asked whether the board prepares an epoch. */
export const PREPARATION_POLL_MS = 15_000;

/** How often it is looked for what is to be erased. */
export const ERASURE_EVERY_MS = 86_400_000;
/**
 * Hardened values that nothing needs stay so long: a notice may still name a version of the record that had them, and what is found of its
 * tags may be owed for 48 hours.
 */
export const HARDENED_KEPT_MS = 3 * 86_400_000;
/** Records erased in one transaction: other work gets its turn between them. */
export const ERASED_PER_STEP = 200;
/** Hardened values looked for among all records at once: some hundred bytes of memory each. The others wait for the next time. */
export const LET_GO_PER_ROUND = 200_000;
/** Records that wait to be hardened, read at once to see what they need: some tenths of a second at most. */
export const READ_PER_STEP = 100;
