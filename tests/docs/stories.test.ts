/** The stories of the protocol say what happens: their code runs, and prints what they quote. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { blocksOf, tell } from "./story.ts";

const STORIES = resolve(import.meta.dirname, "..", "..", "docs", "stories");
const names = readdirSync(STORIES).filter((name) => name !== "README.md");

describe("the stories of the protocol", () => {
  it.each(names)("%s", async (name) => {
    const blocks = blocksOf(readFileSync(join(STORIES, name), "utf8"));
    // Each piece of code is followed by what it prints.
    expect(blocks.map(({ language }) => language)).toEqual(blocks.map((_, i) => (i % 2 === 0 ? "ts" : "text")));
    const quoted = blocks.filter(({ language }) => language === "text").map(({ text }) => text);
    expect(quoted.length).toBeGreaterThan(2);
    expect(await tell(blocks)).toEqual(quoted);
  });

  it("are all in the list", () => {
    const list = readFileSync(join(STORIES, "README.md"), "utf8");
    expect(names.filter((name) => !list.includes(`](${name})`))).toEqual([]);
    expect(names).toHaveLength(6);
  });

  it("fail when a block throws, and show when it prints something else", async () => {
    const code = (text: string) => ({ language: "ts", text });
    await expect(tell([code("expect(1).toBe(2);")])).rejects.toThrow("expected 1 to be 2");
    expect(await tell([code("const one: number = 1;"), code("print({ one });")])).toEqual(["", "{ one: 1 }\n"]);
  });
});
