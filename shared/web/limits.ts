/** The kit's limits: unit in the name, reason beside it. */

/** Long enough to be read out or typed in the next room, short enough that a forgotten slip of paper is worth nothing. */
export const CODE_LIFE_MS = 10 * 60_000;
/** An unattended screen shows nothing for longer; an open event stream does not count as use. */
export const SESSION_IDLE_MS = 30 * 60_000;
/** A working day. */
export const SESSION_LIFE_MS = 10 * 3_600_000;
/** A passkey outlives a stolen session, so only somebody who has just signed in may add one. */
export const FRESH_SESSION_MS = 15 * 60_000;
/** Use of a session is written down no more often: each write is an fsync. */
export const SESSION_TOUCH_MS = 30_000;
/** A person has a few devices. */
export const PASSKEYS_PER_USER_MAX = 10;

/** Wrong codes from one address, and the time over which they are counted. With 60 random bits, guessing is hopeless long before. */
export const FAILURES_PER_ADDRESS_MAX = 10;
export const FAILURES_WINDOW_MS = 10 * 60_000;
/** Addresses whose failures are remembered; the oldest give way. */
export const FAILING_ADDRESSES_MAX = 10_000;
/** Passkey ceremonies begun from one address within the same time. */
export const CEREMONIES_PER_ADDRESS_MAX = 100;
/** Longer than a person needs to touch a key. */
export const CHALLENGE_LIFE_MS = 5 * 60_000;
/** Challenges that wait for an answer; the oldest give way. */
export const CHALLENGES_MAX = 10_000;

/** Largest request: an attestation with a chain of certificates. */
export const BODY_BYTES_MAX = 64 * 1024;
/** Time for a whole request to arrive. */
export const REQUEST_MS_MAX = 30_000;
/** A browser keeps at most six connections to a server over HTTP/1.1, so more streams than tabs are of no use. */
export const STREAMS_PER_SESSION_MAX = 6;
/** A page that is watched is drawn again no more often than this, */
export const REDRAW_MS_MIN = 500;
/** and at least this often: ages grow and time limits pass without any event. */
export const REDRAW_MS_MAX = 15_000;

/** Characters of the name of a passkey or a person. */
export const NAME_LENGTH_MAX = 60;
