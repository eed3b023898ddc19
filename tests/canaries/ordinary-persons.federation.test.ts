/** No server here, but so many persons that it is too slow for the fast levels. */
import { expect, it } from "vitest";
import { canarySubject } from "../../agency-node/canaries/core/person.ts";
import { pairsOf } from "../../agency-node/canaries/core/plan.ts";
import type { Subject } from "../../agency-node/core/record.ts";
import { encodeIdentifier, identifiersOf } from "../../agency-node/linkage/identifiers.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { inventedPersons } from "../eval/invented-persons.ts";
import { membersOf, planFor } from "./support.ts";

/** More than a federation of 50 has live at once. */
const MEMBERS = 250;

const tokensOf = (subject: Subject): string[] =>
  identifiersOf(subject).map((identifier) => toHex(encodeIdentifier(identifier)));

it("the invented persons of canaries share no token with any of 10,000 ordinary persons", () => {
  const sides = pairsOf(planFor(membersOf(MEMBERS))).map((pair) => [canarySubject(pair, 0), canarySubject(pair, 1)]);
  const ordinary = new Set(inventedPersons(10_000).flatMap(tokensOf));
  expect(ordinary.size).toBeGreaterThan(50_000);
  for (const subject of sides.flat()) expect(tokensOf(subject).filter((token) => ordinary.has(token))).toEqual([]);
});
