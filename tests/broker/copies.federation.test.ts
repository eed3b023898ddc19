/** The broker's databases in two copies: whichever is lost, old or damaged, it is made anew from the other, and nobody is told twice. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeSync,
  closeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LONG_MS } from "../support/patience.ts";
import { newHandle, tokens, upsert, World } from "./support.ts";

type Damage = { readonly name: string; readonly event: string; readonly spoil: (data: string, old: string) => void };

const LEDGER = "ledger.sqlite";

function removeLedger(data: string): void {
  for (const name of readdirSync(data)) if (name.startsWith(LEDGER)) rmSync(join(data, name));
}

const DAMAGES: readonly Damage[] = [
  {
    name: "of an hour ago",
    event: "journal.applied",
    spoil(data, old) {
      removeLedger(data);
      cpSync(join(old, LEDGER), join(data, LEDGER));
    },
  },
  { name: "that is missing", event: "journal.rebuilt", spoil: removeLedger },
  {
    name: "with flipped bytes",
    event: "journal.damaged",
    spoil(data) {
      const file = openSync(join(data, LEDGER), "r+");
      for (let page = 1; page < 40; page += 1) writeSync(file, Buffer.alloc(64, 0xa5), 0, 64, page * 4096);
      closeSync(file);
    },
  },
  {
    name: "that is cut short",
    event: "journal.damaged",
    spoil: (data) => truncateSync(join(data, LEDGER), 3 * 4096 + 100),
  },
];

describe("a ledger", { timeout: LONG_MS }, () => {
  it.for(DAMAGES)("$name ends as it was", async ({ event, spoil }) => {
    await using world = await World.start();
    const [harbour, border] = [await world.client("harbour"), await world.client("border")];
    const data = join(world.sample.dir("broker"), "data");
    await harbour.publishAndWait(upsert(newHandle(), tokens(["first"])), upsert(newHandle(), tokens(["second"])));
    await border.publishAndWait(upsert(newHandle(), tokens(["first"])));
    await world.stopBroker();
    const old = mkdtempSync(join(tmpdir(), "causeway-old-"));
    cpSync(data, old, { recursive: true });
    await world.startBroker();
    await border.publishAndWait(upsert(newHandle(), tokens(["second"])));
    await Promise.all([harbour.event("matchOpened", 2), border.event("matchOpened", 2)]);
    await world.stopBroker();
    spoil(data, old);
    await world.startBroker();
    expect(world.recorded.count(event)).toBe(1);
    expect(world.broker.status).toMatchObject({ matchesOpened: 2, matchesOpen: 2 });
    await harbour.publishAndWait(upsert(newHandle(), tokens(["third"])));
    await border.publishAndWait(upsert(newHandle(), tokens(["third"])));
    await Promise.all([harbour.event("matchOpened", 3), border.event("matchOpened", 3)]);
    expect(new Set(harbour.events("matchOpened").map(({ matchId }) => matchId)).size).toBe(3);
    const aside = readdirSync(data).filter((name) => name.startsWith(`${LEDGER}.set-aside-`));
    expect(aside.length > 0).toBe(event === "journal.damaged");
    rmSync(old, { recursive: true });
  });

  it("is written to NATS again if NATS has lost it", async () => {
    await using world = await World.start();
    const [harbour, border] = [await world.client("harbour"), await world.client("border")];
    await harbour.publishAndWait(upsert(newHandle(), tokens(["first"])));
    await border.publishAndWait(upsert(newHandle(), tokens(["first"])));
    await world.stopBroker();
    await world.nats.kill();
    rmSync(journalIn(join(world.sample.dir("nats"), "store")), { recursive: true });
    await world.nats.start();
    const before = world.recorded.count("journal.newBase");
    await world.startBroker();
    expect(world.recorded.count("journal.newBase")).toBeGreaterThan(before);
    await world.stopBroker();
    removeLedger(join(world.sample.dir("broker"), "data"));
    await world.startBroker();
    expect(world.broker.status).toMatchObject({ matchesOpened: 1 });
  });
});

/** Where nats-server keeps the stream. */
function journalIn(store: string): string {
  const accounts = join(store, "jetstream");
  const found = readdirSync(accounts)
    .map((account) => join(accounts, account, "streams", "CW_JOURNAL"))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error("there is no journal");
  return found;
}
