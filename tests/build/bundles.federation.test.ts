/** What `npm run build` makes runs by itself: elsewhere, without the checkout and without any package. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROGRAMS, buildBundles } from "../../deploy/build/bundles.ts";
import { VERSION } from "../../shared/platform/version.ts";
import { FoundingPage } from "../support/founding-page.ts";
import { LONG_MS } from "../support/patience.ts";

const ASK_MS = 300;
const REVIEW_BY = new Date(Date.now() + 200 * 86_400_000).toISOString().slice(0, 10);

let made: string;
let elsewhere: string;
let modules: Awaited<ReturnType<typeof buildBundles>>;

beforeAll(async () => {
  made = mkdtempSync(join(tmpdir(), "causeway-build-"));
  elsewhere = mkdtempSync(join(tmpdir(), "causeway elsewhere é-"));
  modules = await buildBundles(join(made, "dist"));
  cpSync(join(made, "dist"), elsewhere, { recursive: true });
}, LONG_MS);

afterAll(() => {
  rmSync(made, { recursive: true, force: true });
  rmSync(elsewhere, { recursive: true, force: true });
});

const bundle = (name: string): string => join(elsewhere, name, `${name}.mjs`);

function causeway(...args: readonly string[]) {
  const environment = { PATH: process.env["PATH"], XDG_CACHE_HOME: join(made, "cache") };
  return spawnSync(process.execPath, [bundle("causeway"), ...args], { encoding: "utf8", env: environment });
}

describe("the bundles", () => {
  it("hold one program each, and the licences of what is in it", () => {
    expect(readdirSync(elsewhere).toSorted()).toEqual(Object.keys(PROGRAMS).toSorted());
    for (const name of Object.keys(PROGRAMS)) {
      expect(existsSync(bundle(name)), name).toBe(true);
      expect(readFileSync(join(elsewhere, name, "THIRD-PARTY.txt"), "utf8")).toMatch(/^zod \d.*\(MIT\)$/m);
    }
  });

  it("say version, help and faults", () => {
    expect(causeway("--version")).toMatchObject({ status: 0, stdout: `${VERSION}\n`, stderr: "" });
    expect(causeway("node", "import", "--help").stdout).toMatch(/Examples:\n {2}causeway node import/);
    expect(causeway("node", "improt")).toMatchObject({ status: 2, stderr: expect.stringContaining("import") });
  });

  it("start every program, also from the command line", () => {
    const commands = { broker: ["broker"], evaluator: ["evaluator"], node: ["node", "run"], registrar: ["registrar"] };
    for (const [name, command] of Object.entries(commands)) {
      const refusal = { status: 1, stderr: expect.stringContaining(join(made, "nowhere", `${name}.json`)) };
      expect(causeway(...command, "--dir", join(made, "nowhere"))).toMatchObject(refusal);
      const own = spawnSync(process.execPath, [bundle(name), join(made, "nowhere")], { encoding: "utf8" });
      expect(own).toMatchObject(refusal);
    }
  });

  it("keep the walls between the programs", () => {
    const inside = (name: string): string => (modules.get(name) ?? []).join("\n");
    for (const name of ["broker", "evaluator"]) expect(inside(name)).not.toMatch(/^agency-node\//m);
    for (const name of ["node", "registrar"]) expect(inside(name)).not.toMatch(/^broker\//m);
    expect(inside("registrar")).not.toMatch(/^agency-node\/(?!admin|registrar)/m);
    expect(inside("evaluator")).not.toMatch(/^broker\/(?!evaluator)/m);
    expect(inside("evaluator")).toMatch(/^broker\/evaluator\/evaluator-worker\.ts$/m);
    expect(inside("node")).toMatch(/^agency-node\/hardening\/harden-worker\.ts$/m);
  });
});

it("bundles found a federation and find an overlap", { timeout: LONG_MS }, async () => {
  await using page = await FoundingPage.done(fromBundles);
  for (const [unit, name] of Object.entries({ north: "Ismail Ibragimov", harbour: "Ibragimov, Ismail" })) {
    const heading = "Reference,Full name,Date of birth,Passport no,Issuing country";
    writeFileSync(join(page.work, `${unit}.csv`), `${heading}\n${unit}-1,"${name}",1981-03-04,P7654321,Jordan\n`);
    const terms = `--kind person --role suspect --legal-basis "Invented Act" --case C-1 --handling open --review-by ${REVIEW_BY}`;
    page.run(`causeway node import ${unit}.csv --dir ${unit} ${terms}`);
  }
  let inbox = "";
  while (!inbox.includes("Call")) {
    await pause(ASK_MS);
    inbox = page.run("causeway node inbox --dir north");
  }
  expect(inbox).toContain("Human Trafficking Unit Harbour");
});

/** The four programs from their own bundles, every other command from the command line's. */
function fromBundles(command: string): string {
  return command
    .replace(/^causeway (broker|evaluator|registrar) --dir /, (_, name: string) => `node "${bundle(name)}" `)
    .replace(/^causeway node run --dir /, `node "${bundle("node")}" `)
    .replace(/^causeway /, `node "${bundle("causeway")}" `);
}
