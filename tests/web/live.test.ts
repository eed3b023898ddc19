/** Pages that update by themselves, and what ends them. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KEEPER, SECOND_KEEPER, TestOrchard } from "./orchard.ts";
import type { Visitor } from "./visitor.ts";
import { AT_ONCE_MS, SOON } from "../support/patience.ts";

let tested: TestOrchard;
let keeper: Visitor;

beforeEach(async () => {
  tested = await TestOrchard.start();
  keeper = await tested.signedIn(KEEPER);
});
afterEach(async () => {
  await tested?.[Symbol.asyncDispose]();
});

describe("a page that is watched", () => {
  it("is sent at once, and again when something on it has changed", async () => {
    await using events = await keeper.watch("/trees/1");
    expect(events.response.headers.get("content-type")).toBe("text/event-stream");
    expect(events.response.headers.get("cache-control")).toBe("no-store");
    const first = await events.nextOf("page");
    expect(first?.data).toContain("40 apples");
    expect(first?.data).not.toContain("<html");
    tested.orchard.count("1", 41);
    const second = await events.nextOf("page");
    expect(second?.data).toContain("41 apples");
  });

  it("says the time, and is not sent again while it stays as it is", async () => {
    await using events = await keeper.watch("/trees/1");
    expect((await events.next())?.event).toBe("page");
    expect(await events.next()).toEqual({
      event: "time",
      data: expect.stringContaining("22 November 2026, 14:05:00 UTC"),
    });
    tested.orchard.changed();
    expect((await events.next())?.event).toBe("time");
  });

  it("shows a change that came between drawing it and watching it", async () => {
    const before = await keeper.read("/trees/1");
    tested.orchard.count("1", 41);
    await using events = await keeper.watch("/trees/1");
    expect(before).not.toContain("41 apples");
    expect((await events.nextOf("page"))?.data).toContain("41 apples");
  });

  it("that does not exist is not watched", async () => {
    expect((await keeper.get("/trees/77", { accept: "text/event-stream" })).status).toBe(404);
  });

  it("is one of a few: a session has no more streams than a browser can use", async () => {
    const streams = [];
    for (let open = 0; open < 6; open += 1) streams.push(await keeper.watch("/"));
    const seventh = await keeper.get("/", { accept: "text/event-stream" });
    expect(seventh.status).toBe(429);
    for (const stream of streams) await stream[Symbol.asyncDispose]();
    // The server notices a closed stream when its connection closes.
    await expect.poll(async () => (await keeper.watch("/")).response.status, SOON).toBe(200);
  });

  it("leaves no listener behind when nobody watches any more", async () => {
    const before = tested.orchard.listeners;
    const events = await keeper.watch("/");
    await events.nextOf("page");
    expect(tested.orchard.listeners).toBe(before + 1);
    await events[Symbol.asyncDispose]();
    await expect.poll(() => tested.orchard.listeners, SOON).toBe(before);
  });
});

describe("what stands over every page", () => {
  it("comes, changes and goes on pages that are watched", async () => {
    const { orchard } = tested;
    await using events = await keeper.watch("/trees/1");
    expect((await events.nextOf("page"))?.data).not.toContain("frame-band");
    orchard.band = { text: "No rain since Monday", grave: true };
    orchard.changed();
    expect((await events.nextOf("page"))?.data).toMatch(/id="band"[^]*frame-band--grave[^]*No rain since Monday/);
    expect(await keeper.read("/account")).toContain("No rain since Monday");
    expect(await tested.visitor().read("/sign-in")).toContain("No rain since Monday");
    orchard.band = undefined;
    orchard.changed();
    expect((await events.nextOf("page"))?.data).not.toContain("frame-band");
  });
});

describe("a stream ends at once", () => {
  it.each<[string, (colleague: Visitor) => Promise<unknown> | void]>([
    ["when its owner signs out elsewhere", () => keeper.post("/sign-out")],
    ["when its owner ends all sessions", () => keeper.press("/account", "End all your sessions")],
    ["when a colleague ends it", (colleague) => colleague.press("/account", "End all sessions of Keeper A")],
    ["when its owner is not in good standing any more", () => tested.orchard.dismiss("badge 1")],
  ])("%s", async (_, act) => {
    const colleague = await tested.signedIn(SECOND_KEEPER);
    await using events = await keeper.watch("/trees/1");
    await events.nextOf("time");
    const begunMs = performance.now();
    await act(colleague);
    const rest = await events.rest();
    // Sooner than a page is drawn again by itself.
    expect(performance.now() - begunMs).toBeLessThan(AT_ONCE_MS);
    expect(rest.map(({ event }) => event)).toEqual(["ended"]);
    const again = await keeper.get("/trees/1", { accept: "text/event-stream" });
    expect(again.status).toBe(401);
  });

  it("when nobody has touched the session for half an hour: watching is not using", async () => {
    await using events = await keeper.watch("/trees/1");
    await events.nextOf("time");
    tested.orchard.nowMs += 30 * 60_000;
    tested.orchard.changed();
    expect((await events.rest()).at(-1)?.event).toBe("ended");
  });

  it("when the program stops, and then without a word: the browser tries again", async () => {
    await using events = await keeper.watch("/trees/1");
    await events.nextOf("time");
    await tested.running[Symbol.asyncDispose]();
    expect((await events.rest()).map(({ event }) => event)).not.toContain("ended");
    expect(tested.log.lines("orchard.streamFailed")).toEqual([]);
    expect(tested.orchard.listeners).toBe(0);
  });
});
