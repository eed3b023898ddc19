/** The short form of every attack of the drill that needs no server. */
import { describe, expect, it } from "vitest";
import { PURE_ATTACKS } from "./attacks/attacks.ts";
import type { Options } from "./attacks/attack.ts";

const SHORT: Options = { long: false };

describe("an attack that has broken a promise before", () => {
  it.each(PURE_ATTACKS)("$name, is held", async ({ carryOut }) => {
    expect(await carryOut(SHORT)).toMatchObject({ held: true });
  });
});
