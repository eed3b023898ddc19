/** Terms that the board changes while everything runs: a new contact is shown at once, and a domain that is lost is left. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Admit, DirectiveBody } from "../../shared/core/directive.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { TestFederation } from "../support/federation.ts";
import type { UnitName } from "../support/federation.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

const HEADER = "reference,kind,role,first name,last name,birth date,phone";
const person = (reference: string, role: string, day: string): string =>
  `${HEADER}\n${reference},person,${role},Ilse,Invented${day},1980-02-${day},+4416329600${day}\n`;

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.start();
}, LONG_MS);
afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

const admit = (unit: UnitName): Admit => federation.board.federation.members.get(federation.member(unit)) as Admit;

async function change(unit: UnitName, over: Partial<Admit>): Promise<void> {
  const before = admit(unit);
  const { member, name, contact, domains, legalBasis, purposes, retentionDaysMax } = { ...before, ...over };
  const gained = domains.filter((domain) => !before.domains.includes(domain));
  const salts = await federation.board.saltsFor({ sealingKey: before.sealingKey, domains: gained });
  const terms = { member, name, contact, domains, legalBasis, purposes, retentionDaysMax };
  const body: DirectiveBody = { type: "memberChange", ...terms, salts, reason: "Invented reason" };
  federation.decide(body);
  await federation.informed();
}

describe("a unit whose terms change", { timeout: LONG_MS }, () => {
  it("is shown under its new name and contact at once, in what was told before too", async () => {
    await federation.import("ct", person("CT-1", "suspect", "03"));
    await federation.import("thb", person("THB-1", "suspect", "03"));
    await federation.settled();
    const shown = async () => (await federation.matches("thb")).find(({ reference }) => reference === "THB-1");
    await expect.poll(async () => (await shown())?.counterpart?.contact?.phone, SOON).toBe(admit("ct").contact.phone);
    const contact = { office: "New desk", phone: "+44 1632 960999", email: "", hours: "always" };
    await change("ct", { name: "Renamed unit", contact });
    expect((await shown())?.counterpart).toMatchObject({ name: "Renamed unit", contact });
  });

  it("leaves a domain that it loses: nobody meets it there, and its node takes back what it had there", async () => {
    const domainsOf = (...domains: Domain[]): Partial<Admit> => ({ domains });
    await federation.import("thb", person("THB-2", "victim", "04"));
    await federation.import("wcu", person("WCU-2", "victim", "04"));
    const seen = async (reference: string) =>
      (await federation.matches("wcu")).filter((match) => match.reference === reference);
    await expect.poll(async () => (await seen("WCU-2")).length, SOON).toBe(1);
    await change("thb", domainsOf("target"));
    await expect
      .poll(async () => (await seen("WCU-2"))[0], SOON)
      .toMatchObject({
        state: "closed",
        closeReason: "withdrawn",
      });
    const lost = federation.log.lines("records.domainLost");
    expect(lost.map(({ program, records }) => [program, records])).toEqual([["thb", 1]]);
    // What it publishes in the other domain goes on.
    await federation.import("wcu", person("WCU-3", "suspect", "03"));
    await expect.poll(async () => (await seen("WCU-3")).length, SOON).toBeGreaterThan(0);

    await change("thb", domainsOf("target", "protected"));
    await federation.import("thb", person("THB-2", "victim", "04"));
    await expect.poll(async () => (await seen("WCU-2")).some(({ state }) => state !== "closed"), SOON).toBe(true);
  });
});
