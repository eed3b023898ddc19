/**
 * Searches everything that a federation wrote, sent and said for what only the units may know. Each search is shown to find the
 * same values where they may stand, and at the end in programs that do it wrong.
 */
import { callerIn } from "../support/callers.ts";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { evaluatorClient } from "../../agency-node/hardening/rpc/evaluator-client.ts";
import { encodeIdentifier, identifiersOf } from "../../agency-node/linkage/identifiers.ts";
import { domainOf } from "../../agency-node/core/record.ts";
import type { DeconflictionRecord } from "../../agency-node/core/record.ts";
import { NODE_DATABASE } from "../../agency-node/store/node-schema.ts";
import { Database } from "../../shared/store/database.ts";
import { ActivityLog } from "../../agency-node/store/activity.ts";
import { HardenedStore } from "../../agency-node/store/hardened.ts";
import { RecordStore } from "../../agency-node/store/records.ts";
import { Vault } from "../../agency-node/store/vault.ts";
import { fromHex } from "../../shared/core/bytes.ts";
import { confirmKeyOf, tokenOf } from "../../shared/crypto/token.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { connectNats } from "../../shared/platform/nats.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import { readKeyShare, readStorageKey } from "../../shared/party/keys.ts";
import { MEMBER_API_PREFIX, memberInboxPrefix, submissionSubject } from "../../shared/wire/subjects.ts";
import { TestFederation } from "../support/federation.ts";
import type { UnitName } from "../support/federation.ts";
import { files, logs, messages, opened, rows, withCopy } from "./evidence.ts";
import type { StreamMessage } from "./evidence.ts";
import { hardenAlone, pointOf } from "./guessing.ts";
import { keyNeedles, saltsOf } from "./keys.ts";
import { BAD_FILES, FILES, IN_ACTS, OPTIONS, plantedInActs, plantedInRecords } from "./planted.ts";
import { needlesOfBytes, needlesOfText, search } from "./search.ts";
import type { Haystack, Needle } from "./search.ts";
import { LONG_MS, SOON } from "../support/patience.ts";
import { systemTimers } from "../../shared/world/world.ts";

const UNITS: readonly UnitName[] = ["ct", "thb", "wcu"];
const GENERATION = 1;

let federation: TestFederation;
let said: Haystack[];
let sent: StreamMessage[];
let known: Readonly<Record<UnitName, Known>>;

/** What a unit's own key opens. */
type Known = {
  readonly records: readonly DeconflictionRecord[];
  readonly hardened: readonly (Uint8Array | undefined)[];
  readonly activity: string;
};

beforeAll(async () => {
  federation = await TestFederation.start({ tapped: true });
  said = await live();
  sent = await messages(federation);
  known = { ct: knownTo("ct"), thb: knownTo("thb"), wcu: knownTo("wcu") };
}, LONG_MS);

afterAll(async () => await federation?.[Symbol.asyncDispose](), LONG_MS);

/** A day in the federation's life; answers with everything that the services said when something went wrong. */
async function live(): Promise<Haystack[]> {
  for (const unit of UNITS) await federation.import(unit, FILES[unit], OPTIONS);
  await federation.settled(UNITS, SOON.timeout, 1);
  await federation.stop("key-office");
  await federation.import("thb", FILES.late, OPTIONS);
  await vi.waitUntil(() => federation.log.lines("publishing.waiting").length > 0, SOON);
  const said = [...(await goWrong()), ...(await importBadFiles())];
  using records = federation.records("wcu");
  await records.client.withdraw({ reference: "WCU-PLANT-20003", reason: IN_ACTS.reason });
  const reviewBy = new Date(Date.now() + 200 * 86_400_000).toISOString().slice(0, 10);
  await records.client.revalidate({ reference: "WCU-PLANT-20001", reviewBy, reason: IN_ACTS.reason });
  await federation.stop("ct");
  await federation.startEvaluator();
  await federation.startNode("ct");
  await federation.import("ct", FILES.ct.replace("QZX 9912 3457", "QZX 9912 3457 (expired)"), OPTIONS);
  await federation.settled(UNITS, SOON.timeout, 1);
  return said;
}

