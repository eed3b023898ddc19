/** The commands of a checkout: with the demonstration, which needs what set-up fetches. */
import { demoCommand } from "./demo/options.ts";
import { commandLine } from "./program.ts";

export const program = commandLine().addCommand(
  demoCommand(async (options) => {
    const { demoFromCommandLine } = await import("./demo/command.ts");
    await demoFromCommandLine(options);
  }),
);
