import { describe, expect, it } from "vitest";
import { mapColumns, parseOverride } from "../../agency-node/intake/columns.ts";
import { OPTIONS, run } from "./support.ts";

const fieldsOf = (headings: string) => mapColumns(headings.split(","), {}, 1).columns.map(({ field }) => field);

const good = (n: number) => `A${n},Anna,X123456${n}`;

const datedFile = (...dates: string[]) =>
  `ref,passport,dob\n${dates.map((date, i) => `A${i},X123456${i},${date}\n`).join("")}`;
const birthDates = async (text: string, options = {}) =>
  (await run(text, options)).records.map(({ record }) => record.subject.birthDates?.[0]);

describe("guessing what a column holds", () => {
  it.each([
    ["Reference,First name,Last name,Date of birth", ["reference", "firstName", "lastName", "birthDate"]],
    ["Kennung,Vorname,Name,Geburtsdatum", ["reference", "firstName", "lastName", "birthDate"]],
    ["Référence,Prénom,Nom,Date de naissance", ["reference", "firstName", "lastName", "birthDate"]],
    ["Referencia,Nombre,Apellidos,Fecha de nacimiento", ["reference", "firstName", "lastName", "birthDate"]],
    ["Riferimento,Nome,Cognome,Data di nascita", ["reference", "firstName", "lastName", "birthDate"]],
    ["Kenmerk,Voornaam,Achternaam,Geboortedatum", ["reference", "firstName", "lastName", "birthDate"]],
    ["Odniesienie,Imię,Nazwisko,Data urodzenia", ["reference", "firstName", "lastName", "birthDate"]],
    ["id,имя,фамилия,дата рождения", ["reference", "firstName", "lastName", "birthDate"]],
    ["ID,Nom,DDN", ["reference", "name", "birthDate"]],
    ["ID,Name,E-Mail,Kfz-Kennzeichen,IBAN", ["reference", "name", "email", "plate", "iban"]],
  ])("knows %s", (headings, fields) => {
    expect(fieldsOf(headings)).toEqual(fields);
  });

  it("lets the importer say otherwise, by heading or by position", async () => {
    const file = "Ref,Whatever,Name\nA1,4 May 1970,Anna Muster\nA2,1970-05-04,Anna Muster\n";
    const guessed = await run(file);
    expect(guessed.problems).toContain("1 COLUMN_UNKNOWN columns[1]");
    expect(guessed.mapping?.columns[1]).toEqual({ heading: "Whatever", source: "unknown" });
    for (const mapping of [{ whatever: "birthDate" as const }, { "#2": "birthDate" as const }]) {
      const given = await run(file, { mapping });
      expect(given.problems).toEqual(["2 DATE_FORM birthDate[0]", "2 VALUE_UNBOUND name", "2 NO_IDENTIFIER"]);
      expect(given.records[0]?.record.subject.birthDates).toEqual(["1970-05-04"]);
    }
    expect((await run(file, { mapping: { nothing: "phone" } })).problems).toContain("1 MAPPING_UNKNOWN mapping");
  });

  it("reads column=field of a command line", () => {
    expect(parseOverride("Tel. = privat=phone")).toEqual(["Tel. = privat", "phone"]);
    expect(parseOverride("Notes=ignore")).toEqual(["Notes", "ignore"]);
    expect(parseOverride("Notes=nonsense")).toBeUndefined();
  });

  it("reports two columns for one reference, and joins two columns of phones", async () => {
    const file = "ref,id,phone,mobile\nA1,B1,+49 30 901820,+49 151 23456789\n";
    const { problems, records } = await run(file);
    expect(problems).toEqual(["1 COLUMN_TWICE columns[1]"]);
    expect(records[0]?.record.reference).toBe("A1");
    expect(records[0]?.record.subject.phones?.length).toBe(2);
  });
});

