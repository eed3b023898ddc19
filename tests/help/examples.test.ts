/** Every example that a `--help` shows is a command that the command line takes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { program } from "../../deploy/checkout.ts";
import { examplesOf } from "../../shared/terminal/command.ts";

let made: string;

beforeAll(() => {
  made = mkdtempSync(join(tmpdir(), "causeway-examples-"));
  writeFileSync(join(made, "cases.csv"), "");
  // Where the demonstration looks for the files it is given.
  vi.stubEnv("INIT_CWD", made);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(made, { recursive: true, force: true });
});

const leaves = leavesOf(program, ["causeway"]);
let reached: string | undefined;
quieten(program, "causeway");

describe.each(leaves)("$name", ({ name, command }) => {
  it("has examples, and they parse", () => {
    const examples = examplesOf(command);
    expect(examples).not.toEqual([]);
    for (const example of examples) {
      expect(takenBy(example), example).toBe(name);
    }
  });
});

it("is a test that can fail", () => {
  expect(() => takenBy("causeway node import")).toThrow("missing required argument");
  expect(() => takenBy("causeway node inbox --wacht")).toThrow("unknown option");
  expect(() => takenBy("causeway node records too-much")).toThrow("too many arguments");
});

/** The command whose action would have run. */
function takenBy(line: string): string | undefined {
  reached = undefined;
  const [causeway, ...rest] = wordsOf(line);
  expect(causeway).toBe("causeway");
  program.parse(rest, { from: "user" });
  return reached;
}

/** As a shell splits it, up to where it would redirect. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  const end = words.findIndex((word) => /^[<>|]/.test(word));
  return end === -1 ? words : words.slice(0, end);
}

function leavesOf(command: Command, words: readonly string[]): { readonly name: string; readonly command: Command }[] {
  if (command.commands.length === 0) return [{ name: words.join(" "), command }];
  return command.commands.flatMap((each) => leavesOf(each, [...words, each.name()]));
}

/** Takes every action out: the command line parses, and does nothing. */
function quieten(command: Command, name: string): void {
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  if (command.commands.length === 0) command.action(() => void (reached = name));
  for (const each of command.commands) quieten(each, `${name} ${each.name()}`);
}
