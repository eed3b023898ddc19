import { describe, expect, it } from "vitest";
import { startExchange } from "./psi-causeway.ts";

const invented = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name} ${i}`);

describe("the exchange that is measured against other set intersections", () => {
  it("finds what both sides hold, and after a day what is new on either side against everything on the other", async () => {
    await using exchange = await startExchange(1, 1);
    await exchange.add(
      [...invented("both", 5), ...invented("left", 20)],
      [...invented("right", 30), ...invented("both", 5)],
    );
    expect([...exchange.met].toSorted()).toEqual(invented("both", 5));

    await exchange.add(["right 7", "new", "left again"], ["new", "left 3"]);
    expect([...exchange.met].toSorted()).toEqual([...invented("both", 5), "left 3", "new", "right 7"]);
  });
});
