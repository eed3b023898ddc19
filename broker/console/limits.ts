/** The console's limits: unit in the name, reason beside it. */

/** Characters of a note. */
export const NOTE_LENGTH_MAX = 500;

/** Node and broker may differ by this much (protocol section 12). */
export const SKEW_MS_MAX = 30_000;
/** A submission usually has its receipt within seconds. */
export const OUTBOX_MS_MAX = 5 * 60_000;
/** A freshness statement that ends sooner is asked for. */
export const FRESHNESS_SOON_MS = 3 * 3_600_000;
/** Rows of a long list on one page. */
export const ROWS_PER_PAGE = 50;
