/**
 * The data plane in memory, over a world's time: what nats-server does for this project's streams and durable consumers, and nothing else.
 * It passes the contract suite that the real one passes (`tests/contract/bus.ts`).
 */
import { AGAIN_AFTER_MS, BusRefusal, StreamMoved } from "../../shared/bus/bus.ts";
import type { Bus, BusConnection, BusMessage, StreamSettings, StreamState } from "../../shared/bus/bus.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { pause, retryWhileUnavailable } from "../../shared/world/wait.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";

type Stored = { readonly sequence: number; readonly subject: string; readonly data: Uint8Array; readonly atMs: number };

type Consumer = {
  maxAckPending: number;
  /** The next message that it has never been given. */
  next: number;
  /** Given and not acknowledged. */
  readonly open: Map<number, { times: number; againMs: number }>;
};

type Stream = {
  settings: StreamSettings;
  last: number;
  bytes: number;
  readonly stored: Map<number, Stored>;
  /** When a message id was last stored. */
  readonly ids: Map<string, number>;
  readonly consumers: Map<string, Consumer>;
};

/** What a client may do; everything by default, as the broker. */
export type Permissions = {
  publish?(subject: string): boolean;
  read?(stream: string): boolean;
};

/** One message as somebody published it, stored or not. */
export type Published = { readonly subject: string; readonly data: Uint8Array; readonly messageId: string };

/** As `nats-server` numbers its reasons. */
const REASON = { noStream: 10_059, noConsumer: 10_014, full: 10_077, tooLarge: 10_054, noRoom: 10_047 } as const;
/** From a client to the server, and back. */
const WAY_MS = 1;
/** What the server counts of a message besides its data and subject. */
const OVERHEAD_BYTES = 64;
const RECONNECT_MS = 250;
/** Whoever waits is told of every change. */
const IDLE_MS = 3_600_000;

export class MemoryBusServer {
  readonly #world: Pick<World, "after" | "elapsedMs">;
  readonly #streams = new Map<string, Stream>();
  readonly #connections = new Set<MemoryBus>();
  readonly #changed: Wake;
  /** What all streams together may reserve. */
  readonly #roomBytes: number;
  #up = true;
  /** Every attempt to publish that reached the server, in order. */
  readonly published: Published[] = [];

  constructor(world: Pick<World, "after" | "elapsedMs">, { roomBytes = Number.POSITIVE_INFINITY } = {}) {
    this.#world = world;
    this.#changed = new Wake(world);
    this.#roomBytes = roomBytes;
  }

  get up(): boolean {
    return this.#up;
  }

  get changed(): Wake {
    return this.#changed;
  }

