/** Whose access is whose to take away. */
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

describe("somebody who is not over others", () => {
  it("sees its own sessions only", async () => {
    await tested.signedIn(KEEPER);
    const guest = await tested.signedIn(GUEST);
    expect(await guest.read("/account")).not.toContain("Keeper A");
  });

  it("loses its access when a keeper takes it away, passkeys and all", async () => {
    const guest = await tested.signedIn(GUEST);
    const keeper = await tested.signedIn(KEEPER);
    const { code } = tested.running.issueCode(GUEST);
    expect((await keeper.press("/account", "Remove the access of Guest Y")).status).toBe(303);
    expect(await guest.isIn()).toBe(false);
    expect((await tested.signInWith(code)).status).toBe(422);
    expect(await keeper.read("/account")).not.toContain("Guest Y");
  });

  it("cannot take anybody's access away", async () => {
    const guest = await tested.signedIn(GUEST);
    const keeper = await tested.signedIn(KEEPER);
    const [, user = ""] = /\/people\/([0-9a-f]+)\/remove/.exec(await keeper.read("/account")) ?? [];
    expect((await guest.post(`/people/${user}/remove`)).status).toBe(404);
    expect((await guest.post(`/people/${user}/end-sessions`)).status).toBe(404);
    expect(await guest.isIn()).toBe(true);
  });
});

describe("somebody who is over others", () => {
  it("cannot be removed here, only by what gave the access", async () => {
    const keeper = await tested.signedIn(KEEPER);
    await tested.signedIn(SECOND_KEEPER);
    const [, user = ""] = /\/people\/([0-9a-f]+)\/end-sessions/.exec(await keeper.read("/account")) ?? [];
    expect((await keeper.post(`/people/${user}/remove`)).status).toBe(404);
    expect(() => tested.running.issueCode(SECOND_KEEPER)).not.toThrow();
  });

  it("may add a passkey only soon after signing in", async () => {
    const keeper = await tested.signedIn(KEEPER);
    expect((await keeper.postJson("/account/passkeys/options", {})).status).toBe(200);
    tested.orchard.nowMs += 15 * MINUTE;
    expect((await keeper.postJson("/account/passkeys/options", {})).status).toBe(403);
    expect((await keeper.postJson("/account/passkeys", { answer: {}, name: "x" })).status).toBe(403);
    expect(await keeper.read("/account")).toContain("Sign out and in again first");
  });
});
