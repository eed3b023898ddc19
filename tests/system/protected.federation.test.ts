import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestFederation } from "../support/federation.ts";
import { LONG_MS } from "../support/patience.ts";

// An invented person.
const victim = (id: string): string =>
  `{"id": "${id}", "schema": "Person", "properties": {"name": ["Nadia Sample"], "birthDate": ["1999-02-03"], "passportNumber": ["QX7712345"]}}\n`;

describe("a person who is a victim at two units and a suspect at a third", () => {
  let federation: TestFederation;

  beforeAll(async () => {
    federation = await TestFederation.start();
    await federation.import("thb", victim("THB-V"), { role: "victim" });
    await federation.import("wcu", victim("WCU-V"), { role: "witness" });
    await federation.import("ct", victim("CT-S"), { role: "suspect" });
    await federation.settled();
  }, LONG_MS);

  afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

  it("is an overlap between the two, of which nothing is disclosed and the officer is told to whom to turn", async () => {
    for (const [unit, reference] of [
      ["thb", "THB-V"],
      ["wcu", "WCU-V"],
    ] as const) {
      const matches = await federation.matches(unit);
      expect(matches).toMatchObject([{ reference, state: "open", counterpart: undefined }]);
      expect(matches[0]?.nextStep).toContain("protection officer");
    }
  });

  it("is nothing to the unit that suspects her: the domains never meet", async () => {
    expect(await federation.matches("ct")).toEqual([]);
  });
});
