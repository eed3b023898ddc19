/** The demonstration as its users start it: a process of its own, with real servers below it. */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

const ROOT = resolve(import.meta.dirname, "..", "..");
const NATS_SERVER = process.env["CAUSEWAY_NATS_SERVER"] ?? join(ROOT, ".causeway", "bin", "nats-server");
const RUN_MS_MAX = 120_000;

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

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

let work: string;

beforeAll(() => {
  if (!existsSync(NATS_SERVER)) {
    throw new Error("nats-server is missing: run `npm test`, which fetches it, or set CAUSEWAY_NATS_SERVER");
  }
  work = mkdtempSync(join(tmpdir(), "causeway-demo-test-"));
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("the demonstration", () => {
  it(
    "shows exactly the overlaps that the sample records hold, and leaves nothing behind",
    { timeout: RUN_MS_MAX },
    async () => {
      const dir = join(work, "samples");
      const ended = await endOf(start(["--exit", "--json", "--dir", dir]));
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
        "THB-001 WCU-001 possible identity proven",
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

  it("says which program died, shows its last words, and stops the others", { timeout: RUN_MS_MAX }, async () => {
    const dir = join(work, "broken");
    const demo = start(["--dir", dir]);
    const ended = endOf(demo);
    await line(demo, "Ctrl-C ends the demonstration.");
    const [broker] = programsIn(dir).filter(({ command }) => command.includes("broker/main.ts"));
    process.kill(broker?.pid as number, "SIGKILL");
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain("broker was ended by SIGKILL");
    expect(stderr).toContain("broker.ready");
    expect(existsSync(join(dir, "logs", "broker.log"))).toBe(true);
    expect(programsIn(dir)).toEqual([]);
  });

  it("ends at once on Ctrl-C, while programs are still starting", { timeout: RUN_MS_MAX }, async () => {
    const dir = join(work, "interrupted");
    const demo = start(["--exit", "--dir", dir]);
    const ended = endOf(demo);
    await line(demo, "starting NATS");
    demo.kill("SIGINT");
    expect((await ended).code).toBe(130);
    expect(existsSync(dir)).toBe(false);
    expect(programsIn(dir)).toEqual([]);
  });

  it("refuses records of a member that it does not have", async () => {
    const { code, stderr } = await endOf(start(["--exit", "--records", "nobody=list.csv"]));
    expect(code).not.toBe(0);
    expect(stderr).toContain("members: ct, thb, wcu");
  });
});

function start(args: readonly string[]): ChildProcess {
  const env = { ...process.env, CAUSEWAY_NATS_SERVER: NATS_SERVER };
  const script = join(ROOT, "deploy", "demo", "main.ts");
  return spawn(process.execPath, [script, ...args], { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
}

async function endOf(child: ChildProcess): Promise<Ended> {
  const texts = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (texts.stdout += chunk));
  child.stderr?.on("data", (chunk: Buffer) => (texts.stderr += chunk));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  return { code, ...texts };
}

async function line(child: ChildProcess, text: string): Promise<void> {
  let seen = "";
  await new Promise<void>((found, failed) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      seen += chunk;
      if (seen.includes(text)) found();
    });
    child.once("close", () => failed(new Error(`ended before it said: ${text}\n${seen}`)));
  });
}

/** Processes that name the demonstration's directory in their command. */
function programsIn(dir: string): { readonly pid: number; readonly command: string }[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,args="], { encoding: "utf8" });
  return stdout
    .split("\n")
    .map((row) => /^\s*(\d+)\s+(.*)$/.exec(row))
    .filter((row) => row !== null)
    .map(([, pid, command = ""]) => ({ pid: Number(pid), command }))
    .filter(({ command }) => command.includes(dir));
}

function lineOf({ sides, grade, kind, state }: z.infer<typeof Summary>["matches"][number]): string {
  return [...sides.map(({ record }) => record), grade, kind, state].join(" ");
}
