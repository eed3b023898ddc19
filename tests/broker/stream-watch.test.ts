/** The watch over members' streams, over a bus whose answers are given by hand. */
import { beforeEach, describe, expect, it } from "vitest";
import { StreamWatch } from "../../broker/bus/stream-watch.ts";
import { STREAM_LOOK_MS } from "../../broker/core/limits.ts";
import type { StreamDoubt } from "../../broker/core/stream-doubt.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { HandWorld } from "../support/hand-world.ts";

const MEMBER = "ab".repeat(16) as MemberId;
const full = (last: number, messages = last) => ({
  firstSequence: 1,
  lastSequence: last,
  messages,
  bytes: messages,
});

describe("the watch over a member's stream", () => {
  let world: HandWorld;
  let state: ReturnType<typeof full> | undefined | "away";
  let removals: number;
  let doubts: StreamDoubt[];
  let refits: number;
  let agreed: number;
  let epochs: number[];
  let watch: StreamWatch;

  beforeEach(() => {
    world = new HandWorld();
    [state, removals, doubts, refits, agreed, epochs] = [full(10), 0, [], 0, 0, [1, 2]];
    watch = new StreamWatch({
      bus: {
        connected: true,
        streamState: async () => {
          if (state === "away") throw new CausewayError("UNAVAILABLE", "away");
          return state;
        },
      },
      streams: { refit: () => void (refits += 1), removals: () => removals },
      members: () => [MEMBER],
      openEpochs: () => epochs,
      limits: { maxMessages: 100, maxBytes: 1_000 },
      onDoubt: (_, doubt) => doubts.push(doubt),
      onAgreed: () => void (agreed += 1),
      onRoom: () => undefined,
      world,
    });
    void watch.run(new AbortController().signal);
  });

  const look = async (): Promise<void> => {
    await world.pass(STREAM_LOOK_MS);
  };

  it("has the streams made again and the node compare when the stream has lost something", async () => {
    await look();
    state = full(12);
    await look();
    expect(doubts).toEqual([]);
    state = full(5);
    await look();
    expect(doubts).toEqual([{ kind: "wentBack", lost: 7 }]);
    expect(refits).toBe(1);
    state = undefined;
    await look();
    expect(doubts.at(-1)).toEqual({ kind: "missing", lost: 5 });
  });

  it("takes neither an outage nor what was removed on purpose for a loss", async () => {
    await look();
    state = "away";
    await look();
    state = full(10);
    await look();
    removals += 2;
    state = full(12, 2);
    await look();
    state = full(13, 3);
    await look();
    expect(doubts).toEqual([]);
  });

  it("is content when the digests of all open epochs agree again", async () => {
    await look();
    state = full(3);
    await look();
    watch.agreed(MEMBER, 1);
    expect(agreed).toBe(0);
    watch.agreed(MEMBER, 2);
    expect(agreed).toBe(1);
  });

  it("looks at once when the bus is back", async () => {
    await look();
    state = full(1);
    watch.reconnected();
    await world.pass(0);
    expect(doubts).toEqual([{ kind: "wentBack", lost: 9 }]);
  });
});
