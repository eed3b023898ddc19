/**
 * The node's side of the data plane: connects when a server is there, sends and receives from then on, and begins again when the
 * connection ends for good. A server that refuses this member (suspended, credentials replaced) is asked again at leisure: the unit
 * keeps its records and its own services meanwhile.
 */
import { isCausewayError } from "../../shared/core/errors.ts";
import type { BusConnector } from "../../shared/bus/bus.ts";
import { pause } from "../../shared/world/wait.ts";
import { Receiver } from "./receiver.ts";
import type { ReceiverParts } from "./receiver.ts";
import { Sender } from "./sender.ts";
import type { Outbox } from "../store/outbox.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import { events } from "../events.ts";
import { sharedEvents } from "../../shared/world/shared-events.ts";

export type LinkParts = Omit<ReceiverParts, "bus" | "outbox" | "resendFrom" | "resend"> & {
  readonly outbox: Outbox;
  readonly world: World;
  readonly connectBus: BusConnector;
  /** Connected, for the first time or again. */
  onConnect(): void;
};

const BEGIN_AGAIN_MS = 1_000;
const REFUSED_MS = 30_000;

export class Link {
  readonly #parts: LinkParts;
  #sender: Sender | undefined;
  #receiver: Receiver | undefined;
  readonly #directive: Wake;

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#directive = new Wake(parts.world);
  }

  get connected(): boolean {
    return this.#parts.line.connected;
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
        await pause(this.#parts.world, BEGIN_AGAIN_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        const refused = isCausewayError(error, "UNAUTHENTICATED");
        if (!refused && !isCausewayError(error, "UNAVAILABLE")) throw error;
        this.#parts.line.isRefused = refused;
        this.#parts.retries.failed("connection", error);
        const waiting = refused ? events.nats.refused : sharedEvents.nats.waiting;
        waiting(this.#parts.world.log, error);
        if (refused) await this.#directive.wait(REFUSED_MS, signal);
        else await pause(this.#parts.world, BEGIN_AGAIN_MS, signal);
      }
    }
  }

  async #talk(outer: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const signal = AbortSignal.any([outer, ended.signal]);
    const { world, outbox, connectBus } = this.#parts;
    const onReconnect = (): void => {
      this.#sender?.onReconnect();
      this.#receiver?.connect();
      this.#parts.onConnect();
    };
    const bus = await connectBus({ signal, onReconnect });
    const { line, retries } = this.#parts;
    line.isRefused = false;
    retries.done("connection");
    const sender = new Sender({ bus, outbox, world, retries });
    const receiver = new Receiver({
      ...this.#parts,
      bus,
      resendFrom: (position) => sender.resendFrom(position),
      resend: (ranges) => sender.resend(ranges),
    });
    this.#parts.line.bus = bus;
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
      this.#parts.line.bus = undefined;
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
