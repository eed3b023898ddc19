/** Snapshots of the index, and what a start reads after them. All records are invented. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Places } from "../../broker/bus/places.ts";
import { Recall } from "../../broker/bus/recall.ts";
import type { Received } from "../../broker/core/submission.ts";
import type { Spaces } from "../../broker/core/spaces.ts";
import { snapshotsOnDisk } from "../../broker/disk/snapshots-on-disk.ts";
import { Snapshots } from "../../broker/snapshot/snapshots.ts";
import type { Entry, Upsert } from "../../shared/core/data-plane.ts";
import { dayOf, monthEnd } from "../../shared/core/days.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { newHandle, tokens, upsert } from "./support.ts";
import { Bench, BORDER, HARBOUR, MEMBERS } from "./writer-support.ts";

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "snapshots-"))));
afterEach(() => rmSync(dir, { recursive: true }));

const KEYS = new Map([1, 2].map((epoch) => [epoch, sealingKeyPair(new Uint8Array(32).fill(epoch))]));

type Over = { readonly keys?: typeof KEYS; readonly onTurn?: () => void };

/** A broker's snapshots, running. */
function snapshotsOf(bench: Bench, { keys = KEYS, onTurn = () => undefined }: Over = {}) {
  const places = new Places();
  const { spaces, ledger, writer } = bench;
  const world = { ...bench.world, nextTurn: async () => onTurn() };
  const snapshots = new Snapshots({
    kept: snapshotsOnDisk(dir),
    spaces,
    ledger,
    federation: () => bench.federation,
    sealingKeys: () => keys,
    places,
    isWhole: () => writer.isWhole,
    world,
  });
  const stop = new AbortController();
  void snapshots.run(stop.signal);
  stop.abort();
  return { snapshots, places };
}

/** Everything that a space holds, whatever the numbers of its records. */
function contentOf({ all }: Spaces) {
  return all.map((space) => {
    const images = [...space.records.all()].map(({ number }) => {
      const { standing, ...of } = space.imageAt(number) as NonNullable<ReturnType<typeof space.imageAt>>;
      return { ...of, ...standing, record: { ...standing?.record, number: undefined }, sum: undefined };
    });
    const digests = MEMBERS.map((member) => space.digest(new Uint8Array(16).fill(1), member, 0));
    images.sort((a, b) => (a.member + a.handle < b.member + b.handle ? -1 : 1));
    return { epoch: space.epoch, images, digests, tokens: space.tokenCount };
  });
}

const record = (...names: string[]): Upsert => upsert(newHandle(), tokens(names));

/** A broker that holds records of two members, some changed, one withdrawn. */
function filled(): Bench {
  const bench = new Bench();
  const [changed, gone] = [record("a phone"), record("a passport")];
  bench.publish(HARBOUR, changed, gone, ...Array.from({ length: 200 }, () => record()));
  bench.publish(BORDER, record("a phone"), record("a ship"));
  bench.publish(HARBOUR, upsert(changed.handle, tokens(["a phone", "another"])));
  bench.publish(HARBOUR, { operation: "withdraw", handle: gone.handle });
  while (bench.publications.prepareDigests(100));
  bench.publish(HARBOUR, record("not counted yet"));
  return bench;
}

const files = (): string[] => readdirSync(dir).filter((name) => name.startsWith("epoch-"));

