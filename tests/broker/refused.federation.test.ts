/** NATS does not store the second copy of the ledger: nothing is confirmed, the console says why, and it goes on once there is room. */
import { expect, it } from "vitest";
import { JOURNAL_STREAM, journalStreamSettings } from "../../broker/journal/stream.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import { connectNats } from "../../shared/platform/nats.ts";
import { BROKER_INBOX_PREFIX } from "../../shared/wire/subjects.ts";
import { silentLog } from "../../shared/world/log.ts";
import { LONG_MS, SOON } from "../support/patience.ts";
import { newHandle, STREAM_SIZES, tokens, upsert, World } from "./support.ts";

it("confirms nothing while NATS stores no ledger, says so, and goes on by itself", { timeout: LONG_MS }, async () => {
  await using world = await World.start();
  const dir = world.sample.dir("broker");
  await using bus = await connectNats({
    url: world.nats.url,
    creds: readNatsCredentials(dir),
    roots: readTls(dir).rootsPem,
    inboxPrefix: BROKER_INBOX_PREFIX,
    name: "test",
    signal: new AbortController().signal,
    log: silentLog,
  });
  const harbour = await world.client("harbour");
  await harbour.publishAndWait(upsert(newHandle(), tokens(["first"])));
  expect(world.broker.status.journal.storedAtMs).toBeGreaterThan(0);
  const open = (): string[] =>
    world.broker.oversight
      .alarms()
      .filter(({ acknowledged }) => acknowledged === undefined)
      .map(({ kind }) => kind);
  const settings = journalStreamSettings(STREAM_SIZES);
  const { bytes = 0 } = (await bus.streamState(JOURNAL_STREAM)) ?? {};

  await bus.ensureStream({ ...settings, maxBytes: bytes });
  const sequence = await harbour.publish(upsert(newHandle(), tokens(["second"])));
  await expect.poll(open, SOON).toEqual(["journalRefused"]);
  expect(world.broker.status.journal.refused).toMatchObject({ reason: expect.any(Number) });
  expect(harbour.receipts(sequence)).toEqual([]);

  await bus.ensureStream(settings);
  await harbour.receipt(sequence);
  await expect.poll(open, SOON).toEqual([]);
  expect(world.broker.status.journal.refused).toBeUndefined();
  expect(world.recorded.count("journal.refused")).toBe(1);
  expect(world.recorded.count("journal.storesAgain")).toBe(1);
});
