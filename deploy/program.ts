/** Every command of `causeway …`, with what it takes; `run.ts` runs them. */
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { adminCommand } from "../agency-node/admin/cli.ts";
import { registrarCommand } from "../agency-node/registrar/command.ts";
import { nodeCommand } from "../agency-node/cli/commands.ts";
import { withExamples } from "../shared/terminal/command.ts";
import { VERSION } from "../shared/platform/version.ts";
import { verifyCommand } from "../broker/verify/command.ts";
import { configCommand } from "./config/command.ts";
import { completionCommand } from "./help/command.ts";
import { natsConfigCommand } from "./nats/command.ts";

const EXIT_CODES =
  "\nExit codes: 0 done, 1 failed, 2 wrong form of the command or its input, 3 an import refused rows,\n4 others must do their part first.";

/** Where each program begins. */
const MAIN = {
  broker: new URL("../broker/main.ts", import.meta.url),
  evaluator: new URL("../broker/evaluator/main.ts", import.meta.url),
  node: new URL("../agency-node/main.ts", import.meta.url),
  registrar: new URL("../agency-node/registrar/main.ts", import.meta.url),
} as const;

/** The whole command line. */
export function commandLine(): Command {
  return (
    new Command("causeway")
      // Options belong to the command that they follow: `node log export` has some of the names of `node log`.
      .enablePositionalOptions()
      .description("Units learn that they work on the same target, and whom to call, without handing over their files.")
      .version(VERSION)
      .addHelpText("after", EXIT_CODES)
      .addCommand(programCommand("broker", "the broker: matches pseudonymous tokens").addCommand(verifyCommand()))
      .addCommand(programCommand("evaluator", "a second evaluator, run by another operator"))
      .addCommand(nodeCommand((dir) => runProgram("node", dir)))
      .addCommand(adminCommand())
      .addCommand(registrarCommand((dir) => runProgram("registrar", dir)))
      .addCommand(configCommand())
      .addCommand(natsConfigCommand())
      .addCommand(completionCommand())
  );
}

function programCommand(name: "broker" | "evaluator", description: string): Command {
  const command = new Command(name)
    .enablePositionalOptions()
    .description(`${description}; runs until Ctrl-C`)
    .option("--dir <directory>", "the party's directory: keys, certificate, settings", ".")
    .action(({ dir }: { readonly dir: string }) => runProgram(name, dir));
  return withExamples(command, `causeway ${name} --dir ${name}`);
}

/** The programs take their directory as the one argument, so that they run without this command line too. */
async function runProgram(name: keyof typeof MAIN, dir: string): Promise<void> {
  const { href } = MAIN[name];
  // As if it had been started by itself: the broker starts itself anew with these words.
  process.argv.splice(1, Number.POSITIVE_INFINITY, fileURLToPath(href), dir);
  await import(href);
}
