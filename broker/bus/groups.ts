/**
 * Takes submissions in groups, whoever sent them: one transaction for all that waits, and one message to the other copy of the ledger. A message
 * is acknowledged to NATS only when what it did is in both copies; meanwhile the next groups are taken.
 */
import type { MemberId } from "../../shared/core/ids.ts";
import { pause } from "../../shared/world/wait.ts";
import type { World } from "../../shared/world/world.ts";
import { GROUP_MS_MAX, GROUP_SUBMISSIONS_MAX, GROUPS_UNKEPT_MAX } from "../core/limits.ts";
import type { Received, Reply } from "../core/submission.ts";
import type { Ledger } from "../store/ledger.ts";
import type { Writer } from "../writer/writer.ts";
import type { Arrival, Arrivals } from "./arrivals.ts";
import type { Flood } from "./flood.ts";
import type { Intake } from "./intake.ts";
import type { Outlet } from "./outlet.ts";
import type { Places } from "./places.ts";

export type GroupsParts = {
  readonly arrivals: Arrivals;
  readonly intake: Pick<Intake, "open">;
  readonly flood: Pick<Flood, "passedOver">;
  readonly writer: Pick<Writer, "receiveAll" | "holds">;
  readonly places: Pick<Places, "note">;
  readonly ledger: Pick<Ledger, "kept">;
  readonly outlet: Pick<Outlet, "reply">;
  /** Whether the member's submissions are taken now. */
  readonly isServed: (member: MemberId) => boolean;
  readonly world: Pick<World, "after" | "clock" | "elapsedMs" | "nextTurn">;
};

type Group = {
  readonly arrivals: Arrival[];
  readonly received: Received[];
  readonly unread: { readonly member: MemberId; readonly bytes: number }[];
};

export class Groups {
  readonly #parts: GroupsParts;
  /** Applied, and not in both copies yet. */
  readonly #unkept = new Set<Promise<void>>();

  constructor(parts: GroupsParts) {
    this.#parts = parts;
  }

  /** Until the signal aborts. Throws what this process cannot go on from. */
  async run(signal: AbortSignal): Promise<void> {
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    await Promise.race([failed.promise, this.#take(signal, failed.reject)]);
  }

  async #take(signal: AbortSignal, fail: (error: unknown) => void): Promise<void> {
    const { arrivals, writer, world } = this.#parts;
    for (;;) {
      await arrivals.wait(signal);
      if (signal.aborted) return;
      const group = this.#next();
      const replies = group.received.length === 0 ? [] : writer.receiveAll(group.received, world.clock());
      this.#notePlaces(group);
      const keeping = this.#keep(group, replies, signal).finally(() => this.#unkept.delete(keeping));
      this.#unkept.add(keeping);
      keeping.catch(fail);
      while (this.#unkept.size >= GROUPS_UNKEPT_MAX && !signal.aborted) {
        await Promise.race([...this.#unkept, pause(world, GROUP_MS_MAX, signal)]);
      }
      await world.nextTurn();
    }
  }

  /** What waits, as far as it can be opened in the time of one group. */
  #next(): Group {
    const { arrivals, intake, isServed, world } = this.#parts;
    const group: Group = { arrivals: [], received: [], unread: [] };
    const beganMs = world.elapsedMs();
    while (group.arrivals.length < GROUP_SUBMISSIONS_MAX && world.elapsedMs() - beganMs < GROUP_MS_MAX) {
      const arrival = arrivals.next();
      if (arrival === undefined) break;
      const { member, message } = arrival;
      if (!isServed(member)) continue;
      group.arrivals.push(arrival);
      const received = intake.open(member, message);
      if (received === undefined) group.unread.push({ member, bytes: message.data.length });
      else group.received.push(received);
    }
    return group;
  }

  /** Of what waits for something else it is not known yet what becomes of it. */
  #notePlaces({ arrivals }: Group): void {
    const { writer, places } = this.#parts;
    for (const { member, message } of arrivals) {
      if (!writer.holds(member)) places.note(member, message.streamSequence);
    }
  }

  async #keep({ arrivals, unread }: Group, replies: readonly Reply[], signal: AbortSignal): Promise<void> {
    const { ledger, outlet, flood } = this.#parts;
    await ledger.kept();
    for (const { member, bytes } of unread) await flood.passedOver(member, bytes);
    for (const reply of replies) await outlet.reply(reply);
    if (signal.aborted) return;
    for (const { settled } of arrivals) settled();
  }
}
