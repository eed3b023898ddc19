/** Who gets in, what each may do, and how it ends. */
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lakeside } from "./scenario.ts";
import { BOARD, seatOf } from "./invented-federation.ts";
import { ADMINISTRATOR, AUDITOR, SECOND_ADMINISTRATOR, TestConsole } from "./test-console.ts";
import type { Visitor } from "../web/visitor.ts";
import { seatId } from "../../broker/console/seats.ts";

const MINUTE = 60_000;

let tested: TestConsole;

beforeEach(async () => {
  tested = await TestConsole.start(lakeside());
});
afterEach(async () => {
  await tested?.[Symbol.asyncDispose]();
});

const PAGES = ["/", "/members", "/joining", "/proposals", "/epochs", "/budgets", "/alarms", "/directives", "/account"];

/** Whether the visitor sees what those who have signed in see. */
async function isIn(visitor: Visitor): Promise<boolean> {
  const response = await visitor.get("/members");
  await response.body?.cancel();
  return response.status === 200;
}

async function signInWith(code: string): Promise<{ status: number; visitor: Visitor }> {
  const visitor = tested.visitor();
  const { status } = await visitor.post("/sign-in", { code });
  return { status, visitor };
}

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
    expect((await visitor.post("/alarms/7/acknowledge", { note: "x" })).status).toBe(303);
    expect(tested.broker.raised[0]?.acknowledged).toBeUndefined();
  });
});

describe("a one-time code", () => {
  it("lets in once", async () => {
    const { code, consoleUrl } = tested.console.issueCode(ADMINISTRATOR);
    expect(consoleUrl).toBe(tested.origin);
    const first = await signInWith(code);
    expect(first.status).toBe(303);
    expect(await isIn(first.visitor)).toBe(true);
    const second = await signInWith(code);
    expect(second.status).toBe(422);
    expect(await isIn(second.visitor)).toBe(false);
  });

  it("may be typed as people type", async () => {
    const { code } = tested.console.issueCode(ADMINISTRATOR);
    const typed = ` ${code.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l")} `;
    expect((await signInWith(typed)).status).toBe(303);
  });

  it("ends after ten minutes", async () => {
    const { code, validUntilMs } = tested.console.issueCode(ADMINISTRATOR);
    expect(validUntilMs).toBe(tested.broker.nowMs + 10 * MINUTE);
    tested.broker.nowMs = validUntilMs;
    expect((await signInWith(code)).status).toBe(422);
  });

  it("ends when another is made for the same person, and not when one is made for somebody else", async () => {
    const { code: first } = tested.console.issueCode(ADMINISTRATOR);
    const { code: second } = tested.console.issueCode(ADMINISTRATOR);
    tested.console.issueCode(SECOND_ADMINISTRATOR);
    expect((await signInWith(first)).status).toBe(422);
    expect((await signInWith(second)).status).toBe(303);
  });

  it("is not made for a key without a seat, nor for an auditor without a name", () => {
    const stranger = { role: "administrator", keyId: seatId(seatOf("a stranger")) } as const;
    expect(() => tested.console.issueCode(stranger)).toThrow(expect.objectContaining({ code: "FORBIDDEN" }));
    for (const name of ["", "x".repeat(61), "a\u202eb", "two\nlines"]) {
      expect(() => tested.console.issueCode({ role: "auditor", name })).toThrow(
        expect.objectContaining({ code: "INVALID" }),
      );
    }
  });

  it("lets nobody in whose seat has gone since it was made", async () => {
    const { code } = tested.console.issueCode(ADMINISTRATOR);
    tested.broker.replaceFirstSeat("Judge D");
    expect((await signInWith(code)).status).toBe(422);
  });

  it("cannot be guessed for long: after ten wrong ones even the right one is refused for a while", async () => {
    const { code } = tested.console.issueCode(ADMINISTRATOR);
    for (let tries = 0; tries < 10; tries += 1) expect((await signInWith("0000-0000-0000")).status).toBe(422);
    expect((await signInWith(code)).status).toBe(429);
    tested.broker.nowMs += 10 * MINUTE;
    const { code: later } = tested.console.issueCode(ADMINISTRATOR);
    expect((await signInWith(later)).status).toBe(303);
  });

  it("is not accepted in an address", async () => {
    const { code } = tested.console.issueCode(ADMINISTRATOR);
    const visitor = tested.visitor();
    await visitor.get(`/sign-in?code=${code}`);
    await visitor.post(`/sign-in?code=${code}`);
    expect(await isIn(visitor)).toBe(false);
  });
});

