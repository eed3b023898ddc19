/** A broker with records in its books that starts from its snapshot, or without one, while nodes go on. All records are invented. */
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Parties } from "../bench/federation-parties.ts";
import { person } from "../support/overlaps.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

const UNITS = ["ct", "wcu"] as const;
type Unit = (typeof UNITS)[number];

/** Of the file's form: `broker/snapshot/snapshot-file.ts`. */
const VERSION_AT = 7;

type Damage = { readonly name: string; readonly event: string; readonly spoil: (file: string, dir: string) => void };

const flipped = (file: string, at: number): void => {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(file, bytes);
};

const DAMAGES: readonly Damage[] = [
  { name: "with a flipped bit", event: "snapshot.unusable", spoil: (file) => flipped(file, 200) },
  { name: "of another version", event: "snapshot.unusable", spoil: (file) => flipped(file, VERSION_AT) },
  { name: "that is cut short", event: "snapshot.unusable", spoil: (file) => truncateSync(file, 300) },
  { name: "whose file is missing", event: "snapshot.unusable", spoil: (file) => rmSync(file) },
  { name: "that is missing", event: "snapshot.none", spoil: (_, dir) => rmSync(dir, { recursive: true }) },
];

describe("a broker that starts again", { timeout: 2 * LONG_MS }, () => {
  let parties: Parties;
  /** Numbers of persons of whom both units have imported a record. */
  const shared: number[] = [];
  let last = 0;

  beforeAll(async () => {
    parties = await Parties.start({ units: UNITS, nodeSettings: { beatMs: 200 } });
  }, LONG_MS);
  afterAll(async () => await parties?.[Symbol.asyncDispose](), LONG_MS);

  async function imports(unit: Unit, ...numbers: number[]): Promise<void> {
    await parties.federation.import(unit, numbers.map((number) => person(unit, number)).join(""));
  }

  /** All that both units hold is met, each once and with the other's contact, and nothing else. */
  async function allMet(): Promise<void> {
    for (const unit of UNITS) {
      const met = async (): Promise<string[]> =>
        (await parties.federation.matches(unit)).map(({ state, reference }) => `${state} ${reference}`).toSorted();
      const expected = shared.map((number) => `proven ${unit}-${number}`).toSorted();
      await expect.poll(met, { ...SOON, timeout: LONG_MS }).toEqual(expected);
    }
    await parties.published();
  }

  const logged = (event: string): boolean => parties.program("broker").logged(event);
  const next = (): number => (last += 1);

  /** With one overlap, and a record of each unit that the other does not hold yet. Answers with their numbers. */
  async function holds(): Promise<readonly [ofCt: number, ofWcu: number]> {
    const [both, ofCt, ofWcu] = [next(), next(), next()];
    await imports("ct", both, ofCt);
    await imports("wcu", both, ofWcu);
    shared.push(both);
    await allMet();
    return [ofCt, ofWcu];
  }

  /** Overlaps of records from before, and of records that come now. */
  async function goesOn([ofCt, ofWcu]: readonly [number, number]): Promise<void> {
    const both = next();
    await imports("wcu", ofCt, both);
    await imports("ct", ofWcu, both);
    shared.push(ofCt, ofWcu, both);
    await allMet();
    // Memory was brought back, and not mended by the nodes afterwards.
    for (const unit of UNITS) expect(parties.program(unit).logged("digest.differed"), unit).toBe(false);
  }

  it("reads its snapshot, and from the streams what was published after it and while it was away", async () => {
    expect(logged("snapshot.none")).toBe(true);
    const before = await holds();
    await parties.stop("broker");
    await parties.startBroker();
    expect([logged("snapshot.loaded"), logged("snapshot.none"), logged("snapshot.unusable")]).toEqual([
      true,
      false,
      false,
    ]);
    // No snapshot is written of what comes now: it is killed.
    const after = await holds();
    process.kill(parties.pidOf("broker"), "SIGKILL");
    await parties.stop("broker");
    const away = next();
    await imports("ct", away);
    await parties.startBroker();
    expect([logged("snapshot.loaded"), logged("snapshot.unusable")]).toEqual([true, false]);
    await imports("wcu", away);
    shared.push(away);
    await goesOn(before);
    await goesOn(after);
  });

  it.for(DAMAGES)("with a snapshot $name says so, and reads all from the streams", async ({ event, spoil }) => {
    const before = await holds();
    await parties.stop("broker");
    const dir = join(parties.federation.dir("broker"), "data", "snapshots");
    const [file] = readdirSync(dir).filter((name) => name.startsWith("epoch-"));
    spoil(join(dir, file as string), dir);
    await parties.startBroker();
    expect([logged(event), logged("snapshot.loaded")]).toEqual([true, false]);
    await goesOn(before);
    await parties.stop("broker");
    await parties.startBroker();
    expect(logged("snapshot.loaded")).toBe(true);
  });
});
