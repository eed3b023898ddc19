/** What node and broker rely on of the data plane, whichever it is. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AGAIN_AFTER_MS, BusRefusal, StreamMoved } from "../../shared/bus/bus.ts";
import type { Bus, BusConnection, BusMessage, StreamSettings } from "../../shared/bus/bus.ts";
import { utf8 } from "../../shared/core/bytes.ts";
import { isCausewayError } from "../../shared/core/errors.ts";

/** A data plane under test, and its time. */
export type BusHarness = AsyncDisposable & {
  /** As the broker, which may do everything, but publish only deliveries. */
  connect(connection: BusConnection): Promise<Bus>;
  /** What the work comes to, while time passes. */
  until<T>(work: Promise<T>): Promise<T>;
  pass(ms: number): Promise<void>;
  /** The server ends, with its connections, and keeps what it has stored. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
};

const MESSAGE_BYTES_MAX = 2_000;
const WINDOW_MS = 2_000;
const [AGAIN_FIRST_MS = 0] = AGAIN_AFTER_MS;

export function busContract(name: string, start: () => Promise<BusHarness>): void {
  let harness: BusHarness;
  let bus: Bus;
  const end = new AbortController();
  let streams = 0;
  let reconnects = 0;

  beforeAll(async () => {
    harness = await start();
    const onReconnect = (): void => void (reconnects += 1);
    bus = await harness.until(harness.connect({ signal: end.signal, onReconnect }));
  });
  afterAll(async () => {
    await bus?.[Symbol.asyncDispose]();
    end.abort();
    await harness?.[Symbol.asyncDispose]();
  });

  /** A stream of its own for each test. */
  async function stream(over: Partial<StreamSettings> = {}): Promise<StreamSettings & { readonly subject: string }> {
    streams += 1;
    const settings: StreamSettings = {
      name: `CONTRACT_${streams}`,
      subjects: [`cw.ntc.contract${streams}a`, `cw.ntc.contract${streams}b`],
      keeps: "all",
      maxBytes: 1_000_000,
      maxMessages: 1_000,
      maxMessageBytes: MESSAGE_BYTES_MAX,
      maxAgeMs: 0,
      duplicateWindowMs: WINDOW_MS,
      replicas: 1,
      ...over,
    };
    await harness.until(bus.ensureStream(settings));
    return { ...settings, subject: settings.subjects[0] as string };
  }

  const publish = async (subject: string, ...texts: string[]): Promise<void> => {
    for (const text of texts) await harness.until(bus.publish(subject, utf8(text), `${subject} ${text}`));
  };

  const text = ({ data }: BusMessage): string => new TextDecoder().decode(data);

  async function replayed(of: string, from?: number): Promise<string[]> {
    const all = async (): Promise<string[]> => {
      const seen: string[] = [];
      for await (const message of bus.replay(of, from === undefined ? undefined : { from })) seen.push(text(message));
      return seen;
    };
    return await harness.until(all());
  }

  /** Waits, but lets no time pass of itself. */
  async function coming(messages: AsyncGenerator<BusMessage>): Promise<BusMessage> {
    const { value } = await messages.next();
    if (value === undefined) throw new Error("the messages have ended");
    return value;
  }

  const next = async (messages: AsyncGenerator<BusMessage>): Promise<BusMessage> =>
    await harness.until(coming(messages));

  async function isBack(): Promise<void> {
    for (let i = 0; i < 100 && !bus.connected; i += 1) await harness.pass(100);
    expect(bus.connected).toBe(true);
  }

  const failureOf = async (work: Promise<unknown>): Promise<unknown> =>
    await harness.until(
      work.then(
        () => "done",
        (error: unknown) => error,
      ),
    );
  const codeOf = async (work: Promise<unknown>): Promise<unknown> => {
    const failure = await failureOf(work);
    return isCausewayError(failure) ? failure.code : failure;
  };

  describe(`${name}: a stream`, () => {
    it("keeps what is published, in order", async () => {
      const { name, subject } = await stream();
      await publish(subject, "one", "two", "three");
      expect(await replayed(name)).toEqual(["one", "two", "three"]);
    });

    it("stores no second message of one id within its window, and one after it", async () => {
      const { name, subject } = await stream();
      await publish(subject, "same", "other", "same");
      expect(await replayed(name)).toEqual(["same", "other"]);
      await harness.pass(WINDOW_MS + 1_000);
      await publish(subject, "same");
      expect(await replayed(name)).toEqual(["same", "other", "same"]);
    });

    it("is needed for a message: without one for its subject it is not stored", async () => {
      expect(await codeOf(bus.publish("cw.ntc.nowhere", utf8("lost"), "id"))).toBe("UNAVAILABLE");
    });

    it("refuses what is new when it is full: nothing older makes room", async () => {
      const { name, subject } = await stream({ maxMessages: 2 });
      await publish(subject, "one", "two");
      const refusal = await failureOf(bus.publish(subject, utf8("three"), "three"));
      expect(refusal).toBeInstanceOf(BusRefusal);
      expect(refusal).toMatchObject({ code: "UNAVAILABLE" });
      expect(await replayed(name)).toEqual(["one", "two"]);
      await harness.until(bus.purge(name, subject));
      await publish(subject, "four");
      expect(await replayed(name)).toEqual(["four"]);
    });

    it("refuses what is larger than its messages may be", async () => {
      const { name, subject } = await stream();
      const large = new Uint8Array(MESSAGE_BYTES_MAX + 1);
      expect(await failureOf(bus.publish(subject, large, "large"))).toBeInstanceOf(BusRefusal);
      expect(await replayed(name)).toEqual([]);
    });

    it("loses the messages of one subject, and says how many", async () => {
      const { name, subject } = await stream();
      const other = subject.replace(/a$/, "b");
      await publish(subject, "one", "two");
      await publish(other, "three");
      expect(await harness.until(bus.purge(name, subject))).toBe(2);
      expect(await replayed(name)).toEqual(["three"]);
      expect(await codeOf(bus.purge("CONTRACT_NONE", subject))).toBe("NOT_FOUND");
    });

    it("is appended to by whoever knows its last message, and by nobody else", async () => {
      const { name, subject } = await stream();
      expect(await harness.until(bus.streamState(name))).toMatchObject({ lastSequence: 0, messages: 0 });
      expect(await harness.until(bus.append(subject, utf8("one"), 0))).toBe(1);
      expect(await harness.until(bus.append(subject, utf8("two"), 1))).toBe(2);
      expect(await failureOf(bus.append(subject, utf8("late"), 1))).toBeInstanceOf(StreamMoved);
      expect(await failureOf(bus.append(subject, utf8("early"), 3))).toBeInstanceOf(StreamMoved);
      await publish(subject, "three");
      expect(await failureOf(bus.append(subject, utf8("late"), 2))).toBeInstanceOf(StreamMoved);
      expect(await harness.until(bus.append(subject, utf8("one"), 3))).toBe(4);
      expect(await replayed(name)).toEqual(["one", "two", "three", "one"]);
    });

    it("is read from a number on, and says what it holds", async () => {
      const { name, subject } = await stream();
      await publish(subject, "one", "two", "three");
      expect(await replayed(name, 2)).toEqual(["two", "three"]);
      expect(await replayed(name, 4)).toEqual([]);
      expect(await harness.until(bus.streamState(name))).toMatchObject({
        firstSequence: 1,
        lastSequence: 3,
        messages: 3,
      });
      expect(await harness.until(bus.streamState("CONTRACT_NONE"))).toBeUndefined();
    });

    it("is read from a number on, also where all later messages have been purged", async () => {
      const { name, subject } = await stream();
      const other = subject.replace(/a$/, "b");
      await publish(subject, "one");
      await publish(other, "two");
      await harness.until(bus.purge(name, other));
      expect(await replayed(name, 2)).toEqual([]);
      await publish(other, "three");
      expect(await replayed(name, 2)).toEqual(["three"]);
    });

    it("loses what is older than a message, and goes on counting", async () => {
      const { name, subject } = await stream();
      await publish(subject, "one", "two", "three");
      await harness.until(bus.purgeBefore(name, 3));
      expect(await replayed(name)).toEqual(["three"]);
      expect(await replayed(name, 1)).toEqual(["three"]);
      expect(await harness.until(bus.streamState(name))).toMatchObject({
        firstSequence: 3,
        lastSequence: 3,
        messages: 1,
      });
      await harness.until(bus.purgeBefore(name, 4));
      expect(await harness.until(bus.streamState(name))).toMatchObject({ firstSequence: 4, lastSequence: 3 });
      expect(await harness.until(bus.append(subject, utf8("four"), 3))).toBe(4);
      expect(await codeOf(bus.purgeBefore("CONTRACT_NONE", 1))).toBe("NOT_FOUND");
    });

    it("keeps of each subject only the last message, if it is made so", async () => {
      const { name, subject } = await stream({ keeps: "last", maxMessages: 2 });
      await publish(subject, "one", "two");
      await publish(subject.replace(/a$/, "b"), "other");
      expect(await harness.until(bus.append(subject, utf8("three"), 3))).toBe(4);
      expect(await replayed(name)).toEqual(["other", "three"]);
    });

    it("has the settings that it was given last", async () => {
      const { subject, ...settings } = await stream();
      expect(await harness.until(bus.streamSettings(settings.name))).toEqual(settings);
      const wider = { ...settings, maxBytes: 2_000_000, maxMessages: 2_000 };
      await publish(subject, "one");
      await harness.until(bus.ensureStream(wider));
      expect(await harness.until(bus.streamSettings(settings.name))).toEqual(wider);
      expect(await replayed(settings.name)).toEqual(["one"]);
    });

    it("can be deleted with all it holds, also when there is none", async () => {
      const { subject, ...settings } = await stream();
      await publish(subject, "one");
      await harness.until(bus.deleteStream(settings.name));
      await harness.until(bus.deleteStream(settings.name));
      expect(await failureOf(bus.streamSettings(settings.name))).toBeInstanceOf(BusRefusal);
      expect(await replayed(settings.name)).toEqual([]);
      await harness.until(bus.ensureStream(settings));
      expect(await replayed(settings.name)).toEqual([]);
    });
  });

  describe(`${name}: a durable consumer`, () => {
    it("gives every message once that is acknowledged, and says how many wait", async () => {
      const { name, subject } = await stream();
      await harness.until(bus.ensureConsumer(name, "reader", 10));
      await publish(subject, "one", "two");
      const stop = new AbortController();
      const messages = bus.consume(name, "reader", stop.signal);
      const one = await next(messages);
      expect([text(one), one.subject, one.streamSequence, one.pending]).toEqual(["one", subject, 1, 1]);
      one.ack();
      const two = await next(messages);
      expect([text(two), two.streamSequence, two.pending]).toEqual(["two", 2, 0]);
      two.ack();
      await publish(subject, "three");
      expect(text(await next(messages))).toBe("three");
      expect(await replayed(name)).toEqual(["one", "two", "three"]);
      stop.abort();
      expect(await harness.until(messages.next())).toMatchObject({ done: true });
    });

    it("gives again what was not acknowledged, after a while and not before", async () => {
      const { name, subject } = await stream();
      await harness.until(bus.ensureConsumer(name, "reader", 10));
      await publish(subject, "one", "two");
      const stop = new AbortController();
      const messages = bus.consume(name, "reader", stop.signal);
      expect(text(await next(messages))).toBe("one");
      (await next(messages)).ack();
      let came = false;
      const again = coming(messages).then((message) => {
        came = true;
        return message;
      });
      await harness.pass(AGAIN_FIRST_MS - 1_500);
      expect(came).toBe(false);
      await harness.pass(3_000);
      expect(came).toBe(true);
      expect([text(await again), (await again).streamSequence]).toEqual(["one", 1]);
      stop.abort();
    });

    it("gives no more at once than it may", async () => {
      const { name, subject } = await stream();
      await harness.until(bus.ensureConsumer(name, "reader", 1));
      await publish(subject, "one", "two", "three");
      const stop = new AbortController();
      const messages = bus.consume(name, "reader", stop.signal);
      const one = await next(messages);
      let came = false;
      const second = coming(messages).then((message) => {
        came = true;
        return message;
      });
      await harness.pass(500);
      expect(came).toBe(false);
      one.ack();
      expect(text(await harness.until(second))).toBe("two");
      await harness.until(bus.ensureConsumer(name, "reader", 2));
      expect(text(await next(messages))).toBe("three");
      stop.abort();
    });

    it("makes room by acknowledging where the stream keeps only what waits", async () => {
      const { name, subject } = await stream({ keeps: "untilAcknowledged", maxMessages: 1 });
      await harness.until(bus.ensureConsumer(name, "reader", 10));
      await publish(subject, "one");
      const stop = new AbortController();
      const messages = bus.consume(name, "reader", stop.signal);
      const one = await next(messages);
      expect(await failureOf(bus.publish(subject, utf8("two"), "two"))).toBeInstanceOf(BusRefusal);
      one.ack();
      await harness.pass(1_000);
      await publish(subject, "three");
      expect(text(await next(messages))).toBe("three");
      stop.abort();
    });

    it("is read from as soon as it exists", async () => {
      const { name, subject } = await stream();
      await publish(subject, "one");
      const stop = new AbortController();
      const messages = bus.consume(name, "reader", stop.signal);
      const first = coming(messages);
      await harness.pass(700);
      await harness.until(bus.ensureConsumer(name, "reader", 10));
      expect(text(await harness.until(first))).toBe("one");
      stop.abort();
      expect(await failureOf(bus.ensureConsumer("CONTRACT_NONE", "reader", 10))).toBeInstanceOf(BusRefusal);
    });
  });

  describe(`${name}: a connection`, () => {
    it("that is lost fails at once, comes back by itself, and reads on", async () => {
      const { name, subject } = await stream();
      await harness.until(bus.ensureConsumer(name, "reader", 10));
      await publish(subject, "before");
      const stop = new AbortController();
      const messages = bus.consume(name, "reader", stop.signal);
      const before = await next(messages);
      before.ack();
      await harness.pass(1_000);
      const reconnectsBefore = reconnects;
      await harness.goAway();
      for (let i = 0; i < 100 && bus.connected; i += 1) await harness.pass(100);
      expect(bus.connected).toBe(false);
      expect(await codeOf(bus.publish(subject, utf8("nobody"), "nobody"))).toBe("UNAVAILABLE");
      await harness.comeBack();
      await isBack();
      expect(reconnects).toBeGreaterThan(reconnectsBefore);
      let published: unknown;
      for (let i = 0; i < 100 && published !== "done"; i += 1) {
        published = await codeOf(bus.publish(subject, utf8("after"), "after"));
        await harness.pass(100);
      }
      expect(text(await next(messages))).toBe("after");
      expect(await replayed(name)).toEqual(["before", "after"]);
      stop.abort();
    });

    it("is waited for while no server answers, until its signal aborts", async () => {
      await harness.goAway();
      const own = new AbortController();
      const connecting = harness.connect({ signal: own.signal });
      connecting.catch(() => undefined);
      await harness.pass(500);
      own.abort();
      expect(await codeOf(connecting)).toBe("UNAVAILABLE");
      const second = harness.connect({ signal: end.signal });
      await harness.pass(500);
      await harness.comeBack();
      await (await harness.until(second))[Symbol.asyncDispose]();
      await isBack();
    });

    it("that is closed ends its readers and stores nothing more", async () => {
      const { name, subject } = await stream();
      await harness.until(bus.ensureConsumer(name, "reader", 10));
      const own = await harness.until(harness.connect({ signal: end.signal }));
      const reading = own.consume(name, "reader").next();
      await harness.pass(500);
      await own[Symbol.asyncDispose]();
      await harness.pass(500);
      expect(own.connected).toBe(false);
      expect(await codeOf(own.publish(subject, utf8("one"), "one"))).toBe("UNAVAILABLE");
      expect(await harness.until(reading)).toMatchObject({ done: true });
      expect(await replayed(name)).toEqual([]);
    });
  });
}
