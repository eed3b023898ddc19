/** The journal without files: what is decided of two copies, what a message opens at, and who may append. */
import { describe, expect, it, vi } from "vitest";
import { Journal } from "../../broker/journal/journal.ts";
import { decide } from "../../broker/journal/core/decide.ts";
import type { FileHeads } from "../../broker/journal/core/decide.ts";
import { decodeRecords, encodeRecords, hashAfter } from "../../broker/journal/core/record.ts";
import type { Change, Head, Image } from "../../broker/journal/core/record.ts";
import { StreamCopy } from "../../broker/journal/core/stream-copy.ts";
import { Lease } from "../../broker/journal/lease.ts";
import { fromPieces, openPiece, sealPiece, toPieces } from "../../broker/journal/sealing.ts";
import { readWhole } from "../../broker/journal/journal.ts";
import { BusRefusal } from "../../shared/bus/bus.ts";
import { utf8 } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { hashKey } from "../../shared/crypto/hash.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { Database } from "../../shared/store/database.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { memoryKeys } from "../sim/memory-keys.ts";
import { SimWorld } from "../sim/world.ts";
import { KIND } from "../store/kind.ts";
import { MemoryBusServer } from "../support/memory-bus.ts";

const FEDERATION = new Uint8Array(16).fill(7);

/** Changes of one history, or of another from a position on. */
function history(length: number, other = Number.POSITIVE_INFINITY): Change[] {
  const changes: Change[] = [];
  let head: Head = { position: 0, hash: new Uint8Array(32).fill(1) };
  for (let i = 1; i <= length; i += 1) {
    const bytes = utf8(i >= other ? `other ${i}` : `change ${i}`);
    const change: Change = {
      kind: "change",
      name: "ledger",
      position: i,
      hash: hashAfter(head, "ledger", bytes),
      bytes,
    };
    changes.push(change);
    head = change;
  }
  return changes;
}

function stream(changes: readonly Change[], base: number): StreamCopy {
  const at = changes[base - 1] as Change;
  const image: Image = { ...at, kind: "image", bytes: utf8("image") };
  const copy = new StreamCopy();
  copy.take([image, ...changes.slice(base)]);
  return copy;
}

const file = (changes: readonly Change[], from: number): FileHeads => changes.slice(from - 1) as [Change, ...Change[]];

describe("two copies of a database", () => {
  const fresh: FileHeads = [{ position: 0, hash: randomBytes(32) }];
  it.for([
    ["the same", file(history(9), 9), stream(history(9), 3), { kind: "agree" }],
    ["the file has more", file(history(9), 7), stream(history(8), 3), { kind: "append", after: 8 }],
    ["the stream has more", file(history(6), 5), stream(history(9), 3), { kind: "apply", after: 6 }],
    ["the file is older than the stream reaches back", file(history(2), 2), stream(history(9), 3), { kind: "rebuild" }],
    ["the file is new", fresh, stream(history(9), 3), { kind: "rebuild" }],
    ["the file went its own way", file(history(9, 8), 7), stream(history(9), 3), { kind: "rebuild" }],
    ["the file went its own way, further", file(history(12, 8), 7), stream(history(9), 3), { kind: "rebuild" }],
    ["the file went its own way, less far", file(history(8, 8), 7), stream(history(9), 3), { kind: "rebuild" }],
    ["the stream was rolled back", file(history(9), 9), stream(history(6), 3), { kind: "newBase" }],
    ["there is no stream", file(history(9), 9), new StreamCopy(), { kind: "newBase" }],
  ] as const)("%s", ([, heads, copy, decision]) => {
    expect(decide(heads, copy.of("ledger"))).toEqual(decision);
  });

  it("a stream that lacks a change, or has another one, is not believed", () => {
    const [, , third, fourth, fifth] = history(5) as [Change, Change, Change, Change, Change];
    const image: Image = { ...third, kind: "image" };
    const [forged, misplaced] = [
      { ...fourth, bytes: utf8("forged") },
      { ...fourth, position: 5 },
    ];
    for (const records of [[image, fifth], [image, forged], [image, misplaced], [fourth]]) {
      const copy = new StreamCopy();
      copy.take(records);
      expect(copy.of("ledger")).toBe("broken");
    }
  });
});

