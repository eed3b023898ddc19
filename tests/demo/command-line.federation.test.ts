/** Units and administrators at their command lines, while the demonstration's federation runs behind it. */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textOf, Visitor } from "../web/visitor.ts";
import { assertNatsServer, causeway, endOf, startDemo, untilSaid } from "./support.ts";
import type { Ended } from "./support.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

const DEFAULTS = ["--role", "suspect", "--legal-basis", "Invented Act", "--case", "Invented", "--handling", "open"];

let work: string;
let demo: ChildProcess;
let ended: Promise<Ended>;
let shown: string;

const at = (unit: string): string[] => ["--dir", join(work, "federation", unit)];
const file = (name: string): string => join(work, name);
const objects = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), "causeway-cli-test-"));
  assertNatsServer();
  demo = startDemo(["--dir", join(work, "federation")]);
  ended = endOf(demo);
  shown = await untilSaid(demo, "Ctrl-C ends the demonstration.");
}, LONG_MS);

afterAll(async () => {
  demo?.kill("SIGINT");
  const end = await ended;
  rmSync(work, { recursive: true, force: true });
  expect(end?.code).toBe(0);
}, LONG_MS);

describe("causeway node", { timeout: LONG_MS }, () => {
  it("shows an officer each overlap, whom to call, and what met", async () => {
    const { code, stdout } = await causeway(["node", "inbox", ...at("wcu")]);
    expect(code).toBe(0);
    expect(stdout).toContain("A human-trafficking unit also holds this device (your record WCU-004, strong). Call");
    expect(stdout).toContain("+44 7700 900002");
    expect(stdout).toContain("The IMEI is the same");
    expect(stdout).toMatch(/case \S.*, open, review by \d{4}-\d{2}-\d{2}; The IMEI is the same/);
    expect(stdout).not.toContain("THB-008");
  });

  it("says that all is well, in words and for programs", async () => {
    const words = await causeway(["node", "status", ...at("thb")]);
    expect(words.code).toBe(0);
    expect(words.stdout).toMatch(/Broker +connected/);
    expect(words.stdout).toMatch(/Records +\d+ published, 0 being hardened, 0 sent, 0 refused/);
    expect(words.stdout).not.toMatch(/Publishing|faults/);
    const { stdout } = await causeway(["node", "status", "--json", ...at("thb")]);
    expect(objects(stdout)).toEqual([
      expect.objectContaining({ slug: "thb", brokerConnected: true, outbox: 0, unprovenMatches: 0 }),
    ]);
  });

  it("refuses bad rows by line and field, says how to fill what is missing, and takes the good ones", async () => {
    writeFileSync(
      file("mixed.csv"),
      "Ref,Type,Full name,DOB\nM-1,person,Invented Person,1980-01-02\nM-2,spaceship,Nobody,1981-02-03\n",
    );
    const bare = await causeway(["node", "import", file("mixed.csv"), ...at("wcu")]);
    expect(bare.code).toBe(3);
    expect(bare.stdout).toMatch(/refused +legalBasis is needed and is empty +lines 2, 3/);
    expect(bare.stdout).toContain("give: --role, --legal-basis, --case, --handling, --review-by");
    const review = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);
    const args = ["node", "import", file("mixed.csv"), ...DEFAULTS, "--review-by", review, ...at("wcu")];
    const trial = await causeway([...args, "--dry-run", "--json"]);
    expect(objects(trial.stdout).at(-1)).toMatchObject({
      kind: "receipt",
      dryRun: true,
      rows: 2,
      added: 1,
      rejected: 1,
    });
    const real = await causeway(args);
    expect(real.code).toBe(3);
    expect(real.stdout).toMatch(/DOB +birthDate/);
    expect(real.stdout).toMatch(/refused +kind is none of the words that are known here +line 3/);
    expect(real.stdout).toContain("2 rows. Stored: 1 new, 0 amended, 0 unchanged.");
  });

  it("reads standard input, and a column under another name", async () => {
    const review = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);
    const args = ["--map", "Alter Wert=documentNumber", "--kind", "person", "--review-by", review, ...DEFAULTS];
    const csv = "Ref,Alter Wert\nS-1,INV8812345\n";
    const { code, stdout, stderr } = await causeway(["node", "import", "-", ...args, ...at("ct")], csv);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("1 new");
  });

  it("closes an overlap on the other side when a record is withdrawn", async () => {
    const watcher = causeway(["node", "inbox", ...at("thb"), "--all", "--json"]);
    expect(objects((await watcher).stdout).some(({ state }) => state === "closed")).toBe(false);
    const told = untilSaid(demo, "thb: The overlap with your record THB-003 is closed: a side withdrew its record.");
    const { code } = await causeway(["node", "withdraw", "CT-003", "--reason", "invented", ...at("ct")]);
    expect(code).toBe(0);
    await told;
  });

  it("passes on why the node refuses", async () => {
    const nobody = await causeway(["node", "withdraw", "CT-999", "--reason", "invented", ...at("ct")]);
    expect(nobody).toMatchObject({ code: 1, stdout: "" });
    expect(nobody.stderr).toContain("[NOT_FOUND]");
    const late = ["node", "revalidate", "CT-001", "--review-by", "2199-01-01", "--reason", "x", "--json", ...at("ct")];
    const { code, stdout } = await causeway(late);
    expect(code).toBe(2);
    expect(objects(stdout)).toEqual([{ error: expect.objectContaining({ code: "INVALID", fields: ["reviewBy"] }) }]);
  });

  it("says where it looked for a node that does not answer", async () => {
    const dir = mkdtempSync(join(work, "away-"));
    writeFileSync(join(dir, "node.json"), JSON.stringify({ natsUrl: "tls://127.0.0.1:1" }));
    const { code, stdout, stderr } = await causeway(["node", "records", "--dir", dir]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`the node does not answer at ${join(dir, "node.sock")} [UNAVAILABLE]`);
  });
});

