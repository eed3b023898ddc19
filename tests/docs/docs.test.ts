/** What the documents quote exists: commands, options, files, links. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { program } from "../../deploy/checkout.ts";

const ROOT = resolve(import.meta.dirname, "..", "..");
const DOCUMENTS = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
  "proto/README.md",
  "deploy/demo/records/README.md",
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** What `causeway … --help` says, by its words: "", "node", "node import", "admin epoch open". */
const HELP = readHelp(program);

describe.each(DOCUMENTS)("%s", (document) => {
  const text = readFileSync(join(ROOT, document), "utf8");

  it("quotes commands and options that exist", () => {
    expect(quotedCommands(text).flatMap(unknownParts)).toEqual([]);
  });

  it("has nobody ask a registry for the command", () => {
    // Outside a checkout `npx causeway` is a stranger's package. Only README.md speaks of it, to say so.
    const asked = [...text.matchAll(/npx (?!--no )[^\n]*?causeway/g)];
    expect(asked).toHaveLength(document === "README.md" ? 1 : 0);
  });

  it("names files that exist", () => {
    const links = [...text.matchAll(/\]\(([^)#\s]+)\)/g)]
      .map(([, link = ""]) => link)
      .filter((link) => !link.includes("://"))
      .filter((link) => !existsSync(resolve(ROOT, dirname(document), link)));
    const paths = [...text.matchAll(/`((?:shared|broker|agency-node|deploy|proto|tests|docs)\/[^`*…<\s]+)`/g)]
      .map(([, path = ""]) => path)
      .filter((path) => !existsSync(join(ROOT, path)));
    expect([...links, ...paths]).toEqual([]);
  });

  it("says pseudonymous", () => {
    expect(text).not.toMatch(/anonym(?:ous|is|iz)/i);
  });
});

describe("the commands in the documents", () => {
  it("are npm scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object };
    const texts = DOCUMENTS.map((document) => readFileSync(join(ROOT, document), "utf8")).join("\n");
    const quoted = [...texts.matchAll(/`npm (?!exec )(?:run )?([a-z:-]+)/g)].map(([, script = ""]) => script);
    expect(quoted.length).toBeGreaterThan(5);
    expect(quoted.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
  });

  it("are found at all, so that the checks above can fail", () => {
    expect([...HELP.keys()]).toEqual(expect.arrayContaining(["demo", "node import", "admin found", "nats-config"]));
    expect(unknownParts("causeway node import FILE --no-such-option")).toEqual(["node import --no-such-option"]);
    expect(unknownParts("causeway nobody")).toEqual(["nobody"]);
  });
});

/** Each `causeway …` in code, up to the end of its line or code span. */
function quotedCommands(text: string): string[] {
  const spans = [...text.matchAll(/```[a-z]*\n([\s\S]*?)```|`([^`\n]+)`/g)].map(
    ([, block, span]) => block ?? span ?? "",
  );
  return spans
    .flatMap((span) => span.split("\n"))
    .map((line) => line.replace(/^npm start -- /, "causeway demo "))
    .filter((line) => /^causeway [a-z-]/.test(line) && !line.includes("…"));
}

/** The command if there is none of that name, and its options that it does not take. */
function unknownParts(line: string): string[] {
  const words = line
    .replaceAll(/"[^"]*"/g, "TEXT")
    .split(/\s+/)
    .slice(1);
  const name =
    [3, 2, 1].map((count) => words.slice(0, count).join(" ")).find((each) => HELP.has(each)) ?? words[0] ?? "";
  const help = HELP.get(name);
  if (help === undefined) return name.startsWith("--") ? [] : [name];
  const options = words.filter((word) => word.startsWith("--") && word !== "--");
  return options.filter((option) => !new RegExp(`${option}(?![a-z-])`).test(help)).map((option) => `${name} ${option}`);
}

function readHelp(command: Command, words: readonly string[] = []): Map<string, string> {
  const below = command.commands.flatMap((each) => [...readHelp(each, [...words, each.name()])]);
  return new Map([[words.join(" "), helpOf(command)], ...below]);
}

/** With what stands after the list of options, and what the command does that its name alone means. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  const { _defaultCommandName: meant } = command as unknown as { readonly _defaultCommandName: string | null };
  const own = command.commands.find((each) => each.name() === meant);
  return own === undefined ? text : text + helpOf(own);
}
