/** The short form of every attack of the drill on real servers. */
import { describe, expect, it } from "vitest";
import { LONG_MS } from "../support/patience.ts";
import { SERVED_ATTACKS } from "./attacks/attacks.ts";
import type { Options } from "./attacks/attack.ts";

const SHORT: Options = { long: false };

describe("an attack that has broken a promise before", { timeout: LONG_MS }, () => {
  it.each(SERVED_ATTACKS)("$name, is held", async ({ carryOut }) => {
    expect(await carryOut(SHORT)).toMatchObject({ held: true });
  });
});
