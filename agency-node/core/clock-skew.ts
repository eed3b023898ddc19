/**
 * How far this node's clock is from the broker's (protocol section 8), as far as nothing but a wrong clock explains it: whatever the broker
 * said may have been on its way for as long as anybody likes, but was not said after it came, and a receipt not before what it answers.
 */

/** `elapsedMs`: of a clock that never jumps. */
export type Moment = { readonly clockMs: number; readonly elapsedMs: number };

/** Bounds of what the broker's clock shows less what has elapsed here. */
type Bounds = { readonly sinceMs: number; readonly least: number; readonly most: number };

const HEARD_MS = 15 * 60_000;
/** What is heard within this is kept together. */
const TOGETHER_MS = 60_000;

export class BrokerClock {
  /** Oldest first. */
  #heard: readonly Bounds[] = [];

  /** The broker's clock showed `brokerMs` before this came. `writtenMs`: and after this, by the node's clock. */
  heard(brokerMs: number, { clockMs, elapsedMs }: Moment, writtenMs?: number): void {
    const agoMs = writtenMs === undefined ? -1 : clockMs - writtenMs;
    const most = agoMs < 0 ? Number.POSITIVE_INFINITY : brokerMs - elapsedMs + agoMs;
    const said: Bounds = { sinceMs: elapsedMs, least: brokerMs - elapsedMs, most };
    const recent = this.#heard.filter(({ sinceMs }) => elapsedMs - sinceMs < HEARD_MS);
    const all = both(recent);
    // A clock was set in between: only what was heard last counts.
    if (said.least > all.most || said.most < all.least) {
      this.#heard = [said];
      return;
    }
    const last = recent.at(-1);
    const isTogether = last !== undefined && elapsedMs - last.sinceMs < TOGETHER_MS;
    this.#heard = isTogether
      ? [...recent.slice(0, -1), { ...both([last, said]), sinceMs: last.sinceMs }]
      : [...recent, said];
  }

  /** The least by which this node's clock is ahead of the broker's (below 0: behind); 0 as long as nothing contradicts that they agree. */
  skewMs({ clockMs, elapsedMs }: Moment): number {
    const recent = this.#heard.filter(({ sinceMs }) => elapsedMs - sinceMs < HEARD_MS + TOGETHER_MS);
    if (recent.length === 0) return 0;
    const { least, most } = both(recent);
    const hereMs = clockMs - elapsedMs;
    return Math.round(Math.max(0, hereMs - most) + Math.min(0, hereMs - least));
  }
}

function both(bounds: readonly Bounds[]): Pick<Bounds, "least" | "most"> {
  return {
    least: Math.max(...bounds.map(({ least }) => least)),
    most: Math.min(...bounds.map(({ most }) => most)),
  };
}
