/** `causeway admin …`: the administrators' tool. Exit codes and --json as everywhere, see `shared/terminal/output.ts`. */
import { Command } from "commander";
import { enrolCommand, nextKeyCommand } from "./cli/joining.ts";
import { boardCommands } from "./cli/board.ts";
import { epochCommand } from "./cli/epoch.ts";
import { healthCommand, historyCommand, membersCommand } from "./cli/history.ts";
import { membershipCommands } from "./cli/membership.ts";
import { placesCommand, tlsRootsCommand } from "./cli/places.ts";
import { catchUpCommand, foundCommand, freshnessCommand, initCommand, installCommand } from "./cli/party.ts";
import { approveCommand, endorseCommand, proposalsCommand, signInCommand } from "./cli/proposals.ts";

/** The `admin` command with its subcommands. */
export function adminCommand(): Command {
  const admin = new Command("admin").description(
    "the board's work: founding, members, epochs, and signing what it decides",
  );
  const all = [
    initCommand(),
    foundCommand(),
    installCommand(),
    enrolCommand(),
    nextKeyCommand(),
    freshnessCommand(),
    catchUpCommand(),
    historyCommand(),
    membersCommand(),
    healthCommand(),
    proposalsCommand(),
    approveCommand(),
    endorseCommand(),
    ...membershipCommands(),
    ...boardCommands(),
    placesCommand(),
    tlsRootsCommand(),
    epochCommand(),
    signInCommand(),
  ];
  for (const command of all) admin.addCommand(command);
  return admin;
}
