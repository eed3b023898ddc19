/** Real Chromium for the console's tests: signing in, axe, widths, screenshots. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { proposalPath } from "../../broker/console/proposals.ts";
import { ADMINISTRATOR, memberId, TestConsole } from "./support.ts";
import type { InventedBroker } from "./support.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

const EXECUTABLE = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const ARGUMENTS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];
const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const SCREENSHOTS = join(import.meta.dirname, "..", "..", ".causeway", "screenshots");

export const WIDTHS = [1280, 320] as const;

/** Why there is no browser to try; undefined if there is one. */
export const noBrowser: string | undefined = existsSync(EXECUTABLE)
  ? undefined
  : `no Chromium at ${EXECUTABLE}: install it (Debian: apt-get install chromium), or name one in CHROMIUM`;

export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS, timeout: LONG_MS });
}

/** Signs in as the first administrator, with a one-time code typed into the form. */
export async function signIn(page: Page, tested: TestConsole): Promise<void> {
  const { code } = tested.console.issueCode(ADMINISTRATOR);
  await page.goto(`${tested.origin}/sign-in`);
  await page.getByLabel("One-time code").fill(code);
  await page.getByRole("button", { name: "Sign in with the code" }).click();
  await page.waitForURL(`${tested.origin}/`);
}

/** A page of a browser that has signed in. */
export async function signedInPage(
  browser: Browser,
  tested: TestConsole,
  options: { readonly width: number; readonly javaScriptEnabled?: boolean },
): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
  const { width, javaScriptEnabled = true } = options;
  const context = await browser.newContext({ viewport: { width, height: 800 }, javaScriptEnabled });
  context.setDefaultTimeout(SOON.timeout);
  const page = await context.newPage();
  await signIn(page, tested);
  return { context, page };
}

/** Name and address of every page of the console over `lakeside`. */
export function quietPages(broker: InventedBroker): readonly (readonly [string, string])[] {
  const [first, second, overtaken] = broker.proposed.map(proposalPath);
  return [
    ["overview", "/"],
    ["members", "/members"],
    ["member", `/members/${memberId("wcu-north")}`],
    ["member-suspended", `/members/${memberId("customs")}`],
    ["member-removed", `/members/${memberId("vice-old-town")}`],
    ["joining", "/joining"],
    ["proposals", "/proposals"],
    ["proposal-reinstate", first ?? ""],
    ["proposal-board", second ?? ""],
    ["proposal-overtaken", overtaken ?? ""],
    ["epochs", "/epochs"],
    ["epoch-active", "/epochs/1"],
    ["budgets", "/budgets"],
    ["alarms", "/alarms"],
    ["alarm", "/alarms/7"],
    ["alarm-acknowledged", "/alarms/3"],
    ["directives", "/directives"],
    ["directive-founding", "/directives/1"],
    ["directive-admission", "/directives/3"],
    ["directive-epoch", "/directives/5"],
    ["directive-never-correlate", "/directives/12"],
    ["account", "/account"],
    ["not-found", "/nowhere"],
  ];
}

/** Those that look otherwise while a rotation runs, over `rotating`. */
export const ROTATION_PAGES: readonly (readonly [string, string])[] = [
  ["rotation-overview", "/"],
  ["rotation-epochs", "/epochs"],
  ["rotation-retired", "/epochs/1"],
  ["rotation-aborted", "/epochs/2"],
  ["rotation-active", "/epochs/3"],
  ["rotation-staging", "/epochs/4"],
];

export type Violation = { readonly id: string; readonly nodes: readonly string[] };

/** What axe finds wrong, by all of its rules. */
export async function axeViolations(page: Page): Promise<Violation[]> {
  await page.evaluate(AXE);
  return await page.evaluate(async () => {
    type Results = { violations: { id: string; nodes: { html: string }[] }[] };
    const { axe } = globalThis as unknown as { axe: { run(): Promise<Results> } };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html.slice(0, 200)) }));
  });
}

/** Pixels by which the page is wider than the window. */
export async function overflow(page: Page): Promise<number> {
  return await page.evaluate(() => {
    type Root = { scrollWidth: number; clientWidth: number };
    const { documentElement } = (globalThis as unknown as { document: { documentElement: Root } }).document;
    return documentElement.scrollWidth - documentElement.clientWidth;
  });
}

export async function screenshot(page: Page, name: string, width: number): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}-${width}.png`), fullPage: true });
}
