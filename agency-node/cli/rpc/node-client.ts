/** (unit) The running node's own services. Wire types end in this file; counts are far below 2^53 and become numbers. */
import type { StatedActor } from "../../core/actor.ts";
import { ActivityServiceDefinition } from "../../wire/gen/causeway/node/v1/activity.ts";
import type * as activity from "../../wire/gen/causeway/node/v1/activity.ts";
import { LiaisonServiceDefinition } from "../../wire/gen/causeway/node/v1/liaison.ts";
import type * as liaison from "../../wire/gen/causeway/node/v1/liaison.ts";
import { RecordsServiceDefinition } from "../../wire/gen/causeway/node/v1/records.ts";
import type * as records from "../../wire/gen/causeway/node/v1/records.ts";
import { doorTo } from "./node-door.ts";

export type ImportOptions = {
  readonly format: "auto" | "ftm" | "csv";
  readonly dryRun: boolean;
  /** The records do not wait for the next beat. Default: they do. */
  readonly urgent?: boolean;
  /** For records whose file does not say; empty: no default. */
  readonly kind: string;
  readonly role: string;
  readonly legalBasis: string;
  readonly caseReference: string;
  readonly handling: string;
  readonly reviewBy: string;
  readonly defaultCountry: string;
  /** "dmy" or "mdy", for dates that could be either; empty: what the file shows. */
  readonly dateOrder: string;
  /** Column to field, over what was guessed. */
  readonly mapping: Readonly<Record<string, string>>;
};

export type ImportEvent =
  | { readonly kind: "mapping"; readonly columns: readonly { readonly column: string; readonly field: string }[] }
  | ({ readonly kind: "problem" } & ImportProblem)
  | { readonly kind: "progress"; readonly rows: number; readonly bytes: number }
  | ({ readonly kind: "receipt" } & ImportReceipt);

export type ImportProblem = {
  readonly line: number;
  readonly field: string;
  readonly code: string;
  readonly text: string;
  readonly error: boolean;
};

export type ImportReceipt = {
  readonly receipt: string;
  readonly rows: number;
  readonly added: number;
  readonly amended: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly warnings: number;
  readonly dryRun: boolean;
  /** Properties of the file that were not read. */
  readonly ignored: readonly string[];
};

export type RecordRow = {
  readonly reference: string;
  readonly subjectKind: string;
  readonly role: string;
  readonly caseReference: string;
  readonly legalBasis: string;
  readonly handling: string;
  readonly reviewBy: string;
  readonly state: string;
  readonly tokens: number;
  readonly reason: string;
  /** Why it is not compared now; empty if it is, or has ended. */
  readonly notCompared: string;
};

export type NodeStatus = {
  readonly slug: string;
  readonly memberName: string;
  readonly mandate: string;
  readonly epoch: number;
  readonly scheme: string;
  readonly directiveNumber: number;
  /** 0 while policy is proven. */
  readonly policyUnprovenSinceMs: number;
  readonly records: number;
  readonly tokens: number;
  readonly rejected: number;
  readonly hardening: number;
  readonly outbox: number;
  readonly notices: number;
  readonly openMatches: number;
  readonly brokerConnected: boolean;
  readonly unprovenMatches: number;
  readonly version: string;
  readonly hardened: number;
  readonly hardeningSeconds: number;
  readonly waiting: number;
  /** Empty, or the error code of what holds up publishing, and when it is tried again. */
  readonly publishingHalt: string;
  readonly publishingResumesMs: number;
  /** What the broker went back on since the node started. */
  readonly lostSubmissions: number;
  readonly brokenNotices: number;
  readonly epochs: readonly EpochRow[];
  readonly budgets: readonly SpendRow[];
  /** What the broker noticed about this member, in words. */
  readonly alarms: readonly string[];
  readonly certificateUntilMs: number;
  /** Empty in good standing; else "suspended", "removed", "unknown", "refused". */
  readonly membershipEnd: string;
  /** What stands in the way of all records; empty: nothing. */
  readonly hindrance: string;
  /** Records that only the broker knows. */
  readonly heldStrays: number;
  /** This node's clock less the broker's. */
  readonly clockSkewMs: number;
  readonly retries: readonly RetryRow[];
} & Silence;

/** What is tried again and again. */
export type RetryRow = {
  readonly what: string;
  readonly code: string;
  readonly sinceMs: number;
  readonly attempts: number;
};

export type StrayRow = { readonly handle: string; readonly sinceMs: number; readonly overlaps: number };

export type EpochRow = {
  readonly epoch: number;
  /** "staging", "active", "closing". */
  readonly state: string;
  readonly records: number;
  readonly published: number;
  /** 0: not agreed since the last change. */
  readonly digestAgreedMs: number;
  /** Why the node cannot take part; empty if nothing hinders it. */
  readonly obstacle: string;
};

/** `at`: an evaluator's name; empty for the tokens that the broker counts. */
export type SpendRow = {
  readonly at: string;
  readonly used: number;
  readonly perDay: number;
  readonly available: number;
};

