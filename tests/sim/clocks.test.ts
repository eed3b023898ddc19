/** A clock that is wrong, of the broker or of one unit, while records come. All persons, numbers and units are invented. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { comparedRows, statusExit } from "../../agency-node/cli/compared-rows.ts";
import type { NodeStatus } from "../../agency-node/cli/rpc/node-client.ts";
import { concernsOf } from "../../broker/console/member-health.ts";
import { openHealth } from "../../shared/wire/data-plane.ts";
import { foundInMemory } from "./federation.ts";
import type { MemoryFederation } from "./federation.ts";

const [MINUTE, DAY] = [60_000, 86_400_000];

let federation: MemoryFederation;
let alerts: readonly string[];
let expected: string[];
beforeEach(async () => {
  federation = await foundInMemory({ seed: "clocks", units: { ct: ["target"], wcu: ["target"] }, canaries: true });
  alerts = federation.alertsOf("wcu");
  expected = [];
  await meet("before");
  await federation.settled();
});
afterEach(async () => await federation[Symbol.asyncDispose]());

/** Both units take in the same passport. */
async function meet(reference: string): Promise<void> {
  const number = `N${expected.length}41${expected.length}733`;
  for (const unit of ["ct", "wcu"])
    await federation.import(unit, [
      { reference, kind: "person", name: "Arvo Quilbrand", passportNumber: number, documentCountry: "Jordan" },
    ]);
  expected = [...expected, reference].toSorted();
}

/** What every unit should show, and does: each overlap once, with whom to call. */
function expectAllOverlaps(): void {
  for (const unit of ["ct", "wcu"]) {
    const shown = federation.inbox(unit).filter(({ state, contact }) => state === "proven" && contact !== undefined);
    expect(shown.map(({ reference }) => reference).toSorted()).toEqual(expected);
    expect(federation.inbox(unit)).toHaveLength(expected.length);
  }
}

const alarmsOfBroker = (): readonly string[] =>
  federation.broker.desk.oversight
    .alarms()
    .flatMap(({ kind, acknowledged }) => (acknowledged === undefined ? [kind] : []));

/** What the unit's status says, and the code that it ends in. */
function statusOf(unit: string): { readonly text: string; readonly exit: number } {
  const { comparison, line } = federation.unit(unit).node;
  const { records: liveRecords, hindrance = "", notCompared } = comparison.report;
  const { clockSkewMs } = line;
  const counts = { liveRecords, notCompared, heldStrays: 0, overlapsWithoutRecord: 0, retries: [] };
  const reach = { membershipEnd: "", brokerConnected: true, policyUnprovenSinceMs: 0 };
  const status = { ...counts, ...reach, hindrance, clockSkewMs } as unknown as NodeStatus;
  return { text: comparedRows(status, String).flat().join("\n"), exit: statusExit(status) };
}

/** What the board is shown of a unit. */
function concerns(unit: string): string[] {
  const { member, signingKey } = federation.unit(unit).admit;
  const { health, ...report } = federation.broker.desk.oversight.members().find((each) => each.member === member)!;
  const statement = openHealth(health!.signed, { federation: federation.state.id, member, signingKey });
  const { receivedAtMs } = health!;
  return concernsOf({ ...report, statement, receivedAtMs }, federation.state, federation.world.clock()).map(
    ({ text }) => text,
  );
}

describe("a broker whose clock is 300 days ahead for a minute", () => {
  it("ends no overlap, says so, and goes on by itself", async () => {
    // So that all members have been heard.
    await federation.advance(20 * MINUTE);
    federation.world.setClockOf("broker", 300 * DAY);
    await meet("meanwhile");
    await federation.advance(MINUTE);
    expect(alarmsOfBroker()).toContain("clockDisagrees");
    expect(federation.unit("ct").node.comparison.report.hindrance).toBe("clockDisagrees");
    expect(statusOf("ct").exit).toBe(1);
    federation.world.setClockOf("broker", 0);
    await meet("after");
    await federation.advance(2 * 60 * MINUTE);
    await federation.settled();
    expectAllOverlaps();
    expect(new Set(alerts).size).toBe(3);
    expect(alarmsOfBroker()).toEqual([]);
    expect(statusOf("ct").exit).toBe(0);
    expect(federation.messages.filter(({ kind }) => kind.includes("matchClosed"))).toEqual([]);
  });
});

describe.each([
  ["ahead", 10.5 * MINUTE],
  ["behind", -10.5 * MINUTE],
])("a node whose clock is more than ten minutes %s", (word, aheadMs) => {
  it("says so itself and at the board, while overlaps go on", async () => {
    federation.world.setClockOf("wcu", aheadMs);
    await meet("meanwhile");
    await federation.settled();
    expectAllOverlaps();
    await federation.advance(20 * MINUTE);
    expect(statusOf("wcu").exit).toBe(1);
    expect(statusOf("wcu").text).toMatch(new RegExp(`this node's clock is 10 minutes ${word}`));
    expect(concerns("wcu").join()).toMatch(new RegExp(`its clock is 10 minutes ${word}`));
    federation.world.setClockOf("wcu", 0);
    await federation.advance(20 * MINUTE);
    await federation.settled();
    expect(statusOf("wcu")).toMatchObject({ exit: 0 });
    expect(concerns("wcu")).toEqual([]);
    expectAllOverlaps();
    expect(new Set(alerts).size).toBe(2);
  });
});
