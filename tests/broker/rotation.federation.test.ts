/** Directives that come while a broker with a real nats-server runs, or while it is away. */
import { existsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Entry } from "../../shared/core/data-plane.ts";
import type { Handle, MatchId } from "../../shared/core/ids.ts";
import { silentLog } from "../../shared/world/log.ts";
import { connectNats } from "../../shared/platform/nats.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import { keyFile } from "../../shared/party/files.ts";
import { openPurgeAttestation } from "../../shared/wire/board.ts";
import { BROKER_INBOX_PREFIX, deliveryStream, submissionStream } from "../../shared/wire/subjects.ts";
import { newHandle, tokens, upsert, World } from "./support.ts";
import type { Client } from "./support.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

const record = (epoch: number, handle: Handle, ...names: string[]): Entry =>
  upsert(handle, tokens(names.map((name) => `${epoch} ${name}`)));

describe("a broker whose board decides", { timeout: LONG_MS }, () => {
  let world: World;
  let harbour: Client;
  let border: Client;
  const [ours, theirs] = [newHandle(), newHandle()];

  beforeEach(async () => {
    world = await World.start();
    [harbour, border] = [await world.client("harbour"), await world.client("border")];
  }, LONG_MS);
  afterEach(async () => await world?.[Symbol.asyncDispose](), LONG_MS);

  const openSecond = async (newKeys = false): Promise<void> => {
    world.board.decide(await world.board.opening(2, newKeys ? {} : { newKeysOf: [] }));
    await directiveTaken();
  };
  const activate = (): void => void world.board.decide({ type: "epochActivate", epoch: 2, laggards: [] });
  const retire = (): void =>
    void world.board.decide({ type: "epochRetire", epoch: 1, cause: "rotated", laggards: [], reason: "invented" });

  async function directiveTaken(): Promise<void> {
    const { number } = world.board.federation.head;
    const taken = () =>
      world.recorded.lines.some(({ event, fields }) => event === "directory.grown" && fields["number"] === number);
    await expect.poll(taken, SOON).toBe(true);
  }

  async function prove(matchId: MatchId): Promise<void> {
    const sides = [harbour, border];
    for (const client of sides) await client.state(matchId);
    for (const client of sides) await client.event("counterpartDisclosed");
  }

  const purged = () => expect.poll(() => world.recorded.count("epoch.purged"), SOON).toBeGreaterThan(0);

  async function asBroker<T>(look: (bus: Bus) => Promise<T>): Promise<T> {
    const dir = world.sample.dir("broker");
    const roots = readTls(dir).rootsPem;
    const creds = readNatsCredentials(dir);
    const { signal } = new AbortController();
    await using bus = await connectNats({
      url: world.nats.url,
      creds,
      roots,
      inboxPrefix: BROKER_INBOX_PREFIX,
      name: "test",
      signal,
      log: silentLog,
    });
    return await look(bus);
  }

  async function subjectsIn(client: Client): Promise<Set<string>> {
    return await asBroker(async (bus) => {
      const subjects = new Set<string>();
      for await (const { subject } of bus.replay(submissionStream(client.member))) subjects.add(subject);
      return subjects;
    });
  }

  it("carries a match over a rotation without a word, and purges what is behind it", async () => {
    await harbour.publishIn(1, record(1, ours, "a"));
    await border.publishIn(1, record(1, theirs, "a"), record(1, newHandle(), "z"));
    await prove((await harbour.event("matchOpened")).matchId);
    const told = [harbour, border].map(({ notices }) => notices);
    await openSecond();
    await harbour.publishIn(2, record(2, ours, "a"));
    await border.publishIn(2, record(2, theirs, "a"));
    activate();
    retire();
    await purged();
    await world.broker.restartNeeded;
    for (const client of [harbour, border]) {
      expect(await subjectsIn(client)).toEqual(new Set([`cw.pub.${client.member}.2`]));
    }
    expect(existsSync(keyFile(world.sample.dir("broker"), "sealing-1.key"))).toBe(false);
    expect(world.broker.status).toMatchObject({ records: 2, matchesOpened: 1, matchesOpen: 1 });
    const [stored] = world.broker.oversight.attestations();
    const { id, found, head } = world.board.federation;
    const opened = openPurgeAttestation(stored?.signed, id, () => found.broker.signingKey);
    expect(opened.value).toMatchObject({
      epoch: 1,
      directiveNumber: head.number,
      records: 3,
      tokens: 72,
      messages: 4,
    });
    await world.stopBroker();
    await world.startBroker();
    expect(world.recorded.count("alarm.streamIncomplete")).toBe(0);
    expect(world.broker.status).toMatchObject({ records: 2, matchesOpened: 1, matchesOpen: 1 });
    expect(world.recorded.count("epoch.purged")).toBe(1);
    expect([harbour, border].map(({ notices }) => notices)).toEqual(told);
    await border.publishIn(2, record(2, newHandle(), "a"));
    await harbour.event("matchOpened", 2);
  });

  it("ends an epoch as well that was retired, or aborted, while it was away", async () => {
    await harbour.publishIn(1, record(1, ours, "a"));
    await border.publishIn(1, record(1, theirs, "a"));
    await openSecond();
    await border.publishIn(2, record(2, theirs, "a"));
    await world.stopBroker();
    activate();
    retire();
    await world.startBroker();
    await purged();
    expect(world.broker.status).toMatchObject({ records: 1, matchesOpened: 1, matchesOpen: 1 });
    // The laggard's record stands nowhere now, and its owner can still take it back.
    await harbour.publishIn(2, { operation: "withdraw", handle: ours });
    expect((await border.event("matchClosed")).reason).toBe("withdrawn");
    world.board.decide(await world.board.opening(3, { newKeysOf: [] }));
    const { openingHash } = world.board.federation.epochs.get(3) as { openingHash: Uint8Array };
    await world.stopBroker();
    world.board.decide({ type: "epochAbort", epoch: 3, openingHash, reason: "invented" });
    await world.startBroker();
    await expect.poll(() => world.recorded.count("epoch.purged"), SOON).toBe(2);
    expect(existsSync(keyFile(world.sample.dir("broker"), "sealing-3.key"))).toBe(false);
    expect(world.broker.oversight.attestations().map(({ epoch }) => epoch)).toEqual([3, 1]);
  });

  it("does not fret over a hole that an epoch's end left in a member's chain, and goes on with its next incarnation", async () => {
    await harbour.publishIn(1, record(1, ours, "a"));
    await openSecond();
    activate();
    retire();
    await purged();
    harbour.epoch = 2;
    // As long as no time passes, the broker need not ask again.
    const nowMs = Date.now();
    world.clock = () => nowMs;
    const lost = harbour.next({ kind: "publication", entries: [record(2, newHandle(), "lost")] });
    const waiting = Array.from({ length: 20 }, () => harbour.next({ kind: "publication", entries: [] }));
    for (const { sealed } of waiting) await harbour.send(sealed);
    const gaps = () => harbour.received.filter(({ body }) => body.kind === "gap");
    await harbour.until(() => gaps()[0]);
    for (const { submission } of waiting) await harbour.send(harbour.seal(submission));
    expect(gaps()).toHaveLength(1);
    expect(gaps()[0]?.body).toMatchObject({ expectedSequence: lost.submission.sequence });
    harbour.startAnew();
    const receipt = await harbour.publishAndWait(record(2, ours, "a"));
    expect(receipt.rejections).toEqual([]);
    expect(world.recorded.count("alarm.submissionRefused")).toBe(0);
    expect(gaps()).toHaveLength(1);
  });

  it("seals to a member's newest key what it was to be told under the one before", async () => {
    await harbour.publishIn(1, record(1, ours, "a"));
    await border.publishIn(1, record(1, theirs, "a"));
    const told = await harbour.event("matchOpened");
    await openSecond(true);
    const zero = {
      kind: "connected",
      noticeNumber: 0,
      noticeHash: new Uint8Array(32),
      version: "test",
      capabilities: [],
    } as const;
    await harbour.submit(zero);
    const again = () =>
      harbour.received.filter(({ body }) => body.kind === "notice" && body.event.type === "matchOpened");
    await harbour.until(() => (again().length >= 2 ? true : undefined));
    expect(again()[1]?.body).toMatchObject({ event: told });
    expect([...harbour.noticeHashes.values()].every((hashes) => hashes.size === 1)).toBe(true);
  });

  it("hides a suspended member's records, and finds what they missed once it is reinstated", async () => {
    await harbour.publishIn(1, record(1, ours, "a"), record(1, newHandle(), "b"));
    await border.publishIn(1, record(1, theirs, "a"));
    await border.event("matchOpened");
    world.board.decide({ type: "suspend", member: harbour.member, reason: "invented" });
    await directiveTaken();
    await border.publishIn(1, record(1, newHandle(), "b"));
    const ignored = await harbour.publish(record(1, newHandle(), "a"));
    // The broker may be away for part of it.
    await world.stopBroker();
    await world.startBroker();
    expect(world.broker.status).toMatchObject({ members: 1, records: 4, matchesOpened: 1, matchesOpen: 1 });
    await border.publishIn(1, { operation: "withdraw", handle: theirs });
    expect(harbour.receipts(ignored)).toEqual([]);
    expect(border.events("matchOpened")).toHaveLength(1);
    expect(harbour.events("matchClosed")).toEqual([]);
    const { suspended } = world.board.federation;
    const salts = await world.board.saltsFor([...suspended.values()][0] as never);
    world.board.decide({ type: "reinstate", member: harbour.member, reason: "invented", salts });
    await border.event("matchOpened", 2);
    await harbour.event("matchOpened", 2);
    expect((await harbour.event("matchClosed")).reason).toBe("withdrawn");
    await harbour.receipt(ignored);
    await expect.poll(() => world.recorded.count("member.reinstated"), SOON).toBe(1);
    await world.stopBroker();
    await world.startBroker();
    expect(world.broker.status).toMatchObject({ matchesOpened: 2, matchesOpen: 1 });
    expect(world.recorded.count("member.reinstated")).toBe(1);
  });

  it.each(["runs", "is away"])("forgets a removed member while it %s, and tells the others", async (when) => {
    await harbour.publishIn(1, record(1, ours, "a"), record(1, newHandle(), "b"));
    await border.publishIn(1, record(1, theirs, "a"));
    await border.event("matchOpened");
    if (when === "is away") await world.stopBroker();
    world.board.decide({ type: "remove", member: harbour.member, reason: "invented", forCause: true });
    if (when === "is away") await world.startBroker();
    expect((await border.event("matchClosed")).reason).toBe("withdrawn");
    await expect.poll(() => world.recorded.count("member.removed"), SOON).toBe(1);
    expect(world.broker.status).toMatchObject({ records: 1, matchesOpen: 0 });
    for (const stream of [submissionStream(harbour.member), deliveryStream(harbour.member)]) {
      await expect(asBroker((bus) => bus.streamSettings(stream))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
    expect(harbour.events("matchClosed")).toEqual([]);
    const receipt = await border.publishAndWait(record(1, newHandle(), "b"));
    expect(receipt.rejections).toEqual([]);
    await world.stopBroker();
    await world.startBroker();
    expect(world.recorded.count("member.removed")).toBe(1);
    expect(world.broker.status).toMatchObject({ records: 2, matchesOpened: 1 });
  });
});
