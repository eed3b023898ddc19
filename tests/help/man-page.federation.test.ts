/** The manual page says what the tree has, in a form that its formatter takes. */
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { program } from "../../deploy/checkout.ts";
import { manPage } from "../../deploy/help/man-page.ts";
import { entriesOf } from "../../deploy/help/tree.ts";

const page = manPage(program);

it("names every command and every option", () => {
  const read = page.replaceAll(String.raw`\-`, "-");
  for (const { words, options, usage } of entriesOf(program)) {
    expect(usage).toContain(["causeway", ...words].join(" "));
    expect(read).toContain(usage);
    for (const { flags } of options) expect(read).toContain(`\\fB${flags}\\fR`);
  }
  expect(read).toContain("causeway node inbox --watch");
  expect(read).toContain("Exit codes: 0 done");
});

it("is plain ASCII, whatever is in the texts", () => {
  expect(page).toMatch(/^\p{ASCII}*$/u);
});

it("is accepted by groff, where it is installed", () => {
  if (spawnSync("groff", ["--version"]).status !== 0) return;
  const formatted = spawnSync("groff", ["-man", "-Tutf8", "-ww"], { input: page, encoding: "utf8" });
  expect(formatted).toMatchObject({ status: 0, stderr: "" });
  expect(formatted.stdout).toContain("NAME");
});