describe("causeway admin", { timeout: LONG_MS }, () => {
  const chair = (): string => join(work, "federation", "board", "1");

  it("gives an administrator a code that opens the console, where the demonstration says it is", async () => {
    const { code, stdout } = await causeway(["admin", "sign-in", chair(), "--json"]);
    expect(code).toBe(0);
    const [told] = objects(stdout);
    expect(shown).toContain(`The board's console is at ${told?.["consoleUrl"] as string}.`);
    const visitor = new Visitor(told?.["consoleUrl"] as string);
    expect((await visitor.post("/sign-in", { code: told?.["code"] as string })).status).toBe(303);
    const members = textOf(await visitor.read("/members"));
    expect(members).toContain("Human Trafficking Unit Harbour");
    expect(members).not.toContain("Never heard");
  });

  it("rehearses a rotation of the salts", async () => {
    // Nodes say how they are within a minute of a change.
    const rehearse = async (): Promise<string> => {
      const { code, stdout } = await causeway(["admin", "epoch", "rehearse", chair()]);
      expect(code).toBe(0);
      return stdout;
    };
    await expect.poll(rehearse, SOON).toMatch(/Epoch 2 would be published anew: [1-9]\d* records/);
  });

  it("invites a unit, which hands in its keys", async () => {
    const [, address = ""] = /admin invite .* --address (\S+)/.exec(shown) ?? [];
    const invited = await causeway(["admin", "invite", chair(), "--note", "Unit four", "--address", address, "--json"]);
    const invitation = objects(invited.stdout)[0]?.["invitation"] as string;
    const named = ["--name", "Invented unit four", "--mandate", "war-crimes"];
    const enrolled = await causeway([
      "node",
      "enrol",
      "--invitation",
      invitation,
      ...named,
      "--no-wait",
      ...at("four"),
    ]);
    expect(enrolled).toMatchObject({ code: 0, stderr: "" });
    const { stdout } = await causeway(["admin", "enrolments", chair(), "--json"]);
    expect(objects(stdout)).toEqual([expect.objectContaining({ enrolment: "Unit four", name: "Invented unit four" })]);
  });
});

describe("causeway", { timeout: LONG_MS }, () => {
  it("tells a misunderstood command from a failed one", async () => {
    expect((await causeway(["node", "import"])).code).toBe(2);
    expect((await causeway(["nobody"])).code).toBe(2);
    expect((await causeway(["node", "status"])).code).toBe(2);
    expect((await causeway(["node", "status", "--dir", file("nothing")])).code).toBe(1);
    expect((await causeway(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
