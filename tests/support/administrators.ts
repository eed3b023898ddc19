/** Administrators of a test federation at work: each in its own directory, each command a process, as in earnest. */
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { expect } from "vitest";
import { EXIT } from "../../shared/terminal/exit.ts";
import type { TestFederation } from "./federation.ts";

const CLI = resolve(import.meta.dirname, "..", "..", "deploy", "cli.ts");

/** What every act of the board has to give. */
export const REASON = ["--reason", "invented reason"];

export type Line = Record<string, unknown>;
type Ran = { readonly code: number; readonly lines: readonly Line[]; readonly stderr: string };

export class Administrators {
  readonly #federation: Pick<TestFederation, "dir">;

  constructor(federation: Pick<TestFederation, "dir">) {
    this.#federation = federation;
  }

  /** Runs `causeway admin <command> DIR <args>` as this administrator. */
  async run(name: string, command: string, ...args: string[]): Promise<Ran> {
    const argv = [CLI, "admin", ...command.split(" "), this.#federation.dir(name), ...args, "--json"];
    return await new Promise((done) => {
      execFile(process.execPath, argv, { encoding: "utf8" }, (error, stdout, stderr) => {
        const lines = stdout
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as Line);
        done({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, lines, stderr });
      });
    });
  }

  /** The same, which has to succeed. */
  async done(name: string, command: string, ...args: string[]): Promise<readonly Line[]> {
    const { code, lines, stderr } = await this.run(name, command, ...args);
    expect(code, `${name}: ${command}\n${stderr}${JSON.stringify(lines)}`).toBe(EXIT.ok);
    return lines;
  }

  /** One proposes, another hears the digest and approves. */
  async decide(proposer: string, approver: string, command: string, ...args: string[]): Promise<void> {
    const digest = await this.propose(proposer, command, ...args);
    const approved = await this.done(approver, "approve", digest.slice(0, 8), "--digest", digest.slice(0, 16));
    expect(approved.at(-1)).toMatchObject({ state: "accepted" });
  }

  /** Returns the digest, as the proposer reads it out. */
  async propose(name: string, command: string, ...args: string[]): Promise<string> {
    const lines = await this.done(name, command, ...args);
    expect(lines.at(-1)).toMatchObject({ state: "waiting" });
    return lines.find((line) => "proposed" in line)?.["digest"] as string;
  }
}
