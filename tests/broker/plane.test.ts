/** The broker's work on the streams, with a bus that does what each test says. All records are invented. */
import { describe, expect, it } from "vitest";
import { Plane } from "../../broker/bus/plane.ts";
import { newHandle, STREAM_SIZES, tokens, upsert } from "./support.ts";
import { Bench, HARBOUR } from "./writer-support.ts";

/** A broker that starts again with a ledger of two applied submissions, which the streams that it reads lack. */
function started(onReplay: (stop: AbortController) => void = () => undefined, isOurs = () => true) {
  const before = new Bench();
  before.publish(HARBOUR, upsert(newHandle(), tokens(["a phone"])));
  before.publish(HARBOUR, upsert(newHandle(), tokens(["a passport"])));
  const bench = new Bench({ ledger: before.ledger });
  const stop = new AbortController();
  const bus = {
    async *replay() {
      onReplay(stop);
      yield* [];
    },
    consume: () => [],
    ensureStream: () => Promise.resolve(),
    ensureConsumer: () => Promise.resolve(),
  };
  const plane = new Plane({
    ...bench,
    bus: bus as never,
    outlet: { sendNotices: () => Promise.resolve() } as never,
    federation: () => bench.federation,
    isOurs,
    sealingKeys: () => new Map(),
    pastKeysOf: () => [],
    sizes: STREAM_SIZES,
    clock: () => bench.nowMs,
    log: bench.recorded.log,
    signal: stop.signal,
  });
  return { bench, plane, stop };
}

describe("bringing memory back", () => {
  it("raises an alarm about what was applied and the stream lacks", async () => {
    const { bench, plane } = started();
    await plane.rebuild();
    expect(bench.recorded.lines.find(({ event }) => event === "alarm.streamIncomplete")?.fields).toMatchObject({
      missing: 2,
    });
    expect(bench.recorded.count("alarm.raised")).toBe(1);
  });

  it("raises none about what it has not read because the broker stops", async () => {
    const { bench, plane } = started((stop) => stop.abort());
    await plane.rebuild();
    expect(bench.recorded.lines).toEqual([]);
  });
});

describe("serving a member", () => {
  it("ends, and holds up no start, when the broker has stopped before it begins", async () => {
    const { plane, stop } = started();
    stop.abort();
    await Promise.all([plane.serve(HARBOUR), plane.tried()]);
    expect(plane.streamsRefused).toEqual(new Set());
  });

  it("begins and goes on only under the key that the chain names", async () => {
    let named = true;
    const { plane, stop } = started(undefined, () => named);
    const serving = plane.serve(HARBOUR);
    await plane.tried();
    named = false;
    plane.stopOthers();
    await serving;
    expect(stop.signal.aborted).toBe(false);
    expect(plane.newMembers()).toEqual([]);
    await plane.serve(HARBOUR);
    named = true;
    expect(plane.newMembers()).toContain(HARBOUR);
  });
});
