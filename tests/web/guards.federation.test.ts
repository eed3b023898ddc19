/** What every request passes, and what every answer says. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KEEPER, TestOrchard } from "./orchard.ts";

let tested: TestOrchard;

beforeEach(async () => {
  tested = await TestOrchard.start();
});
afterEach(async () => {
  await tested?.[Symbol.asyncDispose]();
});

const PAGES = ["/", "/trees/1", "/account"];

describe("another site", () => {
  it.each([
    ["says where it comes from", { origin: "https://evil.example" }],
    ["hides where it comes from", { origin: "null" }],
    ["is found out by the browser", { origin: "null", "sec-fetch-site": "cross-site" }],
    ["is a neighbour", { origin: "null", "sec-fetch-site": "same-site" }],
  ])("that %s can change nothing", async (_, headers) => {
    const keeper = await tested.signedIn(KEEPER);
    const answer = await keeper.post("/trees/1/count", { apples: "7" }, headers);
    expect(answer.status).toBe(403);
    expect((await keeper.post("/sign-out", {}, headers)).status).toBe(403);
    expect(await keeper.isIn()).toBe(true);
    expect(tested.orchard.trees.get("1")?.apples).toBe(40);
  });

  it("cannot do so as JSON either, nor sign somebody in as somebody else", async () => {
    const { code } = tested.running.issueCode(KEEPER);
    const headers = { origin: "https://evil.example" };
    expect((await tested.visitor().post("/sign-in", { code }, headers)).status).toBe(403);
    const response = await fetch(`${tested.origin}/sign-in/passkey/options`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: "{}",
    });
    expect(response.status).toBe(403);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("gets no answer under its own name", async () => {
    const { port } = tested.running;
    const asked = await fetch(`http://127.0.0.1:${port}/trees/1`, { redirect: "manual" });
    expect(asked.status).toBe(308);
    expect(asked.headers.get("location")).toBe(`${tested.origin}/trees/1`);
    const posted = await fetch(`http://127.0.0.1:${port}/sign-in`, {
      method: "POST",
      headers: { origin: `http://127.0.0.1:${port}` },
      body: new URLSearchParams({ code: "x" }),
    });
    expect(posted.status).toBe(421);
  });
});

describe("every answer", () => {
  it("forbids what a page does not need, and leaves no copy", async () => {
    const keeper = await tested.signedIn(KEEPER);
    for (const path of ["/sign-in", "/", "/nowhere"]) {
      const { headers } = await keeper.get(path);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  it("has no inline script or style in it", async () => {
    const keeper = await tested.signedIn(KEEPER);
    for (const path of PAGES) {
      const page = await keeper.read(path);
      expect(page, path).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:/);
      for (const [, attributes = "", content] of page.matchAll(/<script([^>]*)>([^<]*)<\/script>/g)) {
        expect(attributes).toContain('src="/assets/');
        expect(content).toBe("");
      }
    }
  });

  it("that is a style sheet or script may be kept for ever, under a name that changes with it", async () => {
    const visitor = tested.visitor();
    const page = await visitor.read("/sign-in");
    const paths = [...page.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
    expect(paths.length).toBeGreaterThan(4);
    for (const path of paths) {
      const { status, headers } = await visitor.get(path);
      expect(status, path).toBe(200);
      expect(headers.get("cache-control")).toContain("immutable");
    }
    const css = await visitor.read(paths.find((path) => path.endsWith("govuk-frontend.min.css")) ?? "");
    expect(css).not.toContain("@font-face");
    expect((await visitor.get("/assets/0123/kit.css")).status).toBe(404);
    expect((await visitor.get("/assets/..%2f..%2fpackage.json/x")).status).toBe(404);
  });
});
