/** Lets a loop sleep until there is work. Waking before the sleep is not lost. */
export class Wake {
  #set = false;
  #resolve: (() => void) | undefined;

  set(): void {
    this.#set = true;
    this.#resolve?.();
  }

  /** Whether it was woken, rather than that `ms` passed or the signal aborted. */
  async wait(ms: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#set && !signal.aborted) await this.#sleep(ms, signal);
    const woken = this.#set;
    this.#set = false;
    return woken;
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (): void => resolve();
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
    this.#resolve = end;
    await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    this.#resolve = undefined;
  }
}
