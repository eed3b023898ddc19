/** What the pages say comes from the catalogue: in an invented language every text of every page changes, but for others' own words. */
import { describe, expect, it } from "vitest";
import { speaking } from "../../shared/words/say.ts";
import { lakeside, rotating } from "../console/scenario.ts";
import { InventedBroker } from "../console/invented-broker.ts";
import { ADMINISTRATOR, AUDITOR, TestConsole } from "../console/test-console.ts";
import { hasMark, PSEUDO } from "../support/pseudo-language.ts";
import type { Visitor } from "../web/visitor.ts";

/** Texts of a page, and attributes that are read to people, without those in which others' words stand alone: names, commands, digits. */
function textsOf(page: string): string[] {
  const own = page
    .replaceAll(/<(code|bdi|time|script|style|textarea|pre)\b[^>]*>.*?<\/\1\s*>/gs, "")
    .replaceAll(/<!doctype html>/gi, "");
  const attributes = [...own.matchAll(/ (?:aria-label|data-label|placeholder|title)="([^"]*)"/g)].map(
    ([, text = ""]) => text,
  );
  const texts = own.split(/<[^>]*>/).map((text) => text.replaceAll(/&[#\w]+;/g, "").trim());
  return [...texts, ...attributes].filter((text) => /\p{L}{2}/u.test(text));
}

/** Every page that can be reached by links. */
async function pagesOf(visitor: Visitor): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  const paths = ["/", "/account", "/nowhere", "/account?done=passkey-added", "/alarms/1?done=acknowledged"];
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    if (pages.has(path)) continue;
    const page = await visitor.read(path);
    pages.set(path, page);
    paths.push(...[...page.matchAll(/href="(\/(?!assets)[^"]*)"/g)].map(([, href = ""]) => href));
  }
  return pages;
}

/** Left bare in any language: the product, linkage schemes, and what others chose or wrote. The word in a list is the locale's own. */
function othersWords(broker: InventedBroker): string[] {
  const { federation, directives } = broker.chain();
  const members = [...federation.members.values(), ...federation.suspended.values()];
  const removed = [...federation.removed.values()].map(({ admit }) => admit);
  const bodies = directives.map(({ directive }) => directive.body);
  return [
    "Causeway",
    "causeway-1",
    "causeway-3",
    " and ",
    ...[...members, ...removed].flatMap(({ name, slug }) => [name, slug]),
    ...bodies.flatMap((body) => ("reason" in body ? [body.reason] : [])),
    ...bodies.flatMap((body) => ("board" in body ? body.board.map(({ name }) => name) : [])),
    ...broker.alarms().map(({ text }) => text),
    ...broker.enrolments().map(({ enrolment }) => enrolment.name),
  ].toSorted((a, b) => b.length - a.length);
}

function isOurs(text: string, others: readonly string[]): boolean {
  return /\p{L}{2}/u.test(others.reduce((left, word) => left.replaceAll(word.replaceAll("'", ""), ""), text));
}

describe("in an invented language", () => {
  it("every page of the console is said in it", async () => {
    for (const broker of [lakeside(), rotating(), new InventedBroker()]) {
      if (broker.alarms().length === 0 && broker.proposals().length === 0) broker.fresh(-1);
      const others = othersWords(broker);
      await speaking(PSEUDO, async () => {
        await using tested = await TestConsole.start(broker);
        for (const user of [ADMINISTRATOR, AUDITOR]) {
          const pages = await pagesOf(await tested.signedIn(user));
          expect(pages.size).toBeGreaterThan(12);
          const bare = [...pages].flatMap(([path, page]) =>
            textsOf(page)
              .filter((text) => !hasMark(text) && isOurs(text, others))
              .map((text) => `${path}: ${text}`),
          );
          expect(bare).toEqual([]);
        }
      });
    }
  });
});
