/** Compares the two copies of the broker's databases, its files and the stream at NATS, and changes neither. */
import { equalBytes } from "../../shared/core/bytes.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import { hashKey } from "../../shared/crypto/hash.ts";
import { isInUse, Replica } from "../../shared/store/replica.ts";
import { decide } from "../journal/core/decide.ts";
import type { FileHeads } from "../journal/core/decide.ts";
import type { Change } from "../journal/core/record.ts";
import { headOf, StreamCopy } from "../journal/core/stream-copy.ts";
import type { DatabaseCopy } from "../journal/core/stream-copy.ts";
import { DATABASES } from "../journal/follower.ts";
import type { DatabaseName } from "../journal/follower.ts";
import { readLease } from "../journal/lease.ts";
import { JOURNAL_TABLE } from "../journal/recorded-database.ts";
import { readBatches } from "../journal/stream.ts";
import type { JournalKeys } from "../journal/stream.ts";
import type { DatabasePaths } from "../ports.ts";

/**
 * `agree`: position, hash and content are the same. `fileBehind`, `streamBehind`: one has the first changes of the other, and the rest comes at
 * the next start. `streamMissing`: it gets all of the file then. `otherBranch`: the file was restored, or written by a broker that was not
 * active; it is made anew then, as one that is missing or damaged. `contentDiffers`: somebody has written to one of them. `inUse`: a broker runs.
 * `notKept`: neither is there, as of a console that never was.
 */
export type CopyState =
  | "agree"
  | "fileBehind"
  | "streamBehind"
  | "streamMissing"
  | "otherBranch"
  | "fileMissing"
  | "fileDamaged"
  | "contentDiffers"
  | "inUse"
  | "notKept";

export type Verified = {
  readonly database: DatabaseName;
  readonly path: string;
  readonly state: CopyState;
  /** Positions of the last change; undefined where there is no such copy. */
  readonly file: number | undefined;
  readonly stream: number | undefined;
};

export type Verification = {
  readonly databases: readonly Verified[];
  /** Whether the stream could be read to its end. */
  readonly isStreamWhole: boolean;
  /** Since when a broker holds the lease; undefined if none does. */
  readonly activeSinceMs: number | undefined;
};

export type VerifyParts = {
  readonly bus: Pick<Bus, "replay" | "streamState">;
  readonly keys: JournalKeys;
  readonly federation: Uint8Array;
  readonly databases: DatabasePaths;
};

const OWN_TABLES: ReadonlySet<string> = new Set([JOURNAL_TABLE]);

/** Throws UNAVAILABLE while NATS does not answer. */
export async function verifyCopies(parts: VerifyParts): Promise<Verification> {
  const { stream, isWhole } = await readStream(parts);
  const { held } = await readLease(parts.bus);
  return {
    databases: DATABASES.map((database) => verifyOne(database, parts.databases(database), stream.of(database))),
    isStreamWhole: isWhole,
    activeSinceMs: held === undefined || held.released ? undefined : held.sinceMs,
  };
}

async function readStream(parts: VerifyParts): Promise<{ stream: StreamCopy; isWhole: boolean }> {
  const stream = new StreamCopy();
  try {
    for await (const { records } of readBatches({ ...parts, keys: unwritten(parts.keys) }, 0)) stream.take(records);
    return { stream, isWhole: true };
  } catch (error) {
    if (!isCausewayError(error) || error.code === "UNAVAILABLE") throw error;
    return { stream: new StreamCopy(), isWhole: false };
  }
}

function verifyOne(database: DatabaseName, path: string, copy: DatabaseCopy | "broken" | undefined): Verified {
  const kept = copy === "broken" ? undefined : copy;
  const stream = kept && headOf(kept).position;
  const said = (state: CopyState, file?: number): Verified => ({ database, path, state, file, stream });
  let replica: Replica | undefined;
  try {
    replica = Replica.open(path, `the ${database}`, "read");
    if (replica === undefined) return said(kept === undefined ? "notKept" : "fileMissing");
    using opened = replica;
    if (!opened.isWhole) return said("fileDamaged");
    if (!opened.has(JOURNAL_TABLE)) return said("streamMissing");
    const changes = opened.all<Change>(
      `SELECT position, hash, changes AS bytes FROM ${JOURNAL_TABLE} ORDER BY position`,
    );
    return said(stateOf(opened, changes, kept), changes.at(-1)?.position);
  } catch (error) {
    return said(isInUse(error) ? "inUse" : "fileDamaged");
  }
}

function stateOf(file: Replica, changes: readonly Change[], copy: DatabaseCopy | undefined): CopyState {
  const decision = decide(changes as unknown as FileHeads, copy);
  if (copy === undefined || decision.kind === "newBase") return "streamMissing";
  if (decision.kind === "rebuild") return "otherBranch";
  using fromStream = Replica.fromImage(copy.image.bytes);
  using fromFile = Replica.fromImage(file.image);
  const after = (all: readonly Change[], position: number): Uint8Array[] =>
    all.filter((each) => each.position > position).map(({ bytes }) => bytes);
  fromStream.apply(after(copy.changes, 0));
  if (decision.kind === "append") fromStream.apply(after(changes, decision.after));
  if (decision.kind === "apply") fromFile.apply(after(copy.changes, decision.after));
  if (!equalBytes(fromStream.contentHash(OWN_TABLES), fromFile.contentHash(OWN_TABLES))) return "contentDiffers";
  return decision.kind === "agree" ? "agree" : decision.kind === "append" ? "streamBehind" : "fileBehind";
}

/** A key that the stream announces is not kept here. */
function unwritten(keys: JournalKeys): JournalKeys {
  const found = new Map<number, HashKey>();
  return {
    ...keys,
    generations: () => [...keys.generations(), ...found.keys()],
    read: (generation) => found.get(generation) ?? keys.read(generation),
    adopt: (generation, key) => {
      if (!keys.generations().includes(generation)) found.set(generation, hashKey(key));
    },
  };
}
