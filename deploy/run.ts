/**
 * One command line for everybody. Exit codes: 0 done, 1 failed, 2 the command or what it was given has the
 * wrong form, 3 an import refused some rows, 4 others must do their part first. `--json` prints one JSON object a line.
 */
import { CommanderError } from "commander";
import type { Command } from "commander";
import { EXIT } from "../shared/terminal/exit.ts";

/** Does what the process's arguments say; sets the exit code. */
export async function runCommandLine(program: Command): Promise<void> {
  for (const command of commandsOf(program))
    command.exitOverride().showHelpAfterError("(add --help for what it takes)");
  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}
