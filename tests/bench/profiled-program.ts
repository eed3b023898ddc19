/** A real program in a process of its own, whose work can be measured while it runs. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Profile } from "./profile-hook.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const HOOK = resolve(import.meta.dirname, "profile-hook.ts");
const LINES_SHOWN = 30;

export class ProfiledProgram implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #log: string;
  /** Bytes of the log that earlier runs have written. */
  readonly #logFrom: number;

  /** `main`: of the repository's programs, such as "broker/main.ts"; `dir` its directory, where it logs to `measured.log`. */
  constructor(main: string, dir: string) {
    this.#log = resolve(dir, "measured.log");
    const log = openSync(this.#log, "a");
    this.#logFrom = fstatSync(log).size;
    const args = ["--import", HOOK, resolve(ROOT, main), dir];
    // Serialised as structured clones: profiles are large.
    this.#child = spawn(process.execPath, args, {
      stdio: ["ignore", "ignore", log, "ipc"],
      serialization: "advanced",
    });
    closeSync(log);
  }

  /** Throws if the program has ended by itself. */
  assertRuns(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) return;
    throw new Error(`a program has ended by itself:\n${this.lastLines}`);
  }

  get lastLines(): string {
    return readFileSync(this.#log, "utf8").split("\n").slice(-LINES_SHOWN).join("\n");
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("the program has not started");
    return this.#child.pid;
  }

  /** Whether this run has logged the event. */
  logged(event: string): boolean {
    return readFileSync(this.#log).subarray(this.#logFrom).includes(`"event":"${event}"`);
  }

  async begin(): Promise<void> {
    await this.#ask("begin");
  }

  /** What it has done since `begin`. */
  async end(): Promise<Profile> {
    return (await this.#ask("end")) as Profile;
  }

  async #ask(order: "begin" | "end"): Promise<unknown> {
    this.assertRuns();
    const answer = once(this.#child, "message");
    this.#child.send(order);
    const [message] = (await answer) as [unknown];
    return message;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await gone;
  }
}
