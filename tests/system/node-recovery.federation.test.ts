import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { partyFile } from "../../shared/party/files.ts";
import type { Match } from "../../agency-node/wire/gen/causeway/node/v1/liaison.ts";
import { TestFederation } from "../support/federation.ts";
import type { UnitName } from "../support/federation.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

// All persons, passports and references are invented.
const GIVEN = ["Arvo", "Belko", "Cardin", "Dovrel", "Esmin", "Farok", "Gelmar", "Hestor"];
const FAMILY = ["Quilbrand", "Rostavik", "Selmorov", "Tarquane", "Ulbrecht", "Vandemeer", "Wolstrom", "Yardelin"];

/** Persons number `from` to `to - 1`: the same number is the same person, whoever holds it. */
function persons(unit: string, from: number, to: number): string {
  const lines = Array.from({ length: to - from }, (_, i) => {
    const n = from + i;
    const name = `${GIVEN[n % 8]} ${FAMILY[Math.floor(n / 8) % 8]}`;
    const birthDate = `${1950 + (n % 50)}-0${1 + (n % 9)}-1${n % 10}`;
    const properties = { name: [name], birthDate: [birthDate], passportNumber: [`ZQ${1_000_000 + n}`] };
    return JSON.stringify({ id: `${unit}-${n}`, schema: "Person", properties });
  });
  return `${lines.join("\n")}\n`;
}

describe("a federation whose parts fail", { timeout: LONG_MS }, () => {
  let federation: TestFederation;

  beforeAll(async () => {
    federation = await TestFederation.found();
  }, LONG_MS);
  afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

  /** Numbers of the persons in proven matches, each as often as it is listed. */
  const met = async (unit: UnitName): Promise<number[]> => {
    const matches = await federation.matches(unit);
    const proven = matches.filter(({ state, kind }) => state === "proven" && kind === "identity");
    return proven.map(({ reference }) => Number(reference.split("-")[1])).toSorted((a, b) => a - b);
  };
  const matchOf = async (unit: UnitName, reference: string): Promise<Match | undefined> =>
    (await federation.matches(unit)).find((match) => match.reference === reference);
  const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

  it("takes records while nothing else runs, and publishes them when the others come", async () => {
    await federation.startEvaluator();
    await federation.startNode("ct");
    await federation.startNode("wcu");
    await federation.import("ct", persons("CT", 0, 6));
    await federation.import("wcu", persons("WCU", 3, 9));
    const status = await federation.status("ct");
    expect(status).toMatchObject({ records: 0n, hardening: 6n, brokerConnected: false });
    await federation.nats.start();
    await federation.startBroker();
    await federation.settled(["ct", "wcu"]);
    expect(await met("ct")).toEqual([3, 4, 5]);
    expect(await met("wcu")).toEqual([3, 4, 5]);
    expect(await federation.status("ct")).toMatchObject({ records: 6n, waiting: 0n, publishingHalt: "" });
  });

  it("goes on where it was after the NATS server was killed", async () => {
    await federation.import("ct", persons("CT", 10, 30));
    await federation.nats.kill();
    await federation.import("wcu", persons("WCU", 20, 40));
    await federation.nats.start();
    await federation.settled(["ct", "wcu"]);
    expect(await met("ct")).toEqual([3, 4, 5, ...numbers(20, 30)]);
    expect(await met("wcu")).toEqual([3, 4, 5, ...numbers(20, 30)]);
  });

  it("goes on where it was after a node was stopped in the middle of publishing", async () => {
    const { hardened: before } = await federation.status("ct");
    await federation.import("ct", persons("CT", 40, 60));
    await federation.stop("ct");
    await federation.startNode("ct");
    await federation.import("ct", persons("CT", 40, 60));
    await federation.import("wcu", persons("WCU", 50, 55));
    await federation.settled(["ct", "wcu"]);
    expect(before).toBeGreaterThan(0n);
    expect(await met("ct")).toEqual([3, 4, 5, ...numbers(20, 30), ...numbers(50, 55)]);
    expect(await federation.status("ct")).toMatchObject({ records: 46n, outbox: 0n, lostSubmissions: 0n });
  });

  it("sends what waited under an earlier start, although the broker was away for all of it", async () => {
    await federation.stop("broker");
    await federation.nats.kill();
    using records = federation.records("ct");
    await records.client.withdraw({ reference: "CT-3", reason: "invented reason" });
    await federation.stop("ct");
    await federation.startNode("ct");
    await federation.nats.start();
    await federation.startBroker();
    await federation.settled(["ct", "wcu"]);
    expect(await matchOf("wcu", "WCU-3")).toMatchObject({ state: "closed", closeReason: "withdrawn" });
    expect(await matchOf("ct", "CT-3")).toMatchObject({ state: "closed" });
  });

  it("opens the match again when the withdrawn record comes back, with the proof that was made", async () => {
    await federation.import("ct", persons("CT", 3, 4));
    await federation.settled(["ct", "wcu"]);
    expect(await matchOf("wcu", "WCU-3")).toMatchObject({ state: "proven", counterpart: { slug: "ct" } });
  });

  it("closes the match at both sides when an amendment takes away what met", async () => {
    await federation.import("ct", persons("CT", 104, 105).replace("CT-104", "CT-4"));
    await federation.settled(["ct", "wcu"]);
    expect(await matchOf("wcu", "WCU-4")).toMatchObject({ state: "closed", closeReason: "amended" });
    expect(await matchOf("ct", "CT-4")).toMatchObject({ state: "closed", closeReason: "amended" });
  });

  it("serves its unit while NATS refuses it, and says so", async () => {
    const credentials = partyFile(federation.dir("ct"), "credentials");
    const good = readFileSync(credentials, "utf8");
    await federation.stop("ct");
    writeFileSync(credentials, good.replace(/(?<=\.)[A-Za-z0-9_-]{86}(?=\n)/, "A".repeat(86)));
    await federation.startNode("ct");
    await expect.poll(() => federation.log.lines("nats.refused").length, SOON).toBeGreaterThan(0);
    await federation.import("ct", persons("CT", 70, 72));
    expect(await federation.status("ct")).toMatchObject({ brokerConnected: false, openMatches: 17n });
    await federation.stop("ct");
    writeFileSync(credentials, good);
    await federation.startNode("ct");
    await federation.settled(["ct"]);
    expect(await federation.status("ct")).toMatchObject({ records: 48n, waiting: 0n });
  });

  it("stops at once although nothing answers any more", async () => {
    await federation.import("ct", persons("CT", 60, 70));
    await federation.stop("key-office");
    await federation.nats.kill();
    for (const unit of ["ct", "wcu"]) {
      const begun = performance.now();
      await federation.stop(unit);
      // Whoever waits for the NATS server gives up after 5 s.
      expect(performance.now() - begun).toBeLessThan(4_000);
    }
    expect(federation.log.lines("node.failed")).toEqual([]);
  });
});
