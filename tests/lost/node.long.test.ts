/** A unit's node is lost, with a backup of its keys and without, by the documents' own commands. */
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { EXIT } from "../../shared/terminal/exit.ts";
import { LostParty } from "../support/lost-party.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

const NORTH = "causeway node run --dir north";
const STATUS = "causeway node status --dir north";

/** Both units share two overlaps, and north holds a third person, whom harbour does not know yet. */
async function withOverlaps(): Promise<LostParty> {
  const lost = await LostParty.founded();
  lost.publishes();
  lost.publishes();
  await lost.meets(1, 2);
  lost.publishes("north");
  await expect.poll(() => lost.status("north"), SOON).toMatchObject({ hardening: 0, waiting: 0, outbox: 0 });
  return lost;
}

describe("a unit's node, lost", { timeout: 2 * LONG_MS }, () => {
  let lost: LostParty;
  afterEach(async () => await lost?.[Symbol.asyncDispose](), LONG_MS);

  const proven = (shown: () => readonly Record<string, unknown>[]): string[] =>
    shown()
      .filter(({ state }) => state === "proven")
      .map(({ reference }) => String(reference))
      .toSorted();

  it("with its keys saved, shows no ghost lines, is whole again after the import, and nobody is alerted twice", async () => {
    lost = await withOverlaps();
    const shown = lost.watches("harbour");
    await expect.poll(() => proven(shown), SOON).toEqual(["harbour-1", "harbour-2"]);
    const ids = lost.overlaps("harbour").map(({ id }) => id);
    await lost.page.end(NORTH);
    const [dir, saved] = ["north", "saved"].map((name) => join(lost.page.work, name)) as [string, string];
    mkdirSync(saved, { mode: 0o700 });
    for (const name of ["keys", "enrolment.json", "federation.pin"]) renameSync(join(dir, name), join(saved, name));
    rmSync(dir, { recursive: true });
    renameSync(saved, dir);
    await lost.does("A node", 0);
    await expect.poll(() => lost.status("north"), SOON).toMatchObject({ heldStrays: 3, overlapsWithoutRecord: 2 });
    expect(lost.page.tried(STATUS).status).toBe(EXIT.unsure);
    lost.imports("harbour", 3);
    await expect.poll(() => lost.overlaps("harbour").length, SOON).toBe(3);
    expect(lost.overlaps("north")).toEqual([]);
    lost.keepsFile("north", [1, 2, 3]);
    await lost.does("A node", 1);
    await lost.meets(1, 2, 3);
    expect(lost.status("north")).toMatchObject({ heldStrays: 0, overlapsWithoutRecord: 0 });
    await expect.poll(() => proven(shown), SOON).toEqual(["harbour-1", "harbour-2", "harbour-3"]);
    const [first, second] = ids;
    const overlaps = lost.overlaps("harbour");
    expect(overlaps.map(({ id }) => id)).toEqual(expect.arrayContaining([first, second]));
    expect(overlaps).toHaveLength(3);
  });

  it("with nothing left, gets new keys, and every overlap stands once when what is held is taken back", async () => {
    lost = await withOverlaps();
    await lost.loses(NORTH, "north");
    await lost.does("A node, with nothing left", 0);
    const held = (): unknown => lost.status("north")["heldStrays"];
    await expect.poll(held, SOON).toBeGreaterThanOrEqual(3);
    lost.imports("harbour", 3);
    await expect.poll(() => lost.overlaps("harbour").length, SOON).toBe(3);
    expect(lost.overlaps("north")).toEqual([]);
    lost.keepsFile("north", [1, 2, 3]);
    await lost.does("A node, with nothing left", 1);
    await expect.poll(() => lost.met("north"), SOON).toEqual([1, 2, 3]);
    await expect.poll(() => lost.met("harbour"), SOON).toEqual([1, 1, 2, 2, 3]);
    await lost.does("A node, with nothing left", 2);
    await lost.meets(1, 2, 3);
    const closed = lost.overlaps("harbour").filter(({ state }) => state === "closed");
    const ended = closed.map(({ reference, closeReason }) => `${String(reference)} ${String(closeReason)}`);
    expect(ended.toSorted()).toEqual(["harbour-1 withdrawn", "harbour-2 withdrawn", "harbour-3 withdrawn"]);
    await lost.page.untilDone(STATUS);
    expect(lost.status("north")).toMatchObject({ heldStrays: 0, overlapsWithoutRecord: 0 });
  });
});
