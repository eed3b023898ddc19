/** What the documents quote exists: commands, options, files, links. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..", "..");
const DOCUMENTS = [
  "README.md",
  "SECURITY.md",
  "CHANGELOG.md",
  "proto/README.md",
  "deploy/demo/records/README.md",
  ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`),
];

/** What `causeway … --help` says, by its words: "", "node", "node import". */
const HELP = readHelp([]);

describe.each(DOCUMENTS)("%s", (document) => {
  const text = readFileSync(join(ROOT, document), "utf8");

  it("quotes commands and options that exist", () => {
    expect(quotedCommands(text).flatMap(unknownParts)).toEqual([]);
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
    const quoted = [...texts.matchAll(/`npm (?:run )?([a-z:]+)/g)].map(([, script = ""]) => script);
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
    .map((line) => line.replace(/^npm start -- /, "causeway demo ").replace(/^npx /, ""))
    .filter((line) => /^causeway [a-z-]/.test(line) && !line.includes("…"));
}

/** The command if there is none of that name, and its options that it does not take. */
function unknownParts(line: string): string[] {
  const words = line
    .replaceAll(/"[^"]*"/g, "TEXT")
    .split(/\s+/)
    .slice(1);
  const name = HELP.has(words.slice(0, 2).join(" ")) ? words.slice(0, 2).join(" ") : (words[0] ?? "");
  const help = HELP.get(name);
  if (help === undefined) return name.startsWith("--") ? [] : [name];
  const options = words.filter((word) => word.startsWith("--") && word !== "--");
  return options.filter((option) => !new RegExp(`${option}(?![a-z-])`).test(help)).map((option) => `${name} ${option}`);
}

function readHelp(words: readonly string[]): Map<string, string> {
  const script = join(ROOT, "deploy", "cli.ts");
  const { stdout } = spawnSync(process.execPath, [script, ...words, "--help"], { encoding: "utf8" });
  const [, commands = ""] = stdout.split("\nCommands:\n");
  const names = [...commands.matchAll(/^ {2}([a-z-]+)/gm)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "help");
  const below = words.length < 2 ? names.flatMap((name) => [...readHelp([...words, name])]) : [];
  return new Map([[words.join(" "), stdout], ...below]);
}
