/**
 * More than the broker takes, at once: it drains at the pace at which the broker takes it, and little is sent twice, also when the broker
 * stands still meanwhile. A broker that reads what comes in order, at a fixed pace, whether it had it before or not.
 */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Retries } from "../../agency-node/retries.ts";
import { Sender } from "../../agency-node/bus/sender.ts";
import { silentLog } from "../../shared/world/log.ts";
import { systemWorld } from "../../shared/world/world.ts";

const ROW_BYTES = 1_000;
/** Of all bytes that are sent, those that were sent before. */
const AGAIN_SHARE_MAX = 0.05;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

function messageOf(position: number): Uint8Array {
  const message = new Uint8Array(ROW_BYTES);
  new DataView(message.buffer).setUint32(0, position);
  return message;
}

class SlowBroker {
  readonly waiting = new Set<number>();
  readonly #stream: number[] = [];
  readonly #ids = new Set<string>();
  readonly #applied = new Set<number>();
  readonly #rowsPerSecond: number;
  readonly #stop = new AbortController();
  #isPaused = false;
  sentBytes = 0;
  taken = 0;
  readonly sender: Sender;

  constructor(rowsPerSecond: number) {
    this.#rowsPerSecond = rowsPerSecond;
    const outbox = {
      pending: (after: number, limit: number) =>
        [...this.waiting]
          .filter((position) => position > after)
          .slice(0, limit)
          .map((position) => ({ position, subject: String(position), message: messageOf(position) })),
      waitingAmong: ({ first, last }: { first: number; last: number }) =>
        [...this.waiting].filter((position) => first <= position && position <= last),
    };
    this.sender = new Sender({ bus: this, outbox, world: systemWorld(silentLog), retries: new Retries(() => 0) });
    void this.sender.run(this.#stop.signal);
    void this.#work();
  }

  readonly connected = true;

  /** As NATS does: it keeps no copy of what it had lately under the same id. */
  async publish(subject: string, message: Uint8Array, messageId: string): Promise<void> {
    this.sentBytes += message.length;
    if (this.#ids.has(messageId)) return;
    this.#ids.add(messageId);
    this.#stream.push(Number(subject));
  }

  append(rows: number): void {
    const last = Math.max(0, ...this.waiting);
    for (let position = last + 1; position <= last + rows; position += 1) this.waiting.add(position);
    this.sender.wake();
  }

  async pause(ms: number): Promise<void> {
    this.#isPaused = true;
    await vi.advanceTimersByTimeAsync(ms);
    this.#isPaused = false;
  }

  /** What is lost with a server's disk. */
  loseStream(): void {
    this.#stream.length = 0;
  }

  /** In seconds, until everything has its receipt. */
  async drained(): Promise<number> {
    const from = performance.now();
    while (this.waiting.size > 0) await vi.advanceTimersByTimeAsync(500);
    return (performance.now() - from) / 1_000;
  }

  async #work(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 1_000 / this.#rowsPerSecond));
      const position = this.#isPaused ? undefined : this.#stream.shift();
      if (position === undefined) continue;
      this.taken += 1;
      this.#applied.add(position);
      this.waiting.delete(position);
      this.sender.wake();
    }
  }

  /** Nothing is done that the broker has not taken. */
  expectAllTaken(rows: number): void {
    expect(this.#applied.size).toBe(rows);
  }

  get againShare(): number {
    return this.sender.count.againBytes / this.sender.count.bytes;
  }

  end(): void {
    this.#stop.abort();
  }
}

it("a burst drains at the pace at which the broker takes it, and is sent once", async () => {
  const broker = new SlowBroker(20);
  broker.append(1_000);
  expect(await broker.drained()).toBeLessThan(1.1 * (1_000 / 20));
  expect(broker.sentBytes).toBe(1_000 * ROW_BYTES);
  broker.expectAllTaken(1_000);
  broker.end();
});

it("a broker that stands still for minutes takes the rest as fast as before, and little was sent again", async () => {
  const broker = new SlowBroker(20);
  broker.append(1_000);
  await vi.advanceTimersByTimeAsync(5_000);
  await broker.pause(180_000);
  expect(await broker.drained()).toBeLessThan(1.1 * (900 / 20));
  broker.expectAllTaken(1_000);
  expect(broker.againShare).toBeLessThan(AGAIN_SHARE_MAX);
  expect(broker.taken - 1_000).toBeLessThan(AGAIN_SHARE_MAX * 1_000);
  broker.end();
});

it("a broker that is slower than any receipt is waited for does not get more to do by it", async () => {
  const broker = new SlowBroker(0.5);
  broker.append(200);
  expect(await broker.drained()).toBeLessThan(1.1 * (200 / 0.5));
  broker.expectAllTaken(200);
  expect(broker.againShare).toBeLessThan(AGAIN_SHARE_MAX);
  broker.end();
});

it("what was lost on the way is sent again, and nothing besides", async () => {
  const broker = new SlowBroker(20);
  broker.append(1_000);
  await vi.advanceTimersByTimeAsync(5_000);
  broker.loseStream();
  await broker.drained();
  broker.expectAllTaken(1_000);
  expect(broker.againShare).toBeLessThan(AGAIN_SHARE_MAX);
  broker.end();
});
