/** What directives ask of the broker, with a process that dies at any step of it. */
import { describe, expect, it } from "vitest";
import { SLICE_MATCHES, SLICE_RECORDS } from "../../broker/core/limits.ts";
import { Endings } from "../../broker/writer/endings.ts";
import { Standings } from "../../broker/writer/standings.ts";
import type { Admit } from "../../shared/core/directive.ts";
import type { Received } from "../../broker/core/submission.ts";
import { dayOf, monthEnd } from "../../shared/core/days.ts";
import type { Entry, NoticeEvent } from "../../shared/core/data-plane.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { openPurgeAttestation } from "../../shared/wire/board.ts";
import { newHandle, tokens, upsert } from "./support.ts";
import { Bench, BORDER, CUSTOMS, HARBOUR } from "./writer-support.ts";

const signer = signingKeyPair(new Uint8Array(32).fill(9));
const record = (epoch: number, handle: Handle, ...names: string[]): Entry =>
  upsert(handle, tokens(names.map((name) => `${epoch} ${name}`)));
const closings = (events: readonly NoticeEvent[]) => events.filter(({ type }) => type === "matchClosed");

function endingsOf(bench: Bench, over: { readonly die?: () => void } = {}) {
  const abort = new AbortController();
  const did: string[] = [];
  const endings = new Endings({
    ledger: bench.ledger,
    publications: bench.publications,
    spaces: bench.spaces,
    federation: () => bench.federation,
    directives: () => [{ number: 7, body: { type: "epochRetire", epoch: 1 } }] as never,
    purge: (_member, epoch) => {
      over.die?.();
      did.push(`purge ${epoch}`);
      return Promise.resolve(2);
    },
    forgetSnapshot: (epoch) => Promise.resolve(void did.push(`snapshot ${epoch}`)),
    destroyKey: (epoch) => void did.push(`key ${epoch}`),
    beginJournalAnew: async () => undefined,
    signer,
    world: bench.world,
    signal: abort.signal,
  });
  return { endings, did, abort };
}

function standingsOf(bench: Bench, deleteStreams = (): Promise<void> => Promise.resolve()) {
  const abort = new AbortController();
  const { ledger, publications, spaces, world } = bench;
  const federation = () => bench.federation;
  const parts = {
    ledger,
    publications,
    spaces,
    federation,
    forgetSnapshots: () => Promise.resolve(),
    deleteStreams,
    world,
    signal: abort.signal,
  };
  return { standings: new Standings(parts), abort };
}

/** Both published in epoch 1; Harbour's first half of `count` records in epoch 2 as well. */
function rotated(count: number) {
  const bench = new Bench();
  const handles = Array.from({ length: count }, () => newHandle());
  bench.publish(HARBOUR, ...handles.map((handle, i) => record(1, handle, `${i}`)));
  bench.publish(BORDER, ...handles.map((_, i) => record(1, newHandle(), `${i}`)));
  bench.setEpoch(2, "staging");
  bench.publishIn(2, HARBOUR, ...handles.slice(0, count / 2).map((handle, i) => record(2, handle, `${i}`)));
  bench.setEpoch(2, "active");
  bench.setEpoch(1, "retired");
  return { bench, handles };
}

