/**
 * The federation's programs as child processes. Each writes to a log file in the demonstration's directory; one that ends before it is
 * told to makes the whole demonstration fail, with that log's last lines.
 *
 * They get process groups of their own: Ctrl-C reaches only this process, which then stops them in order. If this process is killed, a guard
 * that notices does it instead.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CausewayError } from "../../shared/core/errors.ts";

const STOP_MS = 8_000;
const LOG_LINES_SHOWN = 12;

export type Program = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Over this process's own. */
  readonly env?: Readonly<Record<string, string>>;
};

export class Children implements AsyncDisposable {
  readonly #logs: string;
  readonly #running: { readonly name: string; readonly child: ChildProcess; readonly ended: Promise<unknown> }[] = [];
  readonly #failure = Promise.withResolvers<never>();
  #stopping = false;

  readonly #guard: ChildProcess;

  constructor(logs: string) {
    const guard = join(import.meta.dirname, "guard", "main.ts");
    this.#guard = spawn(process.execPath, [guard], { stdio: ["pipe", "ignore", "ignore"], detached: true });
    this.#guard.stdin?.on("error", () => undefined);
    this.#logs = logs;
    this.#failure.promise.catch(() => undefined);
    // The last resort, for an end that nobody planned.
    process.on("exit", this.#killAll);
  }

  /** Rejects when a program ends that should run. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /** The process group of a program that runs. Throws NOT_FOUND if there is none of that name. */
  groupOf(name: string): number {
    const child = this.#running.find((each) => each.name === name)?.child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      throw new CausewayError("NOT_FOUND", `${name} does not run`);
    }
    return child.pid;
  }

  /** Starts a program; resolves with the first line of its log in which `ready` finds what it waits for. */
  async start(program: Program, ready?: (line: string) => boolean): Promise<void> {
    if (this.#stopping) throw new CausewayError("UNAVAILABLE", "the demonstration is ending");
    const { name, command, args } = program;
    const env = { ...process.env, ...program.env };
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true, env });
    if (child.pid !== undefined) this.#guard.stdin?.write(`${child.pid}\n`);
    const log = createWriteStream(join(this.#logs, `${name}.log`), { mode: 0o600 });
    const ended = new Promise<void>((resolve) => {
      child.once("error", () => resolve(this.#fail(name, "could not be started")));
      child.once("close", (code, signal) => resolve(this.#onClose(name, code, signal)));
    });
    this.#running.push({ name, child, ended });
    const seen = Promise.withResolvers<void>();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        log.write(`${line}\n`);
        if (ready?.(line) === true) seen.resolve();
      });
    }
    if (ready !== undefined) await Promise.race([seen.promise, this.failed]);
  }

  /** Stops all, the last started first; nothing starts any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    for (const { child, ended } of this.#running.toReversed()) {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(timer);
    }
    process.off("exit", this.#killAll);
    this.#guard.stdin?.end("done\n");
  }

  readonly #killAll = (): void => {
    for (const { child } of this.#running) child.kill("SIGKILL");
  };

  #onClose(name: string, code: number | null, signal: string | null): void {
    if (this.#stopping) return;
    this.#fail(name, signal === null ? `ended with code ${code}` : `was ended by ${signal}`);
  }

  #fail(name: string, how: string): void {
    const path = join(this.#logs, `${name}.log`);
    this.#failure.reject(
      new CausewayError("UNAVAILABLE", `${name} ${how}. The end of ${path}:\n${lastLines(path)}`, { fields: [name] }),
    );
  }
}

function lastLines(path: string): string {
  try {
    return readFileSync(path, "utf8").trimEnd().split("\n").slice(-LOG_LINES_SHOWN).join("\n");
  } catch {
    return "(no log)";
  }
}
