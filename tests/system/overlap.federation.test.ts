import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Match } from "../../agency-node/wire/gen/causeway/node/v1/liaison.ts";
import { TestFederation } from "../support/federation.ts";
import { LONG_MS } from "../support/patience.ts";

// Invented persons; the phone is from a range reserved for drama.
const CT = `{"id": "CT-1", "schema": "Person", "properties": {"name": ["Karim Haddadi"], "birthDate": ["1984-03-12"], "passportNumber": ["ZX9912345"]}}
{"id": "CT-2", "schema": "Person", "properties": {"name": ["Ilse Vormann"], "birthDate": ["1990-07-01"], "phone": ["+447700900123"]}}
{"id": "CT-3", "schema": "Person", "properties": {"name": ["Karim Haddadi"], "birthDate": ["1951-01-30"]}}
`;
const WCU = `{"id": "WCU-1", "schema": "Person", "properties": {"name": ["HADDADI, Kareem"], "birthDate": ["1984-03-12"], "passportNumber": ["ZX 9912345"]}}
{"id": "WCU-2", "schema": "Person", "properties": {"name": ["Tomas Brandl"], "birthDate": ["1977-11-23"], "phone": ["+447700900123"]}}
`;

describe("two units with overlapping records", () => {
  let federation: TestFederation;
  let ct: readonly Match[];
  let wcu: readonly Match[];

  beforeAll(async () => {
    federation = await TestFederation.start();
    await federation.import("ct", CT);
    await federation.import("wcu", WCU);
    await federation.settled();
    [ct, wcu] = [await federation.matches("ct"), await federation.matches("wcu")];
  }, LONG_MS);

  afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

  it("both learn of the same person, that it is strong, and whom to call", () => {
    const mine = ct.find((match) => match.reference === "CT-1");
    expect(mine).toMatchObject({ grade: "strong", kind: "identity", state: "proven", counterpart: { slug: "wcu" } });
    expect(mine?.counterpart?.contact).toMatchObject({ office: "Liaison desk wcu" });
    const theirs = wcu.find((match) => match.id === mine?.id);
    expect(theirs).toMatchObject({ reference: "WCU-1", grade: "strong", counterpart: { slug: "ct" } });
  });

  it("a shared phone is shown as an association, not as the same person", () => {
    expect(ct.find((match) => match.reference === "CT-2")).toMatchObject({ kind: "association" });
  });

  it("a look-alike by name alone is not shown", () => {
    expect(ct.filter((match) => match.reference === "CT-3")).toEqual([]);
  });

  it("the unit that holds none of them sees nothing", async () => {
    expect(await federation.matches("thb")).toEqual([]);
  });
});
