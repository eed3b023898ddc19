/** What is left on the disk of a record that was taken back. All values are invented. */
import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeconflictionRecord } from "../../agency-node/core/record.ts";
import type { Layout } from "../../agency-node/core/publication.ts";
import { layOut } from "../../agency-node/core/publication.ts";
import { HARDENED_KEPT_MS } from "../../agency-node/core/limits.ts";
import { encodeIdentifier, identifiersOf } from "../../agency-node/linkage/identifiers.ts";
import { SCHEME, classOf } from "../../agency-node/linkage/scheme.ts";
import { domainOf } from "../../agency-node/core/record.ts";
import { Records } from "../../agency-node/records.ts";
import type { Admit } from "../../shared/core/directive.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { silentLog } from "../../shared/world/log.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { invented } from "../crypto/support.ts";
import { because, person, TestNode, handleOf } from "./support.ts";

const DAY_MS = 86_400_000;
const KEPT_DAYS = 30;
const SHARED_PHONE = "+447700900111";

let node: TestNode;
let records: Records;

beforeEach(() => {
  node = new TestNode();
  const { db, records: store, standings, strays, acts, activity, erasure } = node;
  const world = { ...systemWorld(silentLog), clock: () => node.nowMs };
  const admit = () => ({ retentionDaysMax: 365, domains: ["target"] }) as unknown as Admit;
  records = new Records({
    db,
    store,
    standings,
    strays,
    acts,
    activity,
    erasure,
    world,
    admit,
    handleOf,
    onStored: () => undefined,
  });
});
afterEach(() => node[Symbol.dispose]());

const named = (reference: string, name: string, phones = [{ text: SHARED_PHONE }]): DeconflictionRecord =>
  person(reference, {
    subject: { kind: "person", names: [{ text: name, strength: "full" }], birthDates: ["1984-03-12"], phones },
  });

const cacheKeysOf = ({ subject }: DeconflictionRecord): Uint8Array[] =>
  identifiersOf(subject).map((identifier) => node.hardened.cacheKey(1, encodeIdentifier(identifier)));

/** What an evaluator has answered for the record's identifiers. */
function harden({ subject }: DeconflictionRecord): void {
  const inputs = identifiersOf(subject).map(encodeIdentifier);
  const batch = { batchId: randomBytes(16), seed: randomBytes(32), generation: 1, inputs };
  node.hardened.begin(batch);
  node.hardened.complete(
    batch,
    inputs.map(() => randomBytes(64)),
  );
}

/** As the node makes a record ready and lays it out. */
function publish(record: DeconflictionRecord): Handle {
  const handle = node.put(record);
  node.hardened.takeBack(cacheKeysOf(record));
  harden(record);
  const stored = node.records.byHandle(handle)!;
  const identifiers = identifiersOf(record.subject).map((identifier) => {
    const cacheKey = node.hardened.cacheKey(1, encodeIdentifier(identifier));
    return { kind: identifier.kind, class: classOf(identifier.kind), cacheKey, y: node.hardened.get(cacheKey)! };
  });
  const { role, handling } = record;
  const prepared = { domain: domainOf(role), handling, conversationKey: invented("key", 32), identifiers };
  node.records.savePrepared(stored, { generation: 1, scheme: SCHEME.name, prepared });
  node.records.setReady(stored, identifiers.length);
  node.publish(handle, undefined, undefined, layOut(identifiers, randomBytes) as Layout);
  return handle;
}

/** Everything that stands in the database's files. */
const bytes = (): Buffer =>
  Buffer.concat([node.path, `${node.path}-wal`].filter(existsSync).map((path) => readFileSync(path)));

const found = (cacheKeys: readonly Uint8Array[]): number => {
  const all = bytes();
  return cacheKeys.filter((cacheKey) => all.includes(Buffer.from(cacheKey))).length;
};

const sealedOf = (handle: Handle): Buffer =>
  Buffer.from(node.db.get<{ sealed: Uint8Array }>("SELECT sealed FROM record WHERE handle = ?", handle)!.sealed);

async function afterDays(days: number): Promise<void> {
  node.nowMs += days * DAY_MS;
  await node.erasure.erase();
}

