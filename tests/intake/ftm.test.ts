import { describe, expect, it } from "vitest";
import { subjectFromFtm } from "../../agency-node/intake/ftm.ts";
import { entity, run } from "./support.ts";

const subject = (schema: string, properties: Record<string, unknown>) =>
  subjectFromFtm({ id: "x", schema, properties }).subject;

describe("FollowTheMoney entities", () => {
  it("give persons", () => {
    const properties = {
      name: ["MUSTER, Anna", "Анна Мустер"],
      alias: ["Musterova"],
      weakAlias: ["Ani"],
      firstName: ["Anna"],
      secondName: ["Maria"],
      fatherName: ["Ivanovna"],
      lastName: ["Muster"],
      birthDate: ["1970", "1971-05", "1971-05-04"],
      nationality: ["Germany"],
      citizenship: ["France"],
      country: ["Spain"],
      gender: ["female"],
      birthPlace: ["Musterstadt"],
      address: ["Musterweg 3, Musterstadt"],
      passportNumber: ["X1234567"],
      idNumber: ["998877665"],
      taxNumber: ["55443322"],
      phone: ["+4930901820"],
      email: ["anna@example.org"],
    };
    expect(subject("Person", properties)).toEqual({
      kind: "person",
      names: [
        { text: "MUSTER, Anna", strength: "full" },
        { text: "Анна Мустер", strength: "full" },
        { text: "Musterova", strength: "full" },
        { text: "Ani", strength: "weak" },
      ],
      firstNames: ["Anna"],
      middleNames: ["Maria", "Ivanovna"],
      lastNames: ["Muster"],
      birthDates: ["1970", "1971-05", "1971-05-04"],
      birthPlaces: ["Musterstadt"],
      sex: "female",
      countries: ["Germany", "France"],
      addresses: ["Musterweg 3, Musterstadt"],
      documents: [
        { type: "passport", number: "X1234567" },
        { type: "nationalId", number: "998877665" },
        { type: "tax", number: "55443322" },
      ],
      phones: [{ text: "+4930901820" }],
      emails: ["anna@example.org"],
    });
    expect(subject("Person", { country: ["Spain"] }).countries).toEqual(["Spain"]);
  });

  it.each(["LegalEntity", "Organization", "Company", "PublicBody"])("give organisations (%s)", (schema) => {
    expect(
      subject(schema, { name: "Muster Trading", jurisdiction: ["de"], registrationNumber: ["HRB 1"], innCode: ["77"] }),
    ).toEqual({
      kind: "organisation",
      names: [{ text: "Muster Trading", strength: "full" }],
      countries: ["de"],
      registrations: [{ number: "HRB 1" }, { number: "77" }],
    });
  });

  it("give vehicles, vessels and accounts", () => {
    expect(subject("Vehicle", { registrationNumber: ["B-AB 1234"], vin: ["WVWZZZ1JZXW000001"] })).toEqual({
      kind: "vehicle",
      plates: [{ number: "B-AB 1234" }],
      vins: ["WVWZZZ1JZXW000001"],
    });
    expect(subject("Airplane", { registrationNumber: ["D-ABCD"] })).toEqual({
      kind: "vehicle",
      plates: [{ number: "D-ABCD" }],
    });
    expect(
      subject("Vessel", { imoNumber: ["9074729"], mmsi: ["211000001"], flag: ["de"], callSign: ["DABC"] }),
    ).toEqual({
      kind: "vessel",
      imos: ["9074729"],
      mmsis: ["211000001"],
      countries: ["de"],
    });
    expect(subject("BankAccount", { iban: ["DE89370400440532013000"] })).toEqual({
      kind: "account",
      ibans: ["DE89370400440532013000"],
    });
    expect(
      subject("CryptoWallet", {
        publicKey: ["1BoatSLRHtKNngkdXEeobR76b53LETtpyT"],
        currencySymbol: ["BTC"],
        privateKey: ["secret"],
      }),
    ).toEqual({
      kind: "account",
      wallets: [{ address: "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", chain: "BTC" }],
    });
    expect(subject("UserAccount", { service: ["Telegram"], username: ["anna_m"], password: ["secret"] })).toEqual({
      kind: "account",
      handles: [{ platform: "Telegram", id: "anna_m" }],
    });
  });

  it("keep a birth date that does not exist in the bare subject, and report it", () => {
    const { subject, problems } = subjectFromFtm({
      id: "x",
      schema: "Person",
      properties: { birthDate: ["1970-25-12"] },
    });
    expect(subject.birthDates).toEqual(["1970-25-12"]);
    expect(problems).toMatchObject([{ code: "DATE_IMPOSSIBLE", field: "birthDate[0]" }]);
  });

  it("that are none, or none that is read, are refused by code", () => {
    expect(() => subjectFromFtm({ id: "x", schema: "Person" })).toThrow(expect.objectContaining({ code: "INVALID" }));
    expect(() => subjectFromFtm({ id: "x", schema: "Passport", properties: {} })).toThrow(
      expect.objectContaining({ code: "INVALID" }),
    );
  });
});

