/** The demonstration as its users start it: a process of its own, with real servers below it. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { assertNatsServer, endOf, programsIn, startDemo, untilSaid } from "./support.ts";
import { LONG_MS } from "../support/patience.ts";

const Summary = z.strictObject({
  members: z.array(
    z.strictObject({ id: z.string(), mandate: z.string(), records: z.int(), tokens: z.int(), rejected: z.int() }),
  ),
  matches: z.array(
    z.strictObject({
      id: z.string().regex(/^[0-9a-f]{32}$/),
      grade: z.string(),
      kind: z.string(),
      state: z.string(),
      sides: z.array(z.strictObject({ member: z.string(), record: z.string() })).length(2),
    }),
  ),
  timings: z.record(z.string(), z.number()),
  versions: z.record(z.string(), z.string()),
});

let work: string;

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "causeway-demo-test-"));
  assertNatsServer();
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("the demonstration", () => {
  it(
    "shows exactly the overlaps that the sample records hold, and leaves nothing behind",
    { timeout: LONG_MS },
    async () => {
      const dir = join(work, "samples");
      const ended = await endOf(startDemo(["--exit", "--json", "--dir", dir]));
      expect(ended.stderr).not.toMatch(/\b(?:error|fault|failed|exception|warning)\b|\n\s+at /i);
      expect(ended.code).toBe(0);

      const summary = Summary.parse(JSON.parse(ended.stdout.trimEnd()));
      expect(summary.matches.map(lineOf).sort()).toEqual([
        "CT-001 THB-001 strong identity proven",
        "CT-001 WCU-001 probable identity proven",
        "CT-002 THB-002 probable association proven",
        "CT-003 THB-003 strong identity proven",
        "CT-006 THB-006 strong identity proven",
        "CT-007 THB-007 strong association proven",
        "CT-008 WCU-005 strong identity proven",
        "CT-009 WCU-002 strong identity proven",
        "THB-001 WCU-001 probable identity proven",
        "THB-003 WCU-006 probable association proven",
        "THB-008 WCU-004 strong identity proven",
      ]);
      // CT-010's review day has passed.
      expect(summary.members.map(({ id, records, rejected }) => [id, records, rejected])).toEqual([
        ["ct", 17, 1],
        ["thb", 15, 0],
        ["wcu", 14, 0],
      ]);
      expect(Object.keys(summary.timings)).toEqual(["found", "start", "import", "harden", "publish", "match", "total"]);
      // A brokered record's owner stays unnamed.
      expect(ended.stderr).toContain("Another unit also holds this person (your record WCU-002, strong)");
      expect(existsSync(dir)).toBe(false);
      expect(programsIn(dir)).toEqual([]);
    },
  );

  it("says which program died, shows its last words, and stops the others", { timeout: LONG_MS }, async () => {
    const dir = join(work, "broken");
    const demo = startDemo(["--dir", dir]);
    const ended = endOf(demo);
    await untilSaid(demo, "Ctrl-C ends the demonstration.");
    const [broker] = programsIn(dir).filter(({ command }) => command.includes("broker/main.ts"));
    process.kill(broker?.pid as number, "SIGKILL");
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain("broker was ended by SIGKILL");
    expect(stderr).toContain('"program":"broker"');
    expect(existsSync(join(dir, "logs", "broker.log"))).toBe(true);
    expect(programsIn(dir)).toEqual([]);
  });

  it("ends at once on Ctrl-C, while programs are still starting", { timeout: LONG_MS }, async () => {
    const dir = join(work, "interrupted");
    const demo = startDemo(["--exit", "--dir", dir]);
    const ended = endOf(demo);
    await untilSaid(demo, "starting NATS");
    demo.kill("SIGINT");
    expect((await ended).code).toBe(130);
    expect(existsSync(dir)).toBe(false);
    expect(programsIn(dir)).toEqual([]);
  });

  it("refuses records of a member that it does not have", { timeout: LONG_MS }, async () => {
    const { code, stderr } = await endOf(startDemo(["--exit", "--records", "nobody=list.csv"]));
    expect(code).not.toBe(0);
    expect(stderr).toContain("members: ct, thb, wcu");
  });
});

function lineOf({ sides, grade, kind, state }: z.infer<typeof Summary>["matches"][number]): string {
  return [...sides.map(({ record }) => record), grade, kind, state].join(" ");
}
