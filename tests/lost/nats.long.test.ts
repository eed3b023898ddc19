/** The NATS server is lost with its keys and its store, by the documents' own commands. */
import { afterEach, describe, expect, it } from "vitest";
import { LostParty } from "../support/lost-party.ts";
import { LONG_MS } from "../support/patience.ts";

describe("the NATS server, lost with its keys and its store", { timeout: 2 * LONG_MS }, () => {
  let lost: LostParty;
  afterEach(async () => await lost?.[Symbol.asyncDispose](), LONG_MS);

  it("is replaced on a new machine, and every overlap stands once", async () => {
    lost = await LostParty.founded();
    lost.publishes();
    await lost.meets(1);
    await lost.loses("nats-server", "nats");
    lost.publishes("north");
    lost.publishes();
    await lost.does("NATS on a new machine");
    await lost.meets(1, 3);
    lost.imports("harbour", 2);
    await lost.meets(1, 2, 3);
    expect(lost.log("causeway broker", "journal.bothGone")).toEqual([]);
    for (const unit of ["north", "harbour"] as const) await lost.page.untilDone(`causeway node status --dir ${unit}`);
  });
});
