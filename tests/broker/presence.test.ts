import { describe, expect, it } from "vitest";
import { HEARD_LATELY_MS, STATEMENT_DUE_ABSENT_MS, STATEMENT_DUE_MS } from "../../broker/core/limits.ts";
import { heardAgain, overdueUntil, presentFrom } from "../../broker/core/presence.ts";

const START = 1_800_000_000_000;
const MINUTE = 60_000;

describe("the time that a member has for a statement", () => {
  it("is ten minutes while its node is heard", () => {
    let presence = presentFrom(START);
    for (let minute = 5; minute <= 15; minute += 5) presence = heardAgain(presence, START + minute * MINUTE);
    const now = START + 16 * MINUTE;
    expect(overdueUntil(presence, now)).toBe(now - STATEMENT_DUE_MS);
  });

  it("begins when the node is back, however long it was away", () => {
    const backMs = START + 3_600_000;
    const back = heardAgain(presentFrom(START), backMs);
    expect(overdueUntil(back, backMs + HEARD_LATELY_MS)).toBeUndefined();
  });

  it("is two days while it is silent, and a silence now and then does not start it again", () => {
    const now = START + HEARD_LATELY_MS + 1;
    expect(overdueUntil(presentFrom(START), now)).toBe(now - STATEMENT_DUE_ABSENT_MS);
  });
});