describe("a session", () => {
  it("is a cookie that scripts and other sites do not get", async () => {
    const visitor = tested.visitor();
    const { code } = tested.console.issueCode(ADMINISTRATOR);
    const [cookie = ""] = (await visitor.post("/sign-in", { code })).headers.getSetCookie();
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(cookie).toMatch(/Path=\//);
  });

  it("survives a restart of the broker", async () => {
    // The port changes with a restart; the cookie is the same.
    const visitor = await tested.signedIn(ADMINISTRATOR);
    const { cookie } = visitor;
    await tested.restart();
    const response = await fetch(`${tested.origin}/members`, { headers: { cookie }, redirect: "manual" });
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });

  it("ends half an hour after its last use", async () => {
    const visitor = await tested.signedIn(ADMINISTRATOR);
    tested.broker.nowMs += 29 * MINUTE;
    expect(await isIn(visitor)).toBe(true);
    tested.broker.nowMs += 29 * MINUTE;
    expect(await isIn(visitor)).toBe(true);
    tested.broker.nowMs += 30 * MINUTE;
    expect(await isIn(visitor)).toBe(false);
  });

  it("ends after a working day however much it is used", async () => {
    const visitor = await tested.signedIn(ADMINISTRATOR);
    for (let minutes = 0; minutes < 580; minutes += 20) {
      tested.broker.nowMs += 20 * MINUTE;
      expect(await isIn(visitor)).toBe(true);
    }
    tested.broker.nowMs += 20 * MINUTE;
    expect(await isIn(visitor)).toBe(false);
  });

  it("ends when its owner signs out, and cannot be brought back with the old cookie", async () => {
    const visitor = await tested.signedIn(ADMINISTRATOR);
    const { cookie } = visitor;
    expect((await visitor.post("/sign-out")).status).toBe(303);
    const replayed = await fetch(`${tested.origin}/members`, { headers: { cookie }, redirect: "manual" });
    expect(replayed.status).toBe(303);
  });

  it("ends as soon as a directive takes the seat away", async () => {
    const [leaving, staying] = [await tested.signedIn(ADMINISTRATOR), await tested.signedIn(SECOND_ADMINISTRATOR)];
    tested.broker.replaceFirstSeat("Judge D");
    expect(await isIn(leaving)).toBe(false);
    expect(await isIn(staying)).toBe(true);
  });

  it("can be ended by its owner from another one, alone or with all others", async () => {
    const [phone, desk] = [await tested.signedIn(ADMINISTRATOR), await tested.signedIn(ADMINISTRATOR)];
    tested.broker.nowMs += MINUTE;
    const third = await tested.signedIn(ADMINISTRATOR);
    const list = await third.read("/account");
    const ids = [...new Set([...list.matchAll(/\/sessions\/([0-9a-f]+)\/end/g)].map(([, id = ""]) => id))];
    expect(ids).toHaveLength(3);
    // Newest first: the third is the one that looks.
    await third.post(`/sessions/${ids[1]}/end`);
    expect([await isIn(phone), await isIn(desk)].filter(Boolean)).toHaveLength(1);
    expect(await isIn(third)).toBe(true);
    await third.press("/account", "End all your sessions");
    expect([await isIn(phone), await isIn(desk), await isIn(third)]).toEqual([false, false, false]);
  });

  it("of somebody else is an administrator's to end, and not an auditor's", async () => {
    const administrator = await tested.signedIn(ADMINISTRATOR);
    const auditor = await tested.signedIn(AUDITOR);
    const [, id = ""] = /\/sessions\/([0-9a-f]+)\/end/.exec(await administrator.read("/account")) ?? [];
    expect((await auditor.post(`/sessions/${id}/end`)).status).toBe(404);
    expect(await isIn(administrator)).toBe(true);
    expect((await administrator.press("/account", "End the session of Auditor Y")).status).toBe(303);
    expect(await isIn(auditor)).toBe(false);
  });
});

describe("an auditor", () => {
  it("reads every page", async () => {
    const auditor = await tested.signedIn(AUDITOR);
    for (const path of PAGES) expect((await auditor.get(path)).status, path).toBe(200);
  });

  it("acknowledges nothing, and is not asked to", async () => {
    const auditor = await tested.signedIn(AUDITOR);
    expect(await auditor.read("/alarms/7")).not.toContain("<textarea");
    expect((await auditor.post("/alarms/7/acknowledge", { note: "Nothing." })).status).toBe(403);
    expect(tested.broker.raised[0]?.acknowledged).toBeUndefined();
  });

  it("sees its own sessions only", async () => {
    await tested.signedIn(ADMINISTRATOR);
    const auditor = await tested.signedIn(AUDITOR);
    expect(await auditor.read("/account")).not.toContain(BOARD[0]);
  });

  it("loses its access when an administrator takes it away, passkeys and all", async () => {
    const auditor = await tested.signedIn(AUDITOR);
    const administrator = await tested.signedIn(ADMINISTRATOR);
    const { code } = tested.console.issueCode(AUDITOR);
    expect((await administrator.press("/account", "Remove the access of Auditor Y")).status).toBe(303);
    expect(await isIn(auditor)).toBe(false);
    expect((await signInWith(code)).status).toBe(422);
    expect(await administrator.read("/account")).not.toContain("Auditor Y");
  });

  it("cannot take anybody's access away", async () => {
    const auditor = await tested.signedIn(AUDITOR);
    const administrator = await tested.signedIn(ADMINISTRATOR);
    const [, user = ""] = /\/people\/([0-9a-f]+)\/remove/.exec(await administrator.read("/account")) ?? [];
    expect((await auditor.post(`/people/${user}/remove`)).status).toBe(404);
    expect((await auditor.post(`/people/${user}/end-sessions`)).status).toBe(404);
    expect(await isIn(auditor)).toBe(true);
  });
});

describe("an administrator", () => {
  it("cannot be removed here, only by a directive", async () => {
    const administrator = await tested.signedIn(ADMINISTRATOR);
    await tested.signedIn(SECOND_ADMINISTRATOR);
    const [, user = ""] = /\/people\/([0-9a-f]+)\/end-sessions/.exec(await administrator.read("/account")) ?? [];
    expect((await administrator.post(`/people/${user}/remove`)).status).toBe(404);
    expect(() => tested.console.issueCode(SECOND_ADMINISTRATOR)).not.toThrow();
  });

  it("acknowledges an alarm with a note, once", async () => {
    const administrator = await tested.signedIn(ADMINISTRATOR);
    const answer = await administrator.post("/alarms/7/acknowledge", { note: "A correction\r\nof an import.  " });
    expect(answer.headers.get("location")).toBe("/alarms/7?done=acknowledged");
    expect(tested.broker.raised[0]?.acknowledged).toEqual({
      by: seatId(seatOf(BOARD[0])),
      atMs: tested.broker.nowMs,
      note: "A correction of an import.",
    });
    const again = await administrator.post("/alarms/7/acknowledge", { note: "Something else." });
    expect(again.headers.get("location")).toBe("/alarms/7");
    expect(tested.broker.raised[0]?.acknowledged?.note).toBe("A correction of an import.");
  });

  it("is told what is wrong with a note, and keeps what was typed", async () => {
    const administrator = await tested.signedIn(ADMINISTRATOR);
    const long = "<b>".repeat(200);
    const answer = await administrator.post("/alarms/7/acknowledge", { note: long });
    expect(answer.status).toBe(422);
    const page = await answer.text();
    expect(page).toContain("The note must be 500 characters or fewer");
    expect(page).toContain("&lt;b&gt;&lt;b&gt;");
    expect(page).not.toContain("<b>");
    for (const note of ["", "   ", "a\u202eb", "a\u0007b"]) {
      expect((await administrator.post("/alarms/7/acknowledge", { note })).status).toBe(422);
    }
    expect((await administrator.post("/alarms/none/acknowledge", { note: "x" })).status).toBe(404);
    expect(tested.broker.raised[0]?.acknowledged).toBeUndefined();
  });

  it("may add a passkey only soon after signing in", async () => {
    const administrator = await tested.signedIn(ADMINISTRATOR);
    expect((await administrator.postJson("/account/passkeys/options", {})).status).toBe(200);
    tested.broker.nowMs += 15 * MINUTE;
    expect((await administrator.postJson("/account/passkeys/options", {})).status).toBe(403);
    expect((await administrator.postJson("/account/passkeys", { answer: {}, name: "x" })).status).toBe(403);
    expect(await administrator.read("/account")).toContain("Sign out and in again first");
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
    const administrator = await tested.signedIn(ADMINISTRATOR);
    expect((await administrator.postJson("/account/passkeys", { answer: invented, name: "desk" })).status).toBe(403);
    expect((await administrator.postJson("/account/passkeys", { answer: invented, name: "" })).status).toBe(422);
    expect((await administrator.postJson("/account/passkeys", { answer: {}, name: "a\u202eb" })).status).toBe(422);
  });

  it("is asked for with user verification, for our own host name", async () => {
    const options = (await (await tested.visitor().postJson("/sign-in/passkey/options", {})).json()) as object;
    expect(options).toMatchObject({ rpId: "localhost", userVerification: "required" });
    expect(options).not.toHaveProperty("allowCredentials");
  });

  it("cannot be asked for without end", async () => {
    const visitor = tested.visitor();
    for (let asked = 0; asked < 100; asked += 1) await visitor.postJson("/sign-in/passkey/options", {});
    expect((await visitor.postJson("/sign-in/passkey/options", {})).status).toBe(429);
  });
});

describe("another site", () => {
  it.each([
    ["says where it comes from", { origin: "https://evil.example" }],
    ["hides where it comes from", { origin: "null" }],
    ["is found out by the browser", { origin: "null", "sec-fetch-site": "cross-site" }],
    ["is a neighbour", { origin: "null", "sec-fetch-site": "same-site" }],
  ])("that %s can change nothing", async (_, headers) => {
    const administrator = await tested.signedIn(ADMINISTRATOR);
    const answer = await administrator.post("/alarms/7/acknowledge", { note: "forged" }, headers);
    expect(answer.status).toBe(403);
    expect((await administrator.post("/sign-out", {}, headers)).status).toBe(403);
    expect(await isIn(administrator)).toBe(true);
    expect(tested.broker.raised[0]?.acknowledged).toBeUndefined();
  });

  it("cannot do so as JSON either, nor sign somebody in as somebody else", async () => {
    const { code } = tested.console.issueCode(ADMINISTRATOR);
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
    const { port } = tested.console;
    const asked = await fetch(`http://127.0.0.1:${port}/members`, { redirect: "manual" });
    expect(asked.status).toBe(308);
    expect(asked.headers.get("location")).toBe(`${tested.origin}/members`);
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
    const administrator = await tested.signedIn(ADMINISTRATOR);
    for (const path of ["/sign-in", "/", "/nowhere"]) {
      const { headers } = await administrator.get(path);
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
    const administrator = await tested.signedIn(ADMINISTRATOR);
    for (const path of PAGES) {
      const page = await administrator.read(path);
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

describe("nothing secret", () => {
  it("stands in the log, an address or the database", async () => {
    const { code } = tested.console.issueCode(ADMINISTRATOR);
    const visitor = tested.visitor();
    const answer = await visitor.post("/sign-in", { code });
    await visitor.post("/sign-in", { code: "WRONG-CODE-1234" });
    const token = visitor.cookie.slice(visitor.cookie.indexOf("=") + 1);
    expect(token.length).toBeGreaterThan(40);
    expect(answer.headers.get("location")).toBe("/");
    const pages = await Promise.all(PAGES.map((path) => visitor.read(path)));
    await visitor.get("/members?secret=hunter2");
    for (const secret of [code, code.replaceAll("-", ""), token, "WRONG-CODE-1234", "hunter2"]) {
      expect(tested.log.text).not.toContain(secret);
      expect(pages.join("")).not.toContain(secret);
    }
    expect(tested.log.lines("console.signedIn")).toEqual([
      expect.objectContaining({ role: "administrator", method: "code" }),
    ]);
    await tested.restart();
    const file = readFileSync(tested.databasePath);
    for (const secret of [code, code.replaceAll("-", ""), token]) expect(file.includes(secret)).toBe(false);
  });
});

describe("the file of accounts", () => {
  it("is opened by one process only, and not by one of another version", async () => {
    const { startConsole } = await import("../../broker/console/console.ts");
    const options = { ...tested.options, data: tested.broker };
    await expect(startConsole(options)).rejects.toMatchObject({ code: "ENVIRONMENT" });
    await tested.console[Symbol.asyncDispose]();
    const database = new DatabaseSync(tested.databasePath);
    database.exec("PRAGMA user_version = 99");
    database.close();
    await expect(startConsole(options)).rejects.toMatchObject({ code: "ENVIRONMENT" });
  });
});
