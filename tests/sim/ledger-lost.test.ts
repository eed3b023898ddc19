/** A broker that has lost its ledger in both copies. All persons, numbers and units are invented. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LINE_ANEW_MS } from "../../broker/core/limits.ts";
import { foundInMemory } from "./federation.ts";

const NAMES = ["Arvo Quilbrand", "Belko Rostavik", "Cardin Selmorov", "Dovrel Tarquane"];
const rows = (unit: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => {
    const n = from + i;
    return {
      reference: `${unit}-${n}`,
      kind: "person",
      name: NAMES[n] ?? "",
      birthDate: `${1951 + 9 * n}-0${1 + n}-1${n}`,
      passportNumber: `N${n}52${n}844${n}`,
      documentCountry: "Jordan",
    };
  });

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "causeway-lost-"))));
afterEach(() => rmSync(dir, { recursive: true }));

describe("a broker that has lost its ledger in both copies", () => {
  it.each([
    { what: "and finds all that was published in the streams", streams: false },
    { what: "and the streams with it, so that nodes publish again", streams: true },
  ])(
    "$what, tells all that is open again: each overlap stands once at both sides, nobody is alerted twice",
    async ({ streams }) => {
      await using federation = await foundInMemory({
        seed: `ledger ${streams}`,
        units: { ct: ["target"], wcu: ["target"] },
      });
      await federation.import("ct", rows("CT", 0, 3));
      await federation.import("wcu", rows("WCU", 0, 2));
      await federation.settled();
      expect([federation.named("ct"), federation.named("wcu")]).toEqual([
        ["CT-0", "CT-1"],
        ["WCU-0", "WCU-1"],
      ]);
      await federation.advance(LINE_ANEW_MS);
      await federation.loseLedger({ streams, dir });
      const alerts = [federation.alertsOf("ct"), federation.alertsOf("wcu")];
      await federation.settled();
      expect([federation.named("ct"), federation.named("wcu")]).toEqual([
        ["CT-0", "CT-1"],
        ["WCU-0", "WCU-1"],
      ]);
      expect(alerts).toEqual([[], []]);
      // What comes later reaches both sides, once.
      await federation.import("wcu", rows("WCU", 2, 3));
      await federation.settled();
      expect([federation.named("ct").length, federation.named("wcu").length]).toEqual([3, 3]);
      expect(alerts.map((each) => new Set(each).size)).toEqual([1, 1]);
      expect(federation.broker.desk.status().matchesOpen).toBe(3);
    },
  );
});
