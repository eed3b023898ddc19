import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { groupNumber } from "../../shared/platform/groups.ts";

describe("a group of the machine", () => {
  it("has the number that its name or the number itself gives", () => {
    const known = readFileSync("/etc/group", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .filter(([name, , number]) => name !== undefined && !name.startsWith("#") && number !== undefined);
    expect(known.length).toBeGreaterThan(0);
    const [name = "", , number] = known[0]!;
    expect(groupNumber(name)).toBe(Number(number));
    expect(groupNumber("4242")).toBe(4242);
  });

  it("is not found by the beginning of a name, by none, nor by what no number can be", () => {
    for (const none of ["", "no such group", "-1", "1.5", "99999999999"]) expect(groupNumber(none)).toBeUndefined();
  });
});
