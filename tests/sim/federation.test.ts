/** A whole federation in this process. All persons, numbers and units are invented. */
import { setTimeout as realTimeout } from "node:timers/promises";
import { readFileSync } from "node:fs";
import { combine } from "shamir-secret-sharing";
import { describe, expect, it } from "vitest";
import { STREAM_LOOK_MS } from "../../broker/core/limits.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { foundInMemory } from "./federation.ts";
import type { MemoryFederation } from "./federation.ts";
import { watchingMachine } from "./machine-watch.ts";
import { seededDealer } from "./seeded-shares.ts";
import { SimWorld } from "./world.ts";

const MINUTE_MS = 60_000;
const QUILBRAND = { kind: "person", name: "Arvo Quilbrand", birthDate: "1984-03-12", passportNumber: "N4177330" };
const JORDAN = { documentCountry: "Jordan" };
const HIM = { ...QUILBRAND, ...JORDAN };

async function withOverlap(seed: string): Promise<MemoryFederation> {
  const federation = await foundInMemory({ seed, units: { ct: ["target"], wcu: ["target"] } });
  await federation.import("ct", [{ reference: "CT-1", ...HIM }]);
  await federation.import("wcu", [{ reference: "WCU-1", ...HIM }]);
  await federation.settled();
  return federation;
}

/** From its founding to its end. */
async function lifeOf(seed: string) {
  await using federation = await withOverlap(seed);
  const { messages, recorder } = federation;
  return { ct: federation.inbox("ct"), wcu: federation.inbox("wcu"), messages, transcript: recorder.transcript };
}

describe("a federation in one process", () => {
  it("finds an overlap at both sides, proven, with the contact that its handling grants", async () => {
    const { ct, wcu } = await lifeOf("a seed");
    const proven = { grade: "strong", kind: "identity", state: "proven" };
    expect(ct).toEqual([{ ...proven, reference: "CT-1", unit: "Invented unit wcu", contact: "desk@wcu.example" }]);
    expect(wcu).toEqual([{ ...proven, reference: "WCU-1", unit: "Invented unit ct", contact: "desk@ct.example" }]);
  });

  it("says the same bytes for the same seed, and for another seed others", async () => {
    const [first, again, other] = [await lifeOf("a seed"), await lifeOf("a seed"), await lifeOf("another seed")];
    expect(first.messages.length).toBeGreaterThan(30);
    expect(again.transcript).toEqual(first.transcript);
    expect(other.messages.map(({ kind }) => kind).toSorted()).toEqual(
      first.messages.map(({ kind }) => kind).toSorted(),
    );
    const said = new Set(first.messages.map(({ bytes }) => toHex(bytes)));
    expect(other.messages.filter(({ bytes }) => said.has(toHex(bytes)))).toEqual([]);
  });

  it("uses no clock, timer, randomness, file, socket or process of the machine, and leaves nothing behind", async () => {
    // What is loaded once, such as tables and the sums of a library's start, is loaded before.
    await lifeOf("a seed");
    const before = process.getActiveResourcesInfo();
    const { outcome, used } = await watchingMachine(() => lifeOf("a seed"));
    expect(outcome.ct).toHaveLength(1);
    expect([...new Set(used)]).toEqual([]);
    // A timer of whoever runs the test may have ended meanwhile.
    const left = process.getActiveResourcesInfo();
    for (const each of before) if (left.includes(each)) left.splice(left.indexOf(each), 1);
    expect(left).toEqual([]);
  });

  it("is watched by what would notice", async () => {
    const { used } = await watchingMachine(async () => {
      readFileSync(import.meta.filename);
      await realTimeout(1);
      return new Date();
    });
    expect(used.map((line) => line.split(" at ")[0])).toEqual(
      expect.arrayContaining(["readFileSync", "setTimeout", "new Date"]),
    );
  });
});

describe("a simulated board", () => {
  it("splits secrets as the library combines them", async () => {
    const { split } = seededDealer(new SimWorld("shares"));
    const secret = new SimWorld("secret").randomBytes(32);
    const [a, b, c] = (await split(secret, 3, 2)) as [Uint8Array, Uint8Array, Uint8Array];
    for (const two of [
      [a, b],
      [b, c],
      [c, a],
    ])
      expect(await combine(two)).toEqual(secret);
    const five = await split(secret, 5, 3);
    expect(await combine(five.slice(2))).toEqual(secret);
    expect(await combine(five.slice(3))).not.toEqual(secret);
  });
});

