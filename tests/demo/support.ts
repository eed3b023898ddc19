/** Starts the demonstration and the command line as processes, as their users do. */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..", "..");

const NATS_SERVER = process.env["CAUSEWAY_NATS_SERVER"] ?? join(ROOT, ".causeway", "bin", "nats-server");

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export function assertNatsServer(): void {
  if (existsSync(NATS_SERVER)) return;
  throw new Error("nats-server is missing: run `npm test`, which fetches it, or set CAUSEWAY_NATS_SERVER");
}

export function startDemo(args: readonly string[]): ChildProcess {
  const env = { ...process.env, CAUSEWAY_NATS_SERVER: NATS_SERVER };
  const script = join(ROOT, "deploy", "demo", "main.ts");
  return spawn(process.execPath, [script, ...args], { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
}

/** `causeway …`, with `input` on its standard input. */
export async function causeway(args: readonly string[], input = ""): Promise<Ended> {
  const child = spawn(process.execPath, [join(ROOT, "deploy", "cli.ts"), ...args], { stdio: "pipe" });
  child.stdin.end(input);
  return await endOf(child);
}

export async function endOf(child: ChildProcess): Promise<Ended> {
  const texts = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (texts.stdout += chunk));
  child.stderr?.on("data", (chunk: Buffer) => (texts.stderr += chunk));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  return { code, ...texts };
}

/** Resolves with everything said so far once that contains `text`. */
export async function untilSaid(child: ChildProcess, text: string): Promise<string> {
  let seen = "";
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => (complaint += chunk));
  return await new Promise<string>((found, failed) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      seen += chunk;
      if (seen.includes(text)) found(seen);
    });
    child.once("close", () => failed(new Error(`ended before it said: ${text}\n${seen}\n${complaint}`)));
  });
}

/** Processes that name `dir` in their command. */
export function programsIn(dir: string): { readonly pid: number; readonly command: string }[] {
  const { stdout } = spawnSync("ps", ["-A", "-ww", "-o", "pid=,args="], { encoding: "utf8" });
  return stdout
    .split("\n")
    .map((row) => /^\s*(\d+)\s+(.*)$/.exec(row))
    .filter((row) => row !== null)
    .map(([, pid, command = ""]) => ({ pid: Number(pid), command }))
    .filter(({ command }) => command.includes(dir));
}
