import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Sender } from "../../agency-node/bus/sender.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { silentLog } from "../../shared/world/log.ts";
import { systemWorld } from "../../shared/world/world.ts";

/** An outbox of numbered rows, and a NATS server that notes what it gets. */
class Wire {
  readonly waiting = new Set<number>();
  readonly got: number[] = [];
  connected: boolean;
  refuse: ((position: number) => CausewayError | undefined) | undefined;
  readonly #stop = new AbortController();
  readonly sender: Sender;
  readonly running: Promise<void>;

  constructor(
    rows: number,
    at: { connected?: boolean; refuse?: (position: number) => CausewayError | undefined } = {},
  ) {
    this.connected = at.connected ?? true;
    this.refuse = at.refuse;
    for (let position = 1; position <= rows; position += 1) this.waiting.add(position);
    this.sender = new Sender({
      bus: this,
      outbox: {
        pending: (after, limit) =>
          [...this.waiting]
            .filter((position) => position > after)
            .slice(0, limit)
            .map((position) => ({ position, subject: "s", message: Uint8Array.of(position >> 8, position & 255) })),
        unreceipted: (until) => {
          const rows = [...this.waiting].filter((position) => position <= until);
          return { rows: rows.length, first: rows[0] };
        },
      },
      world: systemWorld(silentLog),
    });
    this.running = this.sender.run(this.#stop.signal);
    this.running.catch(() => undefined);
  }

  async publish(_subject: string, data: Uint8Array): Promise<void> {
    const position = data[0]! * 256 + data[1]!;
    const error = this.refuse?.(position);
    if (error !== undefined) throw error;
    this.got.push(position);
  }

  receipt(...positions: number[]): void {
    for (const position of positions) this.waiting.delete(position);
    this.sender.wake();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.running;
  }
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);
const full = (): CausewayError => new CausewayError("UNAVAILABLE", "maximum bytes exceeded");

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

describe("sending", () => {
  it("goes in order, and no further ahead of the receipts than a bound", async () => {
    const wire = new Wire(100);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(wire.got).toEqual(upTo(64));
    wire.receipt(1, 2, 3);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(wire.got).toEqual(upTo(67));
    await wire.stop();
  });

  it("does not repeat anything while receipts come, however slowly", async () => {
    const wire = new Wire(20);
    for (const position of upTo(20)) {
      await vi.advanceTimersByTimeAsync(8_000);
      wire.receipt(position);
    }
    await vi.advanceTimersByTimeAsync(60_000);
    expect(wire.got).toEqual(upTo(20));
    await wire.stop();
  });

  it("repeats what is under way when no receipt comes at all, ever less often", async () => {
    const wire = new Wire(3);
    const timesAfter = async (ms: number): Promise<number> => {
      await vi.advanceTimersByTimeAsync(ms);
      return wire.got.length / 3;
    };
    expect(await timesAfter(9_000)).toBe(1);
    expect(await timesAfter(2_000)).toBe(2);
    expect(await timesAfter(18_000)).toBe(2);
    expect(await timesAfter(3_000)).toBe(3);
    // An hour without a broker costs about a dozen more.
    expect(await timesAfter(3_600_000)).toBeLessThan(20);
    wire.receipt(1, 2, 3);
    await vi.advanceTimersByTimeAsync(1_000);
    await wire.stop();
  });

  it("begins again at the row that was refused, with longer pauses while the stream is full", async () => {
    let tries = 0;
    const refuse = (position: number): CausewayError | undefined => {
      if (position === 2) tries += 1;
      return position >= 2 ? full() : undefined;
    };
    const wire = new Wire(4, { refuse });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tries).toBeLessThan(15);
    expect(new Set(wire.got)).toEqual(new Set([1]));
    wire.refuse = undefined;
    await vi.advanceTimersByTimeAsync(11_000);
    expect(wire.got.slice(-3)).toEqual([2, 3, 4]);
    await wire.stop();
  });

  it("goes back to the row that the broker lacks", async () => {
    const wire = new Wire(5);
    await vi.advanceTimersByTimeAsync(100);
    wire.sender.resendFrom(3);
    await vi.advanceTimersByTimeAsync(100);
    expect(wire.got).toEqual([1, 2, 3, 4, 5, 3, 4, 5]);
    await wire.stop();
  });

  it("waits while no server is connected", async () => {
    const wire = new Wire(1, { connected: false });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(wire.got).toEqual([]);
    wire.connected = true;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(wire.got).toEqual([1]);
    await wire.stop();
  });

  it("ends when the server refuses this member: trying at once would not help", async () => {
    const wire = new Wire(1, { refuse: () => new CausewayError("UNAUTHENTICATED", "refused") });
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(wire.running).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
