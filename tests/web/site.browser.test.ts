/** A site of the kit in real Chromium: nothing that keeps anybody out, wide and narrow, and pages that update by themselves. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LONG_MS } from "../support/patience.ts";
import { faultsOf, launchChromium, newPage, NO_FAULTS, noBrowser, screenshot, signIn, WIDTHS } from "./browser.ts";
import { KEEPER, TestOrchard } from "./orchard.ts";

if (noBrowser !== undefined) console.warn(`SKIPPED: the web kit's browser tests: ${noBrowser}`);

describe.skipIf(noBrowser !== undefined)("in Chromium, a site", { timeout: LONG_MS }, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  }, LONG_MS);
  afterAll(async () => await browser?.close(), LONG_MS);

  it.each(WIDTHS)("has no accessibility fault and nothing to scroll sideways, %i pixels wide", async (width) => {
    await using tested = await TestOrchard.start();
    const { orchard, origin } = tested;
    const { context, page } = await newPage(browser, { width });
    orchard.band = { text: "All trees are invented", grave: false };
    await page.goto(`${origin}/sign-in`);
    await screenshot(page, "orchard-sign-in", width);
    expect(await faultsOf(page)).toEqual(NO_FAULTS);
    await signIn(page, origin, tested.running.issueCode(KEEPER).code);
    for (const path of ["/", "/trees/1", "/account", "/nowhere"]) {
      await page.goto(`${origin}${path}`);
      expect(await faultsOf(page), path).toEqual(NO_FAULTS);
    }
    await page.goto(`${origin}/trees/1`);
    await page.getByText("updates by itself").waitFor();
    orchard.band = { text: "No rain since Monday", grave: true };
    orchard.count("1", 41);
    await page.getByText("No rain since Monday").waitFor();
    await page.getByText("41 apples").waitFor();
    expect(await faultsOf(page)).toEqual(NO_FAULTS);
    await page.getByLabel("Apples").fill("many");
    await page.getByRole("button", { name: "Count" }).click();
    await page.getByRole("link", { name: "Enter how many apples there are" }).waitFor();
    expect(await faultsOf(page)).toEqual(NO_FAULTS);
    await screenshot(page, "orchard-error", width);
    await page.getByLabel("Apples").fill("42");
    await page.getByRole("button", { name: "Count" }).click();
    await page.getByText("The apples are counted.").waitFor();
    await context.close();
  });
});
