/**
 * The journal's stream, and that of the lease. Their subjects begin as those of the deliveries, which every broker's NATS user may publish to
 * since the first release; members have 32 hexadecimal digits there, so nothing of theirs can have these names.
 */
import { SEALED_BYTES_MAX } from "../../shared/core/limits.ts";
import type { Bus, BusMessage, StreamSettings } from "../../shared/bus/bus.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import type { StreamSizes } from "../bus/streams.ts";
import type { JournalRecord } from "./core/record.ts";
import { fromPieces, generationOf, openPiece } from "./sealing.ts";
import type { Piece } from "./sealing.ts";

export const JOURNAL_STREAM = "CW_JOURNAL";
export const JOURNAL_SUBJECT = "cw.ntc.journal";
export const LEASE_STREAM = "CW_LEASE";
export const LEASE_SUBJECT = "cw.ntc.lease";

const JOURNAL_MESSAGES_MAX = 1_000_000;
const LEASE_BYTES_MAX = 64 * 1024;

const GIBIBYTE = 1024 ** 3;
/** What the stream may hold unless the operator says otherwise: images of the databases before and after, and the changes between. */
export const JOURNAL_BYTES_MAX = GIBIBYTE;

export type JournalSizes = Pick<StreamSizes, "replicas"> & { readonly journalBytesMax?: number };

export function journalStreamSettings({ journalBytesMax = JOURNAL_BYTES_MAX, replicas }: JournalSizes): StreamSettings {
  return {
    name: JOURNAL_STREAM,
    subjects: [JOURNAL_SUBJECT],
    keeps: "all",
    maxBytes: journalBytesMax,
    maxMessages: JOURNAL_MESSAGES_MAX,
    maxMessageBytes: SEALED_BYTES_MAX + 1_024,
    maxAgeMs: 0,
    // Appending names the message before, so nothing is stored twice.
    duplicateWindowMs: 100,
    replicas,
  };
}

/** As a bucket of JetStream's key-value store with one key and no history. */
export function leaseStreamSettings({ replicas }: JournalSizes): StreamSettings {
  return {
    ...journalStreamSettings({ journalBytesMax: LEASE_BYTES_MAX, replicas }),
    name: LEASE_STREAM,
    subjects: [LEASE_SUBJECT],
    keeps: "last",
    maxMessages: 16,
    maxMessageBytes: 2_048,
  };
}

/** The broker's journal keys by generation, see `disk/journal-keys.ts`. */
export type JournalKeys = {
  generations(): readonly number[];
  read(generation: number): HashKey;
  /** Somebody has said that no copy is left of the key that is missing here; true until the next key is made. */
  isGivenUp(): boolean;
  /** Makes the key of a generation unless there is one, durably, and reads it. */
  prepare(generation: number): HashKey;
  /** Keeps the key that another broker of this directory's making has made; nothing if there is one. */
  adopt(generation: number, key: Uint8Array): void;
  /** For good, if there is one. */
  destroy(generation: number): void;
};

export type Batch = {
  readonly records: readonly JournalRecord[];
  /** Numbers of its messages. */
  readonly first: number;
  readonly last: number;
  /** Of the key that it is sealed with. */
  readonly generation: number;
};

/** The stream goes on under a key that this directory does not have. */
export class UnknownJournalKey extends CausewayError {
  readonly generation: number;

  constructor(generation: number) {
    super("UNPROVEN", "the journal is sealed with a key that is not in this directory");
    this.generation = generation;
  }
}

export type ReadParts = {
  readonly bus: Pick<Bus, "replay">;
  readonly keys: JournalKeys;
  readonly federation: Uint8Array;
};

/**
 * The batches of the stream from a message on, in order. One that was never finished is passed over. Throws UNPROVEN where a message is
 * missing or is not as the broker sealed it, `UnknownJournalKey` where the key is missing.
 */
export async function* readBatches(parts: ReadParts, from: number): AsyncGenerator<Batch> {
  let pieces: Piece[] = [];
  let first = from;
  let expected: number | undefined;
  for await (const message of parts.bus.replay(JOURNAL_STREAM, { from })) {
    const { streamSequence: sequence } = message;
    if (expected !== undefined && sequence !== expected) throw unproven("a message of the journal is missing");
    expected = sequence + 1;
    const piece = opened(message, parts);
    if (piece.number === 0) [pieces, first] = [[], sequence];
    if (piece.number !== pieces.length) throw unproven("a part of a batch of the journal is missing");
    pieces.push(piece);
    if (pieces.length < piece.of) continue;
    const records = fromPieces(pieces);
    pieces = [];
    for (const record of records) if (record.kind === "key") parts.keys.adopt(record.generation, record.bytes);
    yield { records, first, last: sequence, generation: generationOf(message.data) };
  }
}

function opened({ data, streamSequence: sequence }: BusMessage, { keys, federation }: ReadParts): Piece {
  const generation = generationOf(data);
  if (!keys.generations().includes(generation)) throw new UnknownJournalKey(generation);
  return openPiece(data, { generation, key: keys.read(generation) }, { federation, sequence });
}

function unproven(text: string): CausewayError {
  return new CausewayError("UNPROVEN", text);
}
