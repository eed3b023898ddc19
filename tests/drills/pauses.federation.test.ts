import { describe, expect, it } from "vitest";
import { LONG_MS } from "../support/patience.ts";
import { pauses } from "./pauses.ts";
import type { Pause } from "./pauses.ts";

const SECONDS = 3;

const PAUSES: readonly Pause[] = [
  { party: "nats-server" },
  { party: "evaluator" },
  { party: "broker" },
  { party: "thb" },
  { link: ["ct", "broker"], ending: "reset" },
  { link: ["ct", "nats-server"], ending: "healed" },
  { link: ["broker", "nats-server"], ending: "reset" },
];

describe("a party that is held, and a link that swallows what is sent", () => {
  it(
    "leaves every program running and every overlap proven",
    async () => {
      const report = await pauses({ seconds: SECONDS, which: PAUSES, say: () => undefined });
      expect(report.faults).toEqual([]);
      expect(report.pauses).toHaveLength(PAUSES.length);
      for (const pause of report.pauses) {
        expect(pause, JSON.stringify(pause)).toMatchObject({
          running: true,
          rightAgainSeconds: expect.any(Number) as number,
        });
      }
    },
    LONG_MS,
  );
});
