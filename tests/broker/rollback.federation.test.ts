/** A real nats-server that comes back with what it held some time ago, while the broker runs. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LONG_MS, SOON } from "../support/patience.ts";
import { newHandle, tokens, upsert, World } from "./support.ts";

describe("a broker whose NATS server was rolled back", { timeout: LONG_MS }, () => {
  let world: World;

  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(async () => await world[Symbol.asyncDispose]());

  const store = (): string => join(world.sample.dir("nats"), "store");
  const kept = (): string => join(world.sample.dir("nats"), "kept");

  async function keepStore(): Promise<void> {
    await world.nats.kill();
    cpSync(store(), kept(), { recursive: true });
    await world.nats.start();
  }

  /** `consumers`: what the server knows of its readers goes back too, or stays as it is. */
  async function rollBack(consumers: "too" | "not"): Promise<void> {
    await world.nats.kill();
    const isConsumer = (path: string): boolean => path.includes("/obs");
    if (consumers === "too") rmSync(store(), { recursive: true });
    cpSync(kept(), store(), { recursive: true, filter: (path) => consumers === "too" || !isConsumer(path) });
    await world.nats.start();
  }

  it.each(["too", "not"] as const)(
    "says what is doubted, asks the nodes to compare, and takes what they send from then on; readers rolled back: %s",
    async (consumers) => {
      const border = await world.client("border");
      await border.publishAndWait(upsert(newHandle(), tokens(["a phone"])));
      await keepStore();
      for (const phone of ["b", "c", "d"]) {
        const late = border.next({ kind: "publication", entries: [upsert(newHandle(), tokens([phone]))] });
        await expect.poll(() => sent(border.send(border.seal(late.submission))), SOON).toBe(true);
        await border.receipt(late.submission.sequence);
      }
      await expect.poll(() => world.broker.oversight.members().every(({ streamRoom }) => streamRoom), SOON).toBe(true);
      // So that the broker has seen it all before the server goes back.
      const room = () => world.broker.oversight.members().find(({ member }) => member === border.member)?.streamRoom;
      await expect.poll(() => room()?.messages, { timeout: 30_000 }).toBe(4);
      await rollBack(consumers);
      const doubted = () =>
        world.recorded.lines.filter(
          ({ event, fields }) => event === "alarm.streamIncomplete" && fields["member"] === "border",
        );
      await expect.poll(() => doubted().length, { timeout: 30_000 }).toBeGreaterThan(0);
      expect(doubted()[0]?.fields).toMatchObject({ kind: "wentBack", missing: 3 });
      expect(world.broker.oversight.openAlarmsOf(border.member).map(({ kind }) => kind)).toContain("streamIncomplete");
      await expect.poll(() => border.received.some(({ body }) => body.kind === "gap"), SOON).toBe(true);

      const after = border.next({ kind: "publication", entries: [upsert(newHandle(), tokens(["e"]))] });
      await expect.poll(() => sent(border.send(border.seal(after.submission))), SOON).toBe(true);
      await border.receipt(after.submission.sequence);
    },
  );
});

const sent = async (sending: Promise<unknown>): Promise<boolean> =>
  await sending.then(
    () => true,
    () => false,
  );
