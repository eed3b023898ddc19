/** Who did what, when and why: every act and every look is in the log, whoever did it is named, and nothing takes an entry back. */
import { Metadata } from "nice-grpc";
import type { CallContext } from "nice-grpc";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Comparison } from "../../agency-node/comparison.ts";
import { NODE_ITSELF } from "../../agency-node/core/actor.ts";
import { disclosureIn } from "../../agency-node/core/disclosed.ts";
import type { MatchState } from "../../agency-node/core/match.ts";
import type { Matches } from "../../agency-node/matches.ts";
import { Records } from "../../agency-node/records.ts";
import { activityService } from "../../agency-node/rpc/activity-service.ts";
import { liaisonService } from "../../agency-node/rpc/liaison-service.ts";
import { SOCKET } from "../../agency-node/rpc/local-caller.ts";
import { recordsService } from "../../agency-node/rpc/records-service.ts";
import type { ActivityEntry, ActivityFilter } from "../../agency-node/store/activity.ts";
import { GetStatusResponse } from "../../agency-node/wire/gen/causeway/node/v1/records.ts";
import { ACTOR_KEY, encodeStatedActor } from "../../agency-node/wire/stated-actor.ts";
import { utf8 } from "../../shared/core/bytes.ts";
import type { NoticeEvent } from "../../shared/core/data-plane.ts";
import { dayOf, isoDay } from "../../shared/core/days.ts";
import type { Admit } from "../../shared/core/directive.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle, MatchId } from "../../shared/core/ids.ts";
import type { GrpcService } from "../../shared/platform/grpc.ts";
import { silentLog } from "../../shared/world/log.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { expectRefusal, invented } from "../crypto/support.ts";
import { OtherRecord, binderAtNode, matchesOf, meetingOf } from "./meeting.ts";
import { ALL_COMPARED, OFFICER, TestNode, because, person, handleOf } from "./support.ts";

// All persons and references are invented.
const MATCH = toId<MatchId>("d7".repeat(16));
const CANARY = toId<Handle>("ca".repeat(16));
const ALARM = "no room left";
const PERSON = (id: string, name: string): string =>
  `${JSON.stringify({ id, schema: "Person", properties: { name: [name], birthDate: ["1984-03-12"] } })}\n`;

let node: TestNode;
let records: Records;
let matches: Matches;
let met: ReturnType<typeof meetingOf>;
const other = new OtherRecord("other");
let nowMs: number;

beforeEach(() => {
  node = new TestNode();
  nowMs = node.nowMs;
  const world = { ...systemWorld(silentLog), clock: () => node.nowMs };
  const admit = { retentionDaysMax: 365, domains: ["target", "protected"] } as unknown as Admit;
  const parts = { ...node, db: node.db, acts: node.acts, world };
  records = new Records({
    ...parts,
    store: node.records,
    handleOf,
    strays: node.strays,
    admit: () => admit,
    onStored: () => undefined,
  });
  matches = matchesOf(node, { canaries: { isCanary: (handle) => handle === CANARY, onMatch: () => undefined } });
  met = meetingOf(node);
});
afterEach(() => node[Symbol.dispose]());

const log = (filter: ActivityFilter = {}): ActivityEntry[] => [...node.activity.entries(filter)];
const verbs = (filter: ActivityFilter = {}): string[] => log(filter).map(({ verb }) => verb);
const inDays = (days: number): string => isoDay(dayOf(node.nowMs) + days);

async function imported(text: string, role = "suspect"): Promise<void> {
  async function* file() {
    yield utf8(text);
  }
  const given = { kind: "person", role, legalBasis: "Invented Act", caseReference: "C-1", handling: "open" };
  const defaults = { ...given, reviewBy: inDays(60) };
  const options = { format: "auto", dryRun: false, defaults, mapping: {} } as const;
  for await (const _ of records.import(file(), options, OFFICER));
}

/** A notice of the broker, carried out as the receiver does it. */
function told(event: NoticeEvent): void {
  node.db.transaction(() => matches.apply([event]));
}

const STRAY = toId<Handle>("e5".repeat(16));

const opened = (handle: Handle): NoticeEvent => ({
  type: "matchOpened",
  matchId: MATCH,
  handle,
  side: 0,
  meeting: met.with(handle, other),
});
const amended = (handle: Handle): NoticeEvent => ({
  type: "matchAmended",
  matchId: MATCH,
  amendment: 1,
  meeting: met.with(handle, other),
});