describe("a message of the journal", () => {
  const key = { generation: 3, key: hashKey(randomBytes(32)) };
  const place = { federation: FEDERATION, sequence: 12 };
  it("opens at its place only, and is a multiple of 1,024 bytes but for the seal", () => {
    const records = [...history(2), { kind: "fileGone" as const, name: "keys/sealing-1.key" }];
    expect(decodeRecords(encodeRecords(records))).toEqual(records);
    const [piece] = toPieces(records);
    const sealed = sealPiece(piece!, key, place, { randomBytes });
    expect((sealed.length - 44) % 1_024).toBe(0);
    expect(fromPieces([openPiece(sealed, key, place)])).toEqual(records);
    for (const other of [
      { ...place, sequence: 13 },
      { ...place, federation: new Uint8Array(16) },
    ])
      expect(() => openPiece(sealed, key, other)).toThrow("cannot be opened");
    expect(() => openPiece(sealed, { ...key, generation: 4 }, place)).toThrow("cannot be opened");
  });
});

/** A journal with one database, over a bus in memory. */
async function journalOn(world: SimWorld, server: MemoryBusServer, keys = newKeys()) {
  const stop = new AbortController();
  const bus = await world.until(server.connect({ signal: stop.signal }));
  const parts = {
    bus,
    keys,
    files: undefined,
    federation: FEDERATION,
    sizes: { replicas: 1 },
    world: world.party("broker"),
    onRefusal: () => undefined,
  };
  const journal = new Journal({ ...parts, signal: stop.signal, stop: () => stop.abort() });
  const database = new Database(":memory:", KIND);
  journal.copyOf("ledger").record(database);
  return { journal, database, keys, parts, stop, bus };
}

function newKeys() {
  return memoryKeys(signingKeyPair(randomBytes(32)), { randomBytes }).journal;
}

describe("a journal", () => {
  it("keeps what was committed before it says so, and its stream makes the same database", async () => {
    const world = new SimWorld("a seed");
    const server = new MemoryBusServer(world);
    const { journal, database, parts } = await journalOn(world, server);
    expect(await world.until(journal.compare())).toBe(true);
    void journal.run();
    database.run("CREATE TABLE invented (id INTEGER PRIMARY KEY, text TEXT) STRICT");
    await world.until(journal.beginAnew());
    database.run("INSERT INTO invented VALUES (1, 'one')");
    await world.until(journal.kept());
    const { copy } = await world.until(readWhole(parts));
    const kept = copy.of("ledger");
    expect(kept).toMatchObject({ changes: [{ position: journal.status.position }] });
    expect(journal.status.unsent).toBe(0);
  });

  it("says nothing while the bus is away, and ends for good once another broker has appended", async () => {
    const world = new SimWorld("a seed");
    const server = new MemoryBusServer(world);
    const { journal, database, bus } = await journalOn(world, server);
    await world.until(journal.compare());
    void journal.run();
    await world.until(journal.beginAnew());
    let isKept = false;
    server.goAway();
    database.run("CREATE TABLE invented (id INTEGER PRIMARY KEY) STRICT");
    database.run("INSERT INTO invented VALUES (1)");
    const keeping = journal.kept().then(() => (isKept = true));
    await world.pass(20_000);
    expect(isKept).toBe(false);
    expect(journal.status.refused).toBeUndefined();
    server.comeBack();
    await world.until(keeping);
    const { lastSequence } = (await world.until(bus.streamState("CW_JOURNAL")))!;
    await world.until(bus.append("cw.ntc.journal", utf8("of another broker"), lastSequence));
    database.run("INSERT INTO invented VALUES (2)");
    await expect(world.until(journal.kept())).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await world.until(journal.steppedDown);
  });

  it.for([
    ["refuses to store", new BusRefusal(10_077), 10_077],
    ["says nothing, as with a disk that is full to the last byte,", new CausewayError("UNAVAILABLE", "no answer"), 0],
  ] as const)("says when NATS is connected and %s since when, until it stores again", async ([, failure, reason]) => {
    const world = new SimWorld("a seed");
    const { journal, database, bus } = await journalOn(world, new MemoryBusServer(world));
    await world.until(journal.compare());
    void journal.run();
    database.run("CREATE TABLE invented (id INTEGER PRIMARY KEY) STRICT");
    await world.until(journal.beginAnew());
    const append = vi.spyOn(bus, "append").mockRejectedValue(failure);
    database.run("INSERT INTO invented VALUES (1)");
    await world.pass(20_000);
    expect(journal.status).toMatchObject({ unsent: 1, refused: { reason } });
    append.mockRestore();
    await world.until(journal.kept());
    expect(journal.status).toMatchObject({ unsent: 0, refused: undefined });
  });

  it("destroys the key before when it begins anew", async () => {
    const world = new SimWorld("a seed");
    const server = new MemoryBusServer(world);
    const { journal, keys } = await journalOn(world, server);
    await world.until(journal.compare());
    void journal.run();
    await world.until(journal.beginAnew());
    await world.until(journal.beginAnew());
    expect(keys.generations()).toEqual([3]);
  });

  it("whose key is lost is begun anew only when somebody has said that no copy is left", async () => {
    const world = new SimWorld("a seed");
    const server = new MemoryBusServer(world);
    const before = await journalOn(world, server);
    await world.until(before.journal.compare());
    void before.journal.run();
    await world.until(before.journal.beginAnew());
    before.stop.abort();
    const keys = newKeys();
    const refused = await journalOn(world, server, keys);
    await expect(world.until(refused.journal.compare())).rejects.toMatchObject({ code: "ENVIRONMENT" });
    const { journal, parts } = await journalOn(world, server, { ...keys, isGivenUp: () => true });
    expect(await world.until(journal.compare())).toBe(true);
    void journal.run();
    await world.until(journal.kept());
    expect(await world.until(readWhole({ ...parts, keys }))).toMatchObject({ oldest: 2, newest: 2 });
  });
});

