/**
 * How long tests wait for what must come. CI runs them on a slow machine that others use as well, so these limits only end what would
 * never end.
 */

/** For `expect.poll`. A message of NATS that is lost twice with a connection comes again after 34 s. */
export const SOON = { timeout: 90_000, interval: 50 };

/** For what is promised within a second: a busy machine may need ten, and what is looked at only now and then is not that quick. */
export const AT_ONCE_MS = 10_000;

/** The promise: whom the board suspends or removes is cut off within five seconds. It takes well under one. */
export const CUT_OFF_MS = 5_000;

/** Of a test or hook that starts whole programs: longer than what it waits for, so that the report says what did not come. */
export const LONG_MS = 300_000;
