/**
 * The streams of each member as long as it is served: made, mended, made again after the bus was away, since it may have lost them; and
 * removed with their member.
 */
import type { Bus } from "../../shared/bus/bus.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { aborted } from "../../shared/world/wait.ts";
import { BusRefusal } from "../../shared/bus/bus.ts";
import {
  deliveryStream,
  deliverySubject,
  submissionStream,
  submissionSubject,
  submissionSubjects,
} from "../../shared/wire/subjects.ts";
import type { Log } from "../../shared/world/log.ts";
import { retryWhileUnavailable } from "../../shared/world/wait.ts";
import type { World } from "../../shared/world/world.ts";
import { STREAMS_AGAIN_MS_MAX } from "../core/limits.ts";
import { insist } from "./insist.ts";
import { ensureMemberStreams } from "./streams.ts";
import type { StreamSizes } from "./streams.ts";
import { events } from "../events.ts";
import { sharedEvents } from "../../shared/world/shared-events.ts";

export type MemberStreamsParts = {
  readonly bus: Pick<Bus, "ensureStream" | "ensureConsumer" | "purge" | "deleteStream">;
  readonly sizes: StreamSizes;
  readonly slugOf: (member: MemberId) => string | undefined;
  readonly world: Pick<World, "after" | "log">;
  readonly signal: AbortSignal;
};

type Keeping = {
  /** For the first time, whatever came of it; or there is nothing to try any more. */
  readonly tried: Promise<void>;
  readonly ended: Promise<void>;
};

export class MemberStreams {
  readonly #parts: MemberStreamsParts;
  /** The work on each member's streams; ended soon after the member has lost its standing. */
  readonly #keeping = new Map<MemberId, Keeping>();
  readonly #refused = new Set<MemberId>();
  /** Of each member that is served: aborts when its streams are to be looked at again. */
  readonly #standing = new Map<MemberId, AbortController>();
  /** How often something was removed from a member's submission stream on purpose. */
  readonly #removals = new Map<MemberId, number>();

  constructor(parts: MemberStreamsParts) {
    this.#parts = parts;
  }

  /** Members in good standing of whose streams NATS lacks some, or has them otherwise than the table says, and does not mend it. */
  get refused(): ReadonlySet<MemberId> {
    return this.#refused;
  }

  /** The bus was away and is back. */
  reconnected(): void {
    for (const member of this.#standing.keys()) this.refit(member);
  }

  /** The member's streams may not be as they were made. */
  refit(member: MemberId): void {
    this.#standing.get(member)?.abort();
  }

  /** Changes before and after anything is removed from the member's submission stream on purpose. */
  removals(member: MemberId): number {
    return this.#removals.get(member) ?? 0;
  }

  /** Begins to keep a member's streams, until the signal aborts. */
  keep(member: MemberId, signal: AbortSignal): Keeping {
    const { promise: tried, resolve: onTried } = Promise.withResolvers<void>();
    const keeping = { tried, ended: this.#keep(member, signal, onTried) };
    this.#keeping.set(member, keeping);
    return keeping;
  }

  /** Resolves when the streams of all who are served stand, or NATS has refused them once, or the signal aborts. */
  async tried(): Promise<void> {
    await Promise.all([...this.#keeping.values()].map(({ tried }) => tried));
  }

  /** Removes what a member has submitted in an epoch; how many messages. */
  async purge(member: MemberId, epoch: number): Promise<number> {
    const { bus } = this.#parts;
    try {
      const subject = submissionSubject(member, epoch);
      return await this.#removing(member, () => bus.purge(submissionStream(member), subject));
    } catch (error) {
      if (isCausewayError(error, "NOT_FOUND")) return 0;
      throw error;
    }
  }

  /** Removes everything that stands in a member's submission stream; how many messages. */
  async empty(member: MemberId): Promise<number> {
    return await this.#removing(member, () =>
      this.#parts.bus.purge(submissionStream(member), submissionSubjects(member)),
    );
  }

  async #removing(member: MemberId, purge: () => Promise<number>): Promise<number> {
    const note = (): void => void this.#removals.set(member, this.removals(member) + 1);
    note();
    try {
      return await insist(this.#parts, purge);
    } finally {
      note();
    }
  }

  /** Removes a member's streams with all they hold; from a broker that may not, at least what they hold. */
  async remove(member: MemberId): Promise<void> {
    const { bus, world } = this.#parts;
    // Or what is under way could make them anew.
    await this.#keeping.get(member)?.ended.catch(() => undefined);
    for (const [stream, subjects] of [
      [submissionStream(member), submissionSubjects(member)],
      [deliveryStream(member), deliverySubject(member)],
    ] as const) {
      try {
        await insist(this.#parts, () => bus.deleteStream(stream));
      } catch (error) {
        if (!isCausewayError(error, "UNAUTHENTICATED")) throw error;
        events.nats.streamKept(world.log, error);
        await insist(this.#parts, () => bus.purge(stream, subjects));
      }
    }
  }

  async #keep(member: MemberId, signal: AbortSignal, onTried: () => void): Promise<void> {
    while (!signal.aborted) {
      const standing = new AbortController();
      this.#standing.set(member, standing);
      const untilDoubted = AbortSignal.any([signal, standing.signal]);
      await this.#fit(member, untilDoubted, onTried);
      await aborted(untilDoubted);
    }
    this.#standing.delete(member);
    // Nothing may have been tried at all.
    onTried();
    this.#refused.delete(member);
  }

  async #fit(member: MemberId, signal: AbortSignal, onTried: () => void): Promise<void> {
    const { bus, sizes, world } = this.#parts;
    try {
      await retryWhileUnavailable(world, () => ensureMemberStreams(bus, member, sizes), {
        signal,
        maxDelayMs: STREAMS_AGAIN_MS_MAX,
        onRetry: (error, delayMs) => {
          this.#noteRefusal(member, error, delayMs);
          onTried();
        },
      });
      if (this.#refused.delete(member)) events.nats.streamsMade(this.#logOf(member));
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      onTried();
    }
  }

  /** No answer is no refusal: then NATS is away, or busy. */
  #noteRefusal(member: MemberId, error: unknown, delayMs: number): void {
    const natsCode = error instanceof BusRefusal ? error.reason : undefined;
    if (natsCode !== undefined) this.#refused.add(member);
    const waiting = natsCode === undefined ? sharedEvents.nats.waiting : events.alarm.streamsRefused;
    waiting(this.#logOf(member), error, { natsCode, delayMs });
  }

  #logOf(member: MemberId): Log {
    const { world, slugOf } = this.#parts;
    return world.log.with({ member: slugOf(member) });
  }
}
