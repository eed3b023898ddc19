import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fromStoredJson, storedBytes, toStoredJson } from "../../shared/store/stored-json.ts";
import type { StoredJson } from "../../shared/store/stored-json.ts";
import { expectRefusal } from "../crypto/support.ts";

type Thing = { readonly name: string; readonly bytes: Uint8Array };

const THING: StoredJson<Thing> = {
  what: "thing",
  version: 2,
  schema: z.object({ name: z.string(), bytes: storedBytes }),
  upgrades: { 0: (value) => ({ bytes: { $bytes: "" }, ...(value as object) }) },
};
const thing: Thing = { name: "one", bytes: new Uint8Array([1, 2, 255]) };

describe("a stored value", () => {
  it("comes back as it was, with its version before it", () => {
    expect(toStoredJson(THING, thing)).toBe('[2,{"name":"one","bytes":{"$bytes":"AQL/"}}]');
    expect(fromStoredJson(THING, toStoredJson(THING, thing))).toEqual(thing);
  });

  it("of each earlier version is brought up step by step", () => {
    expect(fromStoredJson(THING, '{"name":"bare"}')).toEqual({ name: "bare", bytes: new Uint8Array() });
    expect(fromStoredJson(THING, '[1,{"name":"one","bytes":{"$bytes":"AQL/"}}]')).toEqual(thing);
    expectRefusal(() => fromStoredJson(THING, '[1,{"name":"one"}]'), "INVALID");
  });

  it("may be a list that stands there bare", () => {
    const list: StoredJson<readonly (readonly [number, number])[]> = {
      what: "list",
      version: 1,
      schema: z.array(z.tuple([z.number(), z.number()])),
    };
    for (const value of [
      [],
      [[1, 2]],
      [
        [1, 2],
        [3, 4],
      ],
    ] as const) {
      expect(fromStoredJson(list, JSON.stringify(value))).toEqual(value);
      expect(fromStoredJson(list, toStoredJson(list, value))).toEqual(value);
    }
  });

  it("of a version to come is refused in words", () => {
    const { message } = expectRefusal(() => fromStoredJson(THING, '[3,{"name":"one"}]'), "ENVIRONMENT");
    expect(message).toBe(
      "a stored thing has version 3, and this program knows versions up to 2: start the newer program",
    );
  });

  it("that is not what it should be is refused by path, without a word of what stands there", () => {
    const { fields, message } = expectRefusal(
      () => fromStoredJson(THING, '[2,{"name":"SECRET","bytes":"SECRET"}]'),
      "INVALID",
    );
    expect(fields).toEqual(["bytes"]);
    expect(message).not.toContain("SECRET");
    expect(expectRefusal(() => fromStoredJson(THING, "SECRET"), "INVALID").message).not.toContain("SECRET");
  });
});
