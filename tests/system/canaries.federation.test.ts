import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CanaryStore } from "../../agency-node/canaries/canary-store.ts";
import { countsOf } from "../../agency-node/canaries/core/silence.ts";
import type { CanaryBeat } from "../../agency-node/canaries/core/silence.ts";
import type { Output } from "../../shared/terminal/output.ts";
import { connectToNode } from "../../agency-node/cli/rpc/node-client.ts";
import type { NodeClient } from "../../agency-node/cli/rpc/node-client.ts";
import { inbox, showStatus } from "../../agency-node/cli/unit-commands.ts";
import { NODE_DATABASE } from "../../agency-node/store/node-schema.ts";
import { Database } from "../../shared/store/database.ts";
import { OFFICER, TestFederation } from "../support/federation.ts";
import type { UnitName } from "../support/federation.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

const UNITS: readonly UnitName[] = ["ct", "thb", "wcu"];
const MINUTE = 60_000;

// Invented persons.
const CT = `{"id": "CT-1", "schema": "Person", "properties": {"name": ["Karim Haddadi"], "birthDate": ["1984-03-12"], "passportNumber": ["ZX9912345"]}}
`;
const WCU = `{"id": "WCU-1", "schema": "Person", "properties": {"name": ["HADDADI, Kareem"], "birthDate": ["1984-03-12"], "passportNumber": ["ZX 9912345"]}}
`;

describe("canaries in a federation of three", { timeout: LONG_MS }, () => {
  let federation: TestFederation;
  /** How far everybody's clock is ahead: beats come when the test wants them, and requests are of now. */
  let aheadMs = 0;

  beforeAll(async () => {
    const clock = (): number => Date.now() + aheadMs;
    federation = await TestFederation.start({ canaries: "on", clock, brokerClock: clock });
  }, LONG_MS);

  afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

  function beats(unit: UnitName, epoch: number): readonly CanaryBeat[] {
    using db = new Database(join(federation.dir(unit), "node.sqlite"), NODE_DATABASE);
    return new CanaryStore(db).beats(epoch);
  }

  const counts = (unit: UnitName, epoch: number) => countsOf(beats(unit, epoch));

  async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const deadline = Date.now() + SOON.timeout;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(`waited in vain until ${what}\n${federation.log.text.slice(-4_000)}`);
      await sleep(100);
    }
  }

  const haveMet = (epoch: number, units: readonly UnitName[] = UNITS): Promise<void> =>
    until(
      () =>
        units.every(
          (unit) => counts(unit, epoch).expected > 0 && counts(unit, epoch).met === counts(unit, epoch).expected,
        ),
      `canaries have met in epoch ${epoch}`,
    );

  const unprovenSince = async (unit: UnitName): Promise<number> =>
    Number((await federation.status(unit)).silenceUnprovenSinceMs);

  /** What a command prints for people. */
  async function said(unit: UnitName, command: (node: NodeClient, output: Output) => Promise<void>): Promise<string> {
    using node = connectToNode(federation.dir(unit), OFFICER);
    const lines: string[] = [];
    await command(node, { say: (text) => lines.push(text), json: (value) => JSON.stringify(value) });
    return lines.join("\n");
  }

  const inboxOf = (node: NodeClient, output: Output): Promise<void> => inbox(node, { all: false, reason: "" }, output);

  const restart = async (units: readonly UnitName[] = UNITS): Promise<void> => {
    for (const unit of units) await federation.stop(unit);
    for (const unit of units) await federation.startNode(unit);
  };

  it("meet through broker and proof of knowledge", async () => {
    await haveMet(1);
    expect(UNITS.map((unit) => counts(unit, 1).expected)).toEqual([4, 8, 8]);
    expect(await Promise.all(UNITS.map(unprovenSince))).toEqual([0, 0, 0]);
  });

  it("are shown to nobody and counted nowhere", async () => {
    for (const unit of UNITS) {
      expect(await federation.matches(unit)).toEqual([]);
      const { records, tokens, openMatches, unprovenMatches } = await federation.status(unit);
      expect([records, tokens, openMatches, unprovenMatches]).toEqual([0n, 0n, 0n, 0n]);
      using service = federation.records(unit);
      for await (const { reference } of service.client.listRecords({})) expect.unreachable(reference);
    }
  });

  it("stand beside ordinary records, whose matches are seen as ever", async () => {
    await federation.import("ct", CT);
    await federation.import("wcu", WCU);
    await federation.settled();
    expect(await federation.matches("ct")).toMatchObject([{ reference: "CT-1", state: "proven" }]);
    expect(await federation.matches("thb")).toEqual([]);
    expect((await federation.status("wcu")).records).toBe(1n);
  });

  it("leave silence unproven while the broker is down, and prove it when it is back", async () => {
    const { provenMs } = beats("ct", 1).at(-1)!;
    await federation.stop("broker");
    aheadMs += 360 * MINUTE;
    await restart();
    expect(await unprovenSince("ct")).toBe(0);
    aheadMs += 16 * MINUTE;
    for (const unit of UNITS) expect(await unprovenSince(unit)).toBeGreaterThan(0);
    expect(await unprovenSince("ct")).toBe(provenMs);
    expect(await said("thb", inboxOf)).toMatch(/^No overlaps\.\nThat there are no others is unproven since \d{4}-/);
    expect(await said("thb", showStatus)).toMatch(/Silence +that there are no others is unproven since /);
    await federation.startBroker();
    await haveMet(1);
    expect(await Promise.all(UNITS.map(unprovenSince))).toEqual([0, 0, 0]);
  });

  it("tell that a member is away, until the board suspends it", async () => {
    await federation.stop("wcu");
    aheadMs += 360 * MINUTE;
    await restart(["ct", "thb"]);
    aheadMs += 16 * MINUTE;
    await until(async () => (await unprovenSince("ct")) > 0 && (await unprovenSince("thb")) > 0, "silence is unproven");
    federation.suspend("wcu");
    await federation.informed(["ct", "thb"]);
    await haveMet(1, ["ct", "thb"]);
    expect(await Promise.all([unprovenSince("ct"), unprovenSince("thb")])).toEqual([0, 0]);
    await federation.reinstate("wcu");
    await federation.startNode("wcu");
    await haveMet(1);
  });

  it("of a staging epoch meet before it is active", async () => {
    await federation.openEpoch(2);
    await federation.informed();
    await haveMet(2);
    expect(UNITS.map((unit) => counts(unit, 2))).toEqual([4, 8, 8].map((count) => ({ expected: count, met: count })));
    expect(federation.board.federation.epochs.get(2)?.state).toBe("staging");
    federation.activate(2);
    await federation.informed();
    expect(await Promise.all(UNITS.map(unprovenSince))).toEqual([0, 0, 0]);
    expect(await federation.matches("thb")).toEqual([]);
  });
});
