/** The real broker as a process of its own, to be killed at any moment. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = resolve(import.meta.dirname, "../../broker/main.ts");
const LINES_KEPT = 40;

export class BrokerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #watchers = new Set<() => void>();
  readonly #gone: Promise<void>;
  isGone = false;

  /** Starts the broker of a directory that holds its keys, chain and `broker.json`. */
  constructor(dir: string) {
    this.#child = spawn(process.execPath, [PROGRAM, dir], { stdio: ["ignore", "ignore", "pipe"] });
    createInterface({ input: this.#child.stderr as NodeJS.ReadableStream }).on("line", (line) => this.#take(line));
    this.#gone = this.#untilGone();
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("the broker has not started");
    return this.#child.pid;
  }

  /** Undefined while it runs, and if a signal has ended it. */
  get exitCode(): number | undefined {
    return this.#child.exitCode ?? undefined;
  }

  /** How often an event has been logged. */
  count(event: string): number {
    return this.#counts.get(event) ?? 0;
  }

  /** Resolves when the event has been logged so many times. Throws if the process ends before, or after `timeoutMs`. */
  async logged(event: string, times = 1, timeoutMs = 60_000): Promise<void> {
    const { promise, resolve: done } = Promise.withResolvers<void>();
    const look = (): void => (this.count(event) >= times || this.isGone ? done() : undefined);
    const timer = setTimeout(done, timeoutMs);
    this.#watchers.add(look);
    look();
    await promise;
    clearTimeout(timer);
    this.#watchers.delete(look);
    if (this.count(event) < times) throw new Error(`the broker did not log ${event}:\n${this.#lines.join("\n")}`);
  }

  /** The end without a last word. Throws if it has ended by itself before. */
  async kill(): Promise<void> {
    if (this.isGone) throw new Error(`the broker has ended by itself:\n${this.#lines.join("\n")}`);
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #untilGone(): Promise<void> {
    await once(this.#child, "exit");
    this.isGone = true;
    this.#tell();
  }

  /** Whatever has become of it, nothing of it is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end("SIGKILL");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    await this.#gone;
  }

  #take(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
    const event = /"event":"([^"]+)"/.exec(line)?.[1];
    if (event === undefined) return;
    this.#counts.set(event, this.count(event) + 1);
    this.#tell();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
