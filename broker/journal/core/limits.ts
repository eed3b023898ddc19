/** Sizes and times of the journal and the lease. */

/** Of what is sealed into one message, before its padding: with seal and padding it fits NATS' limit of a message. */
export const PIECE_BYTES_MAX = 480 * 1024;

/** Changes that go into one message, unless one alone is larger: what comes meanwhile waits for the next. */
export const BATCH_BYTES_MAX = 256 * 1024;

/** The stream is written anew when it has grown past so many times the databases, and past the least of it. */
export const GROWN_TIMES = 8;
export const GROWN_BYTES_MIN = 64 * 1024 * 1024;

/** How often the active broker says that it is. */
export const LEASE_RENEWAL_MS = 1_000;

/**
 * A standby takes over when nobody has renewed the lease for so long, by its own clock. Longer than the active one is ever busy with one
 * thing; short enough that it, the renewal before it and a start make less than ten seconds.
 */
export const LEASE_MS = 5_000;

/** How often a standby asks for what is new. */
export const FOLLOW_MS = 500;

/** How often the active broker looks whether a file that a standby needs has changed, if nothing else asks for it. */
export const FILES_LOOK_MS = 2_000;

/** How long a broker that has all of its files waits for NATS before it opens its doors. */
export const ALONE_AFTER_MS = 3_000;

/** The stream is written anew after so many messages too: the server's memory holds an entry for each, and a start reads them all. */
export const GROWN_MESSAGES = 100_000;
