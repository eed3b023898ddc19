/** The board's command line against a real broker and real nodes: each administrator in its own directory, each command a process. */
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../../agency-node/cli/output.ts";
import { activeEpoch } from "../../shared/core/decisions.ts";
import { TestFederation } from "../support/federation.ts";
import type { UnitName } from "../support/federation.ts";

const CLI = resolve(import.meta.dirname, "..", "..", "deploy", "cli.ts");
const SOON = { timeout: 25_000, interval: 250 };
const REASON = ["--reason", "invented reason"];

type Line = Record<string, unknown>;
type Ran = { readonly code: number; readonly lines: readonly Line[]; readonly stderr: string };

let federation: TestFederation;

beforeAll(async () => {
  federation = await TestFederation.start();
}, 60_000);
afterAll(async () => await federation?.[Symbol.asyncDispose]());

/** Runs `causeway admin <command> DIR <args>` as this administrator. */
async function admin(name: string, command: string, ...args: string[]): Promise<Ran> {
  const argv = [CLI, "admin", ...command.split(" "), join(federation.root, name), ...args, "--json"];
  return await new Promise((done) => {
    execFile(process.execPath, argv, { encoding: "utf8" }, (error, stdout, stderr) => {
      const lines = stdout
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Line);
      done({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, lines, stderr });
    });
  });
}

async function done(name: string, command: string, ...args: string[]): Promise<readonly Line[]> {
  const { code, lines, stderr } = await admin(name, command, ...args);
  expect(code, `${name}: ${command}\n${stderr}${JSON.stringify(lines)}`).toBe(EXIT.ok);
  return lines;
}

/** One proposes, another hears the digest and approves. */
async function decide(proposer: string, approver: string, command: string, ...args: string[]): Promise<void> {
  const lines = await done(proposer, command, ...args);
  const digest = lines.find((line) => "proposed" in line)?.["digest"] as string;
  expect(lines.at(-1)).toMatchObject({ state: "waiting" });
  const approved = await done(approver, "approve", digest.slice(0, 8), "--digest", digest.slice(0, 16));
  expect(approved.at(-1)).toMatchObject({ state: "accepted" });
}

function persons(unit: UnitName, ...numbers: number[]): string {
  const lines = numbers.map((number) => {
    const passportNumber = [`ZX9${String(number).padStart(6, "0")}`];
    return JSON.stringify({
      id: `${unit}-${number}`,
      schema: "Person",
      properties: { name: [`Invented ${unit} ${number}`], passportNumber },
    });
  });
  return `${lines.join("\n")}\n`;
}

describe("the board at work", () => {
  it(
    "rotates the salts while one member is suspended, and brings it back with today's",
    { timeout: 180_000 },
    async () => {
      await federation.import("ct", persons("ct", 1, 2, 3));
      await federation.import("wcu", persons("wcu", 3, 4));
      await federation.settled();
      await decide("chair", "deputy", "suspend", "thb", ...REASON);
      await federation.informed(["ct", "wcu"]);

      await expect.poll(async () => (await done("clerk", "epoch prepare"))[0]?.["silent"], SOON).toEqual([]);
      for (const name of ["chair", "clerk"]) await done(name, "epoch pledge");
      for (const name of ["chair", "clerk"]) await done(name, "epoch reveal");
      await decide("clerk", "chair", "epoch open", "--days", "30");
      const early = await admin("deputy", "epoch retire", ...REASON);
      expect(early).toMatchObject({ code: EXIT.failure, lines: [{ error: { code: "NOT_FOUND" } }] });

      const ready = async (): Promise<unknown> => {
        const staging = (await done("deputy", "epoch status")).find((line) => line["epoch"] === 2);
        return (staging?.["members"] as { ready: boolean }[] | undefined)?.map((member) => member.ready);
      };
      await expect.poll(ready, { timeout: 60_000, interval: 1000 }).toEqual([true, true]);
      await decide("deputy", "clerk", "epoch activate");
      await decide("deputy", "chair", "epoch retire", "--without", "ct,wcu", ...REASON);

      const asked = await admin("chair", "reinstate", "thb", ...REASON);
      expect(asked.code).toBe(EXIT.waiting);
      const [request] = await done("clerk", "release-shares");
      expect(request).toMatchObject({ by: "Administrator 1", purpose: "reinstate thb", epochs: [2] });
      await done("clerk", "release-shares", request?.["id"] as string, "--yes");
      await decide("chair", "deputy", "reinstate", "thb", ...REASON);

      await federation.informed();
      const after = federation.board.federation;
      expect(activeEpoch(after)?.epoch).toBe(2);
      expect([...after.members.values()].map(({ slug }) => slug).sort()).toEqual(["ct", "thb", "wcu"]);
      await federation.import("thb", persons("thb", 1));
      await expect
        .poll(async () => (await federation.matches("thb")).map(({ state }) => state), SOON)
        .toEqual(["proven"]);
    },
  );

  it("tells an administrator what it lacks", { timeout: 60_000 }, async () => {
    expect((await admin("chair", "approve", "00000000")).lines).toMatchObject([{ error: { code: "NOT_FOUND" } }]);
    expect((await admin("broker", "members")).code).toBe(EXIT.failure);
    // The history is read off-line; any command at a seat brings the chain up to date.
    await done("clerk", "members");
    const history = await done("clerk", "history");
    expect(history.at(-1)).toMatchObject({ type: "reinstate", signedBy: ["Administrator 1", "Administrator 2"] });
  });
});
