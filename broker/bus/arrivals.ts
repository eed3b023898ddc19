/** What has arrived from members and waits to be taken, in the order of each member, whose turns come round. */
import type { BusMessage } from "../../shared/bus/bus.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import { ARRIVALS_PER_MEMBER_MAX, LOOK_AGAIN_MS } from "../core/limits.ts";

/** `settled`: it was taken and is in both copies of the ledger, or will never be. */
export type Arrival = { readonly member: MemberId; readonly message: BusMessage; readonly settled: () => void };

export class Arrivals {
  readonly #byMember = new Map<MemberId, Arrival[]>();
  readonly #arrived: Wake;
  readonly #room: Wake;

  constructor(world: Pick<World, "after">) {
    this.#arrived = new Wake(world);
    this.#room = new Wake(world);
  }

  get areWaiting(): boolean {
    return this.#byMember.size > 0;
  }

  /** Adds it once there is room for more of this member, unless the signal aborts first. */
  async add(arrival: Arrival, signal: AbortSignal): Promise<void> {
    const { member } = arrival;
    const room = this.#room.sleeper();
    while ((this.#byMember.get(member)?.length ?? 0) >= ARRIVALS_PER_MEMBER_MAX && !signal.aborted) {
      await room.wait(LOOK_AGAIN_MS, signal);
    }
    if (signal.aborted) return;
    const waiting = this.#byMember.get(member);
    if (waiting === undefined) this.#byMember.set(member, [arrival]);
    else waiting.push(arrival);
    this.#arrived.set();
  }

  /** Resolves when something waits, or the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    while (!this.areWaiting && !signal.aborted) await this.#arrived.wait(LOOK_AGAIN_MS, signal);
  }

  /** The next one; after it every other member has its turn. */
  next(): Arrival | undefined {
    for (const [member, waiting] of this.#byMember) {
      const arrival = waiting.shift();
      this.#byMember.delete(member);
      if (waiting.length > 0) this.#byMember.set(member, waiting);
      this.#room.set();
      return arrival;
    }
    return undefined;
  }

  /** Of a member that may not speak any more. What has arrived stays in its stream. */
  drop(member: MemberId): void {
    this.#byMember.delete(member);
    this.#room.set();
  }
}