describe("rows of CSV", () => {
  it.each([
    ["comma", "ref,passport\nA1,X1234567\n", ","],
    ["semicolon", "ref;passport\nA1;X1234567\n", ";"],
    ["tab", "ref\tpassport\nA1\tX1234567\n", "\t"],
    ["semicolon, though a heading has commas", "ref;passport;a,b,c,d\nA1;X1234567;\n", ";"],
    ["what a spreadsheet states", "sep=;\r\nref;passport\r\nA1;X1234567\r\n", ";"],
  ])("are split at the %s", async (_, file, delimiter) => {
    const { mapping, records } = await run(file);
    expect(mapping?.delimiter).toBe(delimiter);
    expect(records[0]?.record.subject.documents).toEqual([{ type: "passport", number: "X1234567" }]);
  });

  it("fill every field of a record", async () => {
    const columns = {
      reference: "R-1",
      kind: "Person",
      role: "Possible victim",
      "full name": "Anna Muster|Ana Musterova",
      alias: "A. Muster",
      nickname: "Ani",
      "first name": "Anna",
      "last name": "Muster",
      "date of birth": "04.05.1970",
      sex: "F",
      nationality: "DE",
      "document number": "C01X00T47",
      "document type": "Reisepass",
      "issuing country": "Germany",
      phone: "0151 23456789",
      email: "anna@example.org",
      plate: "B-AB 1234",
      "plate country": "DE",
      vin: "WVWZZZ1JZXW000001",
      imo: "9074729",
      iban: "DE89370400440532013000",
      wallet: "0x52908400098527886E0F7030069857D2E4169EE7",
      handle: "telegram:anna_m",
      address: "Musterweg 3, 12345 Musterstadt",
      "company number": "HRB 12345",
      "legal basis": "Act 2",
      "case number": "C-2",
      handling: "brokered",
      "review date": "2027-01-31",
      grading: "B2",
    };
    const file = `${Object.keys(columns).join(",")}\n${Object.values(columns)
      .map((cell) => `"${cell}"`)
      .join(",")}\n`;
    const { records, problems } = await run(file, { defaults: {}, defaultCountry: "DE" });
    expect(problems.filter((text) => !text.includes("VALUE_"))).toEqual([]);
    expect(records[0]?.record).toEqual({
      reference: "R-1",
      role: "possibleVictim",
      legalBasis: "Act 2",
      caseReference: "C-2",
      handling: "brokered",
      reviewBy: "2027-01-31",
      sourceGrading: { source: "B", information: 2 },
      subject: {
        kind: "person",
        names: [
          { text: "Anna Muster", strength: "full" },
          { text: "Ana Musterova", strength: "full" },
          { text: "A. Muster", strength: "full" },
          { text: "Ani", strength: "weak" },
        ],
        firstNames: ["Anna"],
        lastNames: ["Muster"],
        birthDates: ["1970-05-04"],
        sex: "female",
        countries: ["DE"],
        addresses: ["Musterweg 3, 12345 Musterstadt"],
        documents: [{ type: "passport", country: "Germany", number: "C01X00T47" }],
        registrations: [{ number: "HRB 12345" }],
        phones: [{ text: "0151 23456789", country: "DE" }],
        emails: ["anna@example.org"],
        handles: [{ platform: "telegram", id: "anna_m" }],
        wallets: [{ address: "0x52908400098527886E0F7030069857D2E4169EE7" }],
        ibans: ["DE89370400440532013000"],
        plates: [{ country: "DE", number: "B-AB 1234" }],
        vins: ["WVWZZZ1JZXW000001"],
        imos: ["9074729"],
      },
    });
  });

  it("keep line ends and delimiters inside quotation marks", async () => {
    const file = 'ref,name,passport\r\nA1,"Muster,\r\nAnna ""Ani""",X1234567\r\nA2,Bea,X1234568\r\n';
    const { records } = await run(file);
    expect(records.map(({ line, record }) => [line, record.subject.names?.[0]?.text])).toEqual([
      [2, 'Muster, Anna "Ani"'],
      [4, "Bea"],
    ]);
  });

  it("lose one row to a quotation mark that is never closed", async () => {
    const file = ["ref,name,passport", good(1), 'A2,"Anna,X1234562', good(3), 'A4,"Anna" Ani,X1234564', good(5)].join(
      "\n",
    );
    const { records, problems, summary } = await run(`${file}\n`);
    expect(records.map(({ line }) => line)).toEqual([2, 4, 6]);
    expect(problems.filter((text) => text.includes("QUOTES"))).toEqual(["3 QUOTES", "5 QUOTES"]);
    expect(summary.counts).toMatchObject({ rows: 5, accepted: 3, rejected: 2 });
  });

  it("give up on an open quotation mark after a hundred lines, and read those as rows", async () => {
    const rows = Array.from({ length: 300 }, (_, i) => `A${i},X${1_000_000 + i}`);
    const { summary, problems } = await run(`ref,passport\n"A,X1\n${rows.join("\n")}\n`);
    expect(problems).toEqual(["2 QUOTES"]);
    expect(summary.counts).toMatchObject({ accepted: 300, rejected: 1 });
  });

  it("say where the file ends inside a cell", async () => {
    expect((await run('ref,passport\nA1,X1234567\nA2,"X12')).problems).toEqual(["3 TRUNCATED"]);
  });

  it("report rows with too many or too few cells", async () => {
    const { problems, records } = await run(
      "ref,passport,name\nA1,X1234567,Anna,1\nA2,X1234568\n,,\nA3,X1234569,Anna,,\n",
    );
    expect(problems).toEqual(["2 ROW_LONG", "3 ROW_SHORT", "5 VALUE_UNBOUND name"]);
    expect(records.map(({ line }) => line)).toEqual([3, 5]);
  });

  it("keep what looks like a formula as text, and say so", async () => {
    const file =
      'ref,name,passport\nA1,"=HYPERLINK(""http://example.org"",""x"")",X1234567\nA2,Anna,"=""00123456"""\nA3,Anna,1.23E+11\nA4,"@SUM(A1:A2)",X1234567\n';
    const { problems, records } = await run(file);
    expect(problems).toContain("2 FORMULA name[0]");
    expect(problems).toContain("5 FORMULA name[0]");
    expect(problems).toContain("4 ROUNDED passportNumber[0]");
    expect(records[0]?.record.subject.names?.[0]?.text).toBe('=HYPERLINK("http://example.org","x")');
    expect(records[1]?.record.subject.documents?.[0]?.number).toBe("00123456");
    expect(records.map(({ line }) => line)).toEqual([2, 3, 5]);
  });

  it("pair documents with their types and countries", async () => {
    const { records, problems } = await run(
      "ref,document number,document type,issuing country\nA1,X1234567;Y7654321,passport;id,DE;FR\nA2,X1234568;Y7654322;Z1234567,passport;id,DE\n",
    );
    expect(records[0]?.record.subject.documents).toEqual([
      { type: "passport", country: "DE", number: "X1234567" },
      { type: "nationalId", country: "FR", number: "Y7654321" },
    ]);
    expect(problems).toEqual(["3 PAIRING documentType"]);
  });
});

