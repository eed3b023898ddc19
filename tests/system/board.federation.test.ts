import { describe, expect, it } from "vitest";
import { openSalts } from "../../agency-node/core/salts.ts";
import { readSealingKeys } from "../../shared/party/keys.ts";
import { TestFederation } from "../support/federation.ts";
import { LONG_MS } from "../support/patience.ts";

describe("the board of a test federation", { timeout: LONG_MS }, () => {
  it("opens, aborts, activates and retires epochs, and running nodes follow", async () => {
    await using federation = await TestFederation.start();
    await federation.openEpoch(2);
    federation.abort(2);
    await federation.openEpoch(3);
    federation.activate(3);
    federation.retire(1);
    await federation.informed();
    const states = [...federation.board.federation.epochs.values()].map(({ epoch, state }) => [epoch, state]);
    expect(states).toEqual([
      [1, "retired"],
      [2, "aborted"],
      [3, "active"],
    ]);
  });

  it("recovers the salts of open epochs for a member that is reinstated", async () => {
    await using federation = await TestFederation.found();
    const member = federation.member("thb");
    federation.suspend("thb");
    const state = await federation.reinstate("thb");
    const sealingKeys = [readSealingKeys(federation.dir("thb"))];
    const salts = openSalts({ federation: state, member, sealingKeys }, 1);
    expect([...salts.keys()]).toEqual(["target", "protected"]);
    expect(federation.remove("thb").members.has(member)).toBe(false);
  });
});