/** Calls that are refused, with planted values in them. */
async function goWrong(): Promise<Haystack[]> {
  using records = federation.records("ct");
  const { client } = records;
  const { reason, unknownReference: reference, notADate: reviewBy, format } = IN_ACTS;
  const refused = await Promise.allSettled([
    client.withdraw({ reference, reason }),
    client.withdraw({ reference: "REF-ZANTHIUM-0001", reason: "" }),
    client.revalidate({ reference: "REF-ZANTHIUM-0001", reviewBy, reason }),
    federation.import("ct", FILES.ct, { ...OPTIONS, format }),
    federation.import("ct", FILES.ct, { ...OPTIONS, reviewBy, mapping: { [IN_ACTS.heading]: IN_ACTS.badCell } }),
  ]);
  return refused.map((outcome, i) => {
    if (outcome.status === "fulfilled") throw new Error(`call ${i} was not refused`);
    return { place: `refusal ${i}`, bytes: Buffer.from(inspect(outcome.reason, { depth: 20, showHidden: true })) };
  });
}

/** The problems that intake finds. Headings and ignored properties are repeated to the importer on purpose and left out. */
async function importBadFiles(): Promise<Haystack[]> {
  const events = [];
  for (const file of BAD_FILES) events.push(...(await federation.import("ct", file, OPTIONS)));
  const problems = events.flatMap(({ event }) => (event?.$case === "problem" ? [event.value] : []));
  if (problems.filter(({ error }) => error).length < BAD_FILES.length) throw new Error("bad files were accepted");
  return problems.map((found) => ({ place: `problem ${found.code}`, bytes: Buffer.from(inspect(found)) }));
}

function knownTo(unit: UnitName): Known {
  const dir = federation.dir(unit);
  return withCopy(join(dir, "node.sqlite"), (database, copy) => {
    database.close();
    using db = new Database(copy, NODE_DATABASE);
    const vault = new Vault(readStorageKey(dir, "database"), { randomBytes });
    const records = [...new RecordStore(db, vault).all()].map(({ record }) => record);
    const store = new HardenedStore(db, vault);
    const hardened = records.flatMap(inputsOf).map((x) => store.get(store.cacheKey(GENERATION, x)));
    const activity = JSON.stringify([...new ActivityLog(db, vault).entries()]);
    return { records, hardened, activity };
  });
}

const inputsOf = ({ subject }: DeconflictionRecord): Uint8Array[] => identifiersOf(subject).map(encodeIdentifier);

const allRecords = (): readonly DeconflictionRecord[] => UNITS.flatMap((unit) => known[unit].records);

/** Everything outside the units' memory: wires, files, database values, logs, errors. */
const everything = (): Haystack[] => [
  ...federation.wiretap.recordings,
  ...files(federation),
  ...rows(federation),
  ...logs(federation),
  ...said,
];

/** Planted texts, and the canonical forms that linkage makes of them. */
const plaintext = (): Needle[] => {
  const canonical = allRecords().flatMap(({ subject }) => identifiersOf(subject).flatMap(({ fields }) => fields));
  return [...new Set([...plantedInRecords(), ...plantedInActs(), ...canonical])].flatMap((text) =>
    needlesOfText(text, text),
  );
};

/** What stands between an identifier and its token; every step of it stays inside a node. */
function secretsOf(record: DeconflictionRecord): Needle[] {
  const domain = domainOf(record.role);
  const salt = saltsOf(federation, "wcu").get(domain)!;
  return identifiersOf(record.subject).flatMap((identifier) => {
    const x = encodeIdentifier(identifier);
    const y = hardenAlone(bothShares(), x);
    return [
      ...needlesOfBytes("x", x),
      ...needlesOfBytes("the point of x", pointOf(x)),
      ...needlesOfBytes("y", y),
      ...needlesOfBytes("cb", confirmKeyOf(salt, domain, y)),
    ];
  });
}

const bothShares = (): Uint8Array[] => [
  readKeyShare(federation.dir("broker")),
  readKeyShare(federation.dir("key-office")),
];

function tokensOf({ role, subject }: DeconflictionRecord): Needle[] {
  const domain = domainOf(role);
  const salt = saltsOf(federation, "wcu").get(domain)!;
  const inputs = identifiersOf(subject).map(encodeIdentifier);
  return inputs.flatMap((x) => needlesOfBytes("token", tokenOf(salt, domain, hardenAlone(bothShares(), x))));
}

/** Of the tokens of records, those that only one unit has. */
function unmet(): Needle[] {
  const byUnit = UNITS.map((unit) => known[unit].records.flatMap(tokensOf));
  const units = new Map<string, Set<number>>();
  const spelt = ({ bytes }: Needle): string => Buffer.from(bytes).toString("latin1");
  for (const [unit, needles] of byUnit.entries()) {
    for (const each of needles) units.set(spelt(each), (units.get(spelt(each)) ?? new Set()).add(unit));
  }
  return byUnit.flat().filter((each) => units.get(spelt(each))?.size === 1);
}

