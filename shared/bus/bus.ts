/**
 * The data plane as a port: streams of sealed messages, and durable readers of them. The real one is `platform/nats.ts`; tests and the
 * simulator have one in memory. Both pass `tests/contract/bus.ts`.
 *
 * A bus is not trusted with anything but delay: it may drop, repeat and re-order, and its word that a message is stored is not durability.
 * Sequence numbers and signed receipts repair that (protocol section 8).
 */
import { CausewayError } from "../core/errors.ts";

/** A message of a stream. Until `ack` has reached the server it will be delivered again. */
export type BusMessage = {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly streamSequence: number;
  /** How many messages the server still had for this reader when it sent this one. */
  readonly pending: number;
  ack(): void;
};

/** Settings of a stream, all of them stated; `broker/bus/streams.ts` holds the table. */
export type StreamSettings = {
  readonly name: string;
  /** `*` stands for one part of a subject. */
  readonly subjects: readonly string[];
  /** `untilAcknowledged`: by the one consumer that the stream may have. `last`: of each subject the last message only. */
  readonly keeps: "all" | "untilAcknowledged" | "last";
  readonly maxBytes: number;
  readonly maxMessages: number;
  readonly maxMessageBytes: number;
  /** 0: for ever. */
  readonly maxAgeMs: number;
  /** For how long a message id that was published before is stored no second time. */
  readonly duplicateWindowMs: number;
  readonly replicas: number;
};

/** What a stream holds now. The last number stays when messages are purged; with none of them the first is one more than the last. */
export type StreamState = {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly messages: number;
  readonly bytes: number;
};

/**
 * When a message comes again that was not acknowledged; the last of these for ever. First soon, because most likely it was lost with a
 * connection; then with time, because its reader has it and is held up: whatever comes again meanwhile it has to go through as well.
 */
export const AGAIN_AFTER_MS: readonly number[] = [4_000, 30_000];

/**
 * One connection. Every call throws UNAVAILABLE while no server answers, `BusRefusal` (UNAVAILABLE too) for what the server will not carry
 * out as it stands, and UNAUTHENTICATED for what it does not let this client do.
 */
export type Bus = AsyncDisposable & {
  readonly connected: boolean;
  /**
   * Resolves when a server has stored the message, or has had one of that id within the stream's duplicate window. Throws at once while no
   * server is connected. When it throws, the message may or may not be stored. A stream that is full refuses; nothing older makes room.
   */
  publish(subject: string, data: Uint8Array, messageId: string): Promise<void>;
  /**
   * Messages of a durable consumer, in order but for what comes again, until a signal aborts, the bus's or this one. Survives a server that
   * goes away, and a stream or consumer that does not exist yet.
   */
  consume(stream: string, consumer: string, signal?: AbortSignal): AsyncGenerator<BusMessage>;
  /**
   * Stores the message as the next one after `expectedLastSequence`, and answers with its number. Throws `StreamMoved` if another message was
   * stored last, whoever stored it, or if the stream has lost some. When it throws UNAVAILABLE otherwise, it may or may not be stored.
   */
  append(subject: string, data: Uint8Array, expectedLastSequence: number): Promise<number>;
  /**
   * Every message now in the stream, in order, from a number on if one is given, then ends; nothing if there is no such stream. Nothing to
   * acknowledge.
   */
  replay(stream: string, range?: { readonly from: number }): AsyncGenerator<BusMessage>;
  /** Undefined if there is no such stream. */
  streamState(stream: string): Promise<StreamState | undefined>;
  /** Removes the messages with lower numbers. Throws NOT_FOUND if there is no such stream. */
  purgeBefore(stream: string, sequence: number): Promise<void>;
  /** Creates the stream or brings its settings to the table's. */
  ensureStream(settings: StreamSettings): Promise<void>;
  /** Removes the messages of one subject, and says how many there were. Throws NOT_FOUND if there is no such stream. */
  purge(stream: string, subject: string): Promise<number>;
  /** Removes a stream with all it holds, if there is one. */
  deleteStream(stream: string): Promise<void>;
  /** Creates the durable pull consumer with explicit acknowledgement, or brings its settings to these. */
  ensureConsumer(stream: string, consumer: string, maxAckPending: number): Promise<void>;
  /** The live server's settings of a stream. Refused if there is none. */
  streamSettings(stream: string): Promise<StreamSettings>;
};

export type BusConnection = {
  /** Ends the connection, and the wait for one. */
  readonly signal: AbortSignal;
  /** The connection was lost and is back; what the server had may be gone. */
  readonly onReconnect?: () => void;
};

/**
 * Connects, and keeps trying while no server answers. Throws UNAUTHENTICATED when the server refuses this party, UNAVAILABLE when the
 * signal aborts first.
 */
export type BusConnector = (connection: BusConnection) => Promise<Bus>;

/** The server answers, and does not carry this out: no room, no such stream, a setting that it does not know. */
export class BusRefusal extends CausewayError {
  /** The server's own number for the reason, such as 10047: no room on its disk. */
  readonly reason: number;

  constructor(reason: number, cause?: unknown) {
    super("UNAVAILABLE", "the data plane does not carry this out", { cause });
    this.reason = reason;
  }
}

/** An `append` was refused: the stream's last message is not the one that was expected. */
export class StreamMoved extends BusRefusal {
  static readonly REASONS: readonly number[] = [10_071, 10_164];

  constructor(cause?: unknown) {
    super(10_071, cause);
  }
}
