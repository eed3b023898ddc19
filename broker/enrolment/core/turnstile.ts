/**
 * How often strangers may call: each address, and all together. It keeps a flood from the chain and the book of enrolments; secrets need
 * no such help, they are too long to guess.
 */
export type TurnstileLimits = {
  /** Calls at once, and per second after that. */
  readonly perAddress: { readonly burst: number; readonly perSecond: number };
  readonly together: { readonly burst: number; readonly perSecond: number };
  /** Addresses remembered; the longest unseen are forgotten first. */
  readonly addressesMax: number;
};

type Bucket = { readonly left: number; readonly atMs: number };

export class Turnstile {
  readonly #limits: TurnstileLimits;
  readonly #addresses = new Map<string, Bucket>();
  #together: Bucket;

  constructor(limits: TurnstileLimits, nowMs: number) {
    this.#limits = limits;
    this.#together = { left: limits.together.burst, atMs: nowMs };
  }

  /** Whether one more call from this address is let through now; it counts only then. */
  lets(address: string, nowMs: number): boolean {
    const { perAddress, together, addressesMax } = this.#limits;
    const own = filled(this.#addresses.get(address) ?? { left: perAddress.burst, atMs: nowMs }, perAddress, nowMs);
    const all = filled(this.#together, together, nowMs);
    // Seen last, so that it is forgotten last.
    this.#addresses.delete(address);
    const passes = own.left >= 1 && all.left >= 1;
    this.#addresses.set(address, passes ? spent(own) : own);
    this.#together = passes ? spent(all) : all;
    const [oldest] = this.#addresses.keys();
    if (this.#addresses.size > addressesMax && oldest !== undefined) this.#addresses.delete(oldest);
    return passes;
  }
}

function filled({ left, atMs }: Bucket, limit: { readonly burst: number; readonly perSecond: number }, nowMs: number) {
  const seconds = Math.max(0, nowMs - atMs) / 1_000;
  return { left: Math.min(limit.burst, left + seconds * limit.perSecond), atMs: nowMs };
}

const spent = ({ left, atMs }: Bucket): Bucket => ({ left: left - 1, atMs });
