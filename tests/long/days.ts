/** The tests on other days: at both ends of months, on a leap day, on the days on which clocks change, in three time zones. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capture } from "../../deploy/bootstrap/processes.mjs";
import { FAST_LEVELS } from "../tools/levels.ts";
import { runSuite, type Outcome } from "./suite.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CLOCK = new URL("shifted-clock.ts", import.meta.url).href;

const [NEWFOUNDLAND, AUCKLAND] = ["America/St_Johns", "Pacific/Auckland"];

const MOMENTS: readonly (readonly [zone: string, at: string])[] = [
  ["UTC", "2027-01-01T00:00:05Z"],
  ["UTC", "2027-03-31T23:58:00Z"],
  ["UTC", "2027-05-31T12:00:00Z"],
  ["UTC", "2028-02-29T23:58:00Z"],
  [NEWFOUNDLAND, "2026-12-31T22:00:00-03:30"],
  [NEWFOUNDLAND, "2027-01-31T23:58:00-03:30"],
  [NEWFOUNDLAND, "2027-03-14T01:59:30-03:30"],
  [NEWFOUNDLAND, "2027-11-07T01:30:00-02:30"],
  [AUCKLAND, "2026-12-01T00:30:00+13:00"],
  [AUCKLAND, "2027-02-28T12:00:00+13:00"],
  [AUCKLAND, "2027-04-04T02:30:00+13:00"],
  [AUCKLAND, "2027-09-26T01:59:30+12:00"],
  [AUCKLAND, "2028-02-29T06:00:00+13:00"],
];

/**
 * Of the tests with real programs, those without nats-server: it reads the clock past libfaketime, and would find every
 * certificate of another day invalid.
 */
const PROGRAMS = ["tests/evaluator/", "tests/web/", "tests/store/", "tests/compat/", "tests/trust/certificates"];
const REAL_LEVEL = ["--project", "federation", "--exclude", "tests/evaluator/harden*", ...PROGRAMS];

export async function* onOtherDays(args: readonly string[]): AsyncGenerator<Outcome | string> {
  const scratch = mkdtempSync(join(tmpdir(), "causeway-days-"));
  const faketime = (await capture("faketime", ["--version"])).code === 0;
  if (!faketime)
    yield "the tests with real programs, on other days: faketime is missing (Debian: apt-get install faketime)";
  try {
    for (const [zone, at] of MOMENTS) {
      const ahead = Date.parse(at) - Date.now();
      const place = { label: `${at} ${zone}`, root: ROOT, scratch };
      const NODE_OPTIONS = `${process.env["NODE_OPTIONS"] ?? ""} --import=${CLOCK}`;
      const env = { TZ: zone, CAUSEWAY_TEST_AHEAD_MS: String(ahead), NODE_OPTIONS };
      yield await runSuite({ ...place, env }, [...FAST_LEVELS, ...args]);
      if (!faketime || args.length > 0) continue;
      const faked = { TZ: zone, FAKETIME_DONT_FAKE_MONOTONIC: "1", NO_FAKE_STAT: "1" };
      const under = ["faketime", "-f", `${ahead < 0 ? "" : "+"}${Math.round(ahead / 1_000)}s`];
      yield await runSuite({ ...place, label: `${place.label}, programs`, env: faked, under }, REAL_LEVEL);
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
