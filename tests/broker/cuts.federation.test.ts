/** Connections to a real nats-server that are cut while something is on its way. */
import { describe, expect, it } from "vitest";
import { CutLine } from "../support/cut-line.ts";
import { LONG_MS, SOON } from "../support/patience.ts";
import { newHandle, tokens, upsert, World } from "./support.ts";

/** By itself a consumer sends again after 30 seconds. */
const BEFORE_30_S = 25_000;
/** A sealed message has at least this many bytes. */
const MESSAGE_BYTES = 1_024;

describe("what was lost with a connection comes again within seconds", { timeout: LONG_MS }, () => {
  const publication = () => ({ kind: "publication", entries: [upsert(newHandle(), tokens(["a phone"]))] }) as const;

  it("to the broker", async () => {
    await using world = await World.withoutBroker();
    using line = await CutLine.to(world.nats.port);
    world.brokerNatsUrl = `tls://127.0.0.1:${line.port}`;
    await world.startBroker();
    const harbour = await world.client("harbour");
    await harbour.publishAndWait();
    line.deafen();
    const sequence = await harbour.submit(publication());
    await expect.poll(() => line.lostBytes, SOON).toBeGreaterThan(MESSAGE_BYTES);
    line.cut();
    await harbour.until(() => harbour.receipts(sequence)[0], BEFORE_30_S);
    expect(world.broker.status.records).toBe(1);
  });

  it("to a member, and its publisher does not wait for an answer that cannot come", async () => {
    await using world = await World.start();
    using line = await CutLine.to(world.nats.port);
    const harbour = await world.client("harbour", `tls://127.0.0.1:${line.port}`);
    await harbour.publishAndWait();
    line.deafen();
    const { submission, sealed } = harbour.next(publication());
    const sent = harbour.send(sealed).catch((error: unknown) => error);
    await expect.poll(() => line.lostBytes, SOON).toBeGreaterThan(MESSAGE_BYTES);
    line.cut();
    const cutAt = performance.now();
    expect(await sent).toMatchObject({ code: "UNAVAILABLE" });
    // The client alone would wait for five seconds.
    expect(performance.now() - cutAt).toBeLessThan(3_000);
    await harbour.until(() => harbour.receipts(submission.sequence)[0], BEFORE_30_S);
    expect(world.broker.status.records).toBe(1);
  });
});
