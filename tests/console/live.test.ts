/** Pages that update by themselves, and what ends them. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { carriedOver, rotating } from "./scenario.ts";
import { ADMINISTRATOR, SECOND_ADMINISTRATOR, TestConsole } from "./test-console.ts";
import type { Visitor } from "../web/visitor.ts";
import { AT_ONCE_MS, SOON } from "../support/patience.ts";

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

  it("says the time, and is not sent again while it stays as it is", async () => {
    await using events = await administrator.watch("/epochs/4");
    expect((await events.next())?.event).toBe("page");
    expect(await events.next()).toEqual({
      event: "time",
      data: expect.stringContaining("22 November 2026, 14:05:00 UTC"),
    });
    tested.broker.changed();
    expect((await events.next())?.event).toBe("time");
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

  it("is one of a few: a session has no more streams than a browser can use", async () => {
    const streams = [];
    for (let open = 0; open < 6; open += 1) streams.push(await administrator.watch("/"));
    const seventh = await administrator.get("/", { accept: "text/event-stream" });
    expect(seventh.status).toBe(429);
    for (const stream of streams) await stream[Symbol.asyncDispose]();
    // The server notices a closed stream when its connection closes.
    await expect.poll(async () => (await administrator.watch("/")).response.status, SOON).toBe(200);
  });

  it("leaves no listener behind when nobody watches any more", async () => {
    const before = tested.broker.listeners;
    const events = await administrator.watch("/");
    await events.nextOf("page");
    expect(tested.broker.listeners).toBe(before + 1);
    await events[Symbol.asyncDispose]();
    await expect.poll(() => tested.broker.listeners, SOON).toBe(before);
  });
});

describe("a stream ends at once", () => {
  it.each<[string, (colleague: Visitor) => Promise<unknown> | void]>([
    ["when its owner signs out elsewhere", () => administrator.post("/sign-out")],
    ["when its owner ends all sessions", () => administrator.press("/account", "End all your sessions")],
    ["when a colleague ends it", (colleague) => colleague.press("/account", "End all sessions of Prosecutor A")],
    ["when a directive takes the seat away", () => tested.broker.replaceFirstSeat("Judge D")],
  ])("%s", async (_, act) => {
    const colleague = await tested.signedIn(SECOND_ADMINISTRATOR);
    await using events = await administrator.watch("/members");
    await events.nextOf("time");
    const begunMs = performance.now();
    await act(colleague);
    const rest = await events.rest();
    // Sooner than a page is drawn again by itself.
    expect(performance.now() - begunMs).toBeLessThan(AT_ONCE_MS);
    expect(rest.map(({ event }) => event)).toEqual(["ended"]);
    const again = await administrator.get("/members", { accept: "text/event-stream" });
    expect(again.status).toBe(401);
  });

  it("when nobody has touched the session for half an hour: watching is not using", async () => {
    await using events = await administrator.watch("/members");
    await events.nextOf("time");
    tested.broker.nowMs += 30 * 60_000;
    tested.broker.changed();
    expect((await events.rest()).at(-1)?.event).toBe("ended");
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
