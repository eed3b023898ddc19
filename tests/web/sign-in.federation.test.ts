/** How somebody gets in. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { REFUSAL_HELD_MS } from "../../shared/web/limits.ts";
import { AT_ONCE_MS, LONG_MS } from "../support/patience.ts";
import { signInAmidFlood } from "./flood.ts";
import { KEEPER, SECOND_KEEPER, TestOrchard } from "./orchard.ts";

const MINUTE = 60_000;

let tested: TestOrchard;

beforeEach(async () => {
  tested = await TestOrchard.start();
});
afterEach(async () => {
  await tested?.[Symbol.asyncDispose]();
});

const PAGES = ["/", "/trees/1", "/account"];

describe("without a session", () => {
  it("every page leads to the sign-in, and shows nothing", async () => {
    const visitor = tested.visitor();
    for (const path of [...PAGES, "/nowhere"]) {
      const response = await visitor.get(path);
      expect(response.status, path).toBe(303);
      expect(response.headers.get("location"), path).toBe("/sign-in");
      expect(await response.text(), path).toBe("");
    }
  });

  it("streams and passkeys' ceremonies are refused by their status", async () => {
    const visitor = tested.visitor();
    expect((await visitor.get("/", { accept: "text/event-stream" })).status).toBe(401);
    expect((await visitor.postJson("/account/passkeys/options", {})).status).toBe(401);
  });

  it("nothing can be changed", async () => {
    const visitor = tested.visitor();
    expect((await visitor.post("/trees/1/count", { apples: "7" })).status).toBe(303);
    expect(tested.orchard.trees.get("1")?.apples).toBe(40);
  });
});

describe("a one-time code", () => {
  it("lets in once", async () => {
    const { code } = tested.running.issueCode(KEEPER);
    const first = await tested.signInWith(code);
    expect(first.status).toBe(303);
    expect(await first.visitor.isIn()).toBe(true);
    const second = await tested.signInWith(code);
    expect(second.status).toBe(422);
    expect(await second.visitor.isIn()).toBe(false);
  });

  it("may be typed as people type", async () => {
    const { code } = tested.running.issueCode(KEEPER);
    const typed = ` ${code.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l")} `;
    expect((await tested.signInWith(typed)).status).toBe(303);
  });

  it("ends after ten minutes", async () => {
    const { code, validUntilMs } = tested.running.issueCode(KEEPER);
    expect(validUntilMs).toBe(tested.orchard.nowMs + 10 * MINUTE);
    tested.orchard.nowMs = validUntilMs;
    expect((await tested.signInWith(code)).status).toBe(422);
  });

  it("ends when another is made for the same person, and not when one is made for somebody else", async () => {
    const { code: first } = tested.running.issueCode(KEEPER);
    const { code: second } = tested.running.issueCode(KEEPER);
    tested.running.issueCode(SECOND_KEEPER);
    expect((await tested.signInWith(first)).status).toBe(422);
    expect((await tested.signInWith(second)).status).toBe(303);
  });

  it("lets nobody in who is no keeper any more since it was made", async () => {
    const { code } = tested.running.issueCode(KEEPER);
    tested.orchard.dismiss("badge 1");
    expect((await tested.signInWith(code)).status).toBe(422);
  });

  it("that is wrong is answered after a moment", async () => {
    const began = performance.now();
    expect((await tested.signInWith("0000-0000-0000")).status).toBe(422);
    expect(performance.now() - began).toBeGreaterThan(REFUSAL_HELD_MS - 50);
  });

  it("lets in at once whatever somebody else tries from the same address", { timeout: LONG_MS }, async () => {
    expect(await signInAmidFlood(tested)).toBeLessThan(AT_ONCE_MS);
  });

  it("is not accepted in an address", async () => {
    const { code } = tested.running.issueCode(KEEPER);
    const visitor = tested.visitor();
    await visitor.get(`/sign-in?code=${code}`);
    await visitor.post(`/sign-in?code=${code}`);
    expect(await visitor.isIn()).toBe(false);
  });
});

describe("a passkey's answer", () => {
  const invented = {
    id: "AAAA",
    rawId: "AAAA",
    type: "public-key",
    clientExtensionResults: {},
    response: { clientDataJSON: "AAAA", authenticatorData: "AAAA", signature: "AAAA" },
  };

  it.each([
    ["nothing", {}],
    ["no object", { answer: 7 }],
    ["an unknown key", { answer: invented }],
    ["a monstrous one", { answer: { ...invented, id: "A".repeat(20_000) } }],
  ])("that is %s lets nobody in", async (_, body) => {
    const response = await tested.visitor().postJson("/sign-in/passkey", body);
    expect(response.status).toBe(403);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it("that is no JSON, or too large, is refused", async () => {
    const visitor = tested.visitor();
    expect((await visitor.post("/sign-in/passkey", { a: "b" })).status).toBe(403);
    expect((await visitor.postJson("/sign-in/passkey", { a: "x".repeat(70_000) })).status).toBe(413);
  });

  it("that does not fit adds none", async () => {
    const keeper = await tested.signedIn(KEEPER);
    expect((await keeper.postJson("/account/passkeys", { answer: invented, name: "desk" })).status).toBe(403);
    expect((await keeper.postJson("/account/passkeys", { answer: invented, name: "" })).status).toBe(422);
    expect((await keeper.postJson("/account/passkeys", { answer: {}, name: "a\u202eb" })).status).toBe(422);
  });

  it("is asked for with user verification, for our own host name", async () => {
    const options = (await (await tested.visitor().postJson("/sign-in/passkey/options", {})).json()) as object;
    expect(options).toMatchObject({ rpId: "localhost", userVerification: "required" });
    expect(options).not.toHaveProperty("allowCredentials");
  });
});

describe("nothing secret", () => {
  it("stands in the log, an address or the database", async () => {
    const { code } = tested.running.issueCode(KEEPER);
    const visitor = tested.visitor();
    const answer = await visitor.post("/sign-in", { code });
    await visitor.post("/sign-in", { code: "WRONG-CODE-1234" });
    const token = visitor.cookie.slice(visitor.cookie.indexOf("=") + 1);
    expect(token.length).toBeGreaterThan(40);
    expect(answer.headers.get("location")).toBe("/");
    const pages = await Promise.all(PAGES.map((path) => visitor.read(path)));
    await visitor.get("/trees/1?secret=hunter2");
    for (const secret of [code, code.replaceAll("-", ""), token, "WRONG-CODE-1234", "hunter2"]) {
      expect(tested.log.text).not.toContain(secret);
      expect(pages.join("")).not.toContain(secret);
    }
    expect(tested.log.lines("orchard.signedIn")).toEqual([expect.objectContaining({ role: "keeper", method: "code" })]);
    await tested.restart();
    const file = readFileSync(tested.databasePath);
    for (const secret of [code, code.replaceAll("-", ""), token]) expect(file.includes(secret)).toBe(false);
  });
});
