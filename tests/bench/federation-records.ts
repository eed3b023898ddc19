/** Invented persons in files, and what a unit's node makes of them. */
import type { Subject } from "../../agency-node/core/record.ts";
import { ImportOptions } from "../../agency-node/wire/gen/causeway/node/v1/records.ts";
import type { ImportReceipt, ImportResponse } from "../../agency-node/wire/gen/causeway/node/v1/records.ts";
import { RecordsServiceDefinition } from "../../agency-node/wire/gen/causeway/node/v1/records.ts";
import { IMPORT_DEFAULTS } from "../support/federation.ts";
import type { TestFederation, UnitName } from "../support/federation.ts";

/** Persons from `from` on, under references of their unit: the same number is the same person, with the same passport. */
export type Persons = { readonly unit: UnitName; readonly from: number; readonly count: number };

const CHUNK_BYTES = 64 * 1024;
const DAY_MS = 86_400_000;
const PASSPORTS_FROM = 4_000_000;
const YEARS = { from: 1950, count: 50 };

const referenceOf = (unit: UnitName, number: number): string => `${unit}-${number}`;

/** Lines of FollowTheMoney: a name of one word and a passport, so that there is one identifier, which is strong. */
export function plainPersons({ unit, from, count }: Persons): Uint8Array {
  return lines(count, (i) => personOf(unit, from + i, {}));
}

/** With a name of two words and a birth date besides: some twenty identifiers. */
export function fullPersons({ unit, from, count }: Persons): Uint8Array {
  return lines(count, (i) => {
    const { name, birthDate } = factsOf(from + i);
    return personOf(unit, from + i, { name: [name], birthDate: [birthDate] });
  });
}

/** What a node reads of a person of `fullPersons`. */
export function fullPersonOf(number: number): Subject {
  const { name, birthDate } = factsOf(number);
  return {
    kind: "person",
    names: [{ text: name, strength: "full" }],
    birthDates: [birthDate],
    documents: [{ type: "passport", number: passportOf(number) }],
  };
}

function factsOf(number: number): { readonly name: string; readonly birthDate: string } {
  const birthDate = `${YEARS.from + (number % YEARS.count)}-0${1 + (number % 9)}-${10 + (number % 19)}`;
  return { name: `${word(2 * number)} ${word(2 * number + 1)}`, birthDate };
}

const passportOf = (number: number): string => `N${PASSPORTS_FROM + number}`;

function personOf(unit: UnitName, number: number, properties: Readonly<Record<string, readonly string[]>>): object {
  const known = { name: [word(number)], passportNumber: [passportOf(number)], ...properties };
  return { id: referenceOf(unit, number), schema: "Person", properties: known };
}

function lines(count: number, lineOf: (i: number) => object): Uint8Array {
  return Buffer.from(Array.from({ length: count }, (_, i) => `${JSON.stringify(lineOf(i))}\n`).join(""));
}

const CONSONANTS = "bdfgklmnprtvz";

function word(number: number): string {
  const base = CONSONANTS.length;
  const letters = [0, 1, 2, 3, 4].map((place) => CONSONANTS[Math.floor(number / base ** place) % base]);
  return `Q${letters.join("a")}an`;
}

/** Whether the node has a way past its beat for what an officer enters just now. Before it had, its beat is what can be set. */
export const knowsUrgent = "urgent" in ImportOptions.fromPartial({});

/** One connection to a node, for as many files as are to be imported. */
export class Importer implements Disposable {
  readonly #records;

  constructor(federation: TestFederation, unit: UnitName) {
    this.#records = federation.connect(RecordsServiceDefinition, unit);
  }

  /** Resolves with the receipt. Throws if a record was rejected. */
  async import(file: Uint8Array, { urgent = false } = {}): Promise<ImportReceipt> {
    const responses = this.#records.client.import(requests(file, urgent));
    let last: ImportResponse | undefined;
    for await (const response of responses) last = response;
    const event = last?.event;
    if (event?.$case !== "receipt" || event.value.rejected > 0n) throw new Error("records were not imported");
    return event.value;
  }

  [Symbol.dispose](): void {
    this.#records[Symbol.dispose]();
  }
}

async function* requests(file: Uint8Array, urgent: boolean) {
  const reviewBy = new Date(Date.now() + 90 * DAY_MS).toISOString().slice(0, 10);
  const options = { ...IMPORT_DEFAULTS, format: "ftm", reviewBy, ...(urgent && { urgent }) };
  yield { request: { $case: "options" as const, value: ImportOptions.fromPartial(options) } };
  for (let at = 0; at < file.length; at += CHUNK_BYTES) {
    yield { request: { $case: "chunk" as const, value: file.subarray(at, at + CHUNK_BYTES) } };
  }
}
