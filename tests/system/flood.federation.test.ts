/** Somebody with one unit's NATS user fills its stream with junk, on the real server; the unit publishes again within a minute. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomBytes } from "../../shared/world/random.ts";
import { submissionSubject } from "../../shared/wire/subjects.ts";
import { TestFederation } from "../support/federation.ts";
import { LONG_MS } from "../support/patience.ts";
import { natsAs } from "../registrar/support.ts";

const MIB = 1024 * 1024;
const STREAM_BYTES = 16 * MIB;
const WITHIN_MS = 60_000;
const HEADER = "reference,kind,role,first name,last name,birth date,phone";
const record = (reference: string, day: string): string =>
  `${HEADER}\n${reference},person,suspect,Ilse,Invented,1980-02-${day},+4416329600${day}\n`;

let federation: TestFederation;
beforeAll(async () => {
  federation = await TestFederation.found();
  await federation.nats.start();
  await federation.startBroker({ submissionBytesMax: STREAM_BYTES });
  await federation.startEvaluator();
  for (const unit of ["ct", "thb"] as const) await federation.startNode(unit);
}, LONG_MS);
afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

/** Publishes junk, ever smaller, until the server has no room for a single byte more; how many messages it took. */
async function flood(subject: string): Promise<number> {
  const thief = await natsAs(federation, "ct");
  let taken = 0;
  for (let bytes = 256 * 1024; bytes >= 1; taken += 1) {
    const answer = await thief.request(subject, randomBytes(Math.floor(bytes)), { timeout: 10_000 });
    if ((JSON.parse(new TextDecoder().decode(answer.data)) as { error?: unknown }).error !== undefined) bytes /= 2;
    if (taken > 10_000) throw new Error("the stream does not fill");
  }
  await thief.close();
  return taken;
}

describe("a unit's stream that somebody else fills", { timeout: LONG_MS }, () => {
  it("takes the unit's own submissions again within a minute, and names the unit to oversight", async () => {
    await federation.import("ct", record("CT-1", "03"));
    await federation.import("thb", record("THB-1", "03"));
    await federation.settled(["ct", "thb"]);
    const member = federation.member("ct");
    // In an epoch that is open, and in one that nobody knows of.
    for (const [epoch, day] of [
      [1, "04"],
      [999, "05"],
    ] as const) {
      const emptied = federation.log.lines("alarm.streamEmptied").length;
      const paused = federation.log.lines("submission.unproven").length;
      await federation.stop("broker");
      expect(await flood(submissionSubject(member, epoch))).toBeGreaterThan(10);
      await federation.import("ct", record(`CT-${day}`, day));
      await federation.import("thb", record(`THB-${day}`, day));
      const began = Date.now();
      await federation.startBroker({ submissionBytesMax: STREAM_BYTES });
      await federation.settled(["ct", "thb"], WITHIN_MS);
      expect(Date.now() - began).toBeLessThan(WITHIN_MS);
      expect(federation.log.lines("alarm.streamEmptied").length).toBeGreaterThan(emptied);
      expect(federation.log.lines("submission.unproven").length).toBeGreaterThan(paused);
      expect((await federation.matches("ct")).map(({ reference }) => reference)).toContain(`CT-${day}`);
    }
    const raised = federation.log.lines("alarm.raised").filter(({ kind }) => kind === "streamFlooded");
    expect(raised.map((line) => line["member"])).toContain("ct");
    // What was applied before stands, though the stream was emptied under it.
    await federation.stop("broker");
    await federation.startBroker({ submissionBytesMax: STREAM_BYTES });
    await federation.settled(["ct", "thb"]);
    const proven = (await federation.matches("ct")).filter(({ state }) => state === "proven");
    expect([...new Set(proven.map(({ reference }) => reference))].toSorted()).toEqual(["CT-04", "CT-05", "CT-1"]);
  });
});
