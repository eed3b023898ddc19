/** Persons that two units of a federation both hold, one overlap each. All are invented. */
import type { TestFederation, UnitName } from "./federation.ts";

/** A line of a unit's file, FollowTheMoney: whoever imports the same number holds the same passport. Reference: "ct-7". */
export function person(unit: string, number: number): string {
  const properties = { name: [`Invented ${unit} ${number}`], passportNumber: [passportOf(number)] };
  return `${JSON.stringify({ id: `${unit}-${number}`, schema: "Person", properties })}\n`;
}

/** `to` included. */
export function persons(unit: string, from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, i) => person(unit, from + i)).join("");
}

export function passportOf(number: number): string {
  return `ZX9${String(number).padStart(6, "0")}`;
}

/** The overlaps that the unit is shown as proven and with whom to call, as numbers of persons. */
export async function namedAt(federation: TestFederation, unit: UnitName): Promise<number[]> {
  return (await federation.matches(unit))
    .filter(({ state, counterpart }) => state === "proven" && counterpart?.contact !== undefined)
    .map(({ reference }) => Number(reference.slice(unit.length + 1)))
    .toSorted((a, b) => a - b);
}