describe("a federation's life", () => {
  it("carries records and matches into another epoch, under new evaluator keys", async () => {
    await using federation = await withOverlap("rotation");
    const epoch = await federation.openEpoch({ withNewKeys: true });
    await federation.settled();
    await federation.activate(epoch);
    await federation.advance(MINUTE_MS);
    await federation.retire(1);
    await federation.settled();
    expect(federation.state.found.generation).toBe(2);
    expect(federation.health("ct")).toMatchObject([{ epoch: 2, records: 1, published: 1, obstacle: "" }]);
    expect(federation.inbox("ct")).toMatchObject([{ state: "proven" }]);
    await federation.import("wcu", [{ reference: "WCU-2", ...HIM, name: "A. Quilbrand" }]);
    await federation.settled();
    expect(
      federation
        .inbox("wcu")
        .map(({ reference }) => reference)
        .toSorted(),
    ).toEqual(["WCU-1", "WCU-2"]);
  });

  it("does without a unit that is suspended, and tells it what it missed once it is back", async () => {
    await using federation = await foundInMemory({
      seed: "suspension",
      units: { ct: ["target"], thb: ["target"], wcu: ["target"] },
    });
    await federation.import("ct", [{ reference: "CT-1", ...HIM }]);
    await federation.settled();
    await federation.suspend("ct");
    await federation.import("wcu", [{ reference: "WCU-1", ...HIM }]);
    await federation.settled();
    expect([federation.inbox("ct"), federation.inbox("wcu")]).toEqual([[], []]);
    await federation.reinstate("ct");
    await federation.settled();
    expect(federation.inbox("ct")).toMatchObject([{ reference: "CT-1", state: "proven" }]);
    expect(federation.inbox("wcu")).toMatchObject([{ reference: "WCU-1", state: "proven" }]);
    await federation.remove("wcu");
    await federation.settled();
    expect(federation.inbox("ct")).toMatchObject([{ state: "closed" }]);
  });

  it("takes in a unit that comes later", async () => {
    await using federation = await foundInMemory({ seed: "newcomer", units: { ct: ["target"] } });
    await federation.import("ct", [{ reference: "CT-1", ...HIM }]);
    await federation.settled();
    await federation.join("thb", ["target"]);
    await federation.import("thb", [{ reference: "THB-1", ...HIM }]);
    await federation.settled();
    expect(federation.inbox("thb")).toMatchObject([{ unit: "Invented unit ct", state: "proven" }]);
  });

  it("goes on where it was when a unit was cut off, or a message was lost", async () => {
    await using federation = await foundInMemory({ seed: "faults", units: { ct: ["target"], wcu: ["target"] } });
    federation.loseNext({ from: "ct", to: "broker", kind: "publication" });
    await federation.import("ct", [{ reference: "CT-1", ...HIM }]);
    await federation.settled();
    expect(federation.messages.filter(({ lost }) => lost)).toHaveLength(1);
    federation.partition("ct");
    await federation.import("wcu", [{ reference: "WCU-1", ...HIM }]);
    await federation.settled();
    expect(federation.inbox("ct")).toEqual([]);
    federation.mend("ct");
    await federation.settled();
    expect([federation.inbox("ct"), federation.inbox("wcu")]).toMatchObject([
      [{ state: "proven" }],
      [{ state: "proven" }],
    ]);
  });

  it("doubts a unit's stream that has lost something only until the unit, which is asked at once, has compared", async () => {
    await using federation = await foundInMemory({ seed: "lost", units: { ct: ["target"], wcu: ["target"] } });
    await federation.import("ct", [{ reference: "CT-1", ...HIM }]);
    await federation.settled();
    const { member } = federation.unit("ct").admit;
    const doubts = () => federation.broker.desk.oversight.openAlarmsOf(member).map(({ kind }) => kind);
    const digests = () => federation.messages.filter(({ from, kind }) => from === "ct" && kind === "digest").length;
    // The broker has looked at what is there, and does so again.
    await federation.advance(STREAM_LOOK_MS);
    const before = digests();
    federation.loseStream("ct");
    await federation.advance(2 * STREAM_LOOK_MS);
    expect([doubts(), digests()]).toEqual([[], before + 1]);
    expect(federation.broker.desk.oversight.alarms().map(({ kind }) => kind)).toEqual(["streamIncomplete"]);
    await federation.import("wcu", [{ reference: "WCU-1", ...HIM }]);
    await federation.settled();
    expect([federation.named("ct"), federation.named("wcu")]).toEqual([["CT-1"], ["WCU-1"]]);
  });

  it("is sure of nothing while notices are missing", async () => {
    await using federation = await withOverlap("missing");
    const { comparison, line } = federation.unit("ct").node;
    expect(comparison.report.hindrance).not.toBe("noticesMissing");
    line.noticesMissing = true;
    expect(comparison.report.hindrance).toBe("noticesMissing");
  });

  it("proves silence, until somebody is cut off", async () => {
    const units = { ct: ["target"], wcu: ["target"] } as const;
    await using federation = await foundInMemory({ seed: "canaries", units, canaries: true });
    await federation.setBeat({ everyMinutes: 6, withinMinutes: 3 });
    await federation.advance(8 * MINUTE_MS);
    const silences = (): boolean[] => Object.keys(units).map((slug) => federation.silenceUnprovenSinceMs(slug) === 0);
    expect(silences()).toEqual([true, true]);
    expect(federation.inbox("ct")).toEqual([]);
    federation.partition("wcu");
    await federation.advance(10 * MINUTE_MS);
    expect(silences()).toEqual([false, false]);
    federation.mend("wcu");
    await federation.advance(10 * MINUTE_MS);
    expect(silences()).toEqual([true, true]);
  });
});
