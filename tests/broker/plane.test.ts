/** The broker's work on the streams, with a bus that does what each test says. All records are invented. */
import { describe, expect, it } from "vitest";
import { Intake } from "../../broker/bus/intake.ts";
import { MemberStreams } from "../../broker/bus/member-streams.ts";
import { Plane } from "../../broker/bus/plane.ts";
import { Places } from "../../broker/bus/places.ts";
import { recall } from "../../broker/bus/recall.ts";
import type { MemberId } from "../../shared/core/ids.ts";
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
    streamState: () => Promise.resolve(undefined),
    async *replay() {
      onReplay(stop);
      yield* [];
    },
    consume: () => [],
    ensureStream: () => Promise.resolve(),
    ensureConsumer: () => Promise.resolve(),
  };
  const { ledger, publications, writer, watch, world } = bench;
  const federation = () => bench.federation;
  const intake = new Intake({ federation, sealingKeys: () => new Map(), pastKeysOf: () => [], log: world.log });
  const outlet = { reply: () => Promise.resolve() };
  const slugOf = (member: MemberId) => bench.federation.members.get(member)?.slug;
  const common = { bus: bus as never, slugOf, world, signal: stop.signal };
  const streams = new MemberStreams({ ...common, sizes: STREAM_SIZES });
  const flood = { passedOver: async () => undefined };
  const beats = { greet: () => undefined, run: () => Promise.resolve() };
  const plane = new Plane({
    ...common,
    places: new Places(),
    ledger,
    streams,
    intake,
    flood,
    writer,
    outlet,
    beats,
    federation,
    isOurs,
  });
  const members = () => [...bench.federation.members.keys()];
  const remember = () => recall({ ...common, intake, ledger, publications, writer, watch, members });
  return { bench, plane, streams, remember, stop };
}

describe("bringing memory back", () => {
  it("raises an alarm about what was applied and the stream lacks", async () => {
    const { bench, remember } = started();
    await remember();
    expect(bench.recorded.lines.find(({ event }) => event === "alarm.streamIncomplete")?.fields).toMatchObject({
      missing: 2,
    });
    expect(bench.recorded.count("alarm.raised")).toBe(1);
  });

  it("raises none about what it has not read because the broker stops", async () => {
    const { bench, remember } = started((stop) => stop.abort());
    await remember();
    expect(bench.recorded.lines).toEqual([]);
  });
});

describe("serving a member", () => {
  it("ends, and holds up no start, when the broker has stopped before it begins", async () => {
    const { plane, streams, stop } = started();
    stop.abort();
    await Promise.all([plane.serve(HARBOUR), streams.tried()]);
    expect(streams.refused).toEqual(new Set());
  });

  it("begins and goes on only under the key that the chain names", async () => {
    let named = true;
    const { plane, streams, stop } = started(undefined, () => named);
    const serving = plane.serve(HARBOUR);
    await streams.tried();
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
