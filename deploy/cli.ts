/**
 * `causeway …`: one command line for everybody. Exit codes: 0 done, 1 failed, 2 the command or what it was given has the
 * wrong form, 3 an import refused some rows. `--json` prints one JSON object a line.
 */
import { Command, CommanderError } from "commander";
import { adminCommand } from "../agency-node/admin/cli.ts";
import { registrarCommand } from "../agency-node/admin/registrar/command.ts";
import { nodeCommand } from "../agency-node/cli/commands.ts";
import { EXIT } from "../agency-node/cli/output.ts";
import { VERSION } from "../shared/platform/version.ts";
import { demoCommand } from "./demo/options.ts";
import { natsConfigCommand } from "./nats/command.ts";

const EXIT_CODES =
  "\nExit codes: 0 done, 1 failed, 2 wrong form of the command or its input, 3 an import refused rows.";

const program = new Command("causeway")
  .description("Units learn that they work on the same target, and whom to call, without handing over their files.")
  .version(VERSION)
  .addHelpText("after", EXIT_CODES)
  .addCommand(
    demoCommand(async (options) => {
      const { demoFromCommandLine } = await import("./demo/command.ts");
      await demoFromCommandLine(options);
    }),
  )
  .addCommand(programCommand("broker", "the broker: matches pseudonymous tokens", "broker/main.ts"))
  .addCommand(programCommand("evaluator", "a second evaluator, run by another operator", "broker/evaluator/main.ts"))
  .addCommand(nodeCommand((dir) => runProgram("agency-node/main.ts", dir)))
  .addCommand(adminCommand())
  .addCommand(registrarCommand((dir) => runProgram("agency-node/admin/registrar/main.ts", dir)))
  .addCommand(natsConfigCommand());

for (const command of commandsOf(program)) command.exitOverride().showHelpAfterError("(add --help for what it takes)");
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}

function programCommand(name: string, description: string, module: string): Command {
  return new Command(name)
    .description(`${description}; runs until Ctrl-C`)
    .requiredOption("--dir <directory>", "the party's directory: keys, certificate, settings")
    .action(({ dir }: { readonly dir: string }) => runProgram(module, dir));
}

/** The programs take their directory as the one argument, so that they run without this command line too. */
async function runProgram(module: string, dir: string): Promise<void> {
  process.argv.splice(2, Number.POSITIVE_INFINITY, dir);
  await import(new URL(`../${module}`, import.meta.url).href);
}

function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}
