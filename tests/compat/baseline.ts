/** The programs of an earlier version, as `baseline.json` names it, out of this repository's history. */
import { execFile, spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "..", "..");
const { commit } = JSON.parse(readFileSync(join(import.meta.dirname, "baseline.json"), "utf8")) as { commit: string };

export class Baseline implements Disposable {
  readonly #tree: string;

  /** Throws, saying what to do, where the history is not there: a comparison that is skipped proves nothing. */
  constructor() {
    this.#tree = mkdtempSync(join(tmpdir(), "causeway-baseline-"));
    const archive = join(this.#tree, "baseline.tar");
    const made = spawnSync("git", ["archive", "--output", archive, commit], { cwd: ROOT, encoding: "utf8" });
    if (made.status !== 0) {
      rmSync(this.#tree, { recursive: true });
      throw new Error(
        `the commit ${commit} is not in this repository: fetch its history (git fetch --unshallow)\n${made.stderr}`,
      );
    }
    spawnSync("tar", ["-xf", archive, "-C", this.#tree]);
    rmSync(archive);
    symlinkSync(join(ROOT, "node_modules"), join(this.#tree, "node_modules"));
  }

  /** Starts one of its programs in a party's directory; resolves when it has logged `event`. */
  async start(program: string, dir: string, event: string): Promise<BaselineProgram> {
    const started = new BaselineProgram(join(this.#tree, program), dir);
    await started.logged(event);
    return started;
  }

  /** One of its commands at a node; answers with what it printed, an object a line. */
  async node(dir: string, ...args: string[]): Promise<Record<string, unknown>[]> {
    const command = [join(this.#tree, "deploy", "cli.ts"), "node", ...args, "--dir", dir, "--json"];
    const { stdout } = await promisify(execFile)(process.execPath, command);
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** What the command says of records' defaults, with a file that holds them. */
  async import(dir: string, records: string): Promise<void> {
    const file = join(this.#tree, "records.ftm.jsonl");
    writeFileSync(file, records);
    const reviewBy = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);
    const defaults = ["--role", "suspect", "--legal-basis", "Invented Act", "--case", "Invented", "--handling", "open"];
    await this.node(dir, "import", file, ...defaults, "--review-by", reviewBy);
  }

  [Symbol.dispose](): void {
    rmSync(this.#tree, { recursive: true });
  }
}

export class BaselineProgram implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #gone: Promise<unknown>;

  constructor(program: string, dir: string) {
    this.#child = spawn(process.execPath, [program, dir], { stdio: ["ignore", "ignore", "pipe"] });
    this.#gone = once(this.#child, "exit");
    const lines = createInterface({ input: this.#child.stderr as NodeJS.ReadableStream });
    lines.on("line", (line) => this.#lines.push(line));
  }

  get log(): string {
    return this.#lines.join("\n");
  }

  async logged(event: string, timeoutMs = 90_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!this.log.includes(`"event":"${event}"`)) {
      if (this.#child.exitCode !== null || Date.now() > deadline)
        throw new Error(`it did not log ${event}:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#gone;
  }
}
