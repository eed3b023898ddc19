/**
 * The broker on the data plane: takes submissions as they come, one at a time, and sends what is due. The bus may go away and come back at
 * any moment; whatever it forgets is in the ledger or, without a receipt, still with its owner.
 */
import type { Federation } from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import { BROKER_CONSUMER, submissionStream } from "../../shared/wire/subjects.ts";
import type { World } from "../../shared/world/world.ts";
import { insist } from "./insist.ts";
import { Arrivals } from "./arrivals.ts";
import type { Beats } from "./beats.ts";
import { Groups } from "./groups.ts";
import type { GroupsParts } from "./groups.ts";
import type { MemberStreams } from "./member-streams.ts";

export type PlaneParts = Omit<GroupsParts, "arrivals" | "isServed"> & {
  readonly bus: Pick<Bus, "consume" | "replay">;
  readonly streams: Pick<MemberStreams, "keep">;
  readonly beats: Pick<Beats, "greet" | "run">;
  readonly federation: () => Federation;
  /** Whether the chain names the key that this process signs with. Nobody would believe it under another. */
  readonly isOurs: () => boolean;
  readonly world: Pick<World, "after" | "clock" | "elapsedMs" | "log" | "nextTurn">;
  readonly signal: AbortSignal;
};

export class Plane {
  readonly #parts: PlaneParts;
  readonly #arrivals: Arrivals;
  readonly #groups: Groups;
  /** Members whose submissions are taken and to whom notices are sent, until the directives say otherwise. */
  readonly #served = new Map<MemberId, AbortController>();
  /** Where in its stream a member's first submission stands that was not decided before the start. */
  #undecided: Map<MemberId, number> = new Map();

  constructor(parts: PlaneParts) {
    this.#parts = parts;
    this.#arrivals = new Arrivals(parts.world);
    this.#groups = new Groups({ ...parts, arrivals: this.#arrivals, isServed: (member) => this.#served.has(member) });
  }

  /** Takes what arrives and tells what is due, until the signal aborts. Throws what this process cannot go on from. */
  async run(): Promise<void> {
    const { beats, signal } = this.#parts;
    await Promise.all([this.#groups.run(signal), beats.run(signal)]);
  }

  /** Before anybody is served: where each member's first submission stands that is still to be decided, see `recall`. */
  beginAt(undecided: ReadonlyMap<MemberId, number>): void {
    this.#undecided = new Map(undecided);
  }

  /** Members to serve that are not served yet. */
  newMembers(): MemberId[] {
    const { members } = this.#parts.federation();
    return [...members.keys()].filter((member) => this.#isToServe(member) && !this.#served.has(member));
  }

  /**
   * Takes nothing more from whoever is in good standing no longer, and from nobody once the broker has another key: what was answered under
   * this one the nodes would refuse. What has arrived stays in the stream.
   */
  stopOthers(): void {
    for (const [member, controller] of this.#served) {
      if (this.#isToServe(member)) continue;
      controller.abort();
      this.#served.delete(member);
      this.#arrivals.drop(member);
    }
  }

  /**
   * Takes a member's submissions and sends its notices, until the signal aborts or the member loses its standing. Each member has a task of
   * its own: one whose streams or deliveries NATS has no room for holds up nobody else. Streams that stand are used meanwhile, such as those
   * that NATS has no room to make as large as they should be. Throws only what this process cannot go on from.
   */
  async serve(member: MemberId): Promise<void> {
    if (!this.#isToServe(member)) return;
    const controller = new AbortController();
    this.#served.set(member, controller);
    const signal = AbortSignal.any([this.#parts.signal, controller.signal]);
    const { tried, ended } = this.#parts.streams.keep(member, signal);
    await Promise.all([ended, this.#talk(member, tried, signal)]);
  }

  async #talk(member: MemberId, tried: Promise<void>, signal: AbortSignal): Promise<void> {
    await tried;
    if (signal.aborted) return;
    this.#parts.beats.greet(member);
    await this.#follow(member, signal);
  }

  #isToServe(member: MemberId): boolean {
    return this.#parts.isOurs() && this.#parts.federation().members.has(member);
  }

  /** First what was not decided before the start. */
  async #follow(member: MemberId, signal: AbortSignal): Promise<void> {
    const first = this.#undecided.get(member);
    this.#undecided.delete(member);
    if (first !== undefined) await insist(this.#parts, () => this.#takeFrom(member, first, signal));
    for await (const message of this.#parts.bus.consume(submissionStream(member), BROKER_CONSUMER, signal)) {
      await this.#arrivals.add({ member, message, settled: () => message.ack() }, signal);
      if (signal.aborted) return;
    }
  }

  async #takeFrom(member: MemberId, first: number, signal: AbortSignal): Promise<void> {
    for await (const message of this.#parts.bus.replay(submissionStream(member), { from: first })) {
      if (signal.aborted) return;
      // The consumer brings it too, and acknowledges it then.
      await this.#arrivals.add({ member, message, settled: () => undefined }, signal);
    }
  }
}
