/**
 * Pages that update by themselves: the address of a page, asked for as a stream of events, sends the page's body again whenever
 * something on it has changed. A stream lives no longer than its session: whoever loses the session sees nothing more.
 */
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { SSEStreamingApi } from "hono/streaming";
import type { Clock } from "../../shared/world/clock.ts";
import type { Log } from "../../shared/world/log.ts";
import { pause } from "../../shared/platform/retry.ts";
import type { ConsoleData } from "./console-data.ts";
import type { ConsoleEnvironment } from "./environment.ts";
import { REDRAW_MS_MAX, REDRAW_MS_MIN, STREAMS_PER_SESSION_MAX } from "./limits.ts";
import type { Sessions } from "./session/sessions.ts";
import { clockTime, date } from "./words.ts";

/** Time for the last words to reach a browser before its connection is cut. */
const LAST_WORDS_MS = 500;

export class Live {
  readonly #data: ConsoleData;
  readonly #sessions: Sessions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stop: AbortSignal;
  readonly #open = new Map<string, number>();

  constructor(of: {
    readonly data: ConsoleData;
    readonly sessions: Sessions;
    readonly clock: Clock;
    readonly log: Log;
    readonly stop: AbortSignal;
  }) {
    this.#data = of.data;
    this.#sessions = of.sessions;
    this.#clock = of.clock;
    this.#log = of.log;
    this.#stop = of.stop;
  }

  /** `draw` gives the page's body, undefined once there is no such page any more. */
  stream(c: Context<ConsoleEnvironment>, draw: () => Promise<string | undefined>): Response {
    const { id } = c.var.signedIn.session;
    const open = this.#open.get(id) ?? 0;
    if (open >= STREAMS_PER_SESSION_MAX) return c.text("too many streams", 429);
    this.#open.set(id, open + 1);
    const ended = this.#sessions.ending(id);
    return streamSSE(c, async (stream) => {
      const signal = AbortSignal.any([ended, this.#stop, gone(stream)]);
      // Even a browser that takes nothing in is cut off.
      signal.addEventListener("abort", () => setTimeout(() => c.env.outgoing.destroy(), LAST_WORDS_MS).unref());
      try {
        await this.#watch(stream, id, draw, signal);
        const over = !this.#stop.aborted && this.#sessions.find(id) === undefined;
        if (over) await stream.writeSSE({ event: "ended", data: "" });
      } catch (error) {
        this.#log.error("console.streamFailed", error);
      } finally {
        const left = (this.#open.get(id) ?? 1) - 1;
        if (left > 0) this.#open.set(id, left);
        else this.#open.delete(id);
      }
    });
  }

  async #watch(
    stream: SSEStreamingApi,
    session: string,
    draw: () => Promise<string | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    using changes = new Changes(this.#data);
    let sent = "";
    while (!signal.aborted && this.#sessions.find(session) !== undefined) {
      changes.seen();
      const body = await draw();
      if (body === undefined) return;
      if (body !== sent) await stream.writeSSE({ event: "page", data: body });
      sent = body;
      const nowMs = this.#clock();
      const words = `${date(nowMs)}, ${clockTime(nowMs)}`;
      await stream.writeSSE({ event: "time", data: `${new Date(nowMs).toISOString()}|${words}` });
      await pause(REDRAW_MS_MIN, signal);
      await changes.next(REDRAW_MS_MAX - REDRAW_MS_MIN, signal);
    }
  }
}

/** Remembers a change that came while a page was being drawn. */
class Changes implements Disposable {
  readonly #unsubscribe: () => void;
  #changed = Promise.withResolvers<void>();

  constructor(data: ConsoleData) {
    this.#unsubscribe = data.onChange(() => this.#changed.resolve());
  }

  seen(): void {
    this.#changed = Promise.withResolvers<void>();
  }

  /** Waits for a change after `seen`, or a time, or the signal. */
  async next(ms: number, signal: AbortSignal): Promise<void> {
    const enough = new AbortController();
    await Promise.race([this.#changed.promise, pause(ms, AbortSignal.any([signal, enough.signal]))]);
    enough.abort();
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
  }
}

/** Aborts when the browser has closed the stream. */
function gone(stream: SSEStreamingApi): AbortSignal {
  const controller = new AbortController();
  stream.onAbort(() => controller.abort());
  return controller.signal;
}
