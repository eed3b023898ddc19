/** Real Chromium for tests of sites: signing in, axe, widths, screenshots. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
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

/** Signs in with a one-time code, typed into the form. */
export async function signIn(page: Page, origin: string, code: string): Promise<void> {
  await page.goto(`${origin}/sign-in`);
  await page.getByLabel("One-time code").fill(code);
  await page.getByRole("button", { name: "Sign in with the code" }).click();
  await page.waitForURL(`${origin}/`);
}

/** A page of a browser of its own. */
export async function newPage(
  browser: Browser,
  { width, javaScriptEnabled = true }: { readonly width: number; readonly javaScriptEnabled?: boolean },
): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
  const context = await browser.newContext({ viewport: { width, height: 800 }, javaScriptEnabled });
  context.setDefaultTimeout(SOON.timeout);
  return { context, page: await context.newPage() };
}

/** What is wrong with a page as it stands; nothing. */
export async function faultsOf(page: Page): Promise<unknown> {
  return { violations: await axeViolations(page), pixelsTooWide: await overflow(page) };
}

export const NO_FAULTS = { violations: [], pixelsTooWide: 0 };

type Violation = { readonly id: string; readonly nodes: readonly string[] };

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
async function overflow(page: Page): Promise<number> {
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