describe("the lease", () => {
  it("is one broker's, until that has not renewed it for a while or lets go of it", async () => {
    const world = new SimWorld("a seed");
    const server = new MemoryBusServer(world);
    const stop = new AbortController();
    const leaseOf = async (place: string, signal = stop.signal) => {
      const bus = await world.until(server.connect({ signal }));
      return new Lease({ bus, place, sizes: { replicas: 1 }, world: world.party(place), signal });
    };
    const paused = new AbortController();
    const [first, second] = [await leaseOf("one", paused.signal), await leaseOf("two")];
    expect(await world.until(first.acquire())).toBe("acquired");
    const holding = first.hold();
    for (let i = 0; i < 20; i += 1) {
      expect(await world.until(second.acquire())).toMatchObject({ place: "one" });
      await world.pass(500);
    }
    paused.abort();
    await world.until(holding);
    let taken: unknown;
    for (let i = 0; i < 12 && taken !== "takenOver"; i += 1) {
      taken = await world.until(second.acquire());
      await world.pass(500);
    }
    expect(taken).toBe("takenOver");
    const third = await leaseOf("three");
    expect(await world.until(third.acquire())).toMatchObject({ place: "two" });
    await world.until(second.release());
    expect(await world.until(third.acquire())).toBe("acquired");
    stop.abort();
  });

  it("is not let go of by a broker that has lost it", async () => {
    const world = new SimWorld("a seed");
    const server = new MemoryBusServer(world);
    const stop = new AbortController();
    const leaseOf = async (place: string) => {
      const bus = await world.until(server.connect({ signal: stop.signal }));
      return new Lease({ bus, place, sizes: { replicas: 1 }, world: world.party(place), signal: stop.signal });
    };
    const [first, second, third] = [await leaseOf("one"), await leaseOf("two"), await leaseOf("three")];
    expect(await world.until(first.acquire())).toBe("acquired");
    await world.until(second.acquire());
    // The first one does nothing for so long.
    await world.pass(6_000);
    expect(await world.until(second.acquire())).toBe("takenOver");
    expect(await world.until(first.hold())).toBe(true);
    await world.until(first.release());
    expect(await world.until(third.acquire())).toMatchObject({ place: "two", released: false });
    stop.abort();
  });
});
