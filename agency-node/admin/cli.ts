/** `causeway admin …`: the administrators' tool. Exit codes and --json as everywhere, see `shared/terminal/output.ts`. */
import { Command } from "commander";
import { boardCommands } from "./commands/board.ts";
import { epochCommand } from "./commands/epoch.ts";
import { healthCommand, historyCommand, membersCommand } from "./commands/history.ts";
import { membershipCommands } from "./commands/membership.ts";
import { foundCommand, freshnessCommand, initCommand, installCommand } from "./commands/party.ts";
import { approveCommand, endorseCommand, proposalsCommand, signInCommand } from "./commands/proposals.ts";

/** The `admin` command with its subcommands. */
export function adminCommand(): Command {
  const admin = new Command("admin").description(
    "the board's work: founding, members, epochs, and signing what it decides",
  );
  const all = [
    initCommand(),
    foundCommand(),
    installCommand(),
    freshnessCommand(),
    historyCommand(),
    membersCommand(),
    healthCommand(),
    proposalsCommand(),
    approveCommand(),
    endorseCommand(),
    ...membershipCommands(),
    ...boardCommands(),
    epochCommand(),
    signInCommand(),
  ];
  for (const command of all) admin.addCommand(command);
  return admin;
}