describe("a snapshot", () => {
  it("brings back everything that memory held, for its owner's eyes only", async () => {
    const bench = filled();
    await snapshotsOf(bench).snapshots.save();
    const after = new Bench({ before: bench });
    expect((await snapshotsOf(after).snapshots.load())?.get(HARBOUR)?.position).toBe(5);
    expect(contentOf(after.spaces)).toEqual(contentOf(bench.spaces));
    expect(contentOf(after.spaces)[0]?.images.length).toBeGreaterThan(200);
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
  });

  it("is of one moment, whatever changes while it is written", async () => {
    const bench = filled();
    const before = [...(bench.spaces.find(1)?.records.ofMember(HARBOUR) ?? [])];
    let turns = 0;
    const change = (): void => {
      const { handle } = before[turns] as { handle: Upsert["handle"] };
      turns += 1;
      if (turns > 60) return;
      const day = monthEnd(dayOf(bench.nowMs) + turns);
      const changes: Entry[] = [
        { operation: "withdraw", handle },
        upsert(handle, tokens([`${turns}`])),
        { operation: "revalidate", handle, reviewByDay: day },
        record(`new ${turns}`),
      ];
      bench.publish(HARBOUR, changes[turns % changes.length] as Entry);
    };
    await snapshotsOf(bench, { onTurn: change }).snapshots.save();
    expect(turns).toBeGreaterThan(4);
    const after = new Bench({ before: bench });
    expect(await snapshotsOf(after).snapshots.load()).toBeDefined();
    expect(contentOf(after.spaces)).toEqual(contentOf(bench.spaces));
  });

  it("is written again only when something has changed, and replaces the one before", async () => {
    const bench = filled();
    const { snapshots } = snapshotsOf(bench);
    await snapshots.save();
    const first = files();
    await snapshots.save();
    expect(files()).toEqual(first);
    bench.publish(BORDER, record());
    await snapshots.save();
    expect(files()).toHaveLength(1);
    expect(files()).not.toEqual(first);
  });

  it("is passed over if a byte of it is another, anywhere, or some are missing", async () => {
    const bench = filled();
    await snapshotsOf(bench).snapshots.save();
    const path = join(dir, files()[0] as string);
    const whole = readFileSync(path);
    const places = [0, 7, 8, 24, 25, 30, 200, whole.length / 2, whole.length - 1].map(Math.floor);
    for (const at of places) {
      writeFileSync(
        path,
        whole.map((byte, i) => (i === at ? byte ^ 1 : byte)),
      );
      await expectUnusable(bench, `byte ${at}`);
    }
    for (const length of [0, 20, 1_000, whole.length - 60, whole.length - 1]) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      await expectUnusable(bench, `${length} bytes`);
    }
    rmSync(path);
    await expectUnusable(bench, "no file");
  });

  it("is passed over if its manifest is of another, is no manifest, or of a version to come", async () => {
    const bench = filled();
    const path = join(dir, "manifest.json");
    await snapshotsOf(bench).snapshots.save();
    const text = readFileSync(path, "utf8");
    const changed = [text.replace(/"position":5/, '"position":4'), text.replace('"sequence":0', '"sequence":9')];
    for (const other of [...changed, "[2,{}]", "", text.slice(1)]) {
      expect(other).not.toBe(text);
      writeFileSync(path, other);
      await expectUnusable(bench, other.slice(0, 10));
    }
  });

  it("is passed over under another sealing key of its epoch", async () => {
    const bench = filled();
    await snapshotsOf(bench).snapshots.save();
    const keys = new Map([[1, sealingKeyPair(new Uint8Array(32).fill(77))]]);
    await expectUnusable(bench, "another key", { keys });
  });

  it("is passed over if the ledger does not know what it holds: one that was put back, or another", async () => {
    const bench = filled();
    await snapshotsOf(bench).snapshots.save();
    await expectUnusable(new Bench(), "an empty ledger");
  });

  it("of an epoch is gone with it", async () => {
    const bench = filled();
    const { snapshots } = snapshotsOf(bench);
    await snapshots.save();
    await snapshots.forget(2);
    expect(files()).toHaveLength(1);
    await snapshots.forget(1);
    expect(files()).toEqual([]);
  });

  it("is not written of memory that a failed transaction has left, nor before memory is back", async () => {
    const bench = filled();
    const { snapshots } = snapshotsOf(bench);
    const broken = bench.next(HARBOUR, { kind: "publication", entries: [record()] });
    bench.publications.apply = () => {
      throw new Error("the disk is full");
    };
    expect(() => bench.writer.receiveAll([broken], bench.nowMs)).toThrow();
    await snapshots.save();
    expect(files()).toEqual([]);
  });

  async function expectUnusable(of: Bench, what: string, over: Over = {}): Promise<void> {
    const after = new Bench({ before: of });
    expect(await snapshotsOf(after, over).snapshots.load(), what).toBeUndefined();
    expect(after.spaces.all, what).toEqual([]);
    expect(after.recorded.count("snapshot.unusable"), what).toBe(1);
    expect(after.recorded.count("snapshot.none"), what).toBe(0);
  }
});

