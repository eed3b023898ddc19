/** The board's page founds a federation. */
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { FoundingPage } from "../support/founding-page.ts";
import { LONG_MS } from "../support/patience.ts";

const CLI = join(resolve(import.meta.dirname, "..", ".."), "deploy", "cli.ts");

/** The installed command would look for what is missing in the checkout first; the command line itself is the same. */
const direct = (command: string): string => command.replace(/^causeway /, `node "${CLI}" `);

it("docs/administrators.md founds a federation whose two units are connected", { timeout: LONG_MS }, async () => {
  await using page = await FoundingPage.done(direct);
  expect(page.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(page.running).toHaveLength(6);
});