export type ContactLines = {
  readonly office: string;
  readonly phone: string;
  readonly email: string;
  readonly hours: string;
};

/** What is known of the other side; empty texts were withheld. */
export type OtherSide = {
  readonly handling: string;
  readonly mandate: string;
  readonly name: string;
  readonly slug: string;
  readonly contact?: ContactLines;
};

export type MatchView = {
  readonly id: string;
  readonly reference: string;
  readonly subjectKind: string;
  readonly caseReference: string;
  readonly grade: string;
  readonly kind: string;
  readonly reasons: readonly string[];
  /** "open", "proven", "unproven", "closed". */
  readonly state: string;
  readonly closeReason: string;
  readonly openedAtMs: number;
  readonly updatedAtMs: number;
  readonly counterpart?: OtherSide;
  readonly nextStep: string;
  /** Of the owner's record; empty when it is not known any more. */
  readonly handling: string;
  readonly reviewBy: string;
  /** Closed lately, and the other side never proved that it knows what met. */
  readonly endedUnproven: boolean;
};

/** Whether what is shown is all that there is. */
export type Silence = {
  /** 0 while "no overlap" means that there is none; else since when it may not. */
  readonly silenceUnprovenSinceMs: number;
  /** Notices that this version of the node cannot read. */
  readonly skippedNotices: number;
  readonly liveRecords: number;
  /** Live records that are not compared now, by the reason. */
  readonly notCompared: readonly NotComparedRow[];
  /** Overlaps of records that the node does not hold; they are not listed. */
  readonly overlapsWithoutRecord: number;
};

export type NotComparedRow = { readonly reason: string; readonly records: number };

/** Which entries of the log; empty or 0: whatever it is. */
export type LogQuery = {
  /** In ms: from the one to before the other. */
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly verb: string;
  readonly reference: string;
  readonly matchId: string;
  /** Why it is read; an export must say. */
  readonly reason: string;
  readonly export: boolean;
};

/** An entry of the log. Texts are empty where there is nothing to say. */
export type LogEntry = {
  readonly number: number;
  readonly atMs: number;
  readonly verb: string;
  readonly actor: {
    /** "person", "program", "unknown". */
    readonly kind: string;
    readonly name: string;
    readonly uid?: number;
    readonly role: string;
    /** "stated", "itself", or empty. */
    readonly known: string;
    /** Name of the workstation that it came from; empty: the node's own machine. */
    readonly workstation: string;
  };
  readonly references: readonly string[];
  /** About all records that the node had then. */
  readonly every: boolean;
  readonly matchIds: readonly string[];
  readonly caseReferences: readonly string[];
  readonly reason: string;
  readonly recipient?: { readonly name: string; readonly mandate: string };
  readonly detail: string;
  readonly receipt: string;
  readonly program: string;
};

export type NodeClient = Disposable & {
  /** Sends the options, then the file. The receipt is the last event. */
  importRecords(options: ImportOptions, bytes: AsyncIterable<Uint8Array>): AsyncIterable<ImportEvent>;
  /** `reason`, here and below: why they are looked at, for the node's log; empty if there is nothing to say. */
  records(reason: string): AsyncIterable<RecordRow>;
  withdraw(reference: string, reason: string): Promise<void>;
  revalidate(reference: string, reviewBy: string, reason: string): Promise<void>;
  strays(reason: string): Promise<readonly StrayRow[]>;
  /** Answers how many. */
  withdrawStrays(of: readonly string[] | "all", reason: string): Promise<number>;
  status(signal?: AbortSignal): Promise<NodeStatus>;
  matches(options: {
    readonly all: boolean;
    readonly reason: string;
  }): Promise<Silence & { readonly matches: readonly MatchView[] }>;
  /** All matches there are, then every change, until `signal` aborts. Without a match: only silence has changed. */
  watch(reason: string, signal: AbortSignal): AsyncIterable<Silence & { readonly match?: MatchView }>;
  /** Oldest first. */
  log(query: LogQuery): AsyncIterable<LogEntry>;
};