/** A stream of what members have sent, as a bus that counts what is read of it. */
class Streams {
  readonly #sent = new Map<MemberId, Received[]>();
  read: string[] = [];

  send(member: MemberId, received: Received): Received {
    this.#sent.set(member, [...this.of(member), received]);
    return received;
  }

  of(member: MemberId): Received[] {
    return this.#sent.get(member) ?? [];
  }

  clear(): void {
    this.#sent.clear();
  }

  readonly bus = {
    streamState: async (stream: string) => ({ lastSequence: this.of(memberOf(stream)).length }) as never,
    replay: (stream: string, range?: { readonly from: number }) => this.#replay(memberOf(stream), range?.from ?? 1),
  };

  readonly intake = {
    openAgain: (member: MemberId, { streamSequence }: { readonly streamSequence: number }) =>
      this.of(member)[streamSequence - 1],
  };

  async *#replay(member: MemberId, from: number) {
    for (let sequence = from; sequence <= this.of(member).length; sequence += 1) {
      this.read.push(`${member.slice(0, 1)}${sequence}`);
      yield { streamSequence: sequence } as never;
    }
  }
}

const memberOf = (stream: string): MemberId => MEMBERS.find((member) => stream.includes(member)) as MemberId;

function recallOf(bench: Bench, streams: Streams) {
  const { snapshots, places } = snapshotsOf(bench);
  const { ledger, publications, writer, watch, world } = bench;
  const { bus, intake } = streams;
  const common = { bus, intake: intake as never, ledger, publications, writer, watch, world, snapshots, places };
  const slugOf = (member: MemberId) => bench.federation.members.get(member)?.slug;
  const recall = new Recall({ ...common, slugOf, members: () => MEMBERS, signal: new AbortController().signal });
  return { recall, snapshots, places };
}

/** A broker with a snapshot after two submissions of Harbour, and one more after it. */
async function restarted() {
  const streams = new Streams();
  const bench = new Bench();
  const publish = (...entries: Entry[]): void => {
    bench.receive(streams.send(HARBOUR, bench.next(HARBOUR, { kind: "publication", entries })));
  };
  const [first, second] = [record("a phone"), record("a ship")];
  publish(first, second);
  publish(record());
  const before = snapshotsOf(bench);
  before.places.note(HARBOUR, 2);
  await before.snapshots.save();
  publish({ operation: "withdraw", handle: second.handle }, record("a passport"));
  return { bench, streams, after: new Bench({ before: bench }) };
}

describe("a start from a snapshot", () => {
  it("reads only what came after, and misses nothing that came before", async () => {
    const { bench, streams, after } = await restarted();
    const { recall, places } = recallOf(after, streams);
    await recall.begin();
    expect(await recall.finish()).toEqual(new Map());
    expect(streams.read).toEqual(["a3"]);
    expect(places.of(HARBOUR)).toBe(3);
    expect(contentOf(after.spaces)).toEqual(contentOf(bench.spaces));
    expect(after.recorded.count("alarm.streamIncomplete")).toBe(0);
  });

  it("still tells what the stream has lost after it", async () => {
    const { streams, after } = await restarted();
    const [one, two] = streams.of(HARBOUR) as [Received, Received];
    streams.clear();
    streams.send(HARBOUR, one);
    streams.send(HARBOUR, two);
    const { recall } = recallOf(after, streams);
    await recall.begin();
    await recall.finish();
    expect(after.recorded.count("alarm.streamIncomplete")).toBe(1);
  });

  it("reads a stream that was made anew from its beginning", async () => {
    const { bench, streams, after } = await restarted();
    const last = streams.of(HARBOUR)[2] as Received;
    streams.clear();
    streams.send(HARBOUR, last);
    const { recall, places } = recallOf(after, streams);
    await recall.begin();
    await recall.finish();
    expect(contentOf(after.spaces)).toEqual(contentOf(bench.spaces));
    expect(places.of(HARBOUR)).toBe(1);
  });

  it("leaves what is still to be decided to whoever serves the member, from there on", async () => {
    const { bench, streams, after } = await restarted();
    const next = (): Received => bench.next(HARBOUR, { kind: "publication", entries: [record()] });
    streams.send(HARBOUR, next());
    streams.send(HARBOUR, next());
    const { recall, places } = recallOf(after, streams);
    await recall.begin();
    expect(await recall.finish()).toEqual(new Map([[HARBOUR, 4]]));
    expect(places.of(HARBOUR)).toBe(3);
  });
});

