/**
 * `docs/administrators.md` done as it stands: every command on it, with free ports and the fingerprints that were read out. Ends with a
 * running federation of two units, `north` and `harbour`.
 *
 *   await using page = await FoundingPage.done((command) => command.replace(/^causeway /, "/elsewhere/causeway "));
 *   page.run("causeway node status --dir north");
 */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { freePorts } from "../../deploy/demo/ports.ts";
import { readEnrolment } from "../../shared/party/enrolment.ts";
import { EXIT } from "../../shared/terminal/exit.ts";

const ROOT = resolve(import.meta.dirname, "..", "..");
const NATS_SERVER = process.env["CAUSEWAY_NATS_SERVER"] ?? join(ROOT, ".causeway", "bin", "nats-server");
const LONG_RUNNING = /^(?:nats-server -c|causeway (?:(?:evaluator|broker|registrar) --dir|node run))/;
const ASK_MS = 200;

export class FoundingPage implements AsyncDisposable {
  /** Where the commands were given. */
  readonly work = mkdtempSync(join(tmpdir(), "causeway-founding-"));
  readonly running: ChildProcess[] = [];
  /** The federation's, once it is founded. */
  fingerprint = "";
  /** What the page's commands name with a dollar sign, besides the fingerprint. */
  readonly variables: Record<string, string> = {};
  readonly #direct: (command: string) => string;
  /** By the port that the page names. */
  readonly #ports = new Map<string, number>();
  readonly #started = new Map<ChildProcess, string>();

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
      const text = await page.moved(readFileSync(join(ROOT, "docs", "administrators.md"), "utf8"));
      const commands = commandBlocksIn(text).flat();
      expect(commands.length).toBeGreaterThan(20);
      for (const command of commands) await page.#do(command, blocksOf("json", text)[0] ?? "");
    } catch (error) {
      // Nobody else could: the programs would run on after the tests.
      await page[Symbol.asyncDispose]();
      throw error;
    }
    return page;
  }

  /** What the command printed. It must succeed. */
  run(command: string): string {
    const { status, stdout, stderr } = this.tried(command);
    expect(status, `${command}\n${stdout}\n${stderr}`).toBe(0);
    return stdout;
  }

  tried(command: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
    const shell = ["-c", this.#direct(command)];
    return spawnSync("sh", shell, { cwd: this.work, env: this.#environment(), encoding: "utf8" });
  }

  /** The text of a page with free ports in place of those that it names, the same ones on every page. */
  async moved(text: string): Promise<string> {
    const named = [...new Set([...text.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port = ""]) => port))];
    const fresh = named.filter((port) => !this.#ports.has(port));
    for (const [i, port] of (await freePorts(fresh.length)).entries()) this.#ports.set(fresh[i] as string, port);
    return [...this.#ports].reduce(
      (all, [port, free]) => all.replaceAll(new RegExp(`\\b${port}\\b`, "g"), `${free}`),
      text,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.running.toReversed()) {
      const ended = new Promise((done) => child.once("close", done));
      if (isRunning(child) && child.kill("SIGTERM")) await ended;
    }
    rmSync(this.work, { recursive: true, force: true });
  }

  async #do(command: string, plan: string): Promise<void> {
    const founds = command.includes("admin found");
    if (founds) writeFileSync(join(this.work, "plan.json"), this.#withFingerprints(plan));
    if (LONG_RUNNING.test(command)) return void this.start(command);
    if (command.includes("node status")) return await this.untilDone(command);
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
    const compiled = { NODE_COMPILE_CACHE: join(this.work, "compiled") };
    return { ...compiled, ...process.env, PATH: path, FINGERPRINT: this.fingerprint, ...this.variables };
  }

  /** What it writes is in `N.log`, N counting all that were started. */
  start(command: string): ChildProcess {
    const log = openSync(join(this.work, `${this.running.length}.log`), "w");
    const shell = ["-c", `exec ${this.#direct(command)}`];
    const child = spawn("sh", shell, { cwd: this.work, env: this.#environment(), stdio: ["ignore", log, log] });
    closeSync(log);
    this.running.push(child);
    this.#started.set(child, command);
    return child;
  }

  logOf(child: ChildProcess): string {
    return readFileSync(join(this.work, `${this.running.indexOf(child)}.log`), "utf8");
  }

  /** The program that runs since this command, or one that begins so, was given last. */
  program(command: string): ChildProcess {
    const found = this.running.findLast((child) => this.#started.get(child)?.startsWith(command) === true);
    if (found === undefined) throw new Error(`nothing was started with ${command}`);
    return found;
  }

  /** Ends a program, as a power failure does or in order. */
  async end(command: string, signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    const child = this.program(command);
    const ended = new Promise((done) => child.once("close", done));
    if (isRunning(child) && child.kill(signal)) await ended;
  }

  static isLongRunning(command: string): boolean {
    return LONG_RUNNING.test(command);
  }

  /**
   * `status` exits with 0 once the node is connected, its policy proven and all compared; with others of `codes` before. The test's own
   * limit ends the asking.
   */
  async untilDone(command: string, codes: readonly number[] = [EXIT.ok]): Promise<void> {
    while (!codes.includes(this.tried(command).status ?? EXIT.failure)) {
      for (const child of this.running) expect(child.exitCode, this.logOf(child)).toBeOneOf([null, 0]);
      await pause(ASK_MS);
    }
  }
}

/** The commands of a page, in order, block by block. */
export function commandBlocksIn(text: string): string[][] {
  return blocksOf("sh", text).map((block) => block.split("\n").filter((line) => line !== ""));
}

function blocksOf(kind: string, text: string): string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, block = ""]) => block);
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
