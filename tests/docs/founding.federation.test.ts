/** The board's page, done as it stands: every command on it, with free ports and the fingerprints that were read out. */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePorts } from "../../deploy/demo/ports.ts";
import { readEnrolment } from "../../shared/party/enrolment.ts";
import { LONG_MS } from "../support/patience.ts";

const ROOT = resolve(import.meta.dirname, "..", "..");
const NATS_SERVER = process.env["CAUSEWAY_NATS_SERVER"] ?? join(ROOT, ".causeway", "bin", "nats-server");
const LONG_RUNNING = /^(?:nats-server -c|npx causeway (?:evaluator|broker|registrar|node run))/;
const ASK_MS = 200;

let work: string;
const running: ChildProcess[] = [];

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "causeway-founding-"));
  if (!existsSync(NATS_SERVER)) {
    throw new Error("nats-server is missing: run `npm test`, which fetches it, or set CAUSEWAY_NATS_SERVER");
  }
});

afterAll(async () => {
  for (const child of running.toReversed()) {
    const ended = new Promise((done) => child.once("close", done));
    if (child.exitCode === null && child.kill("SIGTERM")) await ended;
  }
  rmSync(work, { recursive: true, force: true });
}, LONG_MS);

describe("docs/administrators.md", () => {
  it("founds a federation whose two units are connected", { timeout: LONG_MS }, async () => {
    const { plan, commands } = await readPage();
    let fingerprint = "";
    for (const command of commands) {
      if (command.includes("admin found")) writeFileSync(join(work, "plan.json"), withFingerprints(plan));
      if (LONG_RUNNING.test(command)) start(command);
      else if (command.includes("node status")) await untilDone(command, fingerprint);
      else {
        const stdout = run(command, fingerprint);
        if (command.includes("admin found")) fingerprint = /^ {2}([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? "";
      }
    }
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(running).toHaveLength(6);
  });
});

async function readPage(): Promise<{ readonly plan: string; readonly commands: readonly string[] }> {
  const page = readFileSync(join(ROOT, "docs", "administrators.md"), "utf8");
  const ports = [...new Set([...page.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port = ""]) => port))];
  const free = await freePorts(ports.length);
  const moved = ports.reduce(
    (text, port, i) => text.replaceAll(new RegExp(`\\b${port}\\b`, "g"), String(free[i])),
    page,
  );
  const blocks = (kind: string) =>
    [...moved.matchAll(new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, block = ""]) => block);
  const commands = blocks("sh")
    .flatMap((block) => block.split("\n"))
    .filter((line) => line !== "");
  expect(commands.length).toBeGreaterThan(20);
  return { plan: blocks("json")[0] ?? "", commands };
}

/** What people would write down while somebody reads to them. */
function withFingerprints(plan: string): string {
  return plan.replaceAll(/"([^"]+enrolment\.json)",\s*"fingerprint": "as read out"/g, (_, file: string) => {
    const { fingerprint } = readEnrolment(join(work, dirname(file)));
    return `"${file}", "fingerprint": "${fingerprint}"`;
  });
}

function environment(fingerprint: string): NodeJS.ProcessEnv {
  const path = [dirname(process.execPath), dirname(NATS_SERVER), process.env["PATH"]].join(delimiter);
  return { ...process.env, PATH: path, FINGERPRINT: fingerprint };
}

/** `npx causeway` would set up the checkout first; the command line itself is the same. */
const direct = (command: string): string =>
  command.replace(/^npx causeway /, `node "${join(ROOT, "deploy", "cli.ts")}" `);

function run(command: string, fingerprint: string): string {
  const shell = spawnSync("sh", ["-c", direct(command)], {
    cwd: work,
    env: environment(fingerprint),
    encoding: "utf8",
  });
  expect(shell.status, `${command}\n${shell.stdout}\n${shell.stderr}`).toBe(0);
  return shell.stdout;
}

function start(command: string): void {
  const log = openSync(join(work, `${running.length}.log`), "w");
  const shell = ["-c", `exec ${direct(command)}`];
  running.push(spawn("sh", shell, { cwd: work, env: environment(""), stdio: ["ignore", log, log] }));
}

/** `status` exits with 0 once the node is connected and its policy proven; the test's own limit ends the asking. */
async function untilDone(command: string, fingerprint: string): Promise<void> {
  for (;;) {
    const shell = spawnSync("sh", ["-c", direct(command)], { cwd: work, env: environment(fingerprint) });
    if (shell.status === 0) return;
    for (const [i, child] of running.entries()) {
      expect(child.exitCode, readFileSync(join(work, `${i}.log`), "utf8")).toBe(null);
    }
    await pause(ASK_MS);
  }
}
