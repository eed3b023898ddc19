/** What the kit makes of a program's pages and forms. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GUEST, KEEPER, TestOrchard } from "./orchard.ts";
import { textOf } from "./visitor.ts";

let tested: TestOrchard;

beforeEach(async () => {
  tested = await TestOrchard.start();
});
afterEach(async () => {
  await tested?.[Symbol.asyncDispose]();
});

describe("a page", () => {
  it("stands in the site's own frame: product, name, sections and foot", async () => {
    const keeper = await tested.signedIn(KEEPER);
    const page = await keeper.read("/");
    expect(page).toContain("<title>Trees – Hillside – Orchards</title>");
    expect(page).toMatch(/Orchards <span[^>]*><bdi>Hillside<\/bdi>/);
    const sections = [...page.matchAll(/class="govuk-service-navigation__link" href="([^"]*)"/g)].map(
      ([, path]) => path,
    );
    expect(sections).toEqual(["/", "/account"]);
    expect(page).toContain("<bdi>Keeper A</bdi>, keeper");
    expect(page).toContain("This orchard is invented.");
    expect(page).toContain("Orchards 9.8.7. All times are UTC. Trees are not persons.");
    expect(page).not.toMatch(/Causeway|directive|administrator/i);
  });

  it("shows text of strangers as text", async () => {
    const keeper = await tested.signedIn(KEEPER);
    expect(await keeper.read("/")).toContain("<bdi>&lt;b&gt;Gala&lt;/b&gt;</bdi>");
  });

  it("is made of what was asked for, and is not found where the program has none", async () => {
    const keeper = await tested.signedIn(KEEPER);
    expect(textOf(await keeper.read("/trees/1"))).toContain(
      "40 apples on a Boskoop, counted 22 November 2026, 13:05 UTC",
    );
    const answer = await keeper.get("/trees/3");
    expect(answer.status).toBe(404);
    expect(textOf(await answer.text())).toContain("Check the address, or begin at the trees.");
  });

  it("that fails says so without a word of why, and the log says where", async () => {
    const keeper = await tested.signedIn(KEEPER);
    tested.orchard.isBroken = true;
    const answer = await keeper.get("/");
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("hunter2");
    expect(tested.log.lines("orchard.failed")).toEqual([expect.objectContaining({ path: "/", error: "Error" })]);
    expect(tested.log.text).not.toContain("hunter2");
  });
});

describe("the sign-in page", () => {
  it("shows a stranger the way to a code, and neither the version nor the sections", async () => {
    const page = await tested.visitor().read("/sign-in");
    expect(page).toContain("Ask at the gate for a code.");
    expect(page).not.toMatch(/9\.8\.7|govuk-service-navigation/);
  });
});

describe("a form", () => {
  it("that did something leads to the page that says it once", async () => {
    const keeper = await tested.signedIn(KEEPER);
    const answer = await keeper.post("/trees/1/count", { apples: "41" });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/trees/1?done=counted"]);
    expect(tested.orchard.trees.get("1")).toMatchObject({ apples: 41, countedAtMs: tested.orchard.nowMs });
    expect(textOf(await keeper.read("/trees/1?done=counted"))).toContain("The apples are counted.");
  });

  it("that is wrong comes back with what is wrong, at its page's own address", async () => {
    const keeper = await tested.signedIn(KEEPER);
    const answer = await keeper.post("/trees/1/count", { apples: "many" });
    expect(answer.status).toBe(422);
    const page = await answer.text();
    expect(page).toContain("<title>Error: Tree 1 –");
    expect(page).toContain('<a href="#apples">Enter how many apples there are</a>');
    expect(page).toContain('data-watch="/trees/1"');
    expect(tested.orchard.trees.get("1")?.apples).toBe(40);
  });

  it("is refused to those who may not send it, and for what is not there", async () => {
    const [keeper, guest] = [await tested.signedIn(KEEPER), await tested.signedIn(GUEST)];
    const refused = await guest.post("/trees/1/count", { apples: "1" });
    expect([refused.status, await refused.text()]).toEqual([403, "only keepers count"]);
    expect((await keeper.post("/trees/3/count", { apples: "1" })).status).toBe(404);
    expect((await keeper.post("/trees/3/count", { apples: "many" })).status).toBe(404);
  });

  it("has words of its own after `?done=` only", async () => {
    const keeper = await tested.signedIn(KEEPER);
    for (const word of ["constructor", "<b>", "toString"]) {
      expect(await keeper.read(`/?done=${encodeURIComponent(word)}`)).not.toContain("govuk-notification-banner");
    }
  });
});

describe("who may come in", () => {
  it("is the program's to say: nobody without standing, and nobody in a role it does not have", () => {
    const refused = expect.objectContaining({ code: "FORBIDDEN" });
    expect(() => tested.running.issueCode({ role: "keeper", subject: "badge 3" })).toThrow(refused);
    expect(() => tested.running.issueCode({ role: "owner", subject: "badge 1" })).toThrow(refused);
    expect(() => tested.running.issueCode({ role: "constructor", subject: "badge 1" })).toThrow(refused);
  });

  it("has a cookie that no other site on the machine takes for its own", async () => {
    await using other = await TestOrchard.start();
    const keeper = await tested.signedIn(KEEPER);
    expect(keeper.cookie).toMatch(/^orchard-session=/);
    const answer = await other.visitor().get("/", { cookie: keeper.cookie });
    expect(answer.headers.get("location")).toBe("/sign-in?ended");
  });

  it("reads on the account page what the role is", async () => {
    expect(await (await tested.signedIn(GUEST)).read("/account")).toContain("Guest: looks");
    const own = await (await tested.signedIn(KEEPER)).read("/account");
    expect(own).toContain("Who may use this orchard");
    expect(own).toContain("Keepers leave by the list, guests here.");
  });
});
