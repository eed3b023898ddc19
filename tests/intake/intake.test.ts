import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentHash } from "../../agency-node/intake/content-hash.ts";
import { intake } from "../../agency-node/intake/intake.ts";
import { OPTIONS, bytesOf, chunked, entity, run } from "./support.ts";

const person = (id: string, number: string) => entity(id, { passportNumber: [number] });

describe("importing a file", () => {
  it("says that an empty file is empty, with or without a byte order mark or blank lines", async () => {
    for (const file of ["", "\uFEFF", "\n\r\n  \n"]) {
      const { problems, summary } = await run(file);
      expect(problems).toEqual(["0 FILE_EMPTY"]);
      expect(summary.counts).toEqual({ rows: 0, accepted: 0, rejected: 0, unchanged: 0, warnings: 0 });
    }
  });

  it("goes on with the good rows and names the bad ones by line", async () => {
    const bad = Buffer.from('{"id":"é"}\n', "latin1");
    const file = Buffer.concat([
      bytesOf(`\uFEFF${person("a", "X1234561")}\r\n\r\n`),
      bad,
      bytesOf(`${person("b", "X1234562")}\n{"id":"\0"}\n${"x".repeat(1_100_000)}\n`),
      bytesOf(`${entity("c", { phone: ["12"] })}\n${person("d", "X1234564")}`),
    ]);
    const { problems, records, summary } = await run(file);
    expect(problems).toEqual(["3 NOT_UTF8", "5 NUL", "6 LINE_LONG", "7 VALUE_SHORT phone[0]", "7 NO_IDENTIFIER"]);
    expect(records.map(({ line, record }) => [line, record.reference])).toEqual([
      [1, "a"],
      [4, "b"],
      [8, "d"],
    ]);
    expect(summary.counts).toEqual({ rows: 7, accepted: 3, rejected: 4, unchanged: 0, warnings: 1 });
  });

  it("tells an identical repeat from a second record under the same reference", async () => {
    const lines = [person("a", "X1234561"), person("a", "X1234561"), person("a", "X7654321"), person("b", "X1234561")];
    const { events, problems, summary } = await run(lines.join("\n"));
    expect(events.find(({ kind }) => kind === "unchanged")).toEqual({ kind: "unchanged", line: 2, firstLine: 1 });
    expect(problems).toEqual(["3 DUPLICATE_REFERENCE reference"]);
    const duplicate = events.find((event) => event.kind === "problem");
    expect(duplicate?.kind === "problem" && duplicate.problem.text).toContain("line 1");
    expect(summary.counts).toEqual({ rows: 4, accepted: 2, rejected: 1, unchanged: 1, warnings: 0 });
  });

  it("does not let a second row take the reference of a rejected one", async () => {
    const { problems } = await run(
      [entity("a", { birthDate: ["1980-02-30"], passportNumber: ["X1234561"] }), person("a", "X1234561")].join("\n"),
    );
    expect(problems).toEqual(["1 DATE_IMPOSSIBLE birthDate[0]", "2 DUPLICATE_REFERENCE reference"]);
  });

  it("gives the same content hashes for the same records, whatever the format writes around them", async () => {
    const ftm = await run(`${person("a", "X1234561")}\n\n${person("b", "X1234562")}\n`);
    const csv = await run("passport;ref\r\nX1234561;a\r\nX1234562;b\r\n");
    const other = await run("passport;ref\r\nX1234561;a\r\nX1234563;b\r\n");
    const hashes = (of: typeof ftm) => of.records.map(({ contentHash }) => contentHash);
    expect(hashes(ftm)).toHaveLength(2);
    expect(hashes(csv)).toEqual(hashes(ftm));
    expect(hashes(other)).not.toEqual(hashes(ftm));
  });

  it("refuses options that cannot be used, before it reads", async () => {
    const defaults = { ...OPTIONS.defaults, reviewBy: "2020-01-01", role: "nonsense" };
    await expect(run("", { defaults })).rejects.toMatchObject({
      code: "INVALID",
      fields: ["defaults.role", "defaults.reviewBy"],
    });
    await expect(run("", { today: "22.11.2026", retentionDaysMax: 0 })).rejects.toMatchObject({
      code: "INVALID",
      fields: ["today", "retentionDaysMax"],
    });
  });

  it("lets go of the source when the reader stops early", async () => {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (let i = 0; ; i += 1) yield bytesOf(`${person(`r${i}`, `X${1_000_000 + i}`)}\n`);
      } finally {
        closed = true;
      }
    }
    for await (const event of intake(source(), OPTIONS)) {
      if (event.kind === "record") break;
    }
    expect(closed).toBe(true);
  });
});

