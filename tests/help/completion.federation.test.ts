/** The scripts offer what the tree has. Of the shells, bash must be installed. */
import { spawnSync } from "node:child_process";
import { expect, describe, it } from "vitest";
import { program } from "../../deploy/checkout.ts";
import { completionScript, SHELLS } from "../../deploy/help/completion.ts";
import { entriesOf } from "../../deploy/help/tree.ts";

const entries = entriesOf(program);
const bash = completionScript(program, "bash");

/** What bash offers after each line, all in one shell. */
function offered(lines: readonly (readonly string[])[]): string[][] {
  const asked = lines.map((words) => {
    const quoted = words.map((word) => `'${word}'`).join(" ");
    return `COMP_WORDS=(causeway ${quoted}); COMP_CWORD=${words.length}; _causeway; echo "\${COMPREPLY[*]}"`;
  });
  const { stdout, stderr } = spawnSync("bash", ["-c", [bash, ...asked].join("\n")], { encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" ").filter((word) => word !== ""));
}

describe.each(SHELLS)("the script for %s", (shell) => {
  it("is accepted by the shell, where it is installed", () => {
    const isThere = spawnSync(shell, ["-c", "true"]).status === 0;
    expect(isThere || shell !== "bash").toBe(true);
    if (!isThere) return;
    const checked = spawnSync(shell, ["-n"], { input: completionScript(program, shell), encoding: "utf8" });
    expect(checked).toMatchObject({ status: 0, stderr: "" });
  });

  it("names every command and option", () => {
    const script = completionScript(program, shell);
    for (const { words, options } of entries) {
      expect(script).toContain(words.map((word) => ` ${word}`).join(""));
      for (const { name } of options) expect(script).toContain(shell === "fish" ? `-l ${name.slice(2)}` : name);
    }
  });
});

describe("bash offers", () => {
  it("what may come after each command", () => {
    const found = offered(entries.map(({ words }) => [...words, ""]));
    for (const [i, { commands, options }] of entries.entries()) {
      const wanted = [...commands, ...options].map(({ name }) => name);
      expect(found[i]).toEqual(expect.arrayContaining(wanted));
    }
  });

  it("what begins as the word does, values of an option, and else leaves files to the shell", () => {
    const lines = [
      ["node", "im"],
      ["node", "import", "north.csv", "--form"],
      ["node", "import", "--format", ""],
      ["node", "import", "--dir", ""],
      ["completion", ""],
      ["nobody", "no"],
    ];
    const shells = ["bash", "zsh", "fish", "--help"];
    expect(offered(lines)).toEqual([["import"], ["--format"], ["auto", "ftm", "csv"], [], shells, ["node"]]);
  });
});
