/** Pages that update by themselves, and what ends them. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { carriedOver, rotating } from "./scenario.ts";
import { ADMINISTRATOR, TestConsole } from "./test-console.ts";
import type { Visitor } from "../web/visitor.ts";
import { AT_ONCE_MS } from "../support/patience.ts";

let tested: TestConsole;
let administrator: Visitor;

beforeEach(async () => {
  tested = await TestConsole.start(rotating());
  administrator = await tested.signedIn(ADMINISTRATOR);
});
afterEach(async () => {
  await tested?.[Symbol.asyncDispose]();
});

describe("a page that is watched", () => {
  it("is sent at once, and again when something on it has changed", async () => {
    await using events = await administrator.watch("/epochs/4");
    expect(events.response.headers.get("content-type")).toBe("text/event-stream");
    expect(events.response.headers.get("cache-control")).toBe("no-store");
    const first = await events.nextOf("page");
    expect(first?.data).toContain("Carrying over");
    expect(first?.data).not.toContain("<html");
    carriedOver(tested.broker, 1);
    const second = await events.nextOf("page");
    expect(second?.data).toContain("The epoch can be activated.");
  });

  it("shows a change that came between drawing it and watching it", async () => {
    const before = await administrator.read("/epochs/4");
    carriedOver(tested.broker, 1);
    await using events = await administrator.watch("/epochs/4");
    expect(before).not.toContain("The epoch can be activated.");
    expect((await events.nextOf("page"))?.data).toContain("The epoch can be activated.");
  });

  it("that does not exist is not watched", async () => {
    expect((await administrator.get("/epochs/77", { accept: "text/event-stream" })).status).toBe(404);
  });
});

describe("a stream ends at once", () => {
  it("when a directive takes the seat away", async () => {
    await using events = await administrator.watch("/members");
    await events.nextOf("time");
    const begunMs = performance.now();
    tested.broker.replaceFirstSeat("Judge D");
    const rest = await events.rest();
    // Sooner than a page is drawn again by itself.
    expect(performance.now() - begunMs).toBeLessThan(AT_ONCE_MS);
    expect(rest.map(({ event }) => event)).toEqual(["ended"]);
    const again = await administrator.get("/members", { accept: "text/event-stream" });
    expect(again.status).toBe(401);
  });

  it("when the broker stops, and then without a word: the browser tries again", async () => {
    await using events = await administrator.watch("/members");
    await events.nextOf("time");
    await tested.console[Symbol.asyncDispose]();
    expect((await events.rest()).map(({ event }) => event)).not.toContain("ended");
    expect(tested.log.lines("console.streamFailed")).toEqual([]);
    expect(tested.broker.listeners).toBe(0);
  });
});
