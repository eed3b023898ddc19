/** The board's command line against a real broker and real nodes: each administrator in its own directory, each command a process. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../../shared/terminal/exit.ts";
import { activeEpoch } from "../../shared/core/decisions.ts";
import { Administrators, REASON } from "../support/administrators.ts";
import { TestFederation } from "../support/federation.ts";
import { person, persons } from "../support/overlaps.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

let federation: TestFederation;
let board: Administrators;

beforeAll(async () => {
  federation = await TestFederation.start();
  board = new Administrators(federation);
}, LONG_MS);
afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

describe("the board at work", () => {
  it(
    "rotates the salts while one member is suspended, and brings it back with today's",
    { timeout: 2 * LONG_MS },
    async () => {
      await federation.import("ct", persons("ct", 1, 3));
      await federation.import("wcu", persons("wcu", 3, 4));
      await federation.settled();
      await board.decide("chair", "deputy", "suspend", "thb", ...REASON);
      await federation.informed(["ct", "wcu"]);

      await expect.poll(async () => (await board.done("clerk", "epoch prepare"))[0]?.["silent"], SOON).toEqual([]);
      for (const name of ["chair", "clerk"]) await board.done(name, "epoch pledge");
      for (const name of ["chair", "clerk"]) await board.done(name, "epoch reveal");
      await board.decide("clerk", "chair", "epoch open", "--days", "30");
      const early = await board.run("deputy", "epoch retire", ...REASON);
      expect(early).toMatchObject({ code: EXIT.failure, lines: [{ error: { code: "NOT_FOUND" } }] });

      const ready = async (): Promise<unknown> => {
        const staging = (await board.done("deputy", "epoch status")).find((line) => line["epoch"] === 2);
        return (staging?.["members"] as { ready: boolean }[] | undefined)?.map((member) => member.ready);
      };
      await expect.poll(ready, { timeout: LONG_MS, interval: 1000 }).toEqual([true, true]);
      await board.decide("deputy", "clerk", "epoch activate");
      await board.decide("deputy", "chair", "epoch retire", "--without", "ct,wcu", ...REASON);

      const asked = await board.run("chair", "reinstate", "thb", ...REASON);
      expect(asked.code).toBe(EXIT.waiting);
      const [request] = await board.done("clerk", "release-shares");
      expect(request).toMatchObject({ by: "Administrator 1", purpose: "reinstate thb", epochs: [2] });
      await board.done("clerk", "release-shares", request?.["id"] as string, "--yes");
      await board.decide("chair", "deputy", "reinstate", "thb", ...REASON);

      await federation.informed();
      const after = federation.board.federation;
      expect(activeEpoch(after)?.epoch).toBe(2);
      expect([...after.members.values()].map(({ slug }) => slug).sort()).toEqual(["ct", "thb", "wcu"]);
      await federation.import("thb", person("thb", 1));
      await expect
        .poll(async () => (await federation.matches("thb")).map(({ state }) => state), SOON)
        .toEqual(["proven"]);
    },
  );

  it("tells an administrator what it lacks", { timeout: LONG_MS }, async () => {
    expect((await board.run("chair", "approve", "00000000")).lines).toMatchObject([{ error: { code: "NOT_FOUND" } }]);
    expect((await board.run("broker", "members")).code).toBe(EXIT.failure);
    // The history is read off-line; any command at a seat brings the chain up to date.
    await board.done("clerk", "members");
    const history = await board.done("clerk", "history");
    expect(history.at(-1)).toMatchObject({ type: "reinstate", signedBy: ["Administrator 1", "Administrator 2"] });
  });
});