describe("the end of an epoch", () => {
  it("leaves its matches open, its laggards' records known, and says what it has purged", async () => {
    const { bench, handles } = rotated(4);
    const { endings, did } = endingsOf(bench);
    expect(await endings.settle()).toBe(true);
    expect(did).toEqual(["purge 1", "purge 1", "purge 1", "snapshot 1", "key 1"]);
    expect(bench.publications.recordCount).toBe(2);
    expect(bench.types(BORDER)).toEqual(Array.from({ length: 4 }, () => "matchOpened"));
    expect(bench.publications.find(HARBOUR, handles[3] as Handle)).toMatchObject({ published: 24 });
    const [stored] = bench.ledger.epochs.attestations();
    const opened = openPurgeAttestation(stored?.signed, bench.federation.id, () => signer.publicKey);
    expect(opened.value).toEqual({
      epoch: 1,
      directiveNumber: 7,
      records: 8,
      tokens: 8 * 24,
      messages: 6,
      purgedAtMs: bench.nowMs,
    });
    expect(await endings.settle()).toBe(false);
    expect(did).toHaveLength(5);
  });

  it("lets a laggard go on by the rules it was under, at no cost", async () => {
    const { bench, handles } = rotated(4);
    await endingsOf(bench).endings.settle();
    const [, , third, fourth] = handles as [Handle, Handle, Handle, Handle];
    const before = bench.ledger.account(HARBOUR);
    const [late] = bench.publishIn(
      2,
      HARBOUR,
      upsert(third, tokens([]), { reviewByDay: monthEnd(dayOf(bench.nowMs)) + 1 }),
    );
    expect(late?.body).toMatchObject({ rejections: [{ reason: "reviewDay" }] });
    const [other] = bench.publishIn(2, HARBOUR, upsert(third, tokens([]), { domain: "protected" }));
    expect(other?.body).toMatchObject({ rejections: [{ reason: "domain" }] });
    bench.publishIn(2, HARBOUR, record(2, third, "2"));
    expect(bench.ledger.account(HARBOUR)).toEqual(before);
    bench.publishIn(2, HARBOUR, { operation: "withdraw", handle: fourth });
    expect(closings(bench.eventsOf(BORDER))).toMatchObject([{ reason: "withdrawn" }]);
    // Border has published nothing in the new epoch. What lingers expires.
    bench.nowMs += 400 * 86_400_000;
    while (bench.publications.sweep(bench.nowMs));
    expect(closings(bench.eventsOf(HARBOUR))).toHaveLength(4);
  });

  it("is carried through by the next process, wherever the last one died", async () => {
    const { bench } = rotated(2 * SLICE_RECORDS + 2);
    const first = endingsOf(bench);
    const dying = first.endings.settle();
    first.abort.abort();
    expect(await dying).toBe(true);
    expect(bench.ledger.epochs.ended(1)).toBeUndefined();
    const second = endingsOf(bench, {
      die: () => {
        throw new Error("power failure");
      },
    });
    await expect(second.endings.settle()).rejects.toThrow("power failure");
    expect(bench.ledger.epochs.ended(1)).toMatchObject({ isAttested: false });
    // The next process does not bring the epoch back any more.
    const next = new Bench({ ledger: bench.ledger });
    next.federation = bench.federation;
    const third = endingsOf(next);
    expect(await third.endings.settle()).toBe(false);
    expect(third.did).toHaveLength(5);
    expect(next.ledger.epochs.ended(1)).toMatchObject({ isAttested: true, records: 4 * SLICE_RECORDS + 4 });
  });

  it("takes an aborted epoch along, and what it alone had told is told again by the other", async () => {
    const bench = new Bench();
    const [ours, theirs] = [newHandle(), newHandle()];
    bench.setEpoch(2, "staging");
    for (const epoch of [2, 1]) {
      bench.publishIn(epoch, HARBOUR, record(epoch, ours, "a"));
      bench.publishIn(epoch, BORDER, record(epoch, theirs, "a"));
    }
    expect(bench.types(HARBOUR)).toEqual(["matchOpened"]);
    bench.setEpoch(2, "aborted");
    const { endings } = endingsOf(bench);
    await expect(endings.settle()).rejects.toThrow(TypeError);
    expect(bench.types(HARBOUR)).toEqual(["matchOpened", "matchAmended"]);
    expect(bench.eventsOf(HARBOUR).at(-1)).toMatchObject({ meeting: { sequence: 2 } });
  });
});

