import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Canaries } from "../../agency-node/canaries/canaries.ts";
import { CanaryStore } from "../../agency-node/canaries/canary-store.ts";
import type { MatchState } from "../../agency-node/core/match.ts";
import type { DeconflictionRecord } from "../../agency-node/core/record.ts";
import { NODE_DATABASE } from "../../agency-node/store/node-schema.ts";
import { Database } from "../../shared/store/database.ts";
import { parseIsoDay } from "../../shared/core/days.ts";
import { lpText, toHex, u64 } from "../../shared/core/bytes.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Admit, Epoch, EpochState, Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle, MatchId, MemberId } from "../../shared/core/ids.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { saltKey } from "../../shared/crypto/token.ts";
import { silentLog } from "../../shared/world/log.ts";
import { invented } from "../crypto/support.ts";
import { gradingBetween } from "../linkage/subjects.ts";
import { membersOf } from "./support.ts";
import { systemWorld } from "../../shared/world/world.ts";

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 10, 22, 12);
const BOTH: readonly Domain[] = ["target", "protected"];

type Kept = { readonly record: DeconflictionRecord; readonly epoch: number };

/** The canaries of invented nodes on one chain, and what a broker would make of their records. */
class PaperNodes implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), "causeway-canaries-"));
  readonly nodes = new Map<MemberId, PaperNode>();
  nowMs = NOON + 7 * MINUTE;
  members: Map<MemberId, readonly Domain[]>;
  epochs: [number, EpochState][] = [[1, "active"]];
  beatMinutes = 360;

  constructor(ids: readonly MemberId[], domains: readonly Domain[] = ["target"]) {
    this.members = new Map(ids.map((id) => [id, domains]));
    for (const id of ids) this.nodes.set(id, new PaperNode(id, this));
  }

  get federation(): Federation {
    const admit = (member: MemberId, domains: readonly Domain[]) =>
      ({ member, domains, retentionDaysMax: 365 }) as Admit;
    return {
      members: new Map([...this.members].map(([id, domains]) => [id, admit(id, domains)])),
      epochs: new Map(this.epochs.map(([epoch, state]) => [epoch, { epoch, state } as Epoch])),
      policy: {
        canaryBeatMinutes: this.beatMinutes,
        canaryWithinMinutes: 15,
        budgetAlarmPercent: 80,
        overdueStatementsMax: 8,
      },
    } as unknown as Federation;
  }

  node(index: number): PaperNode {
    return [...this.nodes.values()][index]!;
  }

  tick(): void {
    for (const node of this.nodes.values()) node.canaries.tick();
  }

  /** Lets the records of an epoch meet: all, or those of some members only. */
  match(epoch = 1, members: readonly MemberId[] = [...this.nodes.keys()]): void {
    for (const one of members) {
      for (const other of members) if (one !== other) this.#meet(this.nodes.get(one)!, this.nodes.get(other)!, epoch);
    }
  }

  #meet(one: PaperNode, other: PaperNode, epoch: number): void {
    for (const [handle, mine] of one.kept) {
      for (const theirs of other.kept.values()) {
        if (mine.epoch !== epoch || theirs.epoch !== epoch || !isSameBirth(mine, theirs)) continue;
        const grading = gradingBetween(mine.record.subject, theirs.record.subject);
        if (grading.grade !== "none") one.canaries.onMatch(provenMatch(handle, grading));
      }
    }
  }

  [Symbol.dispose](): void {
    for (const { db } of this.nodes.values()) db[Symbol.dispose]();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Saves the comparison of most pairs: without it canaries do not meet. */
const isSameBirth = (one: Kept, other: Kept): boolean =>
  one.record.subject.birthDates?.[0] === other.record.subject.birthDates?.[0];

class PaperNode {
  readonly member: MemberId;
  db: Database;
  /** All that were ever published. */
  readonly published: Kept[] = [];
  readonly kept = new Map<Handle, Kept>();
  readonly removed: Handle[] = [];
  readonly nodes: PaperNodes;
  canaries: Canaries;
  sample: DeconflictionRecord | undefined;
  enabled = true;
  changes = 0;

  constructor(member: MemberId, nodes: PaperNodes) {
    this.member = member;
    this.nodes = nodes;
    this.db = new Database(join(nodes.dir, member), NODE_DATABASE);
    this.canaries = this.start();
  }

  start(): Canaries {
    const { nodes, member, db } = this;
    return new Canaries({
      db,
      store: new CanaryStore(db),
      records: {
        keep: (record, handle, epoch) => {
          this.kept.set(handle, { record, epoch });
          this.published.push({ record, epoch });
        },
        withdraw: (handles) => handles.forEach((handle) => this.kept.delete(handle)),
        remove: (handle) => this.removed.push(handle),
        sample: () => this.sample,
      },
      member,
      // Of four bytes, as a number from 0 to below 1: a half.
      world: { ...systemWorld(silentLog), clock: () => nodes.nowMs, randomBytes: () => Uint8Array.of(128, 0, 0, 0) },
      federation: () => nodes.federation,
      epochs: () => this.epochs(),
      handleOf: (epoch, domain, { beatMs, ring, from, to }) =>
        toId<Handle>(toHex(blake2b(16, lpText(`${member} ${domain} ${ring} ${from} ${to}`), u64(epoch), u64(beatMs)))),
      enabled: this.enabled,
      onChange: () => (this.changes += 1),
    });
  }

  get known(): readonly Handle[] {
    return this.published.map(({ record }) => record.reference as Handle);
  }

  /** Starts again with the same keys and an empty database. */
  lose(): void {
    this.db[Symbol.dispose]();
    this.kept.clear();
    this.db = new Database(join(this.nodes.dir, `${this.member}-new`), NODE_DATABASE);
    this.canaries = this.start();
  }

  epochs() {
    const { nodes, member } = this;
    const domains = nodes.members.get(member);
    if (domains === undefined) throw new CausewayError("FORBIDDEN", "the chain of directives does not admit this node");
    const salts = (epoch: number) =>
      new Map(domains.map((domain) => [domain, saltKey(invented(`salt ${epoch} ${domain}`, 32))]));
    return nodes.epochs.filter(([, state]) => state !== "retired").map(([epoch]) => ({ epoch, salts: salts(epoch) }));
  }

  get unprovenSinceMs(): number {
    return this.canaries.unprovenSinceMs();
  }
}

function provenMatch(handle: Handle, grading: MatchState["grading"]): MatchState {
  return {
    matchId: toId<MatchId>("0e".repeat(16)),
    handle,
    side: 0,
    domain: "target",
    status: "proven",
    grading,
    amendment: 0,
    openedAtMs: 0,
    updatedAtMs: 0,
    otherBinder: new Uint8Array(32),
    statement: {
      amendment: 0,
      failed: { single: [], opening: [], support: [] },
      signature: new Uint8Array(64),
    },
  };
}

describe("the canaries of three nodes", () => {
  const ids = membersOf(3);
  let nodes: PaperNodes;

  beforeEach(() => {
    nodes = new PaperNodes(ids);
    nodes.tick();
  });
  afterEach(() => nodes[Symbol.dispose]());

  it("are four records at each, published in the epoch that they were derived for", () => {
    for (const { kept, canaries } of nodes.nodes.values()) {
      expect(kept.size).toBe(4);
      expect([...kept.values()].map(({ epoch }) => epoch)).toEqual([1, 1, 1, 1]);
      for (const handle of kept.keys()) expect(canaries.isCanary(handle)).toBe(true);
    }
  });

  it("prove silence once they have met, and are counted", () => {
    const node = nodes.node(0);
    expect(node.canaries.counts(1)).toEqual({ expected: 4, met: 0 });
    expect(node.unprovenSinceMs).toBe(nodes.nowMs);
    nodes.nowMs += MINUTE;
    nodes.match();
    expect(node.canaries.counts(1)).toEqual({ expected: 4, met: 4 });
    nodes.nowMs += 60 * MINUTE;
    expect([...nodes.nodes.values()].map(({ unprovenSinceMs }) => unprovenSinceMs)).toEqual([0, 0, 0]);
  });

  it("leave silence unproven since the last proof, say with whom, and prove it again", () => {
    const started = nodes.nowMs;
    nodes.match();
    nodes.nowMs = NOON + 360 * MINUTE;
    nodes.tick();
    nodes.match(1, ids.slice(0, 2));
    nodes.nowMs += 15 * MINUTE;
    for (const { unprovenSinceMs } of nodes.nodes.values()) expect(unprovenSinceMs).toBe(started);
    expect(nodes.node(0).canaries.missing(1)).toEqual([ids[2]]);
    nodes.match();
    for (const { unprovenSinceMs, canaries } of nodes.nodes.values()) {
      expect([unprovenSinceMs, canaries.missing(1)]).toEqual([0, []]);
    }
  });

  it("have not met while no tag of the other side held and nothing was stated, or met another canary by chance", () => {
    const [handle] = nodes.node(0).kept.keys();
    const { canaries } = nodes.node(0);
    const strong = { grade: "strong", kind: "identity", score: 200, reasons: [] } as const;
    const { statement, ...unread } = provenMatch(handle!, strong);
    const { signature: _, ...copied } = statement!;
    canaries.onMatch(unread);
    canaries.onMatch({ ...unread, statement: copied });
    canaries.onMatch(provenMatch(handle!, { ...strong, grade: "possible", score: 60 }));
    expect(canaries.counts(1).met).toBe(0);
    canaries.onMatch(provenMatch(handle!, strong));
    expect(canaries.counts(1).met).toBe(1);
  });

  it("are planned once a beat, and the same after a restart", () => {
    nodes.match();
    const node = nodes.node(1);
    const handles = [...node.kept.keys()];
    node.canaries.tick();
    node.canaries = node.start();
    node.canaries.tick();
    expect([...node.kept.keys()]).toEqual(handles);
    expect(node.canaries.counts(1)).toEqual({ expected: 4, met: 4 });
  });

  it("do not wait for a member that was suspended, and wait for it again when it is back", () => {
    nodes.match(1, ids.slice(0, 2));
    nodes.members.delete(ids[2]!);
    nodes.tick();
    nodes.match(1, ids.slice(0, 2));
    nodes.nowMs += 30 * MINUTE;
    expect([nodes.node(0).unprovenSinceMs, nodes.node(1).unprovenSinceMs]).toEqual([0, 0]);
    // Nobody plans for the suspended one itself, which has met nobody.
    expect(nodes.node(2).unprovenSinceMs).toBe(NOON + 7 * MINUTE);
    nodes.members.set(ids[2]!, ["target"]);
    nodes.tick();
    nodes.match();
    expect([...nodes.nodes.values()].map(({ unprovenSinceMs }) => unprovenSinceMs)).toEqual([0, 0, 0]);
  });

  it("stand in a staging epoch by canaries of its own", () => {
    nodes.match();
    nodes.epochs = [
      [1, "active"],
      [2, "staging"],
    ];
    nodes.tick();
    const { canaries, kept } = nodes.node(0);
    expect([canaries.counts(1), canaries.counts(2)]).toEqual([
      { expected: 4, met: 4 },
      { expected: 4, met: 0 },
    ]);
    expect(kept.size).toBe(8);
    nodes.match(2);
    expect(canaries.counts(2)).toEqual({ expected: 4, met: 4 });
    nodes.epochs = [
      [1, "retired"],
      [2, "active"],
    ];
    nodes.tick();
    nodes.nowMs += 30 * MINUTE;
    expect(nodes.node(0).unprovenSinceMs).toBe(0);
  });

  it("are taken back after some beats and forgotten a week later", () => {
    const [handle] = nodes.node(0).kept.keys();
    for (let beat = 1; beat <= 8; beat += 1) {
      nodes.nowMs += 360 * MINUTE;
      nodes.tick();
      nodes.match();
    }
    expect(nodes.node(0).kept.has(handle!)).toBe(false);
    expect(nodes.node(0).canaries.isCanary(handle!)).toBe(true);
    nodes.nowMs += 8 * 24 * 60 * MINUTE;
    nodes.tick();
    expect(nodes.node(0).removed).toContain(handle);
    expect(nodes.node(0).canaries.isCanary(handle!)).toBe(false);
    nodes.match();
    expect(nodes.node(0).unprovenSinceMs).toBe(0);
  });

  it("look from outside like the unit's own records", () => {
    const node = nodes.node(0);
    const sample = [...node.kept.values()][0]!.record;
    node.sample = { ...sample, handling: "brokered", reviewBy: "2027-03-31" };
    nodes.nowMs += 360 * MINUTE;
    nodes.tick();
    const latest = [...node.kept.values()].at(-1)!.record;
    expect([latest.handling, latest.reviewBy]).toEqual(["brokered", "2027-03-31"]);
    expect(parseIsoDay(sample.reviewBy)).toBeGreaterThan(parseIsoDay("2026-11-26")!);
  });
});

describe("a node whose database was restored or lost", () => {
  it("knows the canaries that it has published since, plans those of now again, and sweeps the others", () => {
    using nodes = new PaperNodes(membersOf(3));
    const node = nodes.node(0);
    for (let beat = 0; beat < 12; beat += 1) {
      nodes.tick();
      nodes.match();
      nodes.nowMs += 360 * MINUTE;
    }
    nodes.tick();
    const published = [...node.known];
    const ofNow = new Set([...node.kept.keys()].slice(-4));
    expect(published).toHaveLength(13 * 4);
    node.lose();
    expect(published.filter((handle) => node.canaries.isCanary(handle))).toEqual([]);
    node.canaries.tick();
    expect(published.filter((handle) => !node.canaries.isCanary(handle))).toEqual([]);
    expect(new Set(node.kept.keys())).toEqual(ofNow);
    expect(node.canaries.counts(1)).toEqual({ expected: 4, met: 0 });
    nodes.match();
    expect(node.unprovenSinceMs).toBe(0);
    nodes.nowMs += 8 * 24 * 60 * MINUTE;
    node.canaries.tick();
    const swept = published.filter((handle) => !ofNow.has(handle));
    expect(swept.filter((handle) => !node.removed.includes(handle))).toEqual([]);
    expect(swept.filter((handle) => node.canaries.isCanary(handle))).toEqual([]);
  });

  it("knows them also if it is to publish none any more, and in an epoch that it learns of later", () => {
    using nodes = new PaperNodes(membersOf(2));
    nodes.epochs.push([2, "staging"]);
    nodes.tick();
    const node = nodes.node(0);
    node.enabled = false;
    nodes.epochs.pop();
    node.lose();
    node.canaries.tick();
    const [first, second] = [1, 2].map((of) => node.published.filter(({ epoch }) => epoch === of));
    const isKnown = ({ record }: Kept): boolean => node.canaries.isCanary(record.reference as Handle);
    expect([first?.every(isKnown), second?.some(isKnown)]).toEqual([true, false]);
    nodes.epochs.push([2, "staging"]);
    node.canaries.onDirective();
    expect(second?.length === 4 && second.every(isKnown)).toBe(true);
    expect(node.canaries.counts(1)).toEqual({ expected: 0, met: 0 });
  });

  it("takes none of those that it knows for ended", () => {
    using nodes = new PaperNodes(membersOf(2));
    nodes.tick();
    const node = nodes.node(0);
    nodes.nowMs += 360 * MINUTE;
    nodes.tick();
    const kept = [...node.kept.keys()];
    node.canaries = node.start();
    node.canaries.tick();
    expect([...node.kept.keys()]).toEqual(kept);
    expect(kept).toHaveLength(8);
  });
});

describe("a node that is to have no canaries", () => {
  it("takes back those that there are, and never claims that silence is proven", () => {
    using nodes = new PaperNodes(membersOf(2));
    nodes.tick();
    nodes.match();
    const node = nodes.node(0);
    expect(node.changes).toBeGreaterThan(0);
    node.enabled = false;
    nodes.nowMs += MINUTE;
    const startedMs = nodes.nowMs;
    node.canaries = node.start();
    node.canaries.tick();
    expect([node.kept.size, node.unprovenSinceMs]).toEqual([0, startedMs]);
    nodes.nowMs += 600 * MINUTE;
    node.canaries.tick();
    expect(node.unprovenSinceMs).toBe(startedMs);
  });
});

describe("members with other mandates", () => {
  it("meet in each domain that they share, and nobody waits where a member is alone", () => {
    const [a, b, c] = membersOf(3) as [MemberId, MemberId, MemberId];
    using nodes = new PaperNodes([a, b, c], BOTH);
    nodes.members.set(c, ["target"]);
    nodes.tick();
    expect([...nodes.nodes.values()].map(({ kept }) => kept.size)).toEqual([8, 8, 4]);
    nodes.match();
    expect(nodes.node(0).canaries.counts(1)).toEqual({ expected: 8, met: 8 });
  });

  it("find silence proven when there is nobody to meet", () => {
    using nodes = new PaperNodes(membersOf(1));
    nodes.tick();
    nodes.nowMs += 60 * MINUTE;
    expect([nodes.node(0).unprovenSinceMs, nodes.node(0).kept.size]).toEqual([0, 0]);
  });
});
