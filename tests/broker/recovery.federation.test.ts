import { describe, expect, it } from "vitest";
import { randomBytes } from "../../shared/world/random.ts";
import { newHandle, tokens, upsert, World } from "./support.ts";
import type { Client } from "./support.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

/** Sends again, as a node does, until each of the numbered submissions has its receipt. */
async function settle(client: Client, sent: ReturnType<Client["next"]>[]): Promise<void> {
  const missing = () => sent.filter(({ submission }) => client.receipts(submission.sequence).length === 0);
  const deadline = Date.now() + SOON.timeout;
  while (missing().length > 0) {
    if (Date.now() > deadline) throw new Error(`${missing().length} submissions have no receipt`);
    for (const { submission } of missing()) await client.send(client.seal(submission)).catch(() => undefined);
    await client.until(() => (missing().length === 0 ? true : undefined), 1_000).catch(() => undefined);
  }
}

function expectOneStory(client: Client, matches: number): void {
  const ids = client.events("matchOpened").map(({ matchId }) => matchId);
  expect(ids).toHaveLength(matches);
  expect(new Set(ids).size).toBe(matches);
  const numbers = client.notices.map(({ number }) => number);
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  expect([...client.noticeHashes.values()].every((hashes) => hashes.size === 1)).toBe(true);
}

describe("after a stop", { timeout: LONG_MS }, () => {
  it("finds a new overlap with a record from before, and remembers whom it has told", async () => {
    await using world = await World.start();
    const [harbour, border] = [await world.client("harbour"), await world.client("border")];
    await harbour.publishAndWait(
      upsert(newHandle(), tokens(["old phone"])),
      upsert(newHandle(), tokens(["old passport"])),
    );
    await border.publishAndWait(upsert(newHandle(), tokens(["old phone"])));
    await border.event("matchOpened");
    const { records, tokens: count } = world.broker.status;
    await world.stopBroker();
    // Published while the broker is away: it comes through the live path.
    const waiting = await border.publish(upsert(newHandle(), tokens(["old passport"])));
    await world.startBroker();
    await border.receipt(waiting);
    await border.event("matchOpened", 2);
    await harbour.event("matchOpened", 2);
    expect(world.broker.status).toMatchObject({ records: records + 1, matchesOpened: 2 });
    expect(world.broker.status.tokens).toBeGreaterThan(count);
    for (const client of [harbour, border]) expectOneStory(client, 2);
    expect(world.recorded.count("alarm.streamIncomplete")).toBe(0);
  });

  it("tells each side exactly once, however often the broker dies in between", async () => {
    await using world = await World.start();
    const [harbour, border] = [await world.client("harbour"), await world.client("border")];
    const records = 24;
    const plan = (client: Client) =>
      Array.from({ length: records }, (_, i) =>
        client.next({ kind: "publication", entries: [upsert(newHandle(), tokens([`target ${i}`]))] }),
      );
    const [ours, theirs] = [plan(harbour), plan(border)];
    const dying = (async () => {
      for (let death = 0; death < 5; death += 1) {
        await new Promise((resolve) => setTimeout(resolve, 1 + (randomBytes(1)[0] as number) / 2));
        await world.stopBroker();
        await world.startBroker();
      }
    })();
    for (let i = 0; i < records; i += 1) {
      for (const [client, sent] of [[harbour, ours] as const, [border, theirs] as const]) {
        await client.send((sent[i] as (typeof sent)[number]).sealed);
      }
    }
    await dying;
    await Promise.all([settle(harbour, ours), settle(border, theirs)]);
    await harbour.event("matchOpened", records);
    await border.event("matchOpened", records);
    for (const client of [harbour, border]) expectOneStory(client, records);
    expect(world.broker.status).toMatchObject({ records: 2 * records, matchesOpened: records, matchesOpen: records });
  });

  it("waits for a nats-server that is down at its start, and goes on when one dies under it", async () => {
    await using world = await World.start();
    const [harbour, border] = [await world.client("harbour"), await world.client("border")];
    await harbour.publishAndWait(upsert(newHandle(), tokens(["a"])));
    await world.stopBroker();
    await world.nats.kill();
    const starting = world.startBroker();
    await expect.poll(() => world.recorded.count("nats.waiting"), SOON).toBeGreaterThan(0);
    await world.nats.start();
    await starting;
    await border.until(() => true);
    const overlap = border.next({ kind: "publication", entries: [upsert(newHandle(), tokens(["a"]))] });
    await settle(border, [overlap]);
    await harbour.event("matchOpened");
    await world.nats.kill();
    await world.nats.start();
    const second = border.next({ kind: "publication", entries: [upsert(newHandle(), tokens(["a", "b"]))] });
    await settle(border, [second]);
    await harbour.event("matchOpened", 2);
    expectOneStory(harbour, 2);
  });
});
