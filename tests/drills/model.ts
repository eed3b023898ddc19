/**
 * Who should learn of whom, from the records in plain text alone: two records of different units match when they hold the same
 * passport. All records are invented, and differ in everything else that is compared.
 */
import type { UnitName } from "../support/federation.ts";

export type PlainRecord = { readonly unit: UnitName; readonly reference: string; readonly passport: string };

/** Two records, as `unit/reference` in alphabetical order. */
export type Pair = string;

export type Side = { readonly unit: string; readonly reference: string };

export function pairOf(one: Side, other: Side): Pair {
  return [one, other]
    .map(({ unit, reference }) => `${unit}/${reference}`)
    .toSorted()
    .join(" + ");
}

/** The two units of a pair. */
export function unitsOf(pair: Pair): readonly string[] {
  return pair.split(" + ").map((side) => side.slice(0, side.indexOf("/")));
}

export function expectedPairs(records: Iterable<PlainRecord>): Set<Pair> {
  const holders = new Map<string, PlainRecord[]>();
  const pairs = new Set<Pair>();
  for (const record of records) {
    const same = holders.get(record.passport) ?? [];
    for (const other of same) if (other.unit !== record.unit) pairs.add(pairOf(record, other));
    holders.set(record.passport, [...same, record]);
  }
  return pairs;
}

/** FollowTheMoney lines. */
export function fileOf(records: readonly PlainRecord[]): string {
  const lines = records.map(({ reference, passport }) =>
    JSON.stringify({
      id: reference,
      schema: "Person",
      properties: { name: [`Invented ${reference}`], passportNumber: [passport] },
    }),
  );
  return `${lines.join("\n")}\n`;
}
