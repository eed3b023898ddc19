/**
 * Whether silence is proven (protocol section 9): the arithmetic of what was to meet by when, and what did.
 *
 * A beat is proven when all its canaries have met, and proves silence up to that moment: until then the broker compared what it was
 * sent. A proof lasts for a beat and the time to meet, by when the next one is due. Then silence is unproven since the last proof,
 * not since canaries failed: nobody knows when in between it stopped. Before the first proof it is unproven since the watch began.
 */

/** A canary that is to meet, by the chain of directives as it stands. */
export type AwaitedCanary = {
  /** When this node came to know of the pair, ms: both could not before. */
  readonly plannedMs: number;
  /** 0: not yet. */
  readonly metMs: number;
};

export type CanaryBeat = {
  /** When it began, ms. */
  readonly beatMs: number;
  /** The last moment at which every canary awaited then had met; 0: there was none. One that is awaited since does not undo it. */
  readonly provenMs: number;
  readonly canaries: readonly AwaitedCanary[];
};

export type BeatTerms = { readonly lengthMs: number; readonly withinMs: number };

export type SilenceView = {
  /** Of the epoch that counts, in any order. */
  readonly beats: readonly CanaryBeat[];
  readonly terms: BeatTerms;
  /** Since when this node watches, ms: silence before the first proof is unproven since then. */
  readonly watchedSinceMs: number;
  readonly nowMs: number;
};

/** 0 while silence is proven, which a proof is until the next is late; else since when it is not. Never 0 before the first proof. */
export function unprovenSince({ beats, terms, watchedSinceMs, nowMs }: SilenceView): number {
  const proof = latest(beats.filter(({ provenMs }) => provenMs > 0));
  const awaited = beats.filter(({ beatMs }) => beatMs >= (proof?.beatMs ?? 0)).flatMap(({ canaries }) => canaries);
  const late = awaited.filter(({ plannedMs, metMs }) => metMs === 0 && nowMs >= plannedMs + terms.withinMs);
  const lateSinceMs = Math.min(...late.map(({ plannedMs }) => plannedMs));
  if (proof === undefined) return Math.min(watchedSinceMs, ...awaited.map(({ plannedMs }) => plannedMs));
  const lastsUntilMs = proof.provenMs + terms.lengthMs + terms.withinMs;
  // A beat that was proven late says nothing about what was published after it began.
  return late.length > 0 || nowMs >= lastsUntilMs ? Math.min(proof.provenMs, lateSinceMs) : 0;
}

/** How many of the canaries of the last beat are to meet, and have. */
export function countsOf(beats: readonly CanaryBeat[]): { readonly expected: number; readonly met: number } {
  const canaries = latest(beats)?.canaries ?? [];
  return { expected: canaries.length, met: canaries.filter(({ metMs }) => metMs > 0).length };
}

/** Whether a beat is proven now: also one in which there is nobody to meet. */
export function isProven(canaries: readonly AwaitedCanary[]): boolean {
  return canaries.every(({ metMs }) => metMs > 0);
}

function latest(beats: readonly CanaryBeat[]): CanaryBeat | undefined {
  return beats.toSorted((a, b) => a.beatMs - b.beatMs).at(-1);
}
