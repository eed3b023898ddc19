/**
 * Structured log on standard error, one JSON object a line. What is written are the events of a catalogue, see `events.ts`.
 *
 * What may stand in a line is decided by type: numbers, booleans and words that the program chose. A field whose text looks
 * like key material, a token or an id in full is cut to its first eight characters, and of a foreign error only its class and
 * system code are kept: its message may quote what a user or a peer sent.
 */
import { pino } from "pino";
import type { DestinationStream } from "pino";
import { describe } from "./describe.ts";

export type LogFields = Readonly<Record<string, number | boolean | string | undefined>>;

export type Log = {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** `cause` is described by class and code, see above. */
  error(event: string, cause: unknown, fields?: LogFields): void;
  /** The same log with fields that stand in every line. */
  with(fields: LogFields): Log;
  /** How often each event was told since the program began, by name: as it is now. */
  counts(): ReadonlyMap<string, number>;
};

const LONG_OPAQUE_TEXT = /[0-9a-zA-Z+/=_-]{24,}/g;

/** A log for one program. Default destination: standard error. */
export function createLog(program: string, destination?: DestinationStream): Log {
  const options = { base: { program }, messageKey: "event", timestamp: pino.stdTimeFunctions.isoTime };
  return wrap(pino(options, destination ?? pino.destination({ dest: 2, sync: true })), {}, new Map());
}

/** A log that keeps nothing, for tests. */
export const silentLog: Log = { info() {}, warn() {}, error() {}, with: () => silentLog, counts: () => new Map() };

type Sink = Record<"info" | "warn" | "error", (fields: object, event: string) => void>;

function wrap(sink: Sink, standing: LogFields, counts: Map<string, number>): Log {
  const write = (level: keyof Sink, event: string, fields: LogFields | undefined): void => {
    counts.set(event, (counts.get(event) ?? 0) + 1);
    sink[level](redact({ ...standing, ...fields }), event);
  };
  return {
    info: (event, fields) => write("info", event, fields),
    warn: (event, fields) => write("warn", event, fields),
    error: (event, cause, fields) => write("error", event, { ...fields, ...describe(cause) }),
    with: (fields) => wrap(sink, { ...standing, ...fields }, counts),
    counts: () => new Map(counts),
  };
}

function redact(fields: LogFields): LogFields {
  const safe: Record<string, number | boolean | string> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    safe[name] = typeof value === "string" ? value.replace(LONG_OPAQUE_TEXT, (text) => `${text.slice(0, 8)}…`) : value;
  }
  return safe;
}
