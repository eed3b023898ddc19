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

/**
 * Random bits of a code, of which a person has one at a time. Guessing is bounded by them and by nothing that could shut others out: at 10,000
 * guesses a second, which is more than a server answers, for a code's whole life, with codes out for 100 persons, one in 1.9 billion
 * such floods finds one.
 */
export const CODE_BITS = 60;
/** How long the answer to a wrong code or passkey is held back: a script that tries one after the other gets nowhere, a person hardly notices. */
export const REFUSAL_HELD_MS = 1_000;
/** Answers held back at once; each is an open connection. */
export const HELD_ANSWERS_MAX = 1_000;
/** Refusals have one line in the log for so long: nobody fills a disk with wrong codes. */
export const REFUSALS_SAID_MS = 60_000;
/** Longer than a person needs to touch a key. */
export const CHALLENGE_LIFE_MS = 5 * 60_000;

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
