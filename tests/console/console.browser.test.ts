/** The console in real Chromium: every page, with and without scripts, wide and narrow; passkeys; pages that update by themselves. */
import type { Browser, CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeViolations, faultsOf, launchChromium, NO_FAULTS, noBrowser, screenshot, WIDTHS } from "../web/browser.ts";
import { quietPages, ROTATION_PAGES, signedInPage, signInTo } from "./browser.ts";
import { carriedOver, lakeside, rotating } from "./scenario.ts";
import { memberId } from "./invented-federation.ts";
import { InventedBroker } from "./invented-broker.ts";
import { ADMINISTRATOR, AUDITOR, SECOND_ADMINISTRATOR, TestConsole } from "./test-console.ts";
import { LONG_MS } from "../support/patience.ts";

if (noBrowser !== undefined) console.warn(`SKIPPED: the console's browser tests: ${noBrowser}`);

describe.skipIf(noBrowser !== undefined)("in Chromium, the console", { timeout: LONG_MS }, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  }, LONG_MS);
  afterAll(async () => await browser?.close(), LONG_MS);

  async function look(
    broker: InventedBroker,
    pages: readonly (readonly [string, string])[],
    width: number,
  ): Promise<void> {
    await using tested = await TestConsole.start(broker);
    tested.console.issueCode(AUDITOR);
    await tested.signedIn(SECOND_ADMINISTRATOR);
    const { context, page } = await signedInPage(browser, tested, { width });
    const titles = new Set<string>();
    for (const [name, path] of pages) {
      await page.goto(`${tested.origin}${path}`);
      await screenshot(page, name, width);
      expect(await faultsOf(page), name).toEqual(NO_FAULTS);
      titles.add(await page.title());
    }
    expect(titles.size, "each page has a title of its own").toBe(pages.length);
    await context.close();
  }

  it.each(WIDTHS)("has no accessibility fault and nothing to scroll sideways, %i pixels wide", async (width) => {
    const quiet = lakeside();
    await look(quiet, quietPages(quiet), width);
    await look(rotating(), ROTATION_PAGES, width);
  });

  it("would notice a fault", async () => {
    const page = await browser.newPage({ viewport: { width: 320, height: 800 } });
    await page.setContent(
      '<html lang="en"><title>x</title><main><h1>x</h1><img src="x"><pre style="width:900px">x</pre></main>',
    );
    expect(await faultsOf(page)).not.toEqual(NO_FAULTS);
    expect(await axeViolations(page)).toEqual([expect.objectContaining({ id: "image-alt" })]);
    await page.close();
  });

  it.each(WIDTHS)("says what is wrong with a form, %i pixels wide", async (width) => {
    await using tested = await TestConsole.start(lakeside());
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    await page.goto(`${tested.origin}/sign-in`);
    await screenshot(page, "sign-in", width);
    expect(await faultsOf(page)).toEqual(NO_FAULTS);
    await page.getByLabel("One-time code").fill("0000-0000-0000");
    await page.getByRole("button", { name: "Sign in with the code" }).click();
    await page.getByRole("heading", { name: "There is a problem" }).waitFor();
    await screenshot(page, "sign-in-error", width);
    expect(await faultsOf(page)).toEqual(NO_FAULTS);
    expect(await page.title()).toMatch(/^Error: /);
    await signInTo(tested, page);
    await page.goto(`${tested.origin}/alarms/7`);
    await page.getByRole("button", { name: "Acknowledge" }).click();
    await page.getByRole("link", { name: "Enter what you found out" }).waitFor();
    await screenshot(page, "alarm-error", width);
    expect(await faultsOf(page)).toEqual(NO_FAULTS);
    await page.getByLabel("What you found out").fill("A correction of an import.");
    await page.getByRole("button", { name: "Acknowledge" }).click();
    await page.getByText("The alarm is acknowledged.").waitFor();
    await screenshot(page, "alarm-done", width);
    expect(await faultsOf(page)).toEqual(NO_FAULTS);
    await page.close();
  });

  it("works without scripts", async () => {
    const quiet = lakeside();
    await using tested = await TestConsole.start(quiet);
    const { context, page } = await signedInPage(browser, tested, { width: 320, javaScriptEnabled: false });
    for (const [name, path] of quietPages(quiet)) {
      await page.goto(`${tested.origin}${path}`);
      expect(await page.getByRole("heading", { level: 1 }).count(), name).toBe(1);
    }
    await page.goto(tested.origin);
    await screenshot(page, "overview-without-scripts", 320);
    await page.getByRole("link", { name: "Alarms", exact: true }).click();
    await page.getByRole("link", { name: "Budget nearly spent" }).click();
    await page.getByLabel("What you found out").fill("A file was taken over.");
    await page.getByRole("button", { name: "Acknowledge" }).click();
    await page.getByText("The alarm is acknowledged.").waitFor();
    await page.getByRole("link", { name: "Account" }).click();
    await page.getByRole("button", { name: "End all your sessions" }).click();
    await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
    await context.close();
  });

  it("draws with no font of gov.uk, and asks no other host for anything", async () => {
    await using tested = await TestConsole.start(lakeside());
    const { context, page } = await signedInPage(browser, tested, { width: 1280 });
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("console", (message) => complaints.push(message.text()));
    await page.goto(`${tested.origin}/members`);
    const families = await page.evaluate(() => {
      type View = {
        document: { querySelectorAll(all: string): Iterable<object> };
        getComputedStyle(of: object): { fontFamily: string };
      };
      const view = globalThis as unknown as View;
      return [
        ...new Set(
          [...view.document.querySelectorAll("body, body *")].map((each) => view.getComputedStyle(each).fontFamily),
        ),
      ];
    });
    expect(families.join()).not.toMatch(/GDS/);
    expect(asked.filter((url) => !url.startsWith(`${tested.origin}/`))).toEqual([]);
    expect(asked.filter((url) => /font|crest/.test(url))).toEqual([]);
    // A refusal by the content security policy would be one.
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("keeps the keyboard going: skip link first, and every link and button has a place in the order", async () => {
    await using tested = await TestConsole.start(lakeside());
    const { context, page } = await signedInPage(browser, tested, { width: 1280 });
    await page.keyboard.press("Tab");
    expect(await page.evaluate(focusedText)).toBe("Skip to main content");
    const reached = new Set<string>();
    for (let presses = 0; presses < 60; presses += 1) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(focusedText));
    }
    expect([...reached]).toEqual(expect.arrayContaining(["Sign out", "Members", "Directive 14"]));
    expect([...reached].some((text) => text.startsWith("Copy"))).toBe(true);
    await context.close();
  });

  it("copies a command", async () => {
    await using tested = await TestConsole.start(lakeside());
    const { context, page } = await signedInPage(browser, tested, { width: 1280 });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: tested.origin });
    await page.goto(`${tested.origin}/members/${memberId("ct-west")}`);
    await page.getByRole("button", { name: /Copy the command: Suspend it/ }).click();
    await page.getByText("Copied", { exact: true }).first().waitFor();
    const copied = await page.evaluate(async () => {
      const { navigator } = globalThis as unknown as { navigator: { clipboard: { readText(): Promise<string> } } };
      return await navigator.clipboard.readText();
    });
    expect(copied).toMatch(/^causeway admin suspend .*ct-west/);
    await context.close();
  });

  it("shows a rotation as it goes on, without being asked, and keeps what has the focus", async () => {
    const broker = rotating();
    await using tested = await TestConsole.start(broker);
    const { context, page } = await signedInPage(browser, tested, { width: 1280 });
    await page.goto(`${tested.origin}/epochs/4`);
    await page.getByText("updates by itself").waitFor();
    await page.getByText("Held", { exact: true }).waitFor();
    await page.getByRole("link", { name: "War Crimes Unit North" }).focus();
    carriedOver(broker, 0.9);
    await page.getByText("7,520 of 9,400").waitFor();
    expect(await page.evaluate(focusedText)).toBe("War Crimes Unit North");
    await screenshot(page, "rotation-running", 1280);
    carriedOver(broker, 1);
    await page.getByText("The epoch can be activated.").waitFor();
    expect(await faultsOf(page)).toEqual(NO_FAULTS);
    await screenshot(page, "rotation-ready", 1280);
    broker.decide({ type: "epochActivate", epoch: 4, laggards: [] });
    await page.getByText("Activation of an epoch").waitFor();
    await screenshot(page, "rotation-activated", 1280);
    await context.close();
  });

  it("does not take from under somebody's hands what is being typed", async () => {
    const broker = lakeside();
    await using tested = await TestConsole.start(broker);
    const { context, page } = await signedInPage(browser, tested, { width: 1280 });
    await page.goto(`${tested.origin}/alarms/7`);
    await page.getByText("updates by itself").waitFor();
    await page.getByLabel("What you found out").fill("half a senten");
    broker.acknowledge(7, { by: "0".repeat(32), note: "by somebody else" });
    await page.locator("#state").getByText("Acknowledged").waitFor();
    expect(await page.getByLabel("What you found out").inputValue()).toBe("half a senten");
    await context.close();
  });

  it("leaves the screen of somebody whose session ends", async () => {
    const broker = lakeside();
    await using tested = await TestConsole.start(broker);
    const { context, page } = await signedInPage(browser, tested, { width: 1280 });
    await page.getByText("updates by itself").waitFor();
    const colleague = await tested.signedIn(SECOND_ADMINISTRATOR);
    const answer = await colleague.press("/account", "End all sessions of Prosecutor A");
    expect(answer.status).toBe(303);
    await page.getByText("Your session has ended.").waitFor();
    await context.close();
  });

  describe("with a passkey", () => {
    /** An authenticator of the browser's own, as if it were built into the machine. */
    async function authenticator(page: Page, isUserVerified: boolean): Promise<{ cdp: CDPSession; id: string }> {
      const cdp = await page.context().newCDPSession(page);
      await cdp.send("WebAuthn.enable");
      const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
        options: {
          protocol: "ctap2",
          transport: "internal",
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified,
          automaticPresenceSimulation: true,
        },
      });
      return { cdp, id: authenticatorId };
    }

    async function addPasskey(page: Page, tested: TestConsole): Promise<void> {
      await page.goto(`${tested.origin}/account`);
      await page.getByLabel("A name for it").fill("desk computer");
      await page.getByRole("button", { name: "Add a passkey" }).click();
      await page.getByText("The passkey is added.").waitFor();
    }

    it("signs in once it has been added, and no more once it is removed", async () => {
      await using tested = await TestConsole.start(lakeside());
      const { context, page } = await signedInPage(browser, tested, { width: 1280 });
      await authenticator(page, true);
      await addPasskey(page, tested);
      expect(await faultsOf(page)).toEqual(NO_FAULTS);
      await screenshot(page, "account-with-passkey", 1280);

      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("button", { name: "Sign in with a passkey" }).click();
      await page.waitForURL(`${tested.origin}/`);
      await page.goto(`${tested.origin}/account`);
      await page.locator("#own-sessions").getByText("Passkey").waitFor();

      await page.getByRole("button", { name: "Remove the passkey desk computer" }).click();
      await page.getByText("The passkey is removed.").waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("button", { name: "Sign in with a passkey" }).click();
      await page.getByText("This passkey does not open the console.").waitFor();
      await context.close();
    });

    it("refuses one whose owner the device has not verified", async () => {
      await using tested = await TestConsole.start(lakeside());
      const { context, page } = await signedInPage(browser, tested, { width: 1280 });
      const { cdp, id } = await authenticator(page, true);
      await addPasskey(page, tested);
      await page.getByRole("button", { name: "Sign out" }).click();
      await cdp.send("WebAuthn.setUserVerified", { authenticatorId: id, isUserVerified: false });
      await page.getByRole("button", { name: "Sign in with a passkey" }).click();
      await page.getByText("The passkey was not used.").waitFor();
      // A browser that was talked out of asking for it gets no further.
      await page.route("**/sign-in/passkey/options", async (route) => {
        const response = await route.fetch();
        const options = (await response.json()) as object;
        await route.fulfill({ response, json: { ...options, userVerification: "discouraged" } });
      });
      await page.getByRole("button", { name: "Sign in with a passkey" }).click();
      await page.getByText("This passkey does not open the console.").waitFor();
      expect(new URL(page.url()).pathname).toBe("/sign-in");
      await context.close();
    });

    it("refuses one of somebody who has lost the seat", async () => {
      const broker = lakeside();
      await using tested = await TestConsole.start(broker);
      const { context, page } = await signedInPage(browser, tested, { width: 1280 });
      await authenticator(page, true);
      await addPasskey(page, tested);
      // Also where the page's stream begins only after the session has ended.
      const { promise: held, resolve: release } = Promise.withResolvers<void>();
      await page.route("**/members", async (route) => {
        if (route.request().headers()["accept"] === "text/event-stream") await held;
        await route.continue();
      });
      await page.goto(`${tested.origin}/members`);
      broker.replaceFirstSeat("Judge D");
      release();
      await page.getByText("Your session has ended.").waitFor();
      await page.getByRole("button", { name: "Sign in with a passkey" }).click();
      await page.getByText("This passkey does not open the console.").waitFor();
      expect(() => tested.console.issueCode(ADMINISTRATOR)).toThrow(expect.objectContaining({ code: "FORBIDDEN" }));
      await context.close();
    });
  });
});

function focusedText(): string {
  const { document } = globalThis as unknown as { document: { activeElement: { textContent: string } | null } };
  return (document.activeElement?.textContent ?? "").replaceAll(/\s+/g, " ").trim();
}
