/**
 * What a snapshot is of: which epochs, and up to which place of each member's submissions. It stands in clear beside the files, and is
 * proven by them: each ends with its hash.
 */
import { z } from "zod";
import type { MemberId } from "../../shared/core/ids.ts";
import { storedBytes, storedId } from "../../shared/store/stored-json.ts";
import type { StoredJson } from "../../shared/store/stored-json.ts";

/** Everything of the member up to here is in the snapshot. */
export type SnapshotPlace = {
  readonly member: MemberId;
  /** Of the member's last applied submission in the ledger, and its hash. */
  readonly position: number;
  readonly hash: Uint8Array;
  /** Of the last message in the member's stream that was decided; 0 if that is not known. */
  readonly sequence: number;
};

export type Manifest = {
  readonly id: Uint8Array;
  readonly takenAtMs: number;
  readonly epochs: readonly number[];
  readonly places: readonly SnapshotPlace[];
};

const count = z.number().int().nonnegative();
const place = z.object({ member: storedId<MemberId>(), position: count, hash: storedBytes, sequence: count });

export const STORED_MANIFEST: StoredJson<Manifest> = {
  what: "snapshot manifest",
  version: 1,
  schema: z.object({ id: storedBytes, takenAtMs: count, epochs: z.array(count), places: z.array(place) }),
};

/** Tokens that a space has of each domain, by class. */
export const STORED_ROOM: StoredJson<readonly (readonly [string, readonly number[]])[]> = {
  what: "snapshot room",
  version: 1,
  schema: z.array(z.tuple([z.string(), z.array(count)])),
};
