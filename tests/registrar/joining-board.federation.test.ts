/** An administrator whom a change of the board brings in, and an evaluator's next key, by the commands of the documents alone. */
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { openBroker } from "../../broker/program.ts";
import { equalBytes } from "../../shared/core/bytes.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { freePort } from "../../deploy/demo/ports.ts";
import { Administrators, REASON } from "../support/administrators.ts";
import type { Line } from "../support/administrators.ts";
import { TestFederation } from "../support/federation.ts";
import { LONG_MS } from "../support/patience.ts";
import { eventually, registrarOf } from "./support.ts";

const CLI = resolve(import.meta.dirname, "..", "..", "deploy", "cli.ts");

/** A command that waits for others; its lines as they come. */
function begun(...argv: string[]): { readonly lines: () => Line[]; readonly ended: Promise<number | null> } {
  const child = spawn(process.execPath, [CLI, ...argv, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk) => (text += String(chunk)));
  return {
    lines: () => text.split("\n").flatMap((line) => (line.endsWith("}") ? [JSON.parse(line) as Line] : [])),
    ended: new Promise((done) => child.once("exit", done)),
  };
}

const wordOf = (lines: readonly Line[], field: string): string =>
  lines.find((line) => field in line)?.[field] as string;

describe("keys that the board is to name", { timeout: LONG_MS }, () => {
  it("are handed in by invitation, compared, decided on, and come with all that their party needs", async () => {
    await using federation = await TestFederation.found();
    await federation.nats.start();
    const door = `127.0.0.1:${await freePort()}`;
    const config = { ...federation.configureBroker(), enrolment: { listen: door } };
    await using broker = await openBroker(config, systemWorld(federation.log.for("broker")));
    await broker.ready;
    await federation.startEvaluator();
    await using _ = registrarOf(federation);
    const board = new Administrators(federation);
    const inviting = async (): Promise<string> =>
      wordOf(await board.done("chair", "invite", "--note", "invented", "--address", door), "invitation");
    const printed = async (lines: () => Line[]): Promise<string> =>
      await eventually(() => wordOf(lines(), "fingerprint"));

    const dir = join(federation.root, "newcomer");
    const joining = begun("admin", "enrol", dir, "--invitation", await inviting(), "--name", "The newcomer");
    const fingerprint = await printed(joining.lines);
    // What the board reads is what the newcomer's machine printed, digit by digit and in the same groups.
    expect(wordOf(await board.done("deputy", "enrolments"), "fingerprint")).toBe(fingerprint);
    const change = ["board-change", "--fingerprint", fingerprint, "--quorum", "3", ...REASON] as const;
    expect((await board.run("chair", ...change)).code).toBe(4);
    const asked = wordOf(await board.done("deputy", "release-shares"), "id");
    await board.done("deputy", "release-shares", asked, "--yes");
    const digest = await board.propose("chair", ...change);
    const approve = ["approve", digest.slice(0, 8), "--digest", digest.slice(0, 16)] as const;
    const notes = await board.done("deputy", ...approve);
    expect(JSON.stringify(notes)).toContain(fingerprint);
    await board.done("clerk", ...approve);
    expect(await joining.ended).toBe(0);
    expect((await board.done("newcomer", "members")).map((line) => line["slug"])).toContain("ct");

    // The new seat signs, with the others, that the evaluator has another key, and the evaluator renews under it.
    const office = federation.dir("key-office");
    const rekeying = begun("admin", "next-key", office, "--invitation", await inviting());
    const next = await printed(rekeying.lines);
    const rotation = await board.propose(
      "newcomer",
      "rotate-key",
      "evaluator:key-office",
      "--fingerprint",
      next,
      ...REASON,
    );
    const agree = ["approve", rotation.slice(0, 8), "--digest", rotation.slice(0, 16)] as const;
    await board.done("deputy", ...agree);
    await board.done("clerk", ...agree);
    expect(await rekeying.ended).toBe(0);
    await federation.stop("key-office");
    await federation.startEvaluator();
    const named = federation.board.federation.found.evaluators.find(({ name }) => name === "key-office")!;
    expect(equalBytes(named.signingKey, readSigningKeys(office).publicKey)).toBe(true);
    await federation.startNode("ct");
    await federation.import(
      "ct",
      "reference,kind,role,first name,last name,birth date\nR-1,person,suspect,Ilse,Invented,1980-02-03\n",
    );
    await federation.settled(["ct"]);
  });
});