describe("the federation that is searched", () => {
  it("took in every planted value, as each unit's own key shows", () => {
    const inside = UNITS.map((unit) => ({ place: unit, bytes: Buffer.from(inspect(known[unit], { depth: 20 })) }));
    const needles = plantedInRecords().flatMap((text) => needlesOfText(text, text));
    const missing = new Set(needles.filter(({ spelling }) => spelling === "UTF-8").map(({ what }) => what));
    for (const { what } of search(needles, inside)) missing.delete(what);
    // Intake takes the first two apart at the colon and writes dates its own way; those spellings are looked for too.
    const rewritten = ["unhcr:QX-8812-7731-44", "telegram:@Zorvathin_Q84", "12.03.1984", "29.05.1982"];
    expect([...missing]).toEqual(rewritten);
    expect(known.wcu.activity).toContain(IN_ACTS.reason);
  });

  it("hardened them as anybody could who held both key shares", () => {
    for (const unit of UNITS) {
      const computed = known[unit].records.flatMap(inputsOf).map((x) => hardenAlone(bothShares(), x));
      expect(known[unit].hardened.map((y) => y && Buffer.from(y))).toEqual(computed.map((y) => Buffer.from(y)));
      expect(computed.length).toBeGreaterThan(5);
    }
  });

  it("matched them, proved them, closed one, and went through an evaluator's absence and a node's restart", async () => {
    const states = (await federation.matches("wcu")).map(({ state }) => state);
    expect(states).toEqual(expect.arrayContaining(["proven", "open"]));
    expect(federation.log.lines("publishing.waiting")).not.toEqual([]);
    expect(federation.log.lines("node.started")).toHaveLength(4);
  });

  it("was heard on every wire", () => {
    const places = federation.wiretap.recordings.map(({ place }) => place).join("\n");
    for (const unit of UNITS) {
      expect(places).toMatch(new RegExp(`${unit} → broker /causeway.v1.EvaluationService/Evaluate request`));
      expect(places).toMatch(new RegExp(`${unit} → key-office /causeway.v1.EvaluationService/Evaluate response`));
      expect(places).toMatch(new RegExp(`${unit} → broker /causeway.v1.DirectoryService/ListDirectives request`));
      expect(places).toMatch(new RegExp(`${unit} → broker /causeway.v1.MembershipService/GetStanding response`));
    }
    const subjects = UNITS.flatMap((unit) => needlesOfText(unit, submissionSubject(federation.member(unit), 1)));
    const heard = search(subjects, federation.wiretap.recordings).filter(({ place }) => place.startsWith("NATS"));
    expect(new Set(heard.map(({ what }) => what))).toEqual(new Set(UNITS));
    const stored = sent
      .filter(({ kind }) => kind === "submission")
      .map(({ sealed }) => Buffer.from(sealed).toString("hex"));
    const published = federation.wiretap.published.map(({ data }) => Buffer.from(data).toString("hex"));
    expect(stored.length).toBeGreaterThan(20);
    expect(published).toEqual(expect.arrayContaining(stored));
  });
});

describe("planted values and their canonical forms", () => {
  it("stand in no file, on no wire, in no log and in no error text", () => {
    expect(search(plaintext(), everything())).toEqual([]);
  });

  it("stand in no message that was sent, not even once it is opened", () => {
    expect(search(plaintext(), opened(sent))).toEqual([]);
    // The same search in the same messages finds what is meant to be in them.
    const counterpart = search(needlesOfBytes("counterpart", fromHex(federation.member("wcu"))), opened(sent));
    expect(counterpart.map(({ place }) => place.replace(/\d+/, ""))).toContain("delivery  of ct, opened");
  });
});

describe("what stands between an identifier and its token", () => {
  it("stands nowhere outside a node's memory", () => {
    const secrets = allRecords().flatMap(secretsOf);
    expect(secrets.length).toBeGreaterThan(500);
    expect(search(secrets, [...everything(), ...opened(sent)])).toEqual([]);
  });

  it("and the token itself only in the sealed submissions, and where it has met another until both have stated", () => {
    const tokens = allRecords().flatMap(tokensOf);
    // What has met stands in the broker's ledger, and, once it was deleted there, in its journal until that is written over.
    const journal = "broker/data/ledger.sqlite-wal";
    expect(search(tokens, everything()).filter(({ place }) => place !== journal)).toEqual([]);
    const alone = unmet();
    expect(alone.length).toBeGreaterThan(100);
    expect(search(alone, everything())).toEqual([]);
    const read = search(tokens, opened(sent));
    expect(read).not.toEqual([]);
    expect(read.filter(({ place }) => !place.startsWith("submission"))).toEqual([]);
  });
});

