/** Every command of `causeway …`, with what it takes; `cli.ts` runs them. */
import { fileURLToPath, pathToFileURL } from "node:url";
import { Command } from "commander";
import { adminCommand } from "../agency-node/admin/cli.ts";
import { registrarCommand } from "../agency-node/registrar/command.ts";
import { nodeCommand } from "../agency-node/cli/commands.ts";
import { withExamples } from "../shared/terminal/command.ts";
import { VERSION } from "../shared/platform/version.ts";
import { configCommand } from "./config/command.ts";
import { demoCommand } from "./demo/options.ts";
import { natsConfigCommand } from "./nats/command.ts";

const EXIT_CODES =
  "\nExit codes: 0 done, 1 failed, 2 wrong form of the command or its input, 3 an import refused rows,\n4 others must do their part first.";

/** The whole command line. */
export const program = new Command("causeway")
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
  .addCommand(registrarCommand((dir) => runProgram("agency-node/registrar/main.ts", dir)))
  .addCommand(configCommand())
  .addCommand(natsConfigCommand());

function programCommand(name: string, description: string, module: string): Command {
  const command = new Command(name)
    .description(`${description}; runs until Ctrl-C`)
    .requiredOption("--dir <directory>", "the party's directory: keys, certificate, settings")
    .action(({ dir }: { readonly dir: string }) => runProgram(module, dir));
  return withExamples(command, `causeway ${name} --dir ${name}`);
}

/** The programs take their directory as the one argument, so that they run without this command line too. */
async function runProgram(module: string, dir: string): Promise<void> {
  const path = fileURLToPath(new URL(`../${module}`, import.meta.url));
  // As if it had been started by itself: the broker starts itself anew with these words.
  process.argv.splice(1, Number.POSITIVE_INFINITY, path, dir);
  await import(pathToFileURL(path).href);
}
