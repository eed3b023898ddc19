import { describe, expect, it } from "vitest";
import { Doors } from "../../broker/doors.ts";

describe("doors", () => {
  const doorOf = (name: string, closed: string[]): AsyncDisposable => ({
    [Symbol.asyncDispose]: async () => void closed.push(name),
  });

  it("close in the reverse of the order in which they opened", async () => {
    const closed: string[] = [];
    const doors = new Doors();
    for (const name of ["gRPC", "enrolment", "console"]) await doors.open(Promise.resolve(doorOf(name, closed)));
    expect(closed).toEqual([]);
    await doors[Symbol.asyncDispose]();
    await doors[Symbol.asyncDispose]();
    expect(closed).toEqual(["console", "enrolment", "gRPC"]);
  });

  it("close at once when they open after the closing began", async () => {
    const closed: string[] = [];
    const doors = new Doors();
    const late = Promise.withResolvers<AsyncDisposable>();
    const opening = doors.open(late.promise);
    await doors[Symbol.asyncDispose]();
    late.resolve(doorOf("console", closed));
    await opening;
    expect(closed).toEqual(["console"]);
  });

  it("that do not open are nobody's to close", async () => {
    await using doors = new Doors();
    await expect(doors.open(Promise.reject(new Error("in use")))).rejects.toThrow("in use");
  });
});