describe("a record that was withdrawn", () => {
  it("stays for the days that the unit has set, then nothing of it is on the disk but what others need", async () => {
    const [gone, kept] = [named("R-1", "Quirin Ottenbach"), named("R-2", "Zdenka Musterova")];
    const [handle] = [publish(gone), publish(kept)];
    const sealed = sealedOf(handle);
    const others = cacheKeysOf(kept);
    const own = cacheKeysOf(gone).filter((key) => !others.some((other) => Buffer.from(key).equals(other)));
    const shared = cacheKeysOf(gone).length - own.length;
    expect([own.length, shared]).toEqual([expect.any(Number), 1]);
    records.withdraw("R-1", because("case closed"));

    await afterDays(KEPT_DAYS - 1);
    expect(found(own)).toBe(own.length);
    expect(bytes().includes(sealed)).toBe(true);
    await afterDays(1);
    expect(bytes().includes(sealed)).toBe(false);
    await afterDays(HARDENED_KEPT_MS / DAY_MS);
    expect(found(own)).toBe(0);
    expect(found(others)).toBe(others.length);
    expect(others.every((key) => node.hardened.has(key))).toBe(true);
    node.restart();
    expect(found(own)).toBe(0);
  });

  it("keeps its handle, is no record of anybody, and is in no list", async () => {
    const handle = publish(named("R-1", "Quirin Ottenbach"));
    records.withdraw("R-1", because("case closed"));
    await afterDays(KEPT_DAYS);
    const stored = node.records.byHandle(handle)!;
    expect(stored).toMatchObject({
      state: "withdrawn",
      record: { reference: "", subject: { kind: "person" }, caseReference: "" },
    });
    expect(JSON.stringify(stored)).not.toMatch(/Ottenbach|R-1|7700/);
    expect([...node.records.all()]).toEqual([]);
    expect(node.records.isLive(handle)).toBe(false);
    const erased = [...node.activity.entries()].filter(({ activity }) => activity.detail === "erased");
    expect(erased.map(({ verb, activity }) => [verb, activity.references])).toEqual([["erasure", ["R-1"]]]);
    // The same reference is the same record again: the other side of a match sees that it came back.
    expect(node.put(named("R-1", "Quirin Ottenbach"))).toBe(handle);
    expect(node.records.isLive(handle)).toBe(true);
    await afterDays(KEPT_DAYS);
    expect(node.records.byReference("R-1").record.subject.names).toHaveLength(1);
  });
});

describe("content that was amended", () => {
  it("takes its hardened values along, some days later, but for those that the new one has too", async () => {
    const [before, after] = [named("R-1", "Quirin Ottenbach"), named("R-1", "Quirin Zweitname")];
    publish(before);
    node.erasure.letGo(before);
    publish(after);
    const stay = cacheKeysOf(after);
    const go = cacheKeysOf(before).filter((key) => !stay.some((other) => Buffer.from(key).equals(other)));
    expect(go.length).toBeGreaterThan(5);
    await afterDays(0);
    expect(go.every((key) => node.hardened.has(key))).toBe(true);
    await afterDays(3);
    expect(found(go)).toBe(0);
    expect(stay.every((key) => node.hardened.has(key))).toBe(true);
  });

  it("leaves alone what waits to be made ready, and waits for what is on its way", async () => {
    const [gone, waiting] = [named("R-1", "Quirin Ottenbach"), named("R-2", "Quirin Ottenbach")];
    publish(gone);
    node.put(waiting);
    records.withdraw("R-1", because("case closed"));
    await afterDays(KEPT_DAYS);
    await afterDays(3);
    expect(cacheKeysOf(waiting).every((key) => node.hardened.has(key))).toBe(true);

    const late = named("R-3", "Spaet Angekommen");
    const inputs = identifiersOf(late.subject).map(encodeIdentifier);
    const batch = { batchId: randomBytes(16), seed: randomBytes(32), generation: 1, inputs };
    node.put(late);
    node.hardened.begin(batch);
    records.withdraw("R-3", because("case closed"));
    await afterDays(KEPT_DAYS);
    await afterDays(3);
    node.hardened.complete(
      batch,
      inputs.map(() => randomBytes(64)),
    );
    const own = cacheKeysOf(late).filter(
      (key) => !cacheKeysOf(waiting).some((other) => Buffer.from(key).equals(other)),
    );
    expect(own.every((key) => node.hardened.has(key))).toBe(true);
    await afterDays(3);
    expect(found(own)).toBe(0);
  });

  it("is not taken for unneeded by a record that becomes ready while all are looked through", async () => {
    const gone = named("R-1", "Quirin Ottenbach");
    publish(gone);
    records.withdraw("R-1", because("case closed"));
    await afterDays(KEPT_DAYS);
    node.nowMs += DAY_MS;
    const erasing = node.erasure.erase();
    publish({ ...gone, reference: "R-2" });
    await erasing;
    expect(cacheKeysOf(gone).every((key) => node.hardened.has(key))).toBe(true);
  });
});
