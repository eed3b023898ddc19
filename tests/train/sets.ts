/** Evaluation sets as facts: what each record says, each fact by its key, bound to nothing. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Subject } from "../../agency-node/core/record.ts";
import { subjectFromFtm } from "../../agency-node/intake/ftm.ts";
import { addressKeysOf } from "../../agency-node/linkage/addresses.ts";
import { countryOf } from "../../agency-node/linkage/countries.ts";
import { birthDatesOf } from "../../agency-node/linkage/dates.ts";
import { personNames } from "../../agency-node/linkage/names.ts";
import { placesOf } from "../../agency-node/linkage/places.ts";
import { rarityOfSkeleton } from "../../agency-node/linkage/rarity.ts";

/** Keys of each fact; the key of a fact that two records share says that it agrees. */
export type Facts = Readonly<Record<string, readonly string[]>>;

export type TrainingSet = {
  readonly name: string;
  readonly left: ReadonlyMap<string, Facts>;
  readonly right: ReadonlyMap<string, Facts>;
  /** All true pairs, `left,right`. */
  readonly truth: ReadonlySet<string>;
  /** Those of them that are counted. */
  readonly counted: readonly (readonly [string, string])[];
};

export function readSet(directory: string, half?: number): TrainingSet {
  const truth = readFileSync(join(directory, "truth.csv"), "utf8")
    .split(/\r?\n/)
    .slice(1)
    .filter((line) => line !== "");
  const counted = truth.filter((_, i) => half === undefined || i % 2 === half);
  return {
    name: basename(directory),
    left: readFacts(join(directory, "left.ftm.jsonl")),
    right: readFacts(join(directory, "right.ftm.jsonl")),
    truth: new Set(truth),
    counted: counted.map((line) => line.split(",") as [string, string]),
  };
}

function readFacts(path: string): Map<string, Facts> {
  const lines = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
  return new Map(
    lines.map((line) => {
      const entity = JSON.parse(line) as { readonly id: string };
      return [entity.id, factsOf(subjectFromFtm(entity).subject)];
    }),
  );
}

function factsOf(subject: Subject): Facts {
  const parts = [subject.firstNames, subject.middleNames, subject.lastNames].flatMap((names) => names ?? []);
  const texts = [...(subject.names ?? []).map(({ text }) => text), ...(parts.length > 0 ? [parts.join(" ")] : [])];
  const words = texts.flatMap(personNames).flat();
  const skeletons = distinct(words.flatMap((word) => word.skeletons));
  const dates = birthDatesOf(subject.birthDates ?? []);
  const addresses = (subject.addresses ?? []).map(addressKeysOf);
  const ofRarity = (rarity: string) => skeletons.filter((key) => rarityOfSkeleton(key) === rarity);
  return {
    "name.rare": ofRarity("rare"),
    "name.usual": ofRarity("usual"),
    "name.frequent": ofRarity("frequent"),
    "name.common": ofRarity("common"),
    "name.start": distinct(skeletons.map((key) => key.slice(0, 2))),
    "birth.full": dates.full,
    "birth.monthday": dates.monthDays,
    "birth.year": dates.years,
    "nationality.same": distinct((subject.countries ?? []).flatMap((text) => countryOf(text) ?? [])),
    "birthplace.same": placesOf(subject.birthPlaces ?? []),
    "sex.same": subject.sex === undefined ? [] : [subject.sex],
    "street.same": distinct(addresses.flatMap(({ streets }) => streets)),
    "house.same": distinct(addresses.flatMap(({ house }) => (house === "" ? [] : [house]))),
    "area.same": distinct(addresses.flatMap(({ areas }) => areas)),
    skeletons,
    spellings: distinct(words.flatMap(({ text, spelt }) => (spelt ? [text] : []))),
  };
}

function distinct(keys: readonly string[]): string[] {
  return [...new Set(keys)];
}
