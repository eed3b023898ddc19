import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type {
  ImportOptions,
  ImportProblem,
  ImportReceipt,
  ImportRequest,
  ImportResponse,
} from "../../agency-node/wire/gen/causeway/node/v1/records.ts";
import { endlessLine, importedFile, reviewDay } from "../drills/big-import.ts";
import { IMPORT_DEFAULTS, TestFederation } from "../support/federation.ts";
import { LONG_MS } from "../support/patience.ts";

/** Stands in every value that is wrong, so that it is noticed wherever it comes out again. */
const SECRET = "Zanzibarov";
const MIB = 1024 * 1024;

const entity = (id: string, properties: object = {}): string =>
  JSON.stringify({
    id,
    schema: "Person",
    properties: { name: [`Invented ${id}`], birthDate: ["1984-03-12"], passportNumber: [`ZX9${id}`], ...properties },
  });

const lines = (...texts: string[]): string => `${texts.join("\n")}\n`;

type Outcome = {
  readonly events: readonly ImportResponse[];
  readonly problems: ImportProblem[];
  readonly receipt: ImportReceipt | undefined;
};

/** A node alone: what it takes in waits there. All persons and numbers are invented. */
describe("a bad file", { timeout: LONG_MS }, () => {
  let federation: TestFederation;
  let ids = 100_000;

  beforeAll(async () => {
    federation = await TestFederation.found();
    await federation.startNode("ct");
  });
  afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

  const newId = (): string => String((ids += 1));

  async function load(file: string | Uint8Array, options: Partial<ImportOptions> = {}): Promise<Outcome> {
    const events = await federation.import("ct", file, options);
    return outcomeOf(events);
  }

  function outcomeOf(events: readonly ImportResponse[]): Outcome {
    const problems: ImportProblem[] = [];
    for (const { event } of events) if (event?.$case === "problem") problems.push(event.value);
    const last = events.at(-1)?.event;
    // What goes back to the importer about a value says where it stands, never what it is.
    expect(
      JSON.stringify(problems, (_, value: unknown) => (typeof value === "bigint" ? Number(value) : value)),
    ).not.toContain(SECRET);
    return { events, problems, receipt: last?.$case === "receipt" ? last.value : undefined };
  }

  const codes = ({ problems }: Outcome): string[] => problems.map(({ code, line }) => `${line} ${code}`);

  async function references(): Promise<Set<string>> {
    using records = federation.records("ct");
    const found = new Set<string>();
    for await (const { reference } of records.client.listRecords({})) found.add(reference);
    return found;
  }

  it("that is empty is told so", async () => {
    for (const file of ["", "\n \n", "\uFEFF"]) {
      const outcome = await load(file);
      expect(codes(outcome)).toEqual(["0 FILE_EMPTY"]);
      expect(outcome.receipt).toMatchObject({ rows: 0n, added: 0n });
    }
  });

  it.each<[string, (good: [string, string]) => string | Uint8Array, string]>([
    [
      "ends in the middle of an entity",
      ([a, b]) => lines(entity(a), entity(b)) + entity(newId(), { name: [SECRET] }).slice(0, -9),
      "3 TRUNCATED",
    ],
    ["has a line that is no JSON", ([a, b]) => lines(entity(a), `{"id": ${SECRET}`, entity(b)), "2 NOT_JSON"],
    ["has JSON that is no entity", ([a, b]) => lines(entity(a), `{"name": "${SECRET}"}`, entity(b)), "2 NOT_ENTITY"],
    [
      "has an entity of a foreign schema",
      ([a, b]) => lines(entity(a), `{"id": "x", "schema": "${SECRET}", "properties": {}}`, entity(b)),
      "2 SCHEMA_UNSUPPORTED",
    ],
    [
      "has a line in Latin-1",
      ([a, b]) =>
        Buffer.concat([
          Buffer.from(lines(entity(a))),
          Buffer.from(lines(entity(newId(), { name: [`${SECRET} é`] })), "latin1"),
          Buffer.from(lines(entity(b))),
        ]),
      "2 NOT_UTF8",
    ],
    ["has zero bytes", ([a, b]) => lines(entity(a), `${entity(newId())}\0`, entity(b)), "2 NUL"],
    [
      "has a date that does not exist",
      ([a, b]) => lines(entity(a), entity(newId(), { birthDate: ["1984-02-30"] }), entity(b)),
      "2 DATE_IMPOSSIBLE",
    ],
    [
      "says somebody is born in the future",
      ([a, b]) => lines(entity(a), entity(newId(), { birthDate: ["2999-01-01"] }), entity(b)),
      "2 BIRTH_FUTURE",
    ],
    [
      "has an id twice with other content",
      ([a, b]) => lines(entity(a), entity(a, { name: [SECRET] }), entity(b)),
      "2 DUPLICATE_REFERENCE",
    ],
    [
      "has a person with nothing to compare",
      ([a, b]) =>
        lines(entity(a), `{"id": "${newId()}", "schema": "Person", "properties": {"notes": ["${SECRET}"]}}`, entity(b)),
      "2 NO_IDENTIFIER",
    ],
  ])("that %s loses that record alone", async (_what, make, problem) => {
    const good: [string, string] = [newId(), newId()];
    const outcome = await load(make(good));
    expect(codes(outcome)).toContain(problem);
    expect(outcome.receipt).toMatchObject({ added: 2n, rejected: 1n });
    const stored = await references();
    expect(good.every((id) => stored.has(id))).toBe(true);
  });

  it("in UTF-16 is read if it says so, and named if it does not", async () => {
    const marked = await load(Buffer.from(`\uFEFF${lines(entity(newId()))}`, "utf16le"));
    expect(marked.receipt).toMatchObject({ added: 1n, rejected: 0n });
    const unmarked = await load(Buffer.from(lines(entity(newId()), entity(newId())), "utf16le"));
    expect(unmarked.problems.some(({ code }) => code === "NUL" || code === "HEADER_DAMAGED")).toBe(true);
    expect(unmarked.receipt).toMatchObject({ added: 0n });
  });

  it("with a byte order mark is read as if it had none", async () => {
    const outcome = await load(`\uFEFF${lines(entity(newId()))}`);
    expect([outcome.problems, outcome.receipt?.added]).toEqual([[], 1n]);
  });

  it("with columns that nobody knows is read without them, or not at all if it has no others", async () => {
    const [a, b] = [newId(), newId()];
    const csv = lines(
      `id,name,passport number,${SECRET}`,
      `${a},Invented A,ZX9${a},${SECRET}`,
      `${b},Invented B,ZX9${b},x`,
    );
    const some = await load(csv);
    expect(codes(some)).toContain("1 COLUMN_UNKNOWN");
    expect(some.receipt).toMatchObject({ added: 2n, rejected: 0n });
    const none = await load(lines(`${SECRET},foo`, "1,2"));
    expect(codes(none)).toContain("1 HEADER_UNKNOWN");
    expect(none.receipt).toMatchObject({ added: 0n });
  });

  it("with a phone number of no country keeps the record and says so, unless a country is given", async () => {
    const [a, b] = [newId(), newId()];
    const phone = { phone: ["07700 900123"] };
    const without = await load(lines(entity(a, phone)));
    expect(without.problems).toMatchObject([{ line: 1n, field: "phone[0]", error: false }]);
    expect(without.receipt).toMatchObject({ added: 1n });
    const given = await load(lines(entity(b, phone)), { defaultCountry: "GB" });
    expect([given.problems, given.receipt?.added]).toEqual([[], 1n]);
  });

  it("with an identical repeat counts it once, and coming again changes nothing", async () => {
    const file = lines(...[newId(), newId()].flatMap((id) => [entity(id), entity(id)]));
    expect((await load(file)).receipt).toMatchObject({ rows: 4n, added: 2n, unchanged: 2n, rejected: 0n });
    expect((await load(file)).receipt).toMatchObject({ added: 0n, amended: 0n, unchanged: 4n });
  });

  it("of one endless line fills no memory, holds nobody up and loses no other line", async () => {
    const id = newId();
    const { events, seconds, mebibytes, slowestStatusMs } = await endlessLine(federation, 256 * MIB, lines(entity(id)));
    const outcome = outcomeOf(events);
    expect(codes(outcome)).toEqual(["1 LINE_LONG"]);
    expect(outcome.receipt).toMatchObject({ rows: 2n, added: 1n, rejected: 1n });
    expect(mebibytes).toBeLessThan(192);
    // Whoever is held up waits for the whole line.
    expect(slowestStatusMs).toBeLessThan(Math.max(3, seconds / 3) * 1_000);
  });

  it("of many records is read in seconds", async () => {
    const before = process.cpuUsage();
    const { receipt } = await importedFile(federation, 20_000);
    expect(receipt).toMatchObject({ rows: 20_000n, added: 20_000n, rejected: 0n, dryRun: true });
    // Of a processor: on a busy machine others use it meanwhile.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000_000).toBeLessThan(20);
    expect((await references()).size).toBeLessThan(1_000);
  });

  describe("or a bad call", () => {
    async function call(...requests: ImportRequest[]): Promise<ImportResponse[]> {
      using records = federation.records("ct");
      const events: ImportResponse[] = [];
      async function* all(): AsyncGenerator<ImportRequest> {
        yield* requests;
      }
      for await (const event of records.client.import(all())) events.push(event);
      return events;
    }

    const someBytes = chunkRequest(new TextEncoder().encode(lines(entity("999999", { name: [SECRET] }))));

    it.each<[string, ImportRequest[]]>([
      ["without a single message", []],
      ["without options", [someBytes]],
      ["with the options after the file", [someBytes, optionsRequest()]],
      ["with an empty message first", [{ request: undefined }]],
      ["with options twice", [optionsRequest(), optionsRequest(), someBytes]],
    ])("%s is refused, and nothing of it is stored", async (_what, requests) => {
      await expect(call(...requests)).rejects.toMatchObject({ code: "INVALID" });
      expect((await references()).has("999999")).toBe(false);
    });

    it.each<[Partial<ImportOptions>, string]>([
      [{ format: SECRET }, "format"],
      [{ dateOrder: SECRET }, "dateOrder"],
      [{ mapping: { a: SECRET } }, "mapping"],
      [{ role: SECRET }, "defaults.role"],
      [{ kind: SECRET }, "defaults.kind"],
      [{ handling: SECRET }, "defaults.handling"],
      [{ reviewBy: "2001-01-01" }, "defaults.reviewBy"],
      [{ reviewBy: SECRET }, "defaults.reviewBy"],
    ])("with %o is refused, naming the place and not the value", async (options, field) => {
      const error: unknown = await call(optionsRequest(options), someBytes).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "INVALID", fields: [field] });
      expect(`${String((error as Error).cause)} ${(error as Error).message}`).not.toContain(SECRET);
    });

    it("that hangs up midway keeps what was stored, gives no receipt, and can come again", async () => {
      const all = Array.from({ length: 3_000 }, () => newId());
      const half = lines(...all.slice(0, 1_700).map((id) => entity(id)));
      const hangUp = new AbortController();
      using records = federation.records("ct");
      async function* requests(): AsyncGenerator<ImportRequest> {
        yield optionsRequest();
        yield chunkRequest(new TextEncoder().encode(half));
        yield chunkRequest(new TextEncoder().encode(entity(newId(), { name: [SECRET] }).slice(0, -5)));
        await sleep(60_000, undefined, { signal: hangUp.signal }).catch(() => undefined);
      }
      const events: ImportResponse[] = [];
      const importing = (async () => {
        for await (const event of records.client.import(requests(), { signal: hangUp.signal })) {
          events.push(event);
          if (events.filter(({ event }) => event?.$case === "progress").length === 3) hangUp.abort();
        }
      })();
      await expect(importing).rejects.toThrow();
      expect(outcomeOf(events).receipt).toBeUndefined();
      const whole = lines(...all.map((id) => entity(id)));
      const again = await load(whole);
      expect(again.receipt).toMatchObject({ rows: 3_000n, amended: 0n, rejected: 0n });
      const { added = 0n, unchanged = 0n } = again.receipt ?? {};
      expect(unchanged).toBeGreaterThanOrEqual(1_500n);
      expect(added + unchanged).toBe(3_000n);
      expect((await load(whole)).receipt).toMatchObject({ added: 0n, unchanged: 3_000n });
    });
  });

  it("puts no value of a file into the node's log", () => {
    expect(federation.log.text).not.toContain(SECRET);
    expect(federation.log.text).not.toContain("Invented 1");
  });
});

function optionsRequest(options: Partial<ImportOptions> = {}): ImportRequest {
  const plain = { dryRun: false, urgent: false, defaultCountry: "", mapping: {}, dateOrder: "" };
  return { request: { $case: "options", value: { ...plain, ...IMPORT_DEFAULTS, reviewBy: reviewDay(), ...options } } };
}

function chunkRequest(bytes: Uint8Array): ImportRequest {
  return { request: { $case: "chunk", value: Buffer.from(bytes) } };
}
