/**
 * Who is the active broker: one message at NATS that its holder renews, and whoever writes it names the one before, so that of two only one
 * succeeds. The lease decides who serves; what a paused holder still does when it wakes up fails at the journal's own fence.
 */
import { z } from "zod";
import { toHex } from "../../shared/core/bytes.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import { StreamMoved } from "../../shared/bus/bus.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import { fromStoredJson, toStoredJson } from "../../shared/store/stored-json.ts";
import type { Shape, StoredJson } from "../../shared/store/stored-json.ts";
import { pause, within } from "../../shared/world/wait.ts";
import type { World } from "../../shared/world/world.ts";
import { LEASE_MS, LEASE_RENEWAL_MS } from "./core/limits.ts";
import { LEASE_STREAM, LEASE_SUBJECT, leaseStreamSettings } from "./stream.ts";
import type { JournalSizes } from "./stream.ts";

export type Held = {
  /** Another one for each process. */
  readonly holder: string;
  /** Names the directory in which the holder runs, see `BrokerPorts.place`. */
  readonly place: string;
  readonly sinceMs: number;
  /** It has stopped, and somebody else may be active at once. */
  readonly released: boolean;
};

const HELD: StoredJson<Held> = {
  what: "lease",
  version: 1,
  schema: z.strictObject({
    holder: z.string(),
    place: z.string(),
    sinceMs: z.number(),
    released: z.boolean(),
  } satisfies Shape<Held>),
};

export type LeaseParts = {
  readonly bus: Pick<Bus, "append" | "ensureStream" | "replay" | "streamState">;
  readonly place: string;
  readonly sizes: JournalSizes;
  readonly world: Pick<World, "after" | "clock" | "elapsedMs" | "randomBytes">;
  readonly signal: AbortSignal;
};

const RELEASE_MS = 1_000;

export class Lease {
  readonly #parts: LeaseParts;
  readonly #holder: string;
  /** Number of the lease's last message that was seen, and when it was first. */
  #seen: { readonly sequence: number; readonly atMs: number } | undefined;
  /** Of the message that it wrote last; 0 if it has not got the lease. */
  #sequence = 0;
  /** Since this one is active. */
  #sinceMs = 0;
  #hasSeenAnother = false;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
    this.#holder = toHex(parts.world.randomBytes(16));
  }

  /**
   * Takes the lease if it is free: nobody has it, its holder has stopped, was a process of this very directory, or has not renewed it for
   * `LEASE_MS` while this one looked. Answers with the other holder if not. Throws UNAVAILABLE while NATS does not answer.
   */
  async acquire(): Promise<"acquired" | "takenOver" | Held> {
    const { bus, place, sizes, world } = this.#parts;
    await bus.ensureStream(leaseStreamSettings(sizes));
    const { sequence, held } = await readLease(this.#parts.bus);
    if (this.#seen?.sequence !== sequence) this.#seen = { sequence, atMs: world.elapsedMs() };
    const isOurs = held?.holder === this.#holder || held?.place === place;
    const isFree = held === undefined ? !this.#hasSeenAnother : held.released;
    const isOver = world.elapsedMs() - this.#seen.atMs >= LEASE_MS;
    if (!isOurs && !isFree && !isOver) {
      this.#hasSeenAnother = true;
      return held ?? { holder: "", place: "", sinceMs: world.clock(), released: false };
    }
    this.#sinceMs = world.clock();
    try {
      await this.#write(sequence, false);
    } catch (error) {
      // Somebody was faster; the next look says who.
      if (!(error instanceof StreamMoved)) throw error;
      return held ?? { holder: "", place: "", sinceMs: world.clock(), released: false };
    }
    return !isOurs && !isFree ? "takenOver" : "acquired";
  }

  /** Renews it until the signal aborts, or somebody else has it. True for the latter. */
  async hold(): Promise<boolean> {
    const { world, signal } = this.#parts;
    while (!signal.aborted) {
      await pause(world, LEASE_RENEWAL_MS, signal);
      if (signal.aborted) return false;
      try {
        if (!(await this.#renew())) return true;
      } catch (error) {
        if (!isCausewayError(error, "UNAVAILABLE")) throw error;
      }
    }
    return false;
  }

  /** For the next one, which need not wait then. As far as NATS answers soon. */
  async release(): Promise<void> {
    if (this.#sequence === 0) return;
    const never = new AbortController();
    await within(this.#parts.world, RELEASE_MS, never.signal, () => this.#write(this.#sequence, true)).catch(
      (error: unknown) => {
        if (!isCausewayError(error, "UNAVAILABLE")) throw error;
      },
    );
  }

  async #renew(): Promise<boolean> {
    try {
      await this.#write(this.#sequence, false);
      return true;
    } catch (error) {
      if (!isCausewayError(error, "UNAVAILABLE")) throw error;
      // An answer that was lost, or another holder, or NATS has lost it with its disk.
      const { bus, sizes } = this.#parts;
      await bus.ensureStream(leaseStreamSettings(sizes));
      const { sequence, held } = await readLease(bus);
      const isOurs = held === undefined || held.holder === this.#holder;
      // What somebody else has is not this one's to let go of.
      this.#sequence = isOurs ? sequence : 0;
      return isOurs;
    }
  }

  async #write(after: number, released: boolean): Promise<void> {
    const { bus, place } = this.#parts;
    const held: Held = { holder: this.#holder, place, sinceMs: this.#sinceMs, released };
    const bytes = new TextEncoder().encode(toStoredJson(HELD, held));
    this.#sequence = await bus.append(LEASE_SUBJECT, bytes, after);
  }
}

/** Who holds the lease, as its stream says. */
export async function readLease(
  bus: Pick<Bus, "replay" | "streamState">,
): Promise<{ readonly sequence: number; readonly held: Held | undefined }> {
  const state = await bus.streamState(LEASE_STREAM);
  const sequence = state?.lastSequence ?? 0;
  if (state === undefined || state.messages === 0) return { sequence, held: undefined };
  let found: { sequence: number; held: Held | undefined } = { sequence, held: undefined };
  for await (const { data, streamSequence } of bus.replay(LEASE_STREAM, { from: state.firstSequence }))
    found = { sequence: streamSequence, held: fromStoredJson(HELD, new TextDecoder().decode(data)) };
  return found;
}
