/** The command line's tree as plain data, for whatever is made from it: completion, the manual page. */
import type { EventEmitter } from "node:events";
import type { Command, Help, Option } from "commander";

export type Offer = { readonly name: string; readonly description: string };

export type Flag = Offer & {
  /** As `--help` shows it: `--dir <directory>`. */
  readonly flags: string;
  readonly takesValue: boolean;
  /** The values it takes, where they are a list. */
  readonly choices: readonly string[];
};

export type Entry = {
  /** Below `causeway`: none for itself, `["node", "import"]`. */
  readonly words: readonly string[];
  readonly usage: string;
  readonly description: string;
  readonly commands: readonly Offer[];
  readonly args: readonly (Offer & { readonly choices: readonly string[] })[];
  readonly options: readonly Flag[];
  /** What `--help` says after the options: examples and more. */
  readonly after: string;
};

/** Each command before those below it. */
export function entriesOf(command: Command, words: readonly string[] = []): Entry[] {
  const help = command.createHelp();
  const entry: Entry = {
    words,
    usage: help.commandUsage(command),
    description: help.commandDescription(command),
    commands: command.commands.map((each) => ({ name: each.name(), description: each.description() })),
    args: command.registeredArguments.map((each) => ({
      name: each.name(),
      description: help.argumentDescription(each),
      choices: each.argChoices ?? [],
    })),
    options: help.visibleOptions(command).flatMap((option) => flagOf(help, option)),
    after: afterHelpOf(command),
  };
  return [entry, ...command.commands.flatMap((each) => entriesOf(each, [...words, each.name()]))];
}

function flagOf(help: Help, option: Option): Flag[] {
  const { flags, long, required, optional, argChoices = [] } = option;
  if (long === undefined || long === null) return [];
  const description = help.optionDescription(option);
  return [{ name: long, flags, description, takesValue: required || optional, choices: argChoices }];
}

function afterHelpOf(command: Command): string {
  let text = "";
  (command as Command & EventEmitter).emit("afterHelp", {
    error: false,
    command,
    write: (part: string) => (text += part),
  });
  return text.trim();
}