  /** As `BusConnector`, for a client that may do no more than this; one that is refused gets UNAUTHENTICATED. */
  async connect(connection: BusConnection, permissions: Permissions | "refused" = {}): Promise<Bus> {
    const { signal } = connection;
    const attempt = async (): Promise<Bus> => {
      await pause(this.#world, WAY_MS, signal);
      if (signal.aborted || !this.#up) throw away();
      if (permissions === "refused") throw refusedCredentials();
      const bus = new MemoryBus(this, this.#world, connection, permissions);
      this.#connections.add(bus);
      return bus;
    };
    return await retryWhileUnavailable(this.#world, attempt, { signal, maxDelayMs: 2_000 });
  }

  /** The server is gone with every connection to it; what it has stored stays. */
  goAway(): void {
    this.#up = false;
    for (const connection of this.#connections) connection.lose();
    this.#changed.set();
  }

  comeBack(): void {
    this.#up = true;
    for (const connection of this.#connections) connection.returnIn(RECONNECT_MS);
  }

  /** This client's way to the server is gone, with what was on it. */
  cut(connection: Bus): void {
    for (const each of this.#connections) if (each === connection) each.lose();
    this.#changed.set();
  }

  /** And back: the client is connected again a moment later. */
  mend(connection: Bus): void {
    for (const each of this.#connections) if (each === connection) each.returnIn(RECONNECT_MS);
  }

  forget(connection: MemoryBus): void {
    this.#connections.delete(connection);
  }

  store(message: Published): void {
    this.published.push(message);
    const { subject, messageId } = message;
    const stream = this.#streamOf(subject);
    const { settings, ids } = stream;
    const nowMs = this.#world.elapsedMs();
    if (nowMs - (ids.get(messageId) ?? Number.NEGATIVE_INFINITY) < settings.duplicateWindowMs) return;
    this.#add(stream, message);
    ids.set(messageId, nowMs);
  }

  append(subject: string, data: Uint8Array, expectedLastSequence: number): number {
    const stream = this.#streamOf(subject);
    if (stream.last !== expectedLastSequence) throw new StreamMoved();
    this.#add(stream, { subject, data });
    return stream.last;
  }

  #streamOf(subject: string): Stream {
    const stream = [...this.#streams.values()].find(({ settings }) => settings.subjects.some(matches(subject)));
    if (stream === undefined) throw away();
    this.#expire(stream);
    return stream;
  }

  #add(stream: Stream, { subject, data }: Pick<Stored, "subject" | "data">): void {
    const { settings, stored } = stream;
    const bytes = sizeOf({ subject, data });
    if (bytes > settings.maxMessageBytes) throw new BusRefusal(REASON.tooLarge);
    if (settings.keeps === "last")
      for (const each of stored.values()) if (each.subject === subject) remove(stream, each.sequence);
    if (stream.bytes + bytes > settings.maxBytes || stored.size >= settings.maxMessages)
      throw new BusRefusal(REASON.full);
    stream.last += 1;
    stream.bytes += bytes;
    stored.set(stream.last, { sequence: stream.last, subject, data: data.slice(), atMs: this.#world.elapsedMs() });
    this.#changed.set();
  }

  stateOf(streamName: string): StreamState | undefined {
    const stream = this.#streams.get(streamName);
    if (stream === undefined) return undefined;
    const { last: lastSequence, bytes, stored } = stream;
    const [firstSequence = lastSequence + 1] = stored.keys();
    return { firstSequence, lastSequence, messages: stored.size, bytes };
  }

  purgeBefore(streamName: string, sequence: number): void {
    const stream = this.#existingToPurge(streamName);
    for (const each of stream.stored.keys()) if (each < sequence) remove(stream, each);
  }

  /** The next message for a consumer, which counts as given to it; else how long nothing comes again. */
  give(streamName: string, consumerName: string): Delivery | { readonly waitMs: number } {
    const stream = this.existing(streamName);
    const consumer = stream.consumers.get(consumerName);
    if (consumer === undefined) throw new BusRefusal(REASON.noConsumer);
    this.#expire(stream);
    for (const sequence of consumer.open.keys()) if (!stream.stored.has(sequence)) consumer.open.delete(sequence);
    const nowMs = this.#world.elapsedMs();
    const again = [...consumer.open].find(([, { againMs }]) => againMs <= nowMs)?.[0];
    const fresh = consumer.open.size < consumer.maxAckPending ? nextOf(stream, consumer.next) : undefined;
    const message = again === undefined ? fresh : stream.stored.get(again);
    if (message === undefined) {
      const waits = [...consumer.open.values()].map(({ againMs }) => againMs - nowMs);
      return { waitMs: Math.min(...waits, IDLE_MS) };
    }
    const { sequence } = message;
    const times = (consumer.open.get(sequence)?.times ?? 0) + 1;
    // Again at the end of the line: what was given least lately comes first.
    consumer.open.delete(sequence);
    consumer.open.set(sequence, { times, againMs: nowMs + (AGAIN_AFTER_MS.at(times - 1) ?? AGAIN_AFTER_MS.at(-1)!) });
    consumer.next = Math.max(consumer.next, sequence + 1);
    const pending = [...stream.stored.keys()].filter((each) => each >= consumer.next).length;
    return { message, pending };
  }

  acknowledge(streamName: string, consumerName: string, sequence: number): void {
    const stream = this.#streams.get(streamName);
    stream?.consumers.get(consumerName)?.open.delete(sequence);
    if (stream?.settings.keeps === "untilAcknowledged") remove(stream, sequence);
    this.#changed.set();
  }

  messages(streamName: string): Stored[] {
    const stream = this.#streams.get(streamName);
    if (stream === undefined) return [];
    this.#expire(stream);
    return [...stream.stored.values()];
  }

  ensureStream(settings: StreamSettings): void {
    const others = [...this.#streams.values()].filter((each) => each.settings.name !== settings.name);
    const reserved = others.reduce((sum, each) => sum + each.settings.maxBytes, settings.maxBytes);
    if (reserved > this.#roomBytes) throw new BusRefusal(REASON.noRoom);
    const known = this.#streams.get(settings.name);
    if (known !== undefined) known.settings = settings;
    else
      this.#streams.set(settings.name, {
        settings,
        last: 0,
        bytes: 0,
        stored: new Map(),
        ids: new Map(),
        consumers: new Map(),
      });
    this.#changed.set();
  }

  ensureConsumer(streamName: string, consumerName: string, maxAckPending: number): void {
    const { consumers } = this.existing(streamName);
    const known = consumers.get(consumerName);
    if (known !== undefined) known.maxAckPending = maxAckPending;
    else consumers.set(consumerName, { maxAckPending, next: 1, open: new Map() });
    this.#changed.set();
  }

  purge(streamName: string, subject: string): number {
    const stream = this.#existingToPurge(streamName);
    const gone = [...stream.stored.values()].filter((each) => matches(each.subject)(subject));
    for (const { sequence } of gone) remove(stream, sequence);
    return gone.length;
  }

  #existingToPurge(streamName: string): Stream {
    const stream = this.#streams.get(streamName);
    if (stream === undefined) throw new CausewayError("NOT_FOUND", "there is no such stream");
    return stream;
  }

  deleteStream(streamName: string): void {
    this.#streams.delete(streamName);
  }

  existing(streamName: string): Stream {
    const stream = this.#streams.get(streamName);
    if (stream === undefined) throw new BusRefusal(REASON.noStream);
    return stream;
  }

  #expire(stream: Stream): void {
    const { settings, stored } = stream;
    if (settings.maxAgeMs === 0) return;
    const oldestMs = this.#world.elapsedMs() - settings.maxAgeMs;
    for (const { sequence, atMs } of stored.values()) if (atMs <= oldestMs) remove(stream, sequence);
  }
}

type Delivery = { readonly message: Stored; readonly pending: number };

class MemoryBus implements Bus {
  readonly #server: MemoryBusServer;
  readonly #world: Pick<World, "after" | "elapsedMs">;
  readonly #connection: BusConnection;
  readonly #permissions: Permissions;
  readonly #closed = new AbortController();
  #lost = new AbortController();

  constructor(
    server: MemoryBusServer,
    world: Pick<World, "after" | "elapsedMs">,
    connection: BusConnection,
    permissions: Permissions,
  ) {
    this.#server = server;
    this.#world = world;
    this.#connection = connection;
    this.#permissions = permissions;
  }

  get connected(): boolean {
    return !this.#lost.signal.aborted;
  }

  lose(): void {
    this.#lost.abort();
  }

  returnIn(ms: number): void {
    this.#world.after(ms, () => {
      if (!this.#server.up || this.connected || this.#closed.signal.aborted) return;
      this.#lost = new AbortController();
      this.#server.changed.set();
      this.#connection.onReconnect?.();
    });
  }

  async publish(subject: string, data: Uint8Array, messageId: string): Promise<void> {
    await this.#call(() => {
      if (this.#permissions.publish?.(subject) === false) throw away();
      this.#server.store({ subject, data, messageId });
    });
  }

  async *consume(stream: string, consumer: string, own?: AbortSignal): AsyncGenerator<BusMessage> {
    const signals = [this.#connection.signal, this.#closed.signal, ...(own === undefined ? [] : [own])];
    const signal = AbortSignal.any(signals);
    const told = this.#server.changed.sleeper();
    while (!signal.aborted) {
      const given = this.connected ? this.#give(stream, consumer) : { waitMs: IDLE_MS };
      if ("waitMs" in given) await told.wait(given.waitMs, signal);
      else {
        // Never in the same turn, as over a wire.
        await pause(this.#world, WAY_MS, signal);
        if (!signal.aborted) yield this.#toMessage(stream, consumer, given);
      }
    }
  }

  /** What does not exist may still be made. */
  #give(stream: string, consumer: string): ReturnType<MemoryBusServer["give"]> {
    if (this.#permissions.read?.(stream) === false) return { waitMs: IDLE_MS };
    try {
      return this.#server.give(stream, consumer);
    } catch (error) {
      if (!(error instanceof BusRefusal)) throw error;
      return { waitMs: IDLE_MS };
    }
  }

  #toMessage(stream: string, consumer: string, { message, pending }: Delivery): BusMessage {
    const { subject, sequence } = message;
    const { signal: lost } = this.#lost;
    const ack = (): void => {
      this.#world.after(WAY_MS, () => {
        if (!lost.aborted) this.#server.acknowledge(stream, consumer, sequence);
      });
    };
    return { subject, data: message.data.slice(), streamSequence: sequence, pending, ack };
  }

  async append(subject: string, data: Uint8Array, expectedLastSequence: number): Promise<number> {
    return await this.#call(() => {
      if (this.#permissions.publish?.(subject) === false) throw away();
      return this.#server.append(subject, data, expectedLastSequence);
    });
  }

  async streamState(stream: string): Promise<StreamState | undefined> {
    return await this.#call(() => this.#server.stateOf(stream));
  }

  async purgeBefore(stream: string, sequence: number): Promise<void> {
    await this.#call(() => this.#server.purgeBefore(stream, sequence));
  }

  async *replay(stream: string, range: { readonly from: number } = { from: 0 }): AsyncGenerator<BusMessage> {
    const all = await this.#call(() => this.#server.messages(stream));
    const messages = all.filter(({ sequence }) => sequence >= range.from);
    for (const [i, { subject, data, sequence }] of messages.entries()) {
      if (this.#connection.signal.aborted) return;
      const pending = messages.length - 1 - i;
      yield { subject, data: data.slice(), streamSequence: sequence, pending, ack: () => undefined };
    }
  }

  async ensureStream(settings: StreamSettings): Promise<void> {
    await this.#call(() => this.#server.ensureStream(settings));
  }

  async ensureConsumer(stream: string, consumer: string, maxAckPending: number): Promise<void> {
    await this.#call(() => this.#server.ensureConsumer(stream, consumer, maxAckPending));
  }

  async purge(stream: string, subject: string): Promise<number> {
    return await this.#call(() => this.#server.purge(stream, subject));
  }

  async deleteStream(stream: string): Promise<void> {
    await this.#call(() => this.#server.deleteStream(stream));
  }

  async streamSettings(stream: string): Promise<StreamSettings> {
    return await this.#call(() => this.#server.existing(stream).settings);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lost.abort();
    this.#closed.abort();
    this.#server.forget(this);
  }

  /** There and back. A connection that is lost on the way back leaves open whether it was done. */
  async #call<T>(work: () => T): Promise<T> {
    const { signal: lost } = this.#lost;
    if (lost.aborted) throw away();
    await pause(this.#world, WAY_MS, lost);
    if (lost.aborted) throw away();
    const outcome = work();
    await pause(this.#world, WAY_MS, lost);
    if (lost.aborted) throw away();
    return outcome;
  }
}

function remove(stream: Stream, sequence: number): void {
  const message = stream.stored.get(sequence);
  if (message === undefined) return;
  stream.stored.delete(sequence);
  stream.bytes -= sizeOf(message);
}

function nextOf({ stored }: Stream, from: number): Stored | undefined {
  for (const message of stored.values()) if (message.sequence >= from) return message;
  return undefined;
}

/** Whether a subject has the form of a pattern, in which `*` stands for one part and a last `>` for all that follow. */
function matches(subject: string): (pattern: string) => boolean {
  const parts = subject.split(".");
  return (pattern) => {
    const wanted = pattern.split(".");
    const open = wanted.at(-1) === ">";
    if (open ? parts.length < wanted.length : parts.length !== wanted.length) return false;
    return wanted.every((part, i) => part === "*" || part === parts[i] || (open && i === wanted.length - 1));
  };
}

function sizeOf({ subject, data }: Pick<Stored, "subject" | "data">): number {
  return subject.length + data.length + OVERHEAD_BYTES;
}

function away(): CausewayError {
  return new CausewayError("UNAVAILABLE", "the data plane does not answer");
}

function refusedCredentials(): CausewayError {
  return new CausewayError("UNAUTHENTICATED", "the data plane refuses these credentials");
}
