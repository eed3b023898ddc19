/**
 * How fast a node makes persons comparable (canonical forms and keys, encoded for hardening), and how fast it makes
 * its tokens anew when the salt of an epoch changes. Each on one core.
 */
import type { Subject } from "../../agency-node/core/record.ts";
import { encodeIdentifier, identifiersOf } from "../../agency-node/linkage/identifiers.ts";
import { saltKey, tokensOf } from "../../shared/crypto/token.ts";
import { type Bench, collectGarbage, coreSeconds, median, rounded } from "./measure.ts";

const RUNS = 5;

export const benchLink: Bench = async ({ quick, say }) => {
  const persons = inventedPersons(quick ? 5_000 : 40_000);
  const personsPerSecondPerCore = rounded(measurePersons(persons));
  say(`canonical forms and keys: ${personsPerSecondPerCore} persons a second per core`);
  const resaltsPerSecondPerCore = rounded(measureResalting(quick ? 50_000 : 400_000));
  say(`re-salting: ${resaltsPerSecondPerCore} tokens a second per core`);
  return { bench: "link", personsPerSecondPerCore, resaltsPerSecondPerCore };
};

function measurePersons(persons: readonly Subject[]): number {
  const rates: number[] = [];
  for (let run = 0; run <= RUNS; run += 1) {
    collectGarbage();
    let bytes = 0;
    const took = coreSeconds(() => {
      for (const person of persons) {
        for (const identifier of identifiersOf(person)) bytes += encodeIdentifier(identifier).length;
      }
    });
    if (bytes === 0) throw new Error("no person gave an identifier");
    // The first run warms up the compiler.
    if (run > 0) rates.push(persons.length / took);
  }
  return median(rates);
}

function measureResalting(count: number): number {
  const ys = Array.from({ length: count }, (_, i) => {
    const y = new Uint8Array(64);
    new DataView(y.buffer).setUint32(0, i);
    return y;
  });
  const rates = Array.from({ length: RUNS }, (_, run) => {
    const salt = saltKey(new Uint8Array(32).fill(run + 1));
    collectGarbage();
    return count / coreSeconds(() => void tokensOf(salt, "target", ys));
  });
  return median(rates);
}

const STARTS = "ba de fi go ka lu ma ne pi ro sa tu va ze cha sho tri bel dor fen".split(" ");
const MIDDLES = "ndo rma lki sto bre mi ra vo ssa tti gru ple zan kho ".trim().split(" ");
const ENDS = "v n ski dze ez son rd la k t ros yan ic el a".split(" ");
const COMMON = ["Muhammad", "Ali", "Maria", "John", "Ivan", "Hassan", "Jose", "Fatima"];
const COUNTRIES = ["Czech", "Libya", "Iran", "GB", "Germany", "Türkiye"];

/** Invented: two or three words of invented syllables, every fourth with an alias, an address or a passport. */
function inventedPersons(count: number): Subject[] {
  return Array.from({ length: count }, (_, i) => {
    const word = (seed: number) =>
      `${pick(STARTS, seed)}${pick(MIDDLES, seed >> 3)}${pick(STARTS, seed >> 7)}${pick(ENDS, seed >> 11)}`;
    const seed = (i * 2_654_435_761) >>> 0;
    const name = `${pick(COMMON, seed >> 5)} ${word(seed)} ${i % 2 === 0 ? word(seed >> 2) : ""}`;
    const year = 1940 + (i % 65);
    const monthDay = `${String(1 + (i % 12)).padStart(2, "0")}-${String(1 + (i % 28)).padStart(2, "0")}`;
    return {
      kind: "person",
      names: [
        { text: name, strength: "full" },
        ...(i % 4 === 0 ? [{ text: `${word(seed >> 4)}, ${pick(COMMON, seed)}`, strength: "full" as const }] : []),
      ],
      birthDates: [`${year}-${monthDay}`],
      countries: [pick(COUNTRIES, i)],
      ...(i % 4 === 1 && {
        addresses: [`${1 + (i % 90)} ${word(seed)} Street, ${word(seed >> 6)}, ${1_000 + (i % 8_000)}`],
      }),
      ...(i % 4 === 2 && { documents: [{ type: "passport" as const, country: "CZ", number: `X${1_000_000 + i}` }] }),
    };
  });
}

function pick(items: readonly string[], seed: number): string {
  return items[seed % items.length] as string;
}
