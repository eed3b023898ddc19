import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { needlesOfBytes, needlesOfText, search } from "./search.ts";
import type { Needle } from "./search.ts";

// An invented name; a number from a range reserved for drama.
const NAME = "Zorvathin Quellbrück";
const PHONE = "+447700900123";

const amid = (text: string | Buffer): Buffer =>
  Buffer.concat([Buffer.alloc(1_000, 0xa5), Buffer.from(text), Buffer.alloc(1_001, 0x5a)]);

const found = (needles: readonly Needle[], bytes: Uint8Array): string[] =>
  search(needles, [{ place: "a file", bytes }]).map(({ spelling }) => spelling);

describe("the search", () => {
  // Written out by hand or by another program: the search must not be compared with itself.
  it.each([
    ["UTF-8", NAME],
    ["lower case", "zorvathin quellbrück"],
    ["upper case", "ZORVATHIN QUELLBRÜCK"],
    ["UTF-16LE", Buffer.from("5a006f007200760061007400680069006e002000", "hex")],
    ["UTF-16BE", Buffer.from("005a006f00720076006100740068006900 6e".replaceAll(" ", ""), "hex")],
    ["Latin-1", Buffer.from("5a6f7276617468696e205175656c6c6272fc636b", "hex")],
    ["base64", "eyJuYW1lIjoiWm9ydmF0aGluIn0="],
    ["hex", "5a6f7276617468696e"],
    ["upper-case hex", "5A6F7276617468696E"],
    ["percent-encoded", "Zorvathin%20Quellbr%C3%BCck"],
    ["JSON-escaped", "Zorvathin Quellbr\\u00fcck"],
    ["decimal numbers", "[90,111,114,118,97,116,104,105,110]"],
    ["a JSON object", '{"0":90,"1":111,"2":114,"3":118,"4":97,"5":116,"6":104,"7":105,"8":110}'],
  ])("finds a name in %s", (_, text) => {
    const needles = [...needlesOfText("name", NAME), ...needlesOfText("first name", "Zorvathin")];
    expect(found(needles, amid(text))).not.toEqual([]);
    const other = [...needlesOfText("name", "Tervathin Quellbrück"), ...needlesOfText("first name", "Tervathin")];
    expect(found(other, amid(text))).toEqual([]);
  });

  it.each([0, 1, 2, 3, 4])("finds a number in base64 after %i other bytes", (shift) => {
    const text = Buffer.from(`${"x".repeat(shift)}${PHONE} and more`).toString("base64");
    expect(found(needlesOfText("phone", PHONE), amid(text))).toContain("UTF-8 in base64");
  });

  it.each(["md5", "sha1", "sha256", "sha512"])("finds the plain %s of a number", (name) => {
    const digest = createHash(name).update(PHONE).digest();
    const needles = needlesOfText("phone", PHONE);
    expect(found(needles, amid(digest))).toEqual([name.toUpperCase()]);
    expect(found(needles, amid(digest.toString("hex")))).toEqual([`${name.toUpperCase()} in hex`]);
  });

  it("finds a key at the very start and end of a file", () => {
    const key = createHash("sha256").update("an invented key").digest();
    const needles = needlesOfBytes("key", key);
    expect(found(needles, Buffer.concat([key, Buffer.alloc(100)]))).toEqual(["raw"]);
    expect(found(needles, Buffer.concat([Buffer.alloc(100), key]))).toEqual(["raw"]);
    expect(found(needles, key.subarray(1))).toEqual([]);
  });

  it("does not look for what is met by chance", () => {
    expect(needlesOfText("year", "1984")).not.toContainEqual(expect.objectContaining({ spelling: "UTF-8" }));
    expect(needlesOfText("digits", "77009001")).not.toContainEqual(expect.objectContaining({ spelling: "UTF-8" }));
  });
});
