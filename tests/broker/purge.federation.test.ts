/** The real broker process, searched from outside for what must be gone. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { TokenSet, Upsert } from "../../shared/core/data-plane.ts";
import { BrokerProcess } from "../drills/broker-process.ts";
import { residueOf } from "../drills/residue.ts";
import { newHandle, tokens, upsert, World } from "./support.ts";
import type { Client } from "./support.ts";

const RECORDS = 50;

function records(epoch: number): Upsert[] {
  return Array.from({ length: RECORDS }, (_, i) => upsert(newHandle(), tokens([`${epoch} ${i}`, `${epoch} x${i}`])));
}

function tokensIn(entries: readonly Upsert[]): Uint8Array[] {
  const setOf = ({ tokens: set }: { readonly tokens: TokenSet }) => TOKEN_CLASSES.map((each) => set[each]);
  return entries.flatMap(setOf).flatMap((joined) => {
    return Array.from({ length: joined.length / 16 }, (_, i) => joined.slice(i * 16, (i + 1) * 16));
  });
}

describe("the end of an epoch", () => {
  it("leaves none of its tokens in the broker's memory, on its disk or in NATS, and takes the process id along", async () => {
    await using world = await World.withoutBroker();
    const dir = world.sample.dir("broker");
    writeFileSync(join(dir, "broker.json"), JSON.stringify(world.settings));
    await using broker = new BrokerProcess(dir);
    await broker.logged("broker.ready");
    const clients: Client[] = [await world.client("harbour"), await world.client("border")];
    const [first, second] = [records(1), records(2)];
    const where = { pid: broker.pid, dirs: [join(dir, "data"), join(world.sample.dir("nats"), "store")] };
    for (const client of clients) for (const entry of first) await client.publish(entry);
    for (const client of clients) await client.receipt(RECORDS);
    await clients[0]?.event("matchOpened", RECORDS);
    world.board.decide(await world.board.opening(2, { newKeysOf: [] }));
    await broker.logged("directory.grown");
    for (const client of clients) for (const entry of second) await client.publishIn(2, entry);
    const all = (entries: readonly Upsert[]) => tokensIn(entries).length;
    const before = await residueOf(tokensIn(first), where);
    expect(before).toBe(all(first));
    world.board.decide({ type: "epochActivate", epoch: 2, laggards: [] });
    world.board.decide({ type: "epochRetire", epoch: 1, cause: "rotated", laggards: [], reason: "invented" });
    await broker.logged("broker.replaced");
    await broker.logged("broker.ready", 2);
    // The search finds what is still to be there, and no more.
    expect(await residueOf(tokensIn([...first, ...second]), where)).toBe(all(second));
    const [harbour] = clients as [Client, Client];
    expect((await harbour.publishIn(2, upsert(newHandle(), tokens(["2 0"])))).rejections).toEqual([]);
    expect(harbour.events("matchClosed")).toEqual([]);
    await broker.stop();
  }, 240_000);
});
