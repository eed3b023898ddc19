/**
 * Looks at every member's submission stream while the broker runs: whether it has lost something, and how much room it has left. A loss is
 * no more than a doubt, since counting does not say what is gone: the member's node is asked to compare what it has published, and the doubt
 * ends when its digests of all open epochs agree again.
 */
import type { Bus } from "../../shared/bus/bus.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { submissionStream } from "../../shared/wire/subjects.ts";
import type { World } from "../../shared/world/world.ts";
import { Wake } from "../../shared/world/wake.ts";
import { STREAM_LOOK_MS } from "../core/limits.ts";
import { doubtOn, shareUsed } from "../core/stream-doubt.ts";
import type { StreamCounts, StreamDoubt, StreamRoom } from "../core/stream-doubt.ts";
import type { MemberStreams } from "./member-streams.ts";

export type StreamWatchParts = {
  readonly bus: Pick<Bus, "connected" | "streamState">;
  readonly streams: Pick<MemberStreams, "refit" | "removals">;
  /** Who is served now. */
  readonly members: () => readonly MemberId[];
  readonly openEpochs: () => readonly number[];
  readonly limits: { readonly maxMessages: number; readonly maxBytes: number };
  /** Something is missing: the member's node is to compare. */
  readonly onDoubt: (member: MemberId, doubt: StreamDoubt) => void;
  /** What the member holds and what the broker holds agree again. */
  readonly onAgreed: (member: MemberId) => void;
  /** Of messages or bytes, as of now: 0 to 1. */
  readonly onRoom: (member: MemberId, used: number) => void;
  readonly world: Pick<World, "after">;
};

type Look = StreamCounts & { readonly removals: number };

export class StreamWatch {
  readonly #parts: StreamWatchParts;
  readonly #wake: Wake;
  readonly #looks = new Map<MemberId, Look>();
  /** Epochs whose digests have not agreed since something was missing. */
  readonly #doubted = new Map<MemberId, Set<number>>();

  constructor(parts: StreamWatchParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
  }

  /** The bus was away and is back: what it had may be gone. */
  reconnected(): void {
    this.#wake.set();
  }

  /** Undefined before the first look. */
  roomOf(member: MemberId): StreamRoom | undefined {
    const look = this.#looks.get(member);
    const { maxMessages: messagesMax, maxBytes: bytesMax } = this.#parts.limits;
    return look && { messages: look.messages, messagesMax, bytes: look.bytes, bytesMax };
  }

  /** The broker's answer to a digest of the member named no difference. */
  agreed(member: MemberId, epoch: number): void {
    const doubted = this.#doubted.get(member) ?? new Set(this.#parts.openEpochs());
    doubted.delete(epoch);
    const open = this.#parts.openEpochs();
    if (open.some((each) => doubted.has(each))) {
      this.#doubted.set(member, doubted);
      return;
    }
    this.#doubted.delete(member);
    this.#parts.onAgreed(member);
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const member of this.#parts.members()) {
        if (signal.aborted) return;
        await this.#look(member);
      }
      await this.#wake.wait(STREAM_LOOK_MS, signal);
    }
  }

  async #look(member: MemberId): Promise<void> {
    const { bus, streams, limits, onRoom } = this.#parts;
    if (!bus.connected) return;
    const removals = streams.removals(member);
    const now = await bus.streamState(submissionStream(member)).catch((error: unknown) => {
      if (isCausewayError(error)) return "unknown" as const;
      throw error;
    });
    if (now === "unknown" || streams.removals(member) !== removals) return;
    const before = this.#looks.get(member);
    if (now === undefined) this.#looks.delete(member);
    else {
      this.#looks.set(member, { ...now, removals });
      onRoom(member, shareUsed(now, limits));
    }
    // What was removed on purpose in between cannot be told from what was lost: the next look counts from here.
    const isComparable =
      before !== undefined && (before.removals === removals || (now?.lastSequence ?? 0) < before.lastSequence);
    const doubt = isComparable ? doubtOn(before, now) : undefined;
    // One that was made a moment ago by somebody else is not as the table says.
    if (doubt !== undefined || now === undefined) streams.refit(member);
    if (doubt !== undefined) this.#doubt(member, doubt);
  }

  #doubt(member: MemberId, doubt: StreamDoubt): void {
    this.#doubted.set(member, new Set(this.#parts.openEpochs()));
    this.#parts.onDoubt(member, doubt);
  }
}