describe("an act", () => {
  it("of taking in is a collection, by whoever imported, of records that are named", async () => {
    await imported(PERSON("R-1", "Arvo Quilbrand") + PERSON("R-2", "Belko Rostavik"));
    const [entry, receipt] = log();
    expect(entry).toMatchObject({
      atMs: nowMs,
      verb: "collection",
      activity: { actor: OFFICER, references: ["R-1", "R-2"], cases: ["C-1"] },
    });
    expect(receipt).toMatchObject({ verb: "collection", activity: { actor: OFFICER } });
    expect(entry?.activity.receipt).toMatch(/^[0-9a-f]{12}$/);
    expect(receipt?.activity.receipt).toBe(entry?.activity.receipt);
    expect(JSON.stringify(log())).not.toContain("Quilbrand");
  });

  it("of importing other content, or another role, is an alteration of that record only", async () => {
    await imported(PERSON("R-1", "Arvo Quilbrand") + PERSON("R-2", "Belko Rostavik"));
    await imported(PERSON("R-1", "Arvo Quilbrand-Amended") + PERSON("R-2", "Belko Rostavik"));
    await imported(PERSON("R-1", "Arvo Quilbrand-Amended"), "victim");
    const alterations = log({ verb: "alteration" });
    expect(alterations.map(({ activity }) => activity.references)).toEqual([["R-1"], ["R-1"]]);
    expect(alterations.map(({ activity }) => activity.actor)).toEqual([OFFICER, OFFICER]);
    expect(verbs({ reference: "R-1" })).toEqual(["collection", "alteration", "alteration"]);
    expect(verbs({ reference: "R-2" })).toEqual(["collection"]);
  });

  it("of reviewing is an alteration, of withdrawing an erasure, each with its reason", async () => {
    node.put(person("R-1"));
    records.revalidate("R-1", inDays(300), because("still investigated"));
    records.withdraw("R-1", because("case closed"));
    expect(log()).toMatchObject([
      { verb: "alteration", activity: { actor: OFFICER, reason: "still investigated", references: ["R-1"] } },
      { verb: "erasure", activity: { actor: OFFICER, reason: "case closed", references: ["R-1"] } },
    ]);
  });

  it("of time is an erasure by the node itself, and none where a test record ends", () => {
    node.put(person("R-1", { reviewBy: inDays(1) }));
    node.records.putCanary(person("canary", { reviewBy: inDays(1) }), CANARY, 1);
    node.nowMs += 3 * 86_400_000;
    records.sweep();
    expect(node.records.byHandle(CANARY)?.state).toBe("expired");
    expect(log()).toMatchObject([{ verb: "erasure", activity: { actor: NODE_ITSELF, references: ["R-1"] } }]);
    expect(JSON.stringify(log())).not.toContain("canary");
  });

  it("of the broker that finds or amends an overlap is a combination by the node itself", () => {
    const handle = node.put(person("R-1"));
    told(opened(handle));
    told(amended(handle));
    const of = { actor: NODE_ITSELF, references: ["R-1"], cases: ["CASE-INVENTED-1"], matches: [MATCH] };
    expect(log({ verb: "combination" })).toMatchObject([
      { activity: { ...of, detail: "opened" } },
      { activity: { ...of, detail: "amended" } },
    ]);
    expect(verbs({ matchId: MATCH })).toEqual(["combination", "disclosure", "combination"]);
  });

  it("of stating what met lets go of this unit, of naming both sides tells it to the other, each once", () => {
    const handle = node.put(person("R-1"));
    told(opened(handle));
    const disclosed: NoticeEvent = {
      type: "counterpartDisclosed",
      matchId: MATCH,
      disclosure: other.disclosure(MATCH, binderAtNode(handle)),
    };
    told(disclosed);
    told(disclosed);
    told(amended(handle));
    const of = { actor: NODE_ITSELF, references: ["R-1"] };
    expect(log({ verb: "disclosure" })).toMatchObject([
      { activity: { ...of, detail: "released: this unit's name, mandate and contact" } },
      {
        activity: {
          ...of,
          recipient: { name: other.admit.name, mandate: other.admit.mandate },
          detail: "told: this unit's name, mandate and contact",
        },
      },
    ]);
  });

  it("on a test record's overlap is none", () => {
    node.records.putCanary(person("canary"), CANARY, 1);
    told(opened(CANARY));
    told(amended(CANARY));
    expect(log()).toEqual([]);
  });

  it("that is not in the log has not happened", async () => {
    const handle = node.put(person("R-1"));
    node.db.run(`CREATE TRIGGER no_room BEFORE INSERT ON activity BEGIN SELECT RAISE(ABORT, '${ALARM}'); END`);
    expect(() => records.withdraw("R-1", because("case closed"))).toThrow(ALARM);
    expect(node.records.byReference("R-1").state).toBe("hardening");
    await expect(imported(PERSON("R-2", "Belko Rostavik"))).rejects.toThrow(ALARM);
    expectRefusal(() => node.records.byReference("R-2"), "NOT_FOUND");
    expect(() => told(opened(handle))).toThrow(ALARM);
    expect(node.inbox.match(MATCH)).toBeUndefined();
  });

  it("that fails after its entry takes the entry with it", () => {
    node.publish(node.put(person("R-1")));
    node.db.run(`CREATE TRIGGER no_room BEFORE INSERT ON due_act BEGIN SELECT RAISE(ABORT, '${ALARM}'); END`);
    expect(() => records.revalidate("R-1", inDays(300), because("reason"))).toThrow(ALARM);
    expect(log()).toEqual([]);
  });
});

