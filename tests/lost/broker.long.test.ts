/** The broker's machine is lost, with a backup of its keys and without, by the documents' own commands. */
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { LostParty } from "../support/lost-party.ts";
import { LONG_MS } from "../support/patience.ts";

describe("the broker's machine, lost", { timeout: 3 * LONG_MS }, () => {
  let lost: LostParty;
  afterEach(async () => await lost?.[Symbol.asyncDispose](), LONG_MS);

  it("with its keys saved, goes on elsewhere, and every overlap stands once at both sides", async () => {
    lost = await LostParty.founded();
    lost.publishes();
    await lost.meets(1);
    await lost.page.end("causeway broker");
    lost.publishes("north");
    const [dir, saved] = ["broker", "saved"].map((name) => join(lost.page.work, name)) as [string, string];
    mkdirSync(saved, { mode: 0o700 });
    for (const name of ["keys", "enrolment.json", "federation.pin"]) renameSync(join(dir, name), join(saved, name));
    rmSync(dir, { recursive: true });
    renameSync(saved, dir);
    await lost.does("The broker's machine, its keys saved");
    lost.imports("harbour", 2);
    await lost.meets(1, 2);
    expect(lost.log("causeway broker", "broker.sealingKeyLost")).toEqual([]);
  });

  it("with nothing left, gets new keys, a new epoch and a new generation, and every overlap stands once", async () => {
    lost = await LostParty.founded();
    lost.publishes();
    await lost.meets(1);
    await lost.loses("causeway broker", "broker");
    lost.publishes("north");
    await lost.does("The broker, with nothing left");
    expect(lost.log("causeway broker", "broker.sealingKeyLost")).toMatchObject([{ epoch: 1 }]);
    lost.imports("harbour", 2);
    await lost.meets(1, 2);
  });
});