describe("what one epoch's submissions did to a record of another", () => {
  const day = (months: number): number => monthEnd(dayOf(Date.now()) + 30 * months);

  /** A record that stands in both epochs; `change` says what is sent of it then, in which epoch. */
  function rotating(change: (handle: Upsert["handle"]) => readonly (readonly [number, Entry])[]) {
    const streams = new Streams();
    const bench = new Bench();
    bench.setEpoch(2, "staging");
    const send = (epoch: number, entry: Entry): void => {
      const next = bench.next(HARBOUR, { kind: "publication", entries: [entry] }, epoch);
      bench.receive(streams.send(HARBOUR, next));
    };
    const both = record("a phone");
    for (const epoch of [1, 2]) send(epoch, both);
    for (const [epoch, entry] of change(both.handle)) send(epoch, entry);
    return { bench, streams };
  }

  async function afterStart({ bench, streams }: ReturnType<typeof rotating>) {
    const after = new Bench({ before: bench });
    const { recall } = recallOf(after, streams);
    await recall.begin();
    await recall.finish();
    return contentOf(after.spaces);
  }

  it("gives way to what was sent later in its own epoch", async () => {
    const { bench, streams } = rotating((handle) => [
      [2, { operation: "revalidate", handle, reviewByDay: day(2) }],
      [1, { operation: "revalidate", handle, reviewByDay: day(4) }],
    ]);
    expect(await afterStart({ bench, streams })).toEqual(contentOf(bench.spaces));
  });

  it("is there again once the stream has nothing of the other epoch any more", async () => {
    const { bench, streams } = rotating((handle) => [
      [1, { operation: "revalidate", handle, reviewByDay: day(2) }],
      [2, upsert(handle, tokens(["a phone", "another"]))],
      [1, { operation: "revalidate", handle, reviewByDay: day(3) }],
    ]);
    bench.spaces.drop(1);
    bench.ledger.epochs.beginPurge(1, { records: 1, tokens: 24 }, bench.nowMs);
    const kept = streams.of(HARBOUR).filter(({ submission }) => submission.epoch !== 1);
    streams.clear();
    for (const each of kept) streams.send(HARBOUR, each);
    expect(await afterStart({ bench, streams })).toEqual(contentOf(bench.spaces));
  });

  it("does not take out a record that was published again after a withdrawal", async () => {
    const { bench, streams } = rotating((handle) => [
      [2, { operation: "withdraw", handle }],
      [1, upsert(handle, tokens(["a phone", "a passport"]))],
    ]);
    expect(await afterStart({ bench, streams })).toEqual(contentOf(bench.spaces));
  });
});

describe("a standby", () => {
  it("reads on as often as it likes, each message once, and knows in the end what the active one knew", async () => {
    const { bench, streams, after } = await restarted();
    const { recall } = recallOf(after, streams);
    await recall.begin();
    await recall.catchUp();
    const sent = bench.next(HARBOUR, { kind: "publication", entries: [record("late")] });
    // It stands in the stream before the active one has applied it.
    streams.send(HARBOUR, sent);
    await recall.catchUp();
    bench.receive(sent);
    await recall.catchUp();
    await recall.catchUp();
    expect(streams.read).toEqual(["a3", "a4", "a4"]);
    expect(await recall.finish()).toEqual(new Map());
    expect(contentOf(after.spaces)).toEqual(contentOf(bench.spaces));
  });
});
