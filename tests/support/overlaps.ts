/** Persons that two units of a `TestFederation` both hold, one overlap each. All are invented. */
import type { TestFederation, UnitName } from "./federation.ts";

/** A file of the unit, FollowTheMoney: person `n` of one unit has the passport of person `n` of another. References: "ct-7". */
export function personsOf(unit: UnitName, from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const passportNumber = [`ZX9${String(from + i).padStart(6, "0")}`];
    const properties = { name: [`Invented ${unit} ${from + i}`], passportNumber };
    return `${JSON.stringify({ id: `${unit}-${from + i}`, schema: "Person", properties })}\n`;
  }).join("");
}

/** The overlaps that the unit is shown as proven and with whom to call, as numbers of persons. */
export async function namedAt(federation: TestFederation, unit: UnitName): Promise<number[]> {
  return (await federation.matches(unit))
    .filter(({ state, counterpart }) => state === "proven" && counterpart?.contact !== undefined)
    .map(({ reference }) => Number(reference.slice(unit.length + 1)))
    .toSorted((a, b) => a - b);
}