describe("a member's standing", () => {
  it("hides its records from the directive on, and changes none of its matches", async () => {
    const bench = new Bench();
    const theirs = newHandle();
    bench.publish(HARBOUR, record(1, newHandle(), "a"), record(1, newHandle(), "b"));
    bench.publish(BORDER, record(1, theirs, "a"));
    const { standings } = standingsOf(bench);
    standings.note();
    bench.setStanding(HARBOUR, "suspended");
    standings.note();
    bench.publish(BORDER, record(1, theirs, "z"), record(1, newHandle(), "b"));
    bench.publish(CUSTOMS, record(1, newHandle(), "a", "b"));
    expect(bench.types(BORDER)).toEqual(["matchOpened", "matchOpened"]);
    expect(bench.eventsOf(HARBOUR)).toHaveLength(1);
    bench.setStanding(HARBOUR, "members");
    standings.note();
    await standings.settle();
    // Border's record no longer meets; its other one and Customs' do.
    expect(bench.types(HARBOUR).toSorted()).toEqual(["matchClosed", ...Array.from({ length: 4 }, () => "matchOpened")]);
  });

  it("is brought back completely, though the process dies on the way and the member is suspended again", async () => {
    const count = 3 * SLICE_RECORDS;
    const bench = new Bench();
    const sent: Received[] = [];
    const publish = (member: typeof HARBOUR): void => {
      const entries = Array.from({ length: count }, (_, i) => record(1, newHandle(), `${i}`));
      sent.push(bench.next(member, { kind: "publication", entries }));
      bench.receive(sent.at(-1) as Received);
    };
    const first = standingsOf(bench);
    first.standings.note();
    publish(HARBOUR);
    bench.setStanding(HARBOUR, "suspended");
    first.standings.note();
    publish(BORDER);
    bench.setStanding(HARBOUR, "members");
    first.standings.note();
    const dying = first.standings.settle();
    first.abort.abort();
    await dying;
    const { opened } = bench.ledger.matchCounts();
    expect(opened).toBeGreaterThan(0);
    expect(opened).toBeLessThan(count);
    const next = new Bench({ ledger: bench.ledger });
    for (const { submission } of sent) {
      if (submission.body.kind !== "publication") continue;
      const applied = next.ledger.applied(submission.member, submission.incarnation, 1) as never;
      next.publications.restore(submission, submission.body.entries, applied);
    }
    const second = standingsOf(next);
    next.setStanding(HARBOUR, "suspended");
    second.standings.note();
    await second.standings.settle();
    expect(next.ledger.matchCounts().opened).toBe(opened);
    next.setStanding(HARBOUR, "members");
    second.standings.note();
    await second.standings.settle();
    expect(next.ledger.matchCounts()).toEqual({ opened: count, open: count });
    await second.standings.settle();
    expect(next.recorded.count("member.reinstated")).toBe(1);
  });

  it("lets a record meet nobody in a domain that its member has lost, however long its node is away", () => {
    const bench = new Bench();
    bench.publish(HARBOUR, record(1, newHandle(), "a"));
    const harbour = bench.federation.members.get(HARBOUR) as Admit;
    const change = (domains: Admit["domains"]): void => {
      const members = new Map(bench.federation.members).set(HARBOUR, { ...harbour, domains });
      bench.federation = { ...bench.federation, members };
    };
    change(["protected"]);
    bench.publish(BORDER, record(1, newHandle(), "a"));
    expect(bench.ledger.matchCounts().opened).toBe(0);
    change(harbour.domains);
    bench.publish(BORDER, record(1, newHandle(), "a"));
    expect(bench.ledger.matchCounts().opened).toBe(1);
  });

  it("takes a removed member's records and matches with it, once the streams are gone for good", async () => {
    const count = SLICE_MATCHES + 10;
    const bench = new Bench();
    bench.publish(HARBOUR, ...Array.from({ length: count }, (_, i) => record(1, newHandle(), `${i}`)));
    bench.publish(BORDER, ...Array.from({ length: count }, (_, i) => record(1, newHandle(), `${i}`)));
    bench.setStanding(HARBOUR, "removed");
    let isDown = true;
    const { standings } = standingsOf(bench, () => (isDown ? Promise.reject(new Error("down")) : Promise.resolve()));
    standings.note();
    await expect(standings.settle()).rejects.toThrow("down");
    isDown = false;
    await standings.settle();
    expect(bench.publications.recordCount).toBe(count);
    expect(closings(bench.eventsOf(BORDER))).toHaveLength(count);
    expect(closings(bench.eventsOf(BORDER))[0]).toMatchObject({ reason: "withdrawn" });
    expect(bench.ledger.noticeHead(HARBOUR).number).toBe(count);
    expect(bench.recorded.count("member.removed")).toBe(1);
  });
});