describe("what a statement discloses", () => {
  const before = { domain: "target", status: "open" } as MatchState;
  const failed = { single: [], opening: [], support: [] };
  const unsigned: MatchState = { ...before, statement: { amendment: 0, failed } };
  const after: MatchState = { ...before, statement: { amendment: 0, failed, signature: invented("signature", 64) } };

  it("is let go by it, since the broker tells a silent unit's counterpart nothing of that unit", () => {
    const released = { detail: "released: this unit's name, mandate and contact" };
    expect(disclosureIn(before, after, { handling: "open" })).toEqual(released);
    expect(disclosureIn(undefined, after, { handling: "open" })).toEqual(released);
    expect(disclosureIn(unsigned, after, { handling: "brokered" })).toEqual({
      detail: "released: this unit's mandate at most",
    });
  });

  it("is nothing of a silent record, in another domain, without a signature, or a second time", () => {
    expect(disclosureIn(before, after, { handling: "silent" })).toBeUndefined();
    expect(disclosureIn(before, { ...after, domain: "protected" }, { handling: "open" })).toBeUndefined();
    expect(disclosureIn(before, unsigned, { handling: "open" })).toBeUndefined();
    expect(disclosureIn(after, after, { handling: "open" })).toBeUndefined();
  });
});

describe("who touched a record", () => {
  it("is everybody who looked at all records since it came, and nobody who did before", async () => {
    await imported(PERSON("R-1", "Arvo Quilbrand"));
    for (const _ of records.list(because("a check")));
    await imported(PERSON("R-2", "Belko Rostavik"));
    expect(verbs({ reference: "R-1" })).toEqual(["collection", "consultation"]);
    expect(verbs({ reference: "R-2" })).toEqual(["collection"]);
    for (const _ of records.list(because("")));
    expect(verbs({ reference: "R-2" })).toEqual(["collection", "consultation"]);
    expect(verbs({ reference: "R-9" })).toEqual([]);
  });

  it("counts a record that came before the log named any as there from the beginning", () => {
    node.put(person("R-1"));
    for (const _ of records.list(because("a check")));
    records.withdraw("R-1", because("case closed"));
    expect(verbs({ reference: "R-1" })).toEqual(["consultation", "erasure"]);
  });

  it("is found by time and verb too, more entries than are read at a time", async () => {
    node.db.transaction(() => {
      for (let at = 0; at < 1_203; at += 1)
        node.activity.append(at, at % 2 === 0 ? "erasure" : "alteration", because(""));
    });
    expect(log()).toHaveLength(1_203);
    expect(log({ verb: "erasure", sinceMs: 2, untilMs: 8 }).map(({ atMs }) => atMs)).toEqual([2, 4, 6]);
  });

  it("does not show without the database key, nor does the record's row lead to its entries", () => {
    node.put(person("R-1"));
    records.withdraw("R-1", because("case closed"));
    const [row] = node.db.all("SELECT reference_key, activity_about.about FROM record, activity_about");
    expect(row?.["about"]).not.toEqual(row?.["reference_key"]);
    expect(JSON.stringify(node.db.all("SELECT * FROM activity"))).not.toContain("Overbeck");
  });
});

