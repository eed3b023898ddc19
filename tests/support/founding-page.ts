/**
 * `docs/administrators.md` done as it stands: every command on it, with free ports and the fingerprints that were read out. Ends with a
 * running federation of two units, `north` and `harbour`.
 *
 *   await using page = await FoundingPage.done((command) => command.replace(/^causeway /, "/elsewhere/causeway "));
 *   page.run("causeway node status --dir north");
 */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { freePorts } from "../../deploy/demo/ports.ts";
import { readEnrolment } from "../../shared/party/enrolment.ts";

const ROOT = resolve(import.meta.dirname, "..", "..");
const NATS_SERVER = process.env["CAUSEWAY_NATS_SERVER"] ?? join(ROOT, ".causeway", "bin", "nats-server");
const LONG_RUNNING = /^(?:nats-server -c|causeway (?:evaluator|broker|registrar|node run))/;
const ASK_MS = 200;

export class FoundingPage implements AsyncDisposable {
  /** Where the commands were given. */
  readonly work = mkdtempSync(join(tmpdir(), "causeway-founding-"));
  readonly running: ChildProcess[] = [];
  /** The federation's, once it is founded. */
  fingerprint = "";
  readonly #direct: (command: string) => string;

  private constructor(direct: (command: string) => string) {
    this.#direct = direct;
  }

  /** `direct` says how a command of the page is started. */
  static async done(direct: (command: string) => string): Promise<FoundingPage> {
    if (!existsSync(NATS_SERVER)) {
      throw new Error("nats-server is missing: run `npm test`, which fetches it, or set CAUSEWAY_NATS_SERVER");
    }
    const page = new FoundingPage(direct);
    try {
      const { plan, commands } = await readPage();
      for (const command of commands) await page.#do(command, plan);
    } catch (error) {
      // Nobody else could: the programs would run on after the tests.
      await page[Symbol.asyncDispose]();
      throw error;
    }
    return page;
  }

  /** What the command printed. It must succeed. */
  run(command: string): string {
    const shell = spawnSync("sh", ["-c", this.#direct(command)], {
      cwd: this.work,
      env: this.#environment(),
      encoding: "utf8",
    });
    expect(shell.status, `${command}\n${shell.stdout}\n${shell.stderr}`).toBe(0);
    return shell.stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.running.toReversed()) {
      const ended = new Promise((done) => child.once("close", done));
      if (child.exitCode === null && child.kill("SIGTERM")) await ended;
    }
    rmSync(this.work, { recursive: true, force: true });
  }

  async #do(command: string, plan: string): Promise<void> {
    const founds = command.includes("admin found");
    if (founds) writeFileSync(join(this.work, "plan.json"), this.#withFingerprints(plan));
    if (LONG_RUNNING.test(command)) return this.#start(command);
    if (command.includes("node status")) return await this.#untilDone(command);
    const stdout = this.run(command);
    if (founds) this.fingerprint = /^ {2}([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? "";
  }

  /** What people would write down while somebody reads to them. */
  #withFingerprints(plan: string): string {
    return plan.replaceAll(/"([^"]+enrolment\.json)",\s*"fingerprint": "as read out"/g, (_, file: string) => {
      const { fingerprint } = readEnrolment(join(this.work, dirname(file)));
      return `"${file}", "fingerprint": "${fingerprint}"`;
    });
  }

  #environment(): NodeJS.ProcessEnv {
    const path = [dirname(process.execPath), dirname(NATS_SERVER), process.env["PATH"]].join(delimiter);
    return { ...process.env, PATH: path, FINGERPRINT: this.fingerprint };
  }

  #start(command: string): void {
    const log = openSync(join(this.work, `${this.running.length}.log`), "w");
    const shell = ["-c", `exec ${this.#direct(command)}`];
    this.running.push(spawn("sh", shell, { cwd: this.work, env: this.#environment(), stdio: ["ignore", log, log] }));
  }

  /** `status` exits with 0 once the node is connected and its policy proven; the test's own limit ends the asking. */
  async #untilDone(command: string): Promise<void> {
    for (;;) {
      const shell = spawnSync("sh", ["-c", this.#direct(command)], { cwd: this.work, env: this.#environment() });
      if (shell.status === 0) return;
      for (const [i, child] of this.running.entries()) {
        expect(child.exitCode, readFileSync(join(this.work, `${i}.log`), "utf8")).toBe(null);
      }
      await pause(ASK_MS);
    }
  }
}

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