describe("the content hash", () => {
  it("changes with the content and not with how it is written", async () => {
    const [one] = (await run(person("a", "X1234561"))).records;
    if (one === undefined) throw new Error("no record");
    const { subject, ...rest } = one.record;
    const shuffled = { ...rest, subject: { emails: [], ...subject } };
    expect(contentHash(shuffled)).toEqual(contentHash(one.record));
    expect(contentHash(one.record)).toHaveLength(32);
    expect(contentHash({ ...one.record, role: "victim" })).not.toEqual(contentHash(one.record));
  });
});

/** Everything that may be logged: problems, whatever their code, and counts. */
async function loggable(file: string | Uint8Array): Promise<string> {
  const { events, summary } = await run(file);
  const problems = events.flatMap((event) => (event.kind === "problem" ? [event.problem] : []));
  return JSON.stringify([problems, summary.counts]);
}

describe("privacy of problems", () => {
  const planted = "Zq7planted";
  const text = fc.oneof(
    fc.constantFrom("", "1980-02-30", "=", "+1(", '"', "\n", ";", "|", "1.2E+9", "\ud800", "\0", "https://", ":", "/"),
    fc.string({ maxLength: 5 }),
  );
  const value = fc.tuple(text, text).map(([before, after]) => `${before}${planted}${after}`);

  it("holds for every cell and heading of a CSV file", async () => {
    const headings =
      "ref,kind,role,name,dob,sex,nationality,document number,document type,issuing country,phone,email,plate,vin,imo,iban,wallet,handle,address,legal basis,case,handling,review date,grading".split(
        ",",
      );
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 26 }), value, async (cells, heading) => {
        const quoted = cells.map((cell, i) => (i % 3 === 0 ? cell : `"${cell.replaceAll('"', '""')}"`)).join(",");
        expect(await loggable(`${headings.join(",")},${heading}\n${quoted}\n${cells.join(",")}`)).not.toContain(
          planted,
        );
        expect(await loggable(cells.join(","))).not.toContain(planted);
      }),
      { numRuns: 150 },
    );
  });

  it("holds for every property, key and id of an entity", async () => {
    const names =
      "name,alias,birthDate,gender,nationality,passportNumber,phone,email,address,causeway:role,causeway:reviewBy,causeway:handle,causeway:iban,causeway:sourceGrading".split(
        ",",
      );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 8 }),
        value,
        async (pairs, odd) => {
          const properties = {
            ...Object.fromEntries(pairs.map(([name, each]) => [name, [each, { [odd]: each }]])),
            [odd]: [odd],
          };
          const lines = [
            entity(odd, properties),
            entity("x", properties, odd),
            JSON.stringify({ [odd]: odd }),
            `{"id": "${odd}`,
          ];
          expect(await loggable(lines.join("\n"))).not.toContain(planted);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("holds for the options", async () => {
    const failure: unknown = await run("", { today: planted, defaults: { role: planted } }).catch(
      (error: unknown) => error,
    );
    expect(`${String(failure)} ${JSON.stringify(failure)}`).not.toContain(planted);
    expect(failure).toMatchObject({ code: "INVALID" });
  });
});

describe("any bytes at all", () => {
  it("end in a summary whose counts add up", async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .constantFrom('"', ",", "\n", "\r\n", "{", "}", "[", "\uFEFF", "ref,passport\n", person("a", "X1234561"))
        .map(bytesOf),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 20 }),
        fc.constantFrom("auto", "ftm", "csv"),
        async (pieces, format) => {
          const { summary, problems } = await run(Buffer.concat(pieces), { format: format as "auto" });
          const { rows, accepted, rejected, unchanged } = summary.counts;
          expect(accepted + rejected + unchanged).toBe(rows);
          if (accepted === 0) expect(problems.length + unchanged).toBeGreaterThan(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("are read the same however they are cut", async () => {
    const file = bytesOf('ref;passport;name\r\nA1;X1234567;"Anna\r\nMuster"\r\nA2;X1234568;Жук\r\n');
    const outcomes = new Set<string>();
    for (let size = 1; size < file.length; size += 1) {
      const events = [];
      for await (const event of intake(chunked(file, size), OPTIONS)) events.push(event);
      outcomes.add(JSON.stringify(events));
    }
    expect(outcomes.size).toBe(1);
  });
});
