/** An evaluator lost with its keys and its database, by the documents' own commands. */
import { afterEach, describe, expect, it } from "vitest";
import { LostParty } from "../support/lost-party.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

describe("the second evaluator, lost with keys and database", { timeout: 2 * LONG_MS }, () => {
  let lost: LostParty;
  afterEach(async () => await lost?.[Symbol.asyncDispose](), LONG_MS);

  it("is replaced, offers a share of the next generation, and everything is hardened again", async () => {
    lost = await LostParty.founded();
    lost.publishes();
    await lost.meets(1);
    await lost.loses("causeway evaluator", "key-office");
    lost.publishes();
    await expect.poll(() => lost.status("north")["publishingHalt"], SOON).toBe("UNAVAILABLE");
    await lost.does("The second evaluator");
    expect(lost.log("causeway evaluator", "evaluator.shareMissing")).toMatchObject([{ generation: 1 }]);
    await lost.meets(1, 2);
    lost.publishes();
    await lost.meets(1, 2, 3);
    expect(lost.status("north")).toMatchObject({ publishingHalt: "", epoch: 2 });
  });
});
