/**
 * What comes of a wrong code or passkey: the answer is held back a moment, and the log has a line for many of them. Nobody is locked out,
 * whatever others try: behind a proxy all people have one address, and what is right is looked for before anything is held.
 */
import type { Clock } from "../../world/clock.ts";
import type { Log } from "../../world/log.ts";
import { pause } from "../../world/wait.ts";
import type { Timers } from "../../world/world.ts";
import { siteEvents } from "../events.ts";
import { HELD_ANSWERS_MAX, REFUSAL_HELD_MS, REFUSALS_SAID_MS } from "../limits.ts";
import type { SignInMethod } from "../store/accounts.ts";

type RefusalsWorld = { readonly clock: Clock; readonly timers: Pick<Timers, "after">; readonly log: Log };

export class Refusals {
  readonly #world: RefusalsWorld;
  readonly #method: SignInMethod;
  #held = 0;
  #unsaid = 0;
  #saidAtMs = Number.NEGATIVE_INFINITY;

  constructor(method: SignInMethod, world: RefusalsWorld) {
    this.#method = method;
    this.#world = world;
  }

  /** Resolves when the caller may be told, or has gone. */
  async refuse(gone: AbortSignal): Promise<void> {
    this.#say();
    // In a flood memory is dearer than slowness: a code is too long to be guessed at any speed.
    if (this.#held >= HELD_ANSWERS_MAX) return;
    this.#held += 1;
    await pause(this.#world.timers, REFUSAL_HELD_MS, gone);
    this.#held -= 1;
  }

  #say(): void {
    const { clock, log } = this.#world;
    const nowMs = clock();
    this.#unsaid += 1;
    if (nowMs - this.#saidAtMs < REFUSALS_SAID_MS) return;
    siteEvents.signInRefused(log, { method: this.#method, times: this.#unsaid });
    this.#unsaid = 0;
    this.#saidAtMs = nowMs;
  }
}