describe("the node's own services", () => {
  const stated = encodeStatedActor({ kind: "person", name: "Quillon Overbeck-Test", uid: 4711 });
  type Method = (request: unknown, context: CallContext) => unknown;

  let services: GrpcService[];
  let handle: Handle;
  /** How often all records and overlaps were counted. */
  let counted: number;
  const comparison = {
    reasonOf: ALL_COMPARED.reasonOf,
    get report() {
      counted += 1;
      return ALL_COMPARED.report;
    },
  } as Comparison;
  beforeEach(async () => {
    counted = 0;
    await imported(PERSON("R-1", "Arvo Quilbrand"));
    handle = node.records.byReference("R-1").handle;
    told(opened(handle));
    const unproven = { unprovenSinceMs: () => 0 } as never;
    services = [
      recordsService({
        door: SOCKET,
        records,
        comparison: ALL_COMPARED,
        status: () => GetStatusResponse.fromPartial({}),
      }),
      liaisonService({
        door: SOCKET,
        matches,
        inbox: node.inbox,
        records: node.records,
        canaries: unproven,
        comparison,
        world: systemWorld(silentLog),
      }),
      activityService({ door: SOCKET, activity: node.activity, world: { clock: () => node.nowMs } }),
    ];
  });

  /** Every method of every service, by the name of its definition. */
  function methods(): Map<string, Method> {
    const found = new Map<string, Method>();
    const add = (definition: { readonly methods: object }, implementation: Record<string, Method>): void => {
      for (const name of Object.keys(definition.methods)) found.set(name, implementation[name]!);
    };
    for (const service of services) service.addTo({ add } as never);
    return found;
  }

  function contextOf(actor: Uint8Array | undefined = stated): CallContext & { readonly stop: AbortController } {
    const stop = new AbortController();
    const metadata = new Metadata();
    if (actor !== undefined) metadata.set(ACTOR_KEY, actor);
    return { metadata, signal: stop.signal, stop } as never;
  }

  async function* importOf(text: string) {
    yield { request: { $case: "options", value: { ...OPTIONS, reviewBy: inDays(60) } } };
    yield { request: { $case: "chunk", value: utf8(text) } };
  }
  const OPTIONS = {
    format: "auto",
    dryRun: false,
    urgent: false,
    kind: "person",
    role: "suspect",
    legalBasis: "Invented Act",
    caseReference: "C-1",
    handling: "open",
    reviewBy: "",
    defaultCountry: "",
    dateOrder: "",
    mapping: {},
  };
  const NO_FILTER = { sinceMs: 0n, untilMs: 0n, verb: "", reference: "", matchId: "", reason: "", export: false };

  /** How each method is called, and what it then enters. */
  const CALLS: Readonly<Record<string, { readonly request: () => unknown; readonly verb: string }>> = {
    import: { request: () => importOf(PERSON("R-3", "Dorel Vanter")), verb: "collection" },
    listRecords: { request: () => ({ reason: "a check" }), verb: "consultation" },
    // What the import has brought.
    withdraw: { request: () => ({ reference: "R-3", reason: "case closed" }), verb: "erasure" },
    revalidate: {
      request: () => ({ reference: "R-1", reviewBy: inDays(300), reason: "still investigated" }),
      verb: "alteration",
    },
    listMatches: { request: () => ({ all: true, reason: "a check" }), verb: "consultation" },
    watchMatches: { request: () => ({ reason: "a check" }), verb: "consultation" },
    listActivity: { request: () => NO_FILTER, verb: "consultation" },
    listStrays: { request: () => held({ reason: "a check" }), verb: "consultation" },
    withdrawStrays: {
      request: () => held({ handles: [STRAY], all: false, reason: "not ours any more" }),
      verb: "erasure",
    },
  };
  /** The request, when the broker holds a record that this database does not know. */
  function held<Request>(request: Request): Request {
    node.strays.hold(1, [], [[STRAY, undefined]], node.nowMs);
    return request;
  }
  /** Their answers name no record, match or person. */
  const SHOW_NOBODY = ["getStatus"];

  /** Calls a method, and looks at the first thing that it answers. */
  async function first(name: string, context = contextOf(), request = CALLS[name]?.request() ?? {}): Promise<unknown> {
    const answer = methods().get(name)!(request, context);
    if (!(Symbol.asyncIterator in (answer as object))) return await answer;
    const iterator = (answer as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    let { value, done } = await iterator.next();
    // Nothing is shown of an import until it is over.
    if (name === "import") while (done !== true) ({ value, done } = await iterator.next());
    context.stop.abort();
    await iterator.return?.();
    return value;
  }

  it("enter every act and look of every method before they answer, with who did it", async () => {
    const names = [...methods().keys()].filter((name) => !SHOW_NOBODY.includes(name));
    // A method that is new stands here once somebody has thought about what it enters.
    expect(names.toSorted()).toEqual(Object.keys(CALLS).toSorted());
    for (const name of names) {
      const { last } = node.activity;
      await first(name);
      const entered = log().filter(({ number }) => number > last);
      expect(
        entered.map(({ verb }) => verb),
        name,
      ).toContain(CALLS[name]!.verb);
      for (const { activity } of entered) expect(activity.actor, name).toEqual(OFFICER);
    }
  });

  it("show no record or match where they enter nothing", () => {
    const fields = Object.keys(GetStatusResponse.fromPartial({}));
    expect(fields.filter((field) => /reference|reason|counterpart|subject/i.test(field))).toEqual([]);
  });

  it("answer nobody who does not say who acts, or says it badly", async () => {
    const { last } = node.activity;
    for (const name of Object.keys(CALLS)) {
      const context = contextOf();
      context.metadata.delete(ACTOR_KEY);
      await expect(first(name, context), name).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
    for (const name of ["", "x".repeat(129), "two\nlines", "a\u202eb"]) {
      const actor = encodeStatedActor({ kind: "person", name });
      await expect(first("listMatches", contextOf(actor))).rejects.toMatchObject({ code: "INVALID" });
    }
    await expect(first("listMatches", contextOf(utf8("no message")))).rejects.toMatchObject({ code: "INVALID" });
    expect(node.activity.last).toBe(last);
  });

  it("believe a program and a role, as stated", async () => {
    await first("listMatches", contextOf(encodeStatedActor({ kind: "program", name: "causeway demo" })));
    await first("listMatches", contextOf(encodeStatedActor({ kind: "person", name: "Élodie", role: "supervisor" })));
    expect(
      log()
        .slice(-2)
        .map(({ activity }) => activity.actor),
    ).toEqual([
      { kind: "program", name: "causeway demo", known: "stated" },
      { kind: "person", name: "Élodie", role: "supervisor", known: "stated" },
    ]);
  });

  it("refuse a look that cannot be entered", async () => {
    node.db.run(`CREATE TRIGGER no_room BEFORE INSERT ON activity BEGIN SELECT RAISE(ABORT, '${ALARM}'); END`);
    for (const name of ["listRecords", "listMatches", "watchMatches", "listActivity"]) {
      await expect(first(name), name).rejects.toThrow(ALARM);
    }
  });

  it("enter one consultation for each overlap that a watcher is shown, however long it stays", async () => {
    const context = contextOf();
    const stream = methods().get("watchMatches")!({ reason: "" }, context) as AsyncGenerator<{ match?: unknown }>;
    expect((await stream.next()).value?.match).toBeDefined();
    expect((await stream.next()).value?.match).toBeUndefined();
    expect(verbs({ matchId: MATCH, verb: "consultation" })).toHaveLength(1);
    const next = stream.next();
    // Told again, it is no news; that it is over is.
    told(amended(handle));
    told({ type: "matchClosed", matchId: MATCH, amendment: 2, reason: "withdrawn" });
    expect((await next).value?.match).toBeDefined();
    expect(log({ matchId: MATCH, verb: "consultation" })).toMatchObject([
      { activity: { actor: OFFICER, references: ["R-1"], matches: [MATCH] } },
      { activity: { actor: OFFICER, references: ["R-1"], matches: [MATCH] } },
    ]);
    context.stop.abort();
    await stream.return(undefined);
  });

  it("count what is not compared once for all overlaps that a watcher is shown together", async () => {
    for (const id of ["d8", "d9", "da"]) told({ ...opened(handle), matchId: toId<MatchId>(id.repeat(16)) });
    const context = contextOf();
    const stream = methods().get("watchMatches")!({ reason: "" }, context) as AsyncGenerator<{ match?: unknown }>;
    for (let shown = 0; (await stream.next()).value?.match !== undefined; shown += 1) expect(shown).toBeLessThan(4);
    // For the overlaps, and for what is said after them.
    expect(counted).toBe(2);
    context.stop.abort();
    await stream.return(undefined);
  });

  it("give the log as it was before it was read, and want a reason for an export", async () => {
    const { last } = node.activity;
    const given = { ...NO_FILTER, reason: "an audit", export: true };
    const stream = methods().get("listActivity")!(given, contextOf()) as AsyncGenerator<{ number: bigint }>;
    const numbers: number[] = [];
    for await (const { number } of stream) numbers.push(Number(number));
    expect(numbers).toEqual(Array.from({ length: last }, (_, i) => i + 1));
    expect(log().at(-1)).toMatchObject({ activity: { detail: "the log exported", reason: "an audit", every: true } });
    await expect(first("listActivity", contextOf(), { ...given, reason: " " })).rejects.toMatchObject({
      code: "INVALID",
      fields: ["reason"],
    });
    const bad = { ...NO_FILTER, verb: "looking", matchId: "zz", sinceMs: -1n };
    await expect(first("listActivity", contextOf(), bad)).rejects.toMatchObject({
      fields: ["sinceMs", "verb", "matchId"],
    });
  });
});
