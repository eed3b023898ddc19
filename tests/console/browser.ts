/** What the browser tests of the console look at, and how they sign in. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { proposalPath } from "../../broker/console/proposals.ts";
import { newPage, signIn } from "../web/browser.ts";
import type { InventedBroker } from "./invented-broker.ts";
import { memberId } from "./invented-federation.ts";
import { ADMINISTRATOR } from "./test-console.ts";
import type { TestConsole } from "./test-console.ts";

/** As the first administrator. */
export async function signInTo(tested: TestConsole, page: Page): Promise<void> {
  await signIn(page, tested.origin, tested.console.issueCode(ADMINISTRATOR).code);
}

/** A page of a browser that has signed in. */
export async function signedInPage(
  browser: Browser,
  tested: TestConsole,
  options: { readonly width: number; readonly javaScriptEnabled?: boolean },
): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
  const opened = await newPage(browser, options);
  await signInTo(tested, opened.page);
  return opened;
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
