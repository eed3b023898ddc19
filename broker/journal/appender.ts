/** One broker's hand on the journal's stream: each message goes after the last one that this broker knows, or not at all. */
import { equalBytes } from "../../shared/core/bytes.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import { BusRefusal, StreamMoved } from "../../shared/bus/bus.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import { pause } from "../../shared/world/wait.ts";
import type { World } from "../../shared/world/world.ts";
import type { JournalRecord } from "./core/record.ts";
import { sealPiece, toPieces } from "./sealing.ts";
import type { SealingKey } from "./sealing.ts";
import { JOURNAL_STREAM, JOURNAL_SUBJECT, journalStreamSettings } from "./stream.ts";
import type { JournalSizes } from "./stream.ts";

/** Another broker has appended: this one is active no more. */
export class Fenced extends CausewayError {
  constructor(cause?: unknown) {
    super("UNAVAILABLE", "another broker is active", { cause });
  }
}

/** The stream has lost messages that it had stored. */
export class StreamLost extends CausewayError {
  constructor() {
    super("UNAVAILABLE", "the journal's stream has lost messages");
  }
}

export type AppenderParts = {
  readonly bus: Pick<Bus, "append" | "connected" | "ensureStream" | "replay" | "streamState">;
  readonly federation: Uint8Array;
  readonly sizes: JournalSizes;
  readonly world: Pick<World, "after" | "elapsedMs" | "randomBytes">;
  readonly signal: AbortSignal;
  /** The server does not store it, by its own number for the reason or `NO_ANSWER`, and is tried again. */
  readonly onRefused: (reason: number) => void;
};

/** The server is connected and has said nothing for `SILENT_MS`: that is what it does when its disk is full to the last byte. */
const NO_ANSWER = 0;
const SILENT_MS = 10_000;
const AGAIN_MS = 500;

export class Appender {
  readonly #parts: AppenderParts;
  /** The number of the stream's last message. */
  #last: number;

  constructor(parts: AppenderParts, last: number) {
    this.#parts = parts;
    this.#last = last;
  }

  get last(): number {
    return this.#last;
  }

  /**
   * Resolves with how many bytes were stored, once they are, however long NATS is away. Throws `Fenced`, `StreamLost`, or UNAVAILABLE when
   * the signal aborts.
   */
  async append(records: readonly JournalRecord[], key: SealingKey): Promise<number> {
    const { federation, world } = this.#parts;
    let bytes = 0;
    for (const piece of toPieces(records)) {
      const message = sealPiece(piece, key, { federation, sequence: this.#last + 1 }, world);
      await this.#store(message);
      this.#last += 1;
      bytes += message.length;
    }
    return bytes;
  }

  /** After `StreamLost`: goes on where the stream ends now. */
  async findEnd(): Promise<void> {
    const { bus, sizes } = this.#parts;
    await bus.ensureStream(journalStreamSettings(sizes));
    this.#last = (await bus.streamState(JOURNAL_STREAM))?.lastSequence ?? 0;
  }

  async #store(message: Uint8Array): Promise<void> {
    const { bus, world, signal, onRefused } = this.#parts;
    const beganMs = world.elapsedMs();
    for (;;) {
      try {
        await bus.append(JOURNAL_SUBJECT, message, this.#last);
        return;
      } catch (error) {
        if (signal.aborted || !isCausewayError(error, "UNAVAILABLE")) throw error;
        if (await this.#isStored(message, error)) return;
        if (error instanceof BusRefusal && !(error instanceof StreamMoved)) onRefused(error.reason);
        else if (bus.connected && world.elapsedMs() - beganMs >= SILENT_MS) onRefused(NO_ANSWER);
        await pause(world, AGAIN_MS, signal);
      }
      if (signal.aborted) throw new CausewayError("UNAVAILABLE", "the program is stopping");
    }
  }

  /** Whether the message is there, although nobody said so. Throws if the stream is not as this broker left it. */
  async #isStored(message: Uint8Array, error: unknown): Promise<boolean> {
    const { bus } = this.#parts;
    try {
      const state = await bus.streamState(JOURNAL_STREAM);
      if (state === undefined || state.lastSequence < this.#last) throw new StreamLost();
      if (state.lastSequence === this.#last) return false;
      for await (const { data } of bus.replay(JOURNAL_STREAM, { from: this.#last + 1 })) {
        if (state.lastSequence === this.#last + 1 && equalBytes(data, message)) return true;
        throw new Fenced(error);
      }
      throw new Fenced(error);
    } catch (why) {
      if (why instanceof StreamLost || why instanceof Fenced || !isCausewayError(why, "UNAVAILABLE")) throw why;
      return false;
    }
  }
}
