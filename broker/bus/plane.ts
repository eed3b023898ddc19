/**
 * The broker on the data plane: brings memory back from the streams, then takes submissions as they come, one at a time,
 * and sends what is due. NATS may go away and come back at any moment; whatever it forgets is in the ledger or, without a
 * receipt, still with its owner.
 */
import type { Federation } from "../../shared/core/directive.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { Clock } from "../../shared/world/clock.ts";
import type { Log } from "../../shared/world/log.ts";
import type { BusMessage, NatsBus } from "../../shared/platform/nats.ts";
import { aborted } from "../../shared/platform/lifecycle.ts";
import { jetStreamCodeOf } from "../../shared/platform/nats.ts";
import { pause, retryWhileUnavailable } from "../../shared/platform/retry.ts";
import {
  BROKER_CONSUMER,
  deliveryStream,
  deliverySubject,
  submissionStream,
  submissionSubject,
  submissionSubjects,
} from "../../shared/wire/subjects.ts";
import { NOTICE_TICK_MS, STREAMS_AGAIN_MS_MAX } from "../core/limits.ts";
import type { Received } from "../core/submission.ts";
import type { SealingKeys } from "../keys.ts";
import type { Ledger } from "../store/ledger.ts";
import type { Publications } from "../writer/publications.ts";
import type { Watch } from "../writer/watch.ts";
import type { Writer } from "../writer/writer.ts";
import { openArrival } from "./intake.ts";
import type { IntakeContext } from "./intake.ts";
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
  readonly watch: Watch;
  readonly federation: () => Federation;
  /** Whether the chain names the key that this process signs with. Nobody would believe it under another. */
  readonly isOurs: () => boolean;
  readonly sealingKeys: () => SealingKeys;
  /** Every signing key that a directive ever gave to the member. */
  readonly pastKeysOf: (member: MemberId) => readonly Uint8Array[];
  readonly sizes: StreamSizes;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

type Keeping = {
  /** For the first time, whatever came of it; or there is nothing to try any more. */
  readonly tried: Promise<void>;
  readonly ended: Promise<void>;
};

export class Plane {
  readonly #parts: PlaneParts;
  /** Members whose submissions are taken and to whom notices are sent, until the directives say otherwise. */
  readonly #served = new Map<MemberId, AbortController>();
  /** Where in its stream a member's first submission stands that the ledger had not seen at the start. */
  readonly #unsettled = new Map<MemberId, number>();
  /** The work on each member's streams; ended soon after the member has lost its standing. */
  readonly #keeping = new Map<MemberId, Keeping>();
  readonly #streamsRefused = new Set<MemberId>();
  /** Aborts when NATS was away and is back: it may have lost streams. */
  #connection = new AbortController();

  constructor(parts: PlaneParts) {
    this.#parts = parts;
  }

  /** Members in good standing of whose streams NATS lacks some, or has them otherwise than the table says, and does not mend it. */
  get streamsRefused(): ReadonlySet<MemberId> {
    return this.#streamsRefused;
  }

  /** NATS was away and is back. */
  reconnected(): void {
    const before = this.#connection;
    this.#connection = new AbortController();
    before.abort();
  }

