/** What the parties of a simulated federation say to each other, as it crosses a wire. */
import { toHex } from "../../shared/core/bytes.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import type { Clock } from "../../shared/world/clock.ts";

export type Message = {
  readonly atMs: number;
  /** Slug of a unit, or "broker", "key-office", "board", "everybody". */
  readonly from: string;
  readonly to: string;
  /** Such as "publication", "beat matchOpened", "evaluation batch", "directive epochOpen". Read with the recipient's key. */
  readonly kind: string;
  /** As they cross the wire: sealed, where the protocol seals. */
  readonly bytes: Uint8Array;
  /** Nobody ever gets it. */
  readonly lost?: true;
};

export class Recorder {
  readonly messages: Message[] = [];
  readonly #clock: Clock;
  readonly #losing: ((message: Message) => boolean)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Answers whether it is lost. */
  note(message: Omit<Message, "atMs" | "lost">): boolean {
    const said: Message = { ...message, atMs: this.#clock() };
    const losing = this.#losing.findIndex((isIt) => isIt(said));
    if (losing >= 0) this.#losing.splice(losing, 1);
    this.messages.push(losing >= 0 ? { ...said, lost: true } : said);
    return losing >= 0;
  }

  /** The next message on the bus that is so, once. Its sender is told that it is stored: a bus's word is not durability. */
  loseNext(isIt: (message: Message) => boolean): void {
    this.#losing.push(isIt);
  }

  /** One line for each, with all of its bytes. */
  get transcript(): string[] {
    return this.messages.map(({ atMs, from, to, kind, bytes }) => `${atMs} ${from} ${to} ${kind} ${toHex(bytes)}`);
  }
}

/** A bus of which the recorder hears what is published, and whose messages it may lose. */
export function recordedBus(bus: Bus, isLost: (subject: string, data: Uint8Array) => boolean): Bus {
  return {
    get connected() {
      return bus.connected;
    },
    async publish(subject, data, messageId) {
      // What a client without a connection is asked to publish goes nowhere.
      if (bus.connected && isLost(subject, data)) return;
      await bus.publish(subject, data, messageId);
    },
    consume: (stream, consumer, signal) => bus.consume(stream, consumer, signal),
    append: (subject, data, expected) => bus.append(subject, data, expected),
    replay: (stream, range) => bus.replay(stream, range),
    streamState: (stream) => bus.streamState(stream),
    purgeBefore: (stream, sequence) => bus.purgeBefore(stream, sequence),
    ensureStream: (settings) => bus.ensureStream(settings),
    ensureConsumer: (stream, consumer, most) => bus.ensureConsumer(stream, consumer, most),
    purge: (stream, subject) => bus.purge(stream, subject),
    deleteStream: (stream) => bus.deleteStream(stream),
    streamSettings: (stream) => bus.streamSettings(stream),
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
  };
}
