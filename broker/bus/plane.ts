/**
 * The broker on the data plane: brings memory back from the streams, then takes submissions as they come, one at a time,
 * and sends what is due. NATS may go away and come back at any moment; whatever it forgets is in the ledger or, without a
 * receipt, still with its owner.
 */
import type { Federation } from "../../shared/core/directive.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { Clock } from "../../shared/platform/clock.ts";
import type { Log } from "../../shared/platform/log.ts";
import type { BusMessage, NatsBus } from "../../shared/platform/nats.ts";
import { pause, retryWhileUnavailable } from "../../shared/platform/retry.ts";
import { BROKER_CONSUMER, submissionStream } from "../../shared/wire/subjects.ts";
import { NOTICE_TICK_MS } from "../core/limits.ts";
import type { Received } from "../core/submission.ts";
import type { SealingKeys } from "../keys.ts";
import type { Ledger } from "../store/ledger.ts";
import type { Publications } from "../writer/publications.ts";
import type { Writer } from "../writer/writer.ts";
import { openArrival } from "./intake.ts";
import type { Outlet } from "./outlet.ts";
import { Rebuild } from "./rebuild.ts";
import { ensureMemberStreams } from "./streams.ts";
import type { StreamSizes } from "./streams.ts";

export type PlaneParts = {
  readonly bus: NatsBus;
  readonly writer: Writer;
  readonly publications: Publications;
  readonly ledger: Ledger;
  readonly outlet: Outlet;
  readonly federation: () => Federation;
  readonly sealingKeys: () => SealingKeys;
  readonly sizes: StreamSizes;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

export class Plane {
  readonly #parts: PlaneParts;
  readonly #followed = new Set<MemberId>();
  /** Where in its stream a member's first submission stands that the ledger had not seen at the start. */
  readonly #unsettled = new Map<MemberId, number>();

  constructor(parts: PlaneParts) {
    this.#parts = parts;
  }

  /** Memory as the ledger knows it. Nothing may be matched before all members' records are back. */
  async rebuild(): Promise<void> {
    for (const member of this.#members()) {
      await this.ensureStreams(member);
      const first = await this.#persist(() => this.#rebuildMember(member));
      if (first !== undefined) this.#unsettled.set(member, first);
    }
    while (this.#parts.publications.sweep(this.#parts.clock()));
  }

  /** Members that are not followed yet; with their streams made. */
  async newMembers(): Promise<MemberId[]> {
    const fresh = this.#members().filter((member) => !this.#followed.has(member));
    for (const member of fresh) await this.ensureStreams(member);
    return fresh;
  }

  /**
   * Takes a member's submissions until the signal aborts, first those that the ledger has not seen. Each member has a task of
   * its own: one whose deliveries NATS has no room for holds up nobody else. Throws only what this process cannot go on
   * from.
   */
  async follow(member: MemberId): Promise<void> {
    this.#followed.add(member);
    const first = this.#unsettled.get(member);
    if (first !== undefined) await this.#persist(() => this.#takeFrom(member, first));
    for await (const message of this.#parts.bus.consume(submissionStream(member), BROKER_CONSUMER)) {
      await this.#take(member, message);
      if (this.#parts.signal.aborted) return;
      message.ack();
    }
  }

  /** Sends a member's notices at each tick until the signal aborts. */
  async sendNotices(member: MemberId): Promise<void> {
    const { outlet, clock, signal } = this.#parts;
    while (!signal.aborted) {
      await pause(NOTICE_TICK_MS - (clock() % NOTICE_TICK_MS), signal);
      if (!signal.aborted) await outlet.sendNotices(member);
    }
  }

  async ensureStreams(member: MemberId): Promise<void> {
    await this.#persist(() => ensureMemberStreams(this.#parts.bus, member, this.#parts.sizes));
  }

  /** Answers with the place in the stream of the first submission that the live path may still have to decide. */
  async #rebuildMember(member: MemberId): Promise<number | undefined> {
    const { bus, ledger, publications, writer } = this.#parts;
    let first: number | undefined;
    const rebuild = new Rebuild(member, {
      ledger,
      restore: (submission, applied) => {
        if (submission.body.kind === "publication") publications.restore(submission, submission.body.entries, applied);
      },
    });
    for await (const message of bus.replay(submissionStream(member))) {
      if (this.#parts.signal.aborted) return undefined;
      const received = this.#open(member, message);
      if (received === undefined || rebuild.take(received) || writer.isSettled(received)) continue;
      first ??= message.streamSequence;
    }
    rebuild.finish();
    publications.restoreCarried(member);
    if (rebuild.missing > 0) this.#logOf(member).warn("alarm.streamIncomplete", { missing: rebuild.missing });
    return first;
  }

  async #takeFrom(member: MemberId, first: number): Promise<void> {
    for await (const message of this.#parts.bus.replay(submissionStream(member))) {
      if (message.streamSequence >= first) await this.#take(member, message);
    }
  }

  async #take(member: MemberId, message: BusMessage): Promise<void> {
    const received = this.#open(member, message);
    if (received === undefined || this.#parts.signal.aborted) return;
    for (const reply of this.#parts.writer.receive(received, this.#parts.clock()))
      await this.#parts.outlet.reply(reply);
  }

  /** Undefined for what cannot be believed; it is logged, and the queue goes on. */
  #open(member: MemberId, message: BusMessage): Received | undefined {
    const context = { federation: this.#parts.federation(), sealingKeys: this.#parts.sealingKeys() };
    try {
      return openArrival(member, message, context);
    } catch (error) {
      if (!isCausewayError(error) || error.code === "INTERNAL") throw error;
      this.#logOf(member).warn("submission.unproven", { code: error.code, bytes: message.data.length });
      return undefined;
    }
  }

  async #persist<T>(attempt: () => Promise<T>): Promise<T> {
    const { signal, log } = this.#parts;
    return await retryWhileUnavailable(attempt, {
      signal,
      maxDelayMs: 2_000,
      onRetry: (error, delayMs) => log.error("nats.waiting", error, { delayMs }),
    });
  }

  #members(): MemberId[] {
    return [...this.#parts.federation().members.keys()];
  }

  #logOf(member: MemberId): Log {
    return this.#parts.log.with({ member: this.#parts.federation().members.get(member)?.slug });
  }
}
