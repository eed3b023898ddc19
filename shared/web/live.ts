/**
 * Pages that update by themselves: the address of a page, asked for as a stream of events, sends the page's body again whenever
 * something on it has changed. A stream lives no longer than its session: whoever loses the session sees nothing more.
 */
import { streamSSE } from "hono/streaming";
import type { SSEStreamingApi } from "hono/streaming";
import type { Log } from "../world/log.ts";
import { pause } from "../world/wait.ts";
import { Wake } from "../world/wake.ts";
import type { World } from "../world/world.ts";
import { REDRAW_MS_MAX, REDRAW_MS_MIN, STREAMS_PER_SESSION_MAX } from "./limits.ts";
import type { Request } from "./request.ts";
import type { Sessions } from "./session/sessions.ts";
import type { Site } from "./site.ts";
import { siteEvents } from "./events.ts";
import { exactDateTime } from "../words/figures.ts";
import { say } from "../words/say.ts";

/** Time for the last words to reach a browser before its connection is cut. */
const LAST_WORDS_MS = 500;

export type LiveParts = {
  readonly site: Pick<Site, "onChange">;
  readonly sessions: Sessions;
  readonly world: Pick<World, "after" | "clock">;
  readonly log: Log;
  readonly stop: AbortSignal;
};

export class Live {
  readonly #parts: LiveParts;
  /** Streams of each session. */
  readonly #open = new Map<string, number>();

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  /** `draw` gives the page's body, undefined once there is no such page any more. */
  stream(c: Request, draw: () => Promise<string | undefined>): Response {
    const { sessions, log, stop } = this.#parts;
    const { id } = c.var.signedIn.session;
    const open = this.#open.get(id) ?? 0;
    if (open >= STREAMS_PER_SESSION_MAX) return c.text(say("refusal.tooManyStreams"), 429);
    this.#open.set(id, open + 1);
    const ended = sessions.ending(id);
    return streamSSE(c, async (stream) => {
      const signal = AbortSignal.any([ended, stop, gone(stream)]);
      signal.addEventListener("abort", () => this.#cutOff(c));
      try {
        await this.#watch(stream, id, draw, signal);
        const over = !stop.aborted && sessions.find(id) === undefined;
        if (over) await stream.writeSSE({ event: "ended", data: "" });
      } catch (error) {
        siteEvents.streamFailed(log, error);
      } finally {
        const left = (this.#open.get(id) ?? 1) - 1;
        if (left > 0) this.#open.set(id, left);
        else this.#open.delete(id);
      }
    });
  }

  /** Even a browser that takes nothing in. */
  #cutOff(c: Request): void {
    const { outgoing } = c.env;
    const callOff = this.#parts.world.after(LAST_WORDS_MS, () => outgoing.destroy());
    if (outgoing.closed) callOff();
    else outgoing.once("close", callOff);
  }

  async #watch(
    stream: SSEStreamingApi,
    session: string,
    draw: () => Promise<string | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    const { site, sessions, world } = this.#parts;
    const changed = new Wake(world);
    using subscriptions = new DisposableStack();
    subscriptions.defer(site.onChange(() => changed.set()));
    let sent = "";
    while (!signal.aborted && sessions.find(session) !== undefined) {
      const body = await draw();
      if (body === undefined) return;
      if (body !== sent) await stream.writeSSE({ event: "page", data: body });
      sent = body;
      const nowMs = world.clock();
      await stream.writeSSE({ event: "time", data: `${new Date(nowMs).toISOString()}|${exactDateTime(nowMs)}` });
      await pause(world, REDRAW_MS_MIN, signal);
      // Also of a change that came while the page was being drawn.
      await changed.wait(REDRAW_MS_MAX - REDRAW_MS_MIN, signal);
    }
  }
}

/** Aborts when the browser has closed the stream. */
function gone(stream: SSEStreamingApi): AbortSignal {
  const controller = new AbortController();
  stream.onAbort(() => controller.abort());
  return controller.signal;
}