describe("the order of day and month", () => {
  it("is decided for the whole file by one date that is possible in one order only", async () => {
    expect(await birthDates(datedFile("03/04/1970", "25/12/1970"))).toEqual(["1970-04-03", "1970-12-25"]);
    expect(await birthDates(datedFile("03/04/1970", "12/25/1970"))).toEqual(["1970-03-04", "1970-12-25"]);
    expect((await run(datedFile("03/04/1970", "12/25/1970"))).mapping?.dateOrder).toBe("mdy");
  });

  it("is reported where nothing decides, read day first, and can be given", async () => {
    const undecided = datedFile("03/04/1970", "05/05/1970");
    const { problems, mapping } = await run(undecided);
    expect(problems).toEqual(["2 DATE_ORDER birthDate[0]"]);
    expect(mapping?.dateOrder).toBeUndefined();
    expect(await birthDates(undecided)).toEqual(["1970-04-03", "1970-05-05"]);
    expect(await birthDates(undecided, { dateOrder: "mdy" })).toEqual(["1970-03-04", "1970-05-05"]);
    expect((await run(undecided, { dateOrder: "mdy" })).problems).toEqual([]);
  });

  it("contradicted by a file, is asked for date by date", async () => {
    const { problems } = await run(datedFile("25/12/1970", "12/25/1970", "03/04/1970"));
    expect(problems).toEqual(["4 DATE_ORDER birthDate[0]"]);
  });

  it("does not matter for points and for dates that start with the year", async () => {
    expect(
      await birthDates(
        datedFile("03.04.1970", "1970/04/03", "1970", "04/1970", "1970-04-00", "19700403", "٠٣/٠٤/١٩٧٠"),
      ),
    ).toEqual(["1970-04-03", "1970-04-03", "1970", "1970-04", "1970-04", "1970-04-03", "1970-04-03"]);
  });

  it("must be known for a review date", async () => {
    const { problems } = await run("ref,passport,review date\nA1,X1234567,03/04/2027\n");
    expect(problems).toEqual(["2 REVIEW_ORDER reviewBy"]);
    expect(
      (await run("ref,passport,review date\nA1,X1234567,03/04/2027\n", { dateOrder: "dmy" })).records[0]?.record
        .reviewBy,
    ).toBe("2027-04-03");
  });
});

describe("a file that is no CSV of records", () => {
  it("is refused where no heading is known, or the line of headings is damaged", async () => {
    expect((await run("Anna Muster,30 02\nBea,x\n")).problems.at(-1)).toBe("1 HEADER_UNKNOWN");
    expect((await run(Buffer.from("ref,Größe\nA1,1\n", "latin1"))).problems).toEqual(["1 HEADER_DAMAGED"]);
    expect((await run("ref,name\rA1,Anna\rA2,Bea\r")).problems).toEqual(["1 LINE_ENDS"]);
  });

  it("says so where there are only headings", async () => {
    const { problems, mapping, summary } = await run("ref,name,passport\r\n");
    expect(problems).toEqual(["0 NO_ROWS"]);
    expect(mapping?.columns).toHaveLength(3);
    expect(summary.counts.rows).toBe(0);
  });

  it("needs the columns or defaults that a record cannot do without", async () => {
    const { kind: _, role: __, ...defaults } = OPTIONS.defaults;
    expect((await run("passport\nX1234567\n", { defaults })).problems).toEqual([
      "2 MISSING reference",
      "2 MISSING kind",
      "2 MISSING role",
    ]);
  });
});
