/**
 * What every command of the tree is built from. The tree says what each command takes and is read at every start, for `--help`,
 * completion and the manual page too; so it imports nothing but names and constants, and an action imports what it does.
 */
import type { Command } from "commander";
import type { Output } from "./output.ts";

export type Json = { readonly json?: boolean | undefined };

const examples = new WeakMap<Command, readonly string[]>();

/** Says under `--help` how the command is called; whole lines, such as `causeway node inbox --watch`. */
export function withExamples(command: Command, ...lines: readonly string[]): Command {
  examples.set(command, lines);
  return command.addHelpText("after", ["", "Examples:", ...lines.map((line) => `  ${line}`)].join("\n"));
}

/** The lines given to `withExamples`. */
export function examplesOf(command: Command): readonly string[] {
  return examples.get(command) ?? [];
}

/** Adds `--json`. */
export function withJson(command: Command): Command {
  return command.option("--json", "print JSON, one object a line");
}

/** Runs an action: what it prints, its failure and its exit code as `attempt` has it. */
export async function perform({ json }: Json, act: (output: Output) => void | Promise<void>): Promise<void> {
  const { attempt } = await import("./output.ts");
  await attempt(json === true, async (output) => await act(output));
}