/** A client of the node of this directory, for whoever acts through it. Throws as `doorTo`. */
export function connectToNode(dir: string, actor: StatedActor): NodeClient {
  const own = doorTo(dir, actor);
  const recordsAt = own.open(RecordsServiceDefinition);
  const liaisonAt = own.open(LiaisonServiceDefinition);
  const activityAt = own.open(ActivityServiceDefinition);
  return {
    importRecords: (options, bytes) => own.each(importEvents(recordsAt.client.import(importRequests(options, bytes)))),
    records: (reason) => own.each(rowsOf(recordsAt.client.listRecords({ reason }))),
    withdraw: async (reference, reason) => void (await own.once(recordsAt.client.withdraw({ reference, reason }))),
    revalidate: async (reference, reviewBy, reason) =>
      void (await own.once(recordsAt.client.revalidate({ reference, reviewBy, reason }))),
    async strays(reason) {
      const { strays } = await own.once(recordsAt.client.listStrays({ reason }));
      return strays.map(({ handle, sinceMs, overlaps }) => {
        return { handle, sinceMs: Number(sinceMs), overlaps: Number(overlaps) };
      });
    },
    async withdrawStrays(of, reason) {
      const [all, handles] = of === "all" ? [true, []] : [false, [...of]];
      return Number((await own.once(recordsAt.client.withdrawStrays({ handles, all, reason }))).withdrawn);
    },
    status: async (signal) =>
      toStatus(await own.once(recordsAt.client.getStatus({}, signal === undefined ? {} : { signal }))),
    async matches({ all, reason }) {
      const answer = await own.once(liaisonAt.client.listMatches({ all, reason }));
      return { matches: answer.matches.map(toMatch), ...toSilence(answer) };
    },
    watch: (reason, signal) => own.each(changesOf(liaisonAt.client.watchMatches({ reason }, { signal }))),
    log: (query) => own.each(entriesOf(activityAt.client.listActivity(toLogRequest(query)))),
    [Symbol.dispose]() {
      recordsAt[Symbol.dispose]();
      liaisonAt[Symbol.dispose]();
      activityAt[Symbol.dispose]();
    },
  };
}

async function* importRequests(options: ImportOptions, bytes: AsyncIterable<Uint8Array>) {
  yield { request: { $case: "options" as const, value: { ...options, mapping: { ...options.mapping } } } };
  for await (const chunk of bytes) yield { request: { $case: "chunk" as const, value: chunk } };
}

async function* importEvents(responses: AsyncIterable<records.ImportResponse>): AsyncGenerator<ImportEvent> {
  for await (const { event } of responses) {
    switch (event?.$case) {
      case "mapping":
        yield { kind: "mapping", columns: event.value.columns.map(({ column, field }) => ({ column, field })) };
        break;
      case "problem": {
        const { line, field, code, text, error } = event.value;
        yield { kind: "problem", line: Number(line), field, code, text, error };
        break;
      }
      case "progress":
        yield { kind: "progress", rows: Number(event.value.rows), bytes: Number(event.value.bytes) };
        break;
      case "receipt":
        yield { kind: "receipt", ...toReceipt(event.value) };
        break;
      case undefined:
        break;
    }
  }
}

function toReceipt(receipt: records.ImportReceipt): ImportReceipt {
  return {
    receipt: receipt.receipt,
    rows: Number(receipt.rows),
    added: Number(receipt.added),
    amended: Number(receipt.amended),
    unchanged: Number(receipt.unchanged),
    rejected: Number(receipt.rejected),
    warnings: Number(receipt.warnings),
    dryRun: receipt.dryRun,
    ignored: receipt.ignored,
  };
}

async function* rowsOf(rows: AsyncIterable<records.ListRecordsResponse>): AsyncGenerator<RecordRow> {
  for await (const { _unknownFields: _, ...row } of rows) yield row;
}

function toLogRequest({ sinceMs, untilMs, ...rest }: LogQuery) {
  return { sinceMs: BigInt(sinceMs), untilMs: BigInt(untilMs), ...rest };
}

async function* entriesOf(entries: AsyncIterable<activity.ListActivityResponse>): AsyncGenerator<LogEntry> {
  for await (const entry of entries) yield plain(entry) as LogEntry;
}

function toStatus(status: records.GetStatusResponse): NodeStatus {
  return plain(status) as NodeStatus;
}

/** Numbers for 64-bit integers, which JSON does not have. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const known = Object.entries(value).filter(([name, each]) => name !== "_unknownFields" && each !== undefined);
  return Object.fromEntries(known.map(([name, each]) => [name, plain(each)]));
}

async function* changesOf(
  changes: AsyncIterable<liaison.WatchMatchesResponse>,
): AsyncGenerator<Silence & { readonly match?: MatchView }> {
  for await (const { match, ...silence } of changes) {
    yield { ...(match && { match: toMatch(match) }), ...toSilence(silence) };
  }
}

function toSilence(of: Omit<liaison.WatchMatchesResponse, "match">): Silence {
  const { silenceUnprovenSinceMs, skippedNotices, liveRecords, notCompared, overlapsWithoutRecord } = of;
  return plain({ silenceUnprovenSinceMs, skippedNotices, liveRecords, notCompared, overlapsWithoutRecord }) as Silence;
}

function toMatch(match: liaison.Match): MatchView {
  const { _unknownFields: _, counterpart, openedAtMs, updatedAtMs, ...rest } = match;
  return {
    ...rest,
    openedAtMs: Number(openedAtMs),
    updatedAtMs: Number(updatedAtMs),
    ...(counterpart && { counterpart: toOtherSide(counterpart) }),
  };
}

function toOtherSide({ handling, mandate, name, slug, contact }: liaison.Counterpart): OtherSide {
  const known = { handling, mandate, name, slug };
  if (contact === undefined) return known;
  const { office, phone, email, hours } = contact;
  return { ...known, contact: { office, phone, email, hours } };
}