  /**
   * Memory as the ledger knows it. Nothing may be matched before all members' records are back, those of suspended ones included: they
   * meet nobody, and are there when their owner is reinstated. It needs the streams that stand, and no others. When the signal aborts it is
   * left unfinished.
   */
  async rebuild(): Promise<void> {
    const { members, suspended } = this.#parts.federation();
    for (const member of [...members.keys(), ...suspended.keys()]) {
      const first = await this.#persist(() => this.#rebuildMember(member));
      if (this.#parts.signal.aborted) return;
      if (first !== undefined) this.#unsettled.set(member, first);
    }
    while (this.#parts.publications.sweep(this.#parts.clock()));
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
    const { promise: tried, resolve: onTried } = Promise.withResolvers<void>();
    const ended = this.#keepStreams(member, signal, onTried);
    this.#keeping.set(member, { tried, ended });
    const serving = tried.then(() => Promise.all([this.#follow(member, signal), this.#sendNotices(member, signal)]));
    await Promise.all([ended, serving]);
  }

  #isToServe(member: MemberId): boolean {
    return this.#parts.isOurs() && this.#parts.federation().members.has(member);
  }

  /** Resolves when the streams of all who are served stand, or NATS has refused them once, or the signal aborts. */
  async tried(): Promise<void> {
    await Promise.all([...this.#keeping.values()].map(({ tried }) => tried));
  }

  /** Makes and mends a member's streams, again after each time that NATS was away. */
  async #keepStreams(member: MemberId, signal: AbortSignal, onTried: () => void): Promise<void> {
    while (!signal.aborted) {
      const untilReconnected = AbortSignal.any([signal, this.#connection.signal]);
      await this.#fitStreams(member, untilReconnected, onTried);
      await aborted(untilReconnected);
    }
    // Nothing may have been tried at all.
    onTried();
    this.#streamsRefused.delete(member);
  }

  async #fitStreams(member: MemberId, signal: AbortSignal, onTried: () => void): Promise<void> {
    const { bus, sizes } = this.#parts;
    try {
      await retryWhileUnavailable(() => ensureMemberStreams(bus, member, sizes), {
        signal,
        maxDelayMs: STREAMS_AGAIN_MS_MAX,
        onRetry: (error, delayMs) => {
          this.#noteRefusal(member, error, delayMs);
          onTried();
        },
      });
      if (this.#streamsRefused.delete(member)) this.#logOf(member).info("nats.streamsMade");
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      onTried();
    }
  }

  /** No answer is no refusal: then NATS is away, or busy. */
  #noteRefusal(member: MemberId, error: unknown, delayMs: number): void {
    const natsCode = jetStreamCodeOf(error);
    if (natsCode !== undefined) this.#streamsRefused.add(member);
    const event = natsCode === undefined ? "nats.waiting" : "alarm.streamsRefused";
    this.#logOf(member).error(event, error, { natsCode, delayMs });
  }

  /** Removes what a member has submitted in an epoch; how many messages. */
  async purge(member: MemberId, epoch: number): Promise<number> {
    try {
      return await this.#persist(() =>
        this.#parts.bus.purge(submissionStream(member), submissionSubject(member, epoch)),
      );
    } catch (error) {
      if (isCausewayError(error, "NOT_FOUND")) return 0;
      throw error;
    }
  }

  /** Removes a member's streams with all they hold; from a broker that may not, at least what they hold. */
  async deleteStreams(member: MemberId): Promise<void> {
    const { bus } = this.#parts;
    // Or what is under way could make them anew.
    await this.#keeping.get(member)?.ended.catch(() => undefined);
    for (const [stream, subjects] of [
      [submissionStream(member), submissionSubjects(member)],
      [deliveryStream(member), deliverySubject(member)],
    ] as const) {
      try {
        await this.#persist(() => bus.deleteStream(stream));
      } catch (error) {
        if (!isCausewayError(error, "UNAUTHENTICATED")) throw error;
        this.#parts.log.error("nats.streamKept", error);
        await this.#persist(() => bus.purge(stream, subjects));
      }
    }
  }

  /** First what the ledger has not seen at the start. */
  async #follow(member: MemberId, signal: AbortSignal): Promise<void> {
    const first = this.#unsettled.get(member);
    this.#unsettled.delete(member);
    if (first !== undefined) await this.#persist(() => this.#takeFrom(member, first, signal));
    for await (const message of this.#parts.bus.consume(submissionStream(member), BROKER_CONSUMER, signal)) {
      if (signal.aborted) return;
      await this.#take(member, message);
      if (signal.aborted) return;
      message.ack();
    }
  }

  async #sendNotices(member: MemberId, signal: AbortSignal): Promise<void> {
    const { outlet, clock } = this.#parts;
    while (!signal.aborted) {
      await pause(NOTICE_TICK_MS - (clock() % NOTICE_TICK_MS), signal);
      if (!signal.aborted) await outlet.sendNotices(member);
    }
  }

  /** Answers with the place in the stream of the first submission that the live path may still have to decide. */
  async #rebuildMember(member: MemberId): Promise<number | undefined> {
    const { bus, ledger, publications, writer, signal } = this.#parts;
    let first: number | undefined;
    const rebuild = new Rebuild(member, {
      ledger,
      restore: (submission, applied) => {
        if (submission.body.kind === "publication") publications.restore(submission, submission.body.entries, applied);
      },
    });
    for await (const message of bus.replay(submissionStream(member))) {
      if (signal.aborted) return undefined;
      const received = this.#open(member, message, this.#contextOfThePast(member));
      if (received === undefined || rebuild.take(received) || writer.isSettled(received)) continue;
      first ??= message.streamSequence;
    }
    // It ends the replay too: what was not read then is not missing.
    if (signal.aborted) return undefined;
    rebuild.finish();
    publications.restoreCarried(member);
    if (rebuild.missing > 0) {
      this.#logOf(member).warn("alarm.streamIncomplete", { missing: rebuild.missing });
      this.#parts.watch.raise("streamIncomplete", member, this.#parts.clock());
    }
    return first;
  }

  async #takeFrom(member: MemberId, first: number, signal: AbortSignal): Promise<void> {
    for await (const message of this.#parts.bus.replay(submissionStream(member))) {
      if (signal.aborted) return;
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
  #open(member: MemberId, message: BusMessage, context = this.#contextOfNow()): Received | undefined {
    try {
      return openArrival(member, message, context);
    } catch (error) {
      if (!isCausewayError(error) || error.code === "INTERNAL") throw error;
      this.#logOf(member).warn("submission.unproven", { code: error.code, bytes: message.data.length });
      return undefined;
    }
  }

  #contextOfNow(): IntakeContext {
    return { federation: this.#parts.federation(), sealingKeys: this.#parts.sealingKeys() };
  }

  /** What was taken from a member while it was in good standing counts, whatever it is now and under whichever key it signed. */
  #contextOfThePast(member: MemberId): IntakeContext {
    const federation = this.#parts.federation();
    const members = new Map([...federation.members, ...federation.suspended]);
    const pastKeys = this.#parts.pastKeysOf(member);
    return { ...this.#contextOfNow(), federation: { ...federation, members }, pastKeys };
  }

  async #persist<T>(attempt: () => Promise<T>): Promise<T> {
    const { signal, log } = this.#parts;
    return await retryWhileUnavailable(attempt, {
      signal,
      maxDelayMs: 2_000,
      onRetry: (error, delayMs) => log.error("nats.waiting", error, { delayMs }),
    });
  }

  #logOf(member: MemberId): Log {
    return this.#parts.log.with({ member: this.#parts.federation().members.get(member)?.slug });
  }
}
