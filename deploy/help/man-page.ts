/** The manual page `causeway(1)`, from the same tree as `--help`. */
import type { Command } from "commander";
import { entriesOf } from "./tree.ts";
import type { Entry, Offer } from "./tree.ts";

/** Source for `man`. */
export function manPage(program: Command): string {
  const [root, ...commands] = entriesOf(program);
  if (root === undefined) return "";
  return [
    `.TH CAUSEWAY 1 "" "causeway ${program.version() ?? ""}" "Causeway"`,
    ".SH NAME",
    String.raw`causeway \- units learn that they work on the same target`,
    ".SH SYNOPSIS",
    literal(root.usage),
    ".SH DESCRIPTION",
    text(root.description),
    ...details(root),
    ".SH COMMANDS",
    ...commands.flatMap((entry) => [`.SS "${text(entry.usage)}"`, text(entry.description), ...details(entry)]),
    "",
  ].join("\n");
}

function details({ args, options, after }: Entry): string[] {
  const listed: readonly Offer[] = [
    ...args.map(({ name, description }) => ({ name: `<${name}>`, description })),
    ...options.map(({ flags, description }) => ({ name: flags, description })),
  ];
  return [
    ...listed.flatMap(({ name, description }) => [".TP", literal(name), text(description)]),
    ...(after === "" ? [] : [".PP", ".nf", text(after), ".fi"]),
  ];
}

function literal(words: string): string {
  return String.raw`\fB${text(words)}\fR`;
}

/** What roff would take for its own: backslashes, a dot or quote that begins a line, letters beyond ASCII; a hyphen can be copied. */
function text(words: string): string {
  return words
    .replaceAll("\\", String.raw`\e`)
    .replaceAll("-", String.raw`\-`)
    .replaceAll('"', String.raw`\(dq`)
    .replaceAll(/^(?=[.'])/gm, String.raw`\&`)
    .replaceAll(
      /\P{ASCII}/gu,
      (letter) => String.raw`\[u${letter.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`,
    );
}
