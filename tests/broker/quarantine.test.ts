/** A broker as it runs, and a unit that asks for many and answers nothing. */
import { describe, expect, it } from "vitest";
import { assemble, run } from "../../broker/assemble.ts";
import type { Assembled } from "../../broker/assemble.ts";
import { STATEMENT_DUE_MS } from "../../broker/core/limits.ts";
import type { RawMember } from "../sim/raw-member.ts";
import { Scene } from "./scene.ts";

const MINUTE_MS = 60_000;
const nothing = { kind: "publication", entries: [] } as const;

async function started(): Promise<{ scene: Scene; broker: Assembled; units: RawMember[] }> {
  const scene = new Scene("quarantine");
  const units = [await scene.join("harbour"), await scene.join("border"), await scene.join("customs")];
  const broker = assemble(scene.ports);
  await scene.world.until(run(broker).ready);
  return { scene, broker, units };
}

describe("a unit that asks for more people than it may owe answers on", () => {
  it("is named to oversight, meets nobody from then on, and meets whom it has missed once it has answered", async () => {
    const { scene, broker, units } = await started();
    const { world } = scene;
    const [harbour, asker, customs] = units as [RawMember, RawMember, RawMember];
    const { overdueStatementsMax } = broker.ground.federation().policy;
    const persons = Array.from({ length: overdueStatementsMax + 1 }, (_, i) => `person ${i}`);
    const recordsOf = (owner: string) => persons.map((person) => scene.record(`${owner} on ${person}`, person));
    await world.until(harbour.publish(...recordsOf("harbour")));
    await world.until(asker.publish(...recordsOf("border")));
    await world.pass(MINUTE_MS);
    await world.until(harbour.state(...harbour.matches));

    for (let passed = 0; passed <= STATEMENT_DUE_MS; passed += 5 * MINUTE_MS) {
      await world.until(asker.submit(nothing));
      await world.pass(5 * MINUTE_MS);
    }
    const alarms = () => broker.desk.oversight.alarms().filter(({ acknowledged }) => acknowledged === undefined);
    expect(new Set(alarms().map(({ kind }) => kind))).toEqual(new Set(["proofOverdue", "quarantined"]));
    expect(broker.desk.oversight.members().map(({ isQuarantined }) => isQuarantined)).toEqual([false, true, false]);

    await world.until(customs.publish(scene.record("customs", "person 0")));
    await world.pass(MINUTE_MS);
    expect(customs.matches).toHaveLength(1);

    await world.until(asker.state(...asker.matches));
    await world.pass(MINUTE_MS);
    expect(alarms()).toEqual([]);
    expect(customs.matches).toHaveLength(2);
    const disclosed = harbour.events.filter(({ type }) => type === "counterpartDisclosed");
    expect(disclosed).toHaveLength(persons.length);
    await broker[Symbol.asyncDispose]();
    scene.leave();
    await world.settle();
  });
});
