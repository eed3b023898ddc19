/** Challenges that passkeys are asked to sign: random, for one purpose, answered once or never. In memory: a restart asks again. */
import type { World } from "../../world/world.ts";
import { CHALLENGE_LIFE_MS, CHALLENGES_MAX } from "../limits.ts";

const CHALLENGE_BYTES = 32;

export class Challenges {
  readonly #world: Pick<World, "clock" | "randomBytes">;
  /** By the base64url form in which it comes back; in order of age. */
  readonly #open = new Map<string, { readonly purpose: string; readonly validUntilMs: number }>();

  constructor(world: Pick<World, "clock" | "randomBytes">) {
    this.#world = world;
  }

  issue(purpose: string): Uint8Array<ArrayBuffer> {
    const challenge = Uint8Array.from(this.#world.randomBytes(CHALLENGE_BYTES));
    this.#open.set(Buffer.from(challenge).toString("base64url"), {
      purpose,
      validUntilMs: this.#world.clock() + CHALLENGE_LIFE_MS,
    });
    const [oldest] = this.#open.keys();
    if (this.#open.size > CHALLENGES_MAX && oldest !== undefined) this.#open.delete(oldest);
    return challenge;
  }

  /** Whether it was issued for that purpose and still holds; it is gone then. */
  take(challenge: string, purpose: string): boolean {
    const found = this.#open.get(challenge);
    if (found?.purpose !== purpose) return false;
    this.#open.delete(challenge);
    return found.validUntilMs > this.#world.clock();
  }
}
