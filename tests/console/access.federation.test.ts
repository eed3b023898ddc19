/** Who gets in, what each may do, and how it ends. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lakeside } from "./scenario.ts";
import { BOARD, seatOf } from "./invented-federation.ts";
import { ADMINISTRATOR, AUDITOR, SECOND_ADMINISTRATOR, TestConsole } from "./test-console.ts";
import { seatId } from "../../broker/console/seats.ts";

let tested: TestConsole;

beforeEach(async () => {
  tested = await TestConsole.start(lakeside());
});
afterEach(async () => {
  await tested?.[Symbol.asyncDispose]();
});

const PAGES = ["/", "/members", "/joining", "/proposals", "/epochs", "/budgets", "/alarms", "/directives", "/account"];

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
    const first = await tested.signInWith(code);
    expect(first.status).toBe(303);
    expect(await first.visitor.isIn()).toBe(true);
    const second = await tested.signInWith(code);
    expect(second.status).toBe(422);
    expect(await second.visitor.isIn()).toBe(false);
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
    expect((await tested.signInWith(code)).status).toBe(422);
  });
});

describe("a session", () => {
  it("survives a restart of the broker", async () => {
    // The port changes with a restart; the cookie is the same.
    const visitor = await tested.signedIn(ADMINISTRATOR);
    const { cookie } = visitor;
    await tested.restart();
    const response = await fetch(`${tested.origin}/members`, { headers: { cookie }, redirect: "manual" });
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });

  it("ends as soon as a directive takes the seat away", async () => {
    const [leaving, staying] = [await tested.signedIn(ADMINISTRATOR), await tested.signedIn(SECOND_ADMINISTRATOR)];
    tested.broker.replaceFirstSeat("Judge D");
    expect(await leaving.isIn()).toBe(false);
    expect(await staying.isIn()).toBe(true);
  });

  it("of somebody else is an administrator's to end, and not an auditor's", async () => {
    const administrator = await tested.signedIn(ADMINISTRATOR);
    const auditor = await tested.signedIn(AUDITOR);
    const [, id = ""] = /\/sessions\/([0-9a-f]+)\/end/.exec(await administrator.read("/account")) ?? [];
    expect((await auditor.post(`/sessions/${id}/end`)).status).toBe(404);
    expect(await administrator.isIn()).toBe(true);
    expect((await administrator.press("/account", "End the session of Auditor Y")).status).toBe(303);
    expect(await auditor.isIn()).toBe(false);
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
    expect(await auditor.isIn()).toBe(false);
    expect((await tested.signInWith(code)).status).toBe(422);
    expect(await administrator.read("/account")).not.toContain("Auditor Y");
  });

  it("cannot take anybody's access away", async () => {
    const auditor = await tested.signedIn(AUDITOR);
    const administrator = await tested.signedIn(ADMINISTRATOR);
    const [, user = ""] = /\/people\/([0-9a-f]+)\/remove/.exec(await administrator.read("/account")) ?? [];
    expect((await auditor.post(`/people/${user}/remove`)).status).toBe(404);
    expect((await auditor.post(`/people/${user}/end-sessions`)).status).toBe(404);
    expect(await auditor.isIn()).toBe(true);
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
    expect(await administrator.isIn()).toBe(true);
    expect(tested.broker.raised[0]?.acknowledged).toBeUndefined();
  });
});

describe("every answer", () => {
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
