/**
 * How much the node has on its way to the broker at once, by what receipts tell (protocol section 8): more while they come soon after
 * what they are for was sent, less when they take long. What is sent faster than the broker takes it only waits elsewhere, and whoever
 * takes waiting for loss and sends again makes overload feed itself.
 */

/** Rows under way at first, at least and at most. */
const ROWS_FIRST = 16;
const ROWS_MIN = 4;
const ROWS_MAX = 256;
/** A receipt within this time: there is room for more. */
const SOON_MS = 1_000;
/** One after this time: too much is under way. */
const LATE_MS = 3_000;
const SHRINK = 0.7;
/** Of what was measured so far, as TCP weighs it (RFC 6298). */
const MEMORY = 7 / 8;
/** Without any receipt for this long something may be lost, however soon they came before; doubled each time in vain. */
const SILENCE_FIRST_MS = 10_000;
const SILENCE_LAST_MS = 300_000;
/** What was sent is not sent again before its answer can be here. */
const AGAIN_MIN_MS = 250;

export type PaceState = {
  /** Rows that may be under way. */
  readonly rows: number;
  /** From sending to receipt, smoothed; undefined before the first. */
  readonly delayMs: number | undefined;
  /** Silence after which something is sent again. */
  readonly silenceMs: number;
  /** It is not made less again before this moment: what was sent under the larger one is still to come. */
  readonly shrunkUntilMs: number;
};

export function startPace(silenceMs = SILENCE_FIRST_MS): PaceState {
  return { rows: ROWS_FIRST, delayMs: undefined, silenceMs, shrunkUntilMs: Number.NEGATIVE_INFINITY };
}

/**
 * A receipt came for something that was sent once, `delayMs` after it was: for what was sent twice nobody knows which it answers
 * (Karn and Partridge, 1987). Nor does what was under way in a silence say how soon receipts come: somebody may have stood still.
 */
export function onReceipt(pace: PaceState, delayMs: number, nowMs: number, silenceMs = SILENCE_FIRST_MS): PaceState {
  const smoothed = pace.delayMs === undefined ? delayMs : MEMORY * pace.delayMs + (1 - MEMORY) * delayMs;
  const heard = onLoss({ ...pace, delayMs: smoothed }, silenceMs);
  if (delayMs <= SOON_MS) return { ...heard, rows: Math.min(ROWS_MAX, pace.rows + 1) };
  if (delayMs < LATE_MS || nowMs < pace.shrunkUntilMs) return heard;
  return { ...heard, rows: Math.max(ROWS_MIN, Math.floor(SHRINK * pace.rows)), shrunkUntilMs: nowMs + delayMs };
}

/** Nothing came for `silenceMs`. */
export function onSilence(pace: PaceState): PaceState {
  return { ...pace, rows: ROWS_MIN, silenceMs: Math.min(2 * pace.silenceMs, SILENCE_LAST_MS) };
}

/** The silence was a loss and not slowness: what is lost next is not waited for any longer. */
export function onLoss(pace: PaceState, silenceMs = SILENCE_FIRST_MS): PaceState {
  return { ...pace, silenceMs: Math.max(silenceMs, 4 * (pace.delayMs ?? 0)) };
}

/** How long after it was sent something that is asked for is sent again. */
export function againAfterMs({ delayMs }: PaceState): number {
  return Math.max(AGAIN_MIN_MS, 2 * (delayMs ?? 0));
}
