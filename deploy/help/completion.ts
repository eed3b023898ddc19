/**
 * Completion for a shell: a script that needs nothing but the shell, so that no program starts at each Tab. It follows the words that are
 * commands, then offers what may come below: commands and options, after an option the values it takes, else files.
 */
import type { Command } from "commander";
import { entriesOf } from "./tree.ts";
import type { Entry, Offer } from "./tree.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof SHELLS)[number];

/** The script for one shell. */
export function completionScript(program: Command, shell: Shell): string {
  return SCRIPTS[shell](entriesOf(program));
}

const SCRIPTS: Readonly<Record<Shell, (entries: readonly Entry[]) => string>> = { bash, zsh, fish };

function bash(entries: readonly Entry[]): string {
  const names = (offers: readonly Offer[]) => shellQuoted(offers.map(({ name }) => name).join(" "));
  return `# Completion of causeway for bash.
_causeway() {
  local at="" offered="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${commandPatterns(entries)}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at \${COMP_WORDS[COMP_CWORD - 1]}" in
${valuesOf(entries, (pattern, choices) => `    ${pattern}) offered=${shellQuoted(choices.join(" "))} ;;`)}
    *)
      case "$at" in
${entries.map((entry) => `        ${shellQuoted(pathOf(entry))}) offered=${names(offersOf(entry))} ;;`).join("\n")}
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$offered" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o bashdefault -o default -F _causeway causeway
`;
}

function zsh(entries: readonly Entry[]): string {
  const described = (offers: readonly Offer[]) =>
    offers
      .map(({ name, description }) => shellQuoted(`${name}:${description.replaceAll(":", String.raw`\:`)}`))
      .join(" ");
  return `#compdef causeway
# Completion of causeway for zsh.
_causeway() {
  local at="" i
  local -a offered
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      ${commandPatterns(entries)}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at \${words[CURRENT - 1]}" in
${valuesOf(entries, (pattern, choices) => `    ${pattern}) ${choices.length === 0 ? "_files" : `compadd -- ${choices.join(" ")}`}; return ;;`)}
  esac
  case "$at" in
${entries.map((entry) => `    ${shellQuoted(pathOf(entry))}) offered=(${described(offersOf(entry))}) ;;`).join("\n")}
  esac
  _describe causeway offered || _files
}
if [ "$funcstack[1]" = _causeway ]; then _causeway "$@"; else compdef _causeway causeway; fi
`;
}

function fish(entries: readonly Entry[]): string {
  const lines = entries.flatMap((entry) => {
    const here = `complete -c causeway -n ${fishQuoted(`__causeway_at ${fishQuoted(pathOf(entry))}`)}`;
    return [
      ...entry.commands.map(({ name, description }) => `${here} -f -a ${name} -d ${fishQuoted(description)}`),
      ...entry.args.flatMap(({ choices }) => choices.map((choice) => `${here} -f -a ${fishQuoted(choice)}`)),
      ...entry.options.map(({ name, description, takesValue, choices }) => {
        const values = choices.length > 0 ? ` -x -a ${fishQuoted(choices.join(" "))}` : takesValue ? " -r" : "";
        return `${here} -l ${name.slice(2)}${values} -d ${fishQuoted(description)}`;
      }),
    ];
  });
  const paths = entries.slice(1).map((entry) => fishQuoted(pathOf(entry)));
  return `# Completion of causeway for fish.
function __causeway_at
  set -l at ''
  for word in (commandline -opc)[2..]
    switch "$at $word"
      case ${paths.join(" ")}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join("\n")}
`;
}

/** Such as ` node import`, as the scripts put words together. */
function pathOf({ words }: Entry): string {
  return words.map((word) => ` ${word}`).join("");
}

function offersOf({ commands, args, options }: Entry): readonly Offer[] {
  const choices = args.flatMap((each) => each.choices.map((name) => ({ name, description: each.description })));
  return [...commands, ...choices, ...options];
}

function commandPatterns(entries: readonly Entry[]): string {
  return entries
    .slice(1)
    .map((entry) => shellQuoted(pathOf(entry)))
    .join(" | ");
}

/** A line for each option with a list of values, and one for all that take any other value. */
function valuesOf(entries: readonly Entry[], line: (pattern: string, choices: readonly string[]) => string): string {
  const taking = entries.flatMap((entry) =>
    entry.options
      .filter(({ takesValue }) => takesValue)
      .map(({ name, choices }) => ({ pattern: shellQuoted(`${pathOf(entry)} ${name}`), choices })),
  );
  const listed = taking
    .filter(({ choices }) => choices.length > 0)
    .map(({ pattern, choices }) => line(pattern, choices));
  const free = taking.filter(({ choices }) => choices.length === 0).map(({ pattern }) => pattern);
  return [...listed, line(free.join(" | "), [])].join("\n");
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", String.raw`\\`).replaceAll("'", String.raw`\'`)}'`;
}
