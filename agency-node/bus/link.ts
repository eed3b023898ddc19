/**
 * The node's side of the data plane: connects when a server is there, sends and receives from then on, and begins again when the
 * connection ends for good. A server that refuses this member (suspended, credentials replaced) is asked again at leisure: the unit
 * keeps its records and its own services meanwhile.
 */
import { isCausewayError } from "../../shared/core/errors.ts";
import type { Log } from "../../shared/world/log.ts";
import { connectNats } from "../../shared/platform/nats.ts";
import type { NatsOptions } from "../../shared/platform/nats.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import { pause } from "../../shared/platform/retry.ts";
import { Receiver } from "./receiver.ts";
import type { ReceiverParts } from "./receiver.ts";
import { Sender } from "./sender.ts";
import type { Outbox } from "../store/outbox.ts";
import { Wake } from "../wake.ts";

export type LinkParts = Omit<ReceiverParts, "bus" | "outbox" | "resendFrom"> & {
  readonly outbox: Outbox;
  readonly log: Log;
  /** Where and as whom; read anew for each connection, since credentials are replaced while the node runs. */
  server(): Omit<NatsOptions, "signal" | "log" | "onReconnect">;
  /** Connected, for the first time or again. */
  onConnect(): void;
};

const BEGIN_AGAIN_MS = 1_000;
const REFUSED_MS = 30_000;

export class Link {
  readonly #parts: LinkParts;
  #bus: Bus | undefined;
  #sender: Sender | undefined;
  #receiver: Receiver | undefined;
  readonly #directive = new Wake();

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  get connected(): boolean {
    return this.#bus?.connected ?? false;
  }

  /** There is something in the outbox. */
  wake(): void {
    this.#sender?.wake();
  }

  /** An epoch may be open now, without which nothing can be said to the broker; a server that refused us may not any more. */
  onDirective(): void {
    this.#receiver?.onDirective();
    this.#directive.set();
  }

  /** What waited goes out under a new incarnation. */
  startedOver(): void {
    this.#receiver?.connect();
  }

  /** Runs until the signal aborts. Throws only what this process cannot go on from. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#talk(signal);
        await pause(BEGIN_AGAIN_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        const refused = isCausewayError(error, "UNAUTHENTICATED");
        if (!refused && !isCausewayError(error, "UNAVAILABLE")) throw error;
        this.#parts.log.error(refused ? "nats.refused" : "nats.waiting", error);
        if (refused) await this.#directive.wait(REFUSED_MS, signal);
        else await pause(BEGIN_AGAIN_MS, signal);
      }
    }
  }

  async #talk(outer: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const signal = AbortSignal.any([outer, ended.signal]);
    const { log } = this.#parts;
    const onReconnect = (): void => {
      this.#receiver?.connect();
      this.#parts.onConnect();
    };
    const bus = await connectNats({ ...this.#parts.server(), signal, log, onReconnect });
    const sender = new Sender({ bus, outbox: this.#parts.outbox, log });
    const receiver = new Receiver({ ...this.#parts, bus, resendFrom: (position) => sender.resendFrom(position) });
    this.#bus = bus;
    this.#sender = sender;
    this.#receiver = receiver;
    // Closing makes calls that wait for an answer fail at once: nobody waits for a server that is away.
    const close = async (): Promise<void> => await bus[Symbol.asyncDispose]();
    signal.addEventListener("abort", () => void close().catch(() => undefined), { once: true });
    try {
      onReconnect();
      await untilOneEnds([sender.run(signal), receiver.run(signal)], ended);
    } finally {
      this.#sender = undefined;
      this.#receiver = undefined;
      this.#bus = undefined;
      await close();
    }
  }
}

/** When one ends or fails, the others are told to; the first failure is thrown. */
async function untilOneEnds(tasks: readonly Promise<void>[], ended: AbortController): Promise<void> {
  const outcomes = await Promise.allSettled(tasks.map((task) => task.finally(() => ended.abort())));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
