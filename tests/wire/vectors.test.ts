/** The vectors of `proto/vectors/`, run through the code that programs use. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../shared/core/bytes.ts";
import { freshVectors, VECTORS } from "../tools/message-vectors.ts";
import { VECTOR_FILES } from "./samples/all.ts";
import { errorOf, plain } from "./samples/message-type.ts";
import type { MessageType, Vectors } from "./samples/message-type.ts";

const OTHER_FILES = ["enumerations.json"];

it("there is a file of vectors for each family, and each holds what today's code makes of the samples", () => {
  const fresh = freshVectors();
  expect(readdirSync(VECTORS).toSorted()).toEqual([...fresh.keys(), ...OTHER_FILES].toSorted());
  for (const [name, text] of fresh) expect(readFileSync(join(VECTORS, name), "utf8"), name).toBe(text);
});

describe.each(Object.entries(VECTOR_FILES))("%s", (file, types) => {
  const vectors = JSON.parse(readFileSync(join(VECTORS, `${file}.json`), "utf8")) as Vectors[];
  const typeOf = (name: string) => types.find((type) => type.name === name) as MessageType<unknown>;

  it.each(vectors.flatMap(({ message, good }) => good.map((vector) => [message, vector.name, vector] as const)))(
    "%s, %s, is read",
    (message, _, { bytes, value }) => {
      expect(plain(typeOf(message).decode(fromHex(bytes)))).toEqual(value);
    },
  );

  it.each(vectors.flatMap(({ message, bad }) => bad.map((vector) => [message, vector.name, vector] as const)))(
    "%s, %s, is refused",
    (message, name, { bytes, error }) => {
      expect(errorOf(() => typeOf(message).decode(fromHex(bytes)), name)).toEqual(error);
      expect(["INVALID", "UNPROVEN", "UNAUTHENTICATED"]).toContain(error.code);
    },
  );

  it("writes what it reads, where there is one way to write it", () => {
    for (const { message, good } of vectors) {
      const { decode, encode, good: samples } = typeOf(message);
      const canonical = good.filter((vector) => vector.canonical);
      expect(canonical).toHaveLength(samples.filter((sample) => "value" in sample).length);
      for (const { bytes } of canonical) {
        const value = decode(fromHex(bytes));
        expect(toHex(encode!(value)), message).toBe(bytes);
      }
    }
  });
});
