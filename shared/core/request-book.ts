/**
 * Signed requests that were taken lately, so that none is taken twice. Memory is bounded: of each signer the newest are remembered, and
 * what is older than they are counts as old. So somebody who asks very often shortens its own window and nobody else's.
 */

/** What makes a request this one. Ids in hexadecimal. */
export type RequestMark = { readonly signer: string; readonly nonce: string; readonly madeAtMs: number };

export type RequestBookLimits = {
  /** How far the clocks of two parties may be apart. */
  readonly skewMs: number;
  /** Remembered of one signer. */
  readonly ofOneMax: number;
};

/** Of one signer. `sinceMs`: what was made before counts as old. */
type Page = { sinceMs: number; readonly taken: Map<string, number> };

export class RequestBook {
  readonly #limits: RequestBookLimits;
  readonly #sinceMs: number;
  readonly #pages = new Map<string, Page>();

  /** `sinceMs`: when the receiver was started. What it had taken before that, it does not know any more. */
  constructor(sinceMs: number, limits: RequestBookLimits) {
    this.#sinceMs = sinceMs;
    this.#limits = limits;
  }

  /** Takes a request whose signature holds, once: `taken`, `repeated`, or `untimely` if it is not of now. */
  take({ signer, nonce, madeAtMs }: RequestMark, nowMs: number): "taken" | "repeated" | "untimely" {
    const { skewMs, ofOneMax } = this.#limits;
    const page = this.#pages.get(signer) ?? { sinceMs: this.#sinceMs, taken: new Map<string, number>() };
    // A clock that was set back must not shut everybody out until it is that late again.
    const isOld = madeAtMs < page.sinceMs && page.sinceMs <= nowMs + skewMs;
    if (isOld || Math.abs(madeAtMs - nowMs) > skewMs) return "untimely";
    if (page.taken.has(nonce)) return "repeated";
    this.#pages.set(signer, page);
    page.taken.set(nonce, madeAtMs);
    for (const [oldest, atMs] of page.taken) {
      const over = atMs < nowMs - skewMs;
      if (!over && page.taken.size <= ofOneMax) break;
      page.taken.delete(oldest);
      if (!over) page.sinceMs = Math.max(page.sinceMs, atMs + 1);
    }
    return "taken";
  }
}