describe("keys and salts", () => {
  it("each stands in its own file and nowhere else", () => {
    const secrets = keyNeedles(federation);
    expect(new Set(secrets.map(({ what }) => what)).size).toBeGreaterThan(25);
    const found = search(secrets, [...everything(), ...opened(sent)]);
    const places = new Map<string, Set<string>>();
    for (const { what, place } of found) places.set(what, (places.get(what) ?? new Set()).add(place));
    for (const { what } of secrets) {
      // The client library reads the user's seed and its JWT from one file.
      const copies = basename(what) === "nats.seed" ? [join(dirname(dirname(what)), "nats.creds")] : [];
      expect([...(places.get(what) ?? [])].toSorted(), what).toEqual([what, ...copies].toSorted());
    }
  });

  it("a salt stands in no file at all", () => {
    const salts = UNITS.flatMap((unit) => [...saltsOf(federation, unit).values()]);
    expect(salts).toHaveLength(5);
    const needles = salts.flatMap((salt) => needlesOfBytes("salt", salt));
    expect(search(needles, [...everything(), ...opened(sent)])).toEqual([]);
  });
});

describe("the same search", () => {
  const WEAK = "Oxterhazy Weaklingson of Invented-on-Sea";
  const findings = (haystacks: Haystack[]): string[] =>
    search(needlesOfText("weak", WEAK), haystacks).map(({ place }) => place);

  it("finds a name that a node writes into its database as it is", () => {
    const changed = withCopy(join(federation.dir("ct"), "node.sqlite"), (database, copy) => {
      database.prepare("INSERT INTO activity (at_ms, verb, sealed) VALUES (0, '', ?)").run(Buffer.from(WEAK));
      database.close();
      return readFileSync(copy);
    });
    expect(findings([{ place: "node.sqlite", bytes: changed }])).toContain("node.sqlite");
  });

  it("finds a name that is sent to an evaluator without a blind", async () => {
    const to = { address: federation.founded.federation.found.broker.address, tls: readTls(federation.dir("ct")) };
    const caller = callerIn(federation.dir("ct"), federation.founded.federation);
    using client = evaluatorClient({ ...to, expected: { kind: "broker" }, caller, world: systemTimers });
    const blinded = Buffer.alloc(64, WEAK);
    const answer = await client.ask({ kind: "batch", batchId: randomBytes(16), generation: GENERATION, blinded });
    expect(answer).toMatchObject({ kind: "refused", reason: "badElement" });
    expect(findings(federation.wiretap.recordings).join()).toMatch(/ct → broker .*Evaluate request/);
  });

  it("finds a name that is published without a seal: on the wire and in the server's store", async () => {
    const stop = new AbortController();
    const member = federation.member("ct");
    await using bus = await connectNats({
      url: federation.natsUrl,
      creds: readNatsCredentials(federation.dir("ct")),
      roots: readTls(federation.dir("ct")).rootsPem,
      inboxPrefix: memberInboxPrefix(member),
      apiPrefix: MEMBER_API_PREFIX,
      name: "weak",
      signal: stop.signal,
      log: federation.log.for("weak"),
    });
    await bus.publish(submissionSubject(member, 1), Buffer.from(WEAK), "an invented id");
    const places = findings([...federation.wiretap.recordings, ...files(federation)]);
    expect(places).toContainEqual(expect.stringMatching(/^NATS \d+ to the server$/));
    expect(places).toContainEqual(expect.stringMatching(/^nats\/store\//));
  });

  it("finds a name that a program logs", () => {
    federation.log.for("weak").info("record.stored", { name: WEAK });
    expect(findings(logs(federation))).not.toEqual([]);
  });
});

describe("after everything has stopped", () => {
  it("no file holds a planted value, a step towards a token, or a salt", async () => {
    for (const party of [...UNITS, "broker", "key-office"]) await federation.stop(party);
    const salts = UNITS.flatMap((unit) => [...saltsOf(federation, unit).values()]);
    const secrets = [...allRecords().flatMap(secretsOf), ...salts.flatMap((salt) => needlesOfBytes("salt", salt))];
    expect(search([...plaintext(), ...secrets], files(federation))).toEqual([]);
  });
});
