import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Retries } from "../../agency-node/retries.ts";
import { Sender } from "../../agency-node/bus/sender.ts";
import { BusRefusal } from "../../shared/bus/bus.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { silentLog } from "../../shared/world/log.ts";
import { systemWorld } from "../../shared/world/world.ts";

/** An outbox of numbered rows, and a NATS server that notes what it gets. */
class Wire {
  readonly waiting = new Set<number>();
  readonly got: number[] = [];
  readonly ids: string[] = [];
  connected: boolean;
  refuse: ((position: number) => CausewayError | undefined) | undefined;
  /** How long this program stood still. */
  stillMs = 0;
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
      retries: new Retries(() => 0),
      outbox: {
        pending: (after, limit) =>
          [...this.waiting]
            .filter((position) => position > after)
            .slice(0, limit)
            .map((position) => ({ position, subject: "s", message: Uint8Array.of(position >> 8, position & 255) })),
        waitingAmong: ({ first, last }) =>
          [...this.waiting].filter((position) => first <= position && position <= last),
      },
      world: { ...systemWorld(silentLog), elapsedMs: () => performance.now() + this.stillMs },
    });
    this.running = this.sender.run(this.#stop.signal);
    this.running.catch(() => undefined);
  }

  async publish(_subject: string, data: Uint8Array, messageId: string): Promise<void> {
    const position = data[0]! * 256 + data[1]!;
    this.ids.push(messageId);
    const error = this.refuse?.(position);
    if (error !== undefined) throw error;
    this.got.push(position);
  }

  add(...positions: number[]): void {
    for (const position of positions) this.waiting.add(position);
    this.sender.wake();
  }

  /** How often a row was sent. */
  times(position: number): number {
    return this.got.filter((each) => each === position).length;
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
const full = (): CausewayError => new BusRefusal(10_077);
const unanswered = (): CausewayError => new CausewayError("UNAVAILABLE", "no answer");

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

describe("sending", () => {
  it("goes in order, and no further ahead of the receipts than a bound", async () => {
    const wire = new Wire(100);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(wire.got).toEqual(upTo(16));
    await wire.stop();
  });

  it("has more under way while receipts come soon, at most 256", async () => {
    const wire = new Wire(5_000);
    for (let beat = 0; beat < 12; beat += 1) {
      await vi.advanceTimersByTimeAsync(100);
      wire.receipt(...[...wire.waiting].filter((position) => wire.got.includes(position)));
    }
    await vi.advanceTimersByTimeAsync(1_000);
    const underWay = wire.got.filter((position) => wire.waiting.has(position));
    expect(underWay).toHaveLength(256);
    expect(wire.got).toEqual(upTo(wire.got.length));
    await wire.stop();
  });

  it("has less under way when receipts come late, and repeats nothing of it", async () => {
    const wire = new Wire(500);
    const broker = (async () => {
      // One every 400 ms, however many come.
      for (const position of upTo(300)) {
        await new Promise((resolve) => setTimeout(resolve, 400));
        wire.receipt(position);
      }
    })();
    await vi.advanceTimersByTimeAsync(100_000);
    const underWay = wire.got.filter((position) => wire.waiting.has(position));
    expect(underWay.length).toBeLessThan(16);
    await vi.advanceTimersByTimeAsync(20_000);
    await broker;
    expect(wire.got).toEqual(upTo(wire.got.length));
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

  it("repeats a few when no receipt comes at all, ever less often, each time under another id", async () => {
    const wire = new Wire(10);
    const sentAfter = async (ms: number): Promise<number> => {
      await vi.advanceTimersByTimeAsync(ms);
      return wire.got.length;
    };
    expect(await sentAfter(9_000)).toBe(10);
    expect(await sentAfter(2_000)).toBe(14);
    expect(await sentAfter(18_000)).toBe(14);
    expect(await sentAfter(3_000)).toBe(18);
    expect(wire.got.slice(10)).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    // An hour without a broker costs about a dozen more.
    expect(await sentAfter(3_600_000)).toBeLessThan(10 + 4 * 20);
    expect(new Set(wire.ids).size).toBe(wire.ids.length);
    await wire.stop();
  });

  it("sends all of it again once only that is answered: the rest was lost", async () => {
    const wire = new Wire(16);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(wire.got.slice(16)).toEqual([1, 2, 3, 4]);
    wire.receipt(1, 2, 3, 4);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(wire.got.slice(20)).toEqual(upTo(12).slice(4));
    wire.receipt(...upTo(12));
    await vi.advanceTimersByTimeAsync(1_100);
    expect(wire.got.slice(28)).toEqual([13, 14, 15, 16]);
    await wire.stop();
  });

  it("sends nothing else again once something is answered that was sent before the silence: it was late", async () => {
    const wire = new Wire(16);
    await vi.advanceTimersByTimeAsync(11_000);
    for (const position of upTo(16)) {
      wire.receipt(position);
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(wire.got.slice(16)).toEqual([1, 2, 3, 4]);
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

  it("goes on soon once a server answers again that was silent for a minute", async () => {
    const wire = new Wire(4, { refuse: unanswered });
    await vi.advanceTimersByTimeAsync(60_000);
    wire.refuse = undefined;
    await vi.advanceTimersByTimeAsync(2_100);
    expect(wire.got).toEqual([1, 2, 3, 4]);
    await wire.stop();
  });

  it("goes on at once over another connection, whatever the one before was refused", async () => {
    const wire = new Wire(4, { refuse: full });
    await vi.advanceTimersByTimeAsync(60_000);
    wire.refuse = undefined;
    wire.sender.onReconnect();
    await vi.advanceTimersByTimeAsync(100);
    expect(wire.got).toEqual([1, 2, 3, 4]);
    await wire.stop();
  });

  it("goes back to the row that the broker lacks", async () => {
    const wire = new Wire(5);
    await vi.advanceTimersByTimeAsync(300);
    wire.sender.resendFrom(3);
    await vi.advanceTimersByTimeAsync(100);
    expect(wire.got).toEqual([1, 2, 3, 4, 5, 3, 4, 5]);
    await wire.stop();
  });

  it("sends again what is asked for and nothing else, once for all who ask before it can be there", async () => {
    const wire = new Wire(9);
    await vi.advanceTimersByTimeAsync(100);
    for (let asked = 0; asked < 10; asked += 1) {
      wire.sender.resend([
        { first: 2, last: 3 },
        { first: 7, last: 7 },
      ]);
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(wire.got.slice(9)).toEqual([2, 3, 7]);
    expect(wire.sender.count).toEqual({ bytes: 24, againBytes: 6 });
    await wire.stop();
  });

  describe("learns nothing from a pause", () => {
    /** A row is answered at once, the next one is lost: it is sent again as soon as if nothing had been. */
    const expectSwift = async (wire: Wire, position: number): Promise<void> => {
      wire.add(position - 1);
      await vi.advanceTimersByTimeAsync(500);
      wire.receipt(position - 1);
      wire.add(position);
      await vi.advanceTimersByTimeAsync(100);
      expect(wire.times(position)).toBe(1);
      wire.sender.resendFrom(position);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(wire.times(position)).toBe(2);
      await vi.advanceTimersByTimeAsync(11_000);
      expect(wire.times(position)).toBe(3);
      await wire.stop();
    };

    it("of the broker", async () => {
      const wire = new Wire(12);
      await vi.advanceTimersByTimeAsync(100);
      wire.receipt(...upTo(4));
      await vi.advanceTimersByTimeAsync(25_000);
      wire.add(13);
      await vi.advanceTimersByTimeAsync(35_000);
      wire.receipt(...upTo(13));
      await expectSwift(wire, 15);
    });

    it("of this program, which hears what came meanwhile before it knows of the time", async () => {
      const wire = new Wire(4);
      await vi.advanceTimersByTimeAsync(100);
      wire.stillMs = 60_000;
      wire.receipt(...upTo(4));
      await expectSwift(wire, 6);
    });

    it("of the server, which has stored what it gave no answer for", async () => {
      const wire = new Wire(2, { refuse: unanswered });
      await vi.advanceTimersByTimeAsync(10);
      wire.refuse = undefined;
      wire.receipt(1, 2);
      await expectSwift(wire, 4);
    });
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
