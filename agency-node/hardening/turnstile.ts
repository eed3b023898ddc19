export type Turnstile = {
  /** Runs `work` when fewer than `max` others run, in order of arrival. */
  pass<T>(work: () => Promise<T>): Promise<T>;
};

/** Lets `max` through at once. */
export function turnstile(max: number): Turnstile {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return {
    async pass(work) {
      if (inside >= max) await new Promise<void>((resolve) => waiting.push(resolve));
      else inside += 1;
      try {
        return await work();
      } finally {
        // Whoever waits takes over this place; only without one does it become free.
        const next = waiting.shift();
        if (next === undefined) inside -= 1;
        else next();
      }
    },
  };
}
