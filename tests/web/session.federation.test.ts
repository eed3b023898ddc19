/** What a session is, and how it ends. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GUEST, KEEPER, SECOND_KEEPER, TestOrchard } from "./orchard.ts";

const MINUTE = 60_000;

let tested: TestOrchard;

beforeEach(async () => {
  tested = await TestOrchard.start();
});
afterEach(async () => {
  await tested?.[Symbol.asyncDispose]();
});

describe("a session", () => {
  it("is a cookie that scripts and other sites do not get", async () => {
    const visitor = tested.visitor();
    const { code } = tested.running.issueCode(KEEPER);
    const [cookie = ""] = (await visitor.post("/sign-in", { code })).headers.getSetCookie();
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(cookie).toMatch(/Path=\//);
  });

  it("survives a restart of the program", async () => {
    // The port changes with a restart; the cookie is the same.
    const visitor = await tested.signedIn(KEEPER);
    const { cookie } = visitor;
    await tested.restart();
    const response = await fetch(`${tested.origin}/trees/1`, { headers: { cookie }, redirect: "manual" });
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });

  it("ends half an hour after its last use", async () => {
    const visitor = await tested.signedIn(KEEPER);
    tested.orchard.nowMs += 29 * MINUTE;
    expect(await visitor.isIn()).toBe(true);
    tested.orchard.nowMs += 29 * MINUTE;
    expect(await visitor.isIn()).toBe(true);
    tested.orchard.nowMs += 30 * MINUTE;
    expect(await visitor.isIn()).toBe(false);
  });

  it("ends after a working day however much it is used", async () => {
    const visitor = await tested.signedIn(KEEPER);
    for (let minutes = 0; minutes < 580; minutes += 20) {
      tested.orchard.nowMs += 20 * MINUTE;
      expect(await visitor.isIn()).toBe(true);
    }
    tested.orchard.nowMs += 20 * MINUTE;
    expect(await visitor.isIn()).toBe(false);
  });

  it("ends when its owner signs out, and cannot be brought back with the old cookie", async () => {
    const visitor = await tested.signedIn(KEEPER);
    const { cookie } = visitor;
    expect((await visitor.post("/sign-out")).status).toBe(303);
    const replayed = await fetch(`${tested.origin}/trees/1`, { headers: { cookie }, redirect: "manual" });
    expect(replayed.status).toBe(303);
  });

  it("ends as soon as its owner is not in good standing any more", async () => {
    const [leaving, staying] = [await tested.signedIn(KEEPER), await tested.signedIn(SECOND_KEEPER)];
    tested.orchard.dismiss("badge 1");
    expect(await leaving.isIn()).toBe(false);
    expect(await staying.isIn()).toBe(true);
  });

  it("can be ended by its owner from another one, alone or with all others", async () => {
    const [phone, desk] = [await tested.signedIn(KEEPER), await tested.signedIn(KEEPER)];
    tested.orchard.nowMs += MINUTE;
    const third = await tested.signedIn(KEEPER);
    const list = await third.read("/account");
    const ids = [...new Set([...list.matchAll(/\/sessions\/([0-9a-f]+)\/end/g)].map(([, id = ""]) => id))];
    expect(ids).toHaveLength(3);
    // Newest first: the third is the one that looks.
    await third.post(`/sessions/${ids[1]}/end`);
    expect([await phone.isIn(), await desk.isIn()].filter(Boolean)).toHaveLength(1);
    expect(await third.isIn()).toBe(true);
    await third.press("/account", "End all your sessions");
    expect([await phone.isIn(), await desk.isIn(), await third.isIn()]).toEqual([false, false, false]);
  });

  it("of somebody else is a keeper's to end, and not an guest's", async () => {
    const keeper = await tested.signedIn(KEEPER);
    const guest = await tested.signedIn(GUEST);
    const [, id = ""] = /\/sessions\/([0-9a-f]+)\/end/.exec(await keeper.read("/account")) ?? [];
    expect((await guest.post(`/sessions/${id}/end`)).status).toBe(404);
    expect(await keeper.isIn()).toBe(true);
    expect((await keeper.press("/account", "End the session of Guest Y")).status).toBe(303);
    expect(await guest.isIn()).toBe(false);
  });
});