describe("a file of FollowTheMoney lines", () => {
  it("takes role, basis, case, handling and review date from the defaults, and from an entity that says otherwise", async () => {
    const own = {
      passportNumber: ["X1234568"],
      "causeway:role": ["witness"],
      "causeway:legalBasis": "Act 9",
      "causeway:caseReference": ["C-9"],
      "causeway:handling": ["brokered"],
      "causeway:reviewBy": ["2026-12-31"],
      "causeway:reference": ["OWN-2"],
      "causeway:imei": ["490154203237518"],
    };
    const { records, problems } = await run(
      `${entity("e1", { passportNumber: ["X1234567"] })}\n${entity("e2", own)}\n`,
    );
    expect(problems).toEqual([]);
    expect(records[0]?.record).toMatchObject({
      reference: "e1",
      role: "suspect",
      caseReference: "CASE-1",
      reviewBy: "2027-06-30",
    });
    expect(records[1]?.record).toMatchObject({
      reference: "OWN-2",
      role: "witness",
      legalBasis: "Act 9",
      caseReference: "C-9",
      handling: "brokered",
      reviewBy: "2026-12-31",
      subject: { kind: "person", imeis: ["490154203237518"] },
    });
  });

  it("counts the properties that are not read, once each, and names them in the summary", async () => {
    const lines = [1, 2, 3].map((n) =>
      entity(`e${n}`, { passportNumber: [`X123456${n}`], notes: ["n"], ...(n === 2 && { topics: ["t"] }) }),
    );
    const { problems, summary } = await run(lines.join("\n"));
    expect(problems).toEqual(["0 PROPERTIES_IGNORED"]);
    expect(summary.ignored).toEqual([
      { name: "notes", rows: 3 },
      { name: "topics", rows: 1 },
    ]);
  });

  it("does not fall for keys that every object has", async () => {
    const line =
      '{"id":"e1","schema":"Person","properties":{"passportNumber":["X1234567"],"constructor":["a"],"__proto__":{"role":["victim"]},"toString":["b"]}}';
    const { records, summary } = await run(line);
    expect(summary.ignored.map(({ name }) => name)).toEqual(["constructor", "toString"]);
    expect(records[0]?.record).toMatchObject({
      role: "suspect",
      subject: { documents: [{ type: "passport", number: "X1234567" }] },
    });
    expect((await run('{"id":"e1","schema":"__proto__","properties":{}}')).problems).toEqual([
      "1 SCHEMA_UNSUPPORTED schema",
    ]);
  });

  it("names each line that is no entity", async () => {
    const lines = [
      entity("e1", { passportNumber: ["X1234567"] }),
      "{not json}",
      '["a"]',
      '{"id":"e3","schema":"Person"}',
      entity("e4", { number: ["X1"], holder: ["e1"] }, "Passport"),
      entity("e5", {}, "Position"),
      "",
      entity("e6", { passportNumber: [{ id: "nested" }, "X1234569"] }),
      '{"id":"e7","schema":"Person","proper',
    ];
    const { problems, summary } = await run(lines.join("\r\n"));
    expect(problems).toEqual([
      "2 NOT_JSON",
      "3 NOT_ENTITY",
      "4 NOT_ENTITY",
      "5 SCHEMA_LINKED schema",
      "6 SCHEMA_UNSUPPORTED schema",
      "8 NOT_TEXT passportNumber",
      "9 TRUNCATED",
    ]);
    expect(summary.counts).toEqual({ rows: 8, accepted: 2, rejected: 6, unchanged: 0, warnings: 1 });
  });

  it("is told from one JSON document", async () => {
    expect((await run('[\n{"id":"e1"}\n]\n')).problems).toEqual(["1 NOT_JSON_LINES"]);
  });
});
