/** Failures of SQLite and of the file system below it, in words for whoever runs the machine. */
import { MachineFault } from "../core/machine-fault.ts";

/** Primary result codes, https://www.sqlite.org/rescode.html; an extended code has one of them in its low byte. */
const SQLITE: ReadonlyMap<number, string> = new Map([
  [5, "is in use by another process: end that one first"],
  [6, "is in use by another process: end that one first"],
  [8, "cannot be written: look at the owner and permissions of the file and its directory"],
  [10, "cannot be read or written: look at the disk, and whether there is room on it"],
  [11, "is damaged: put back a backup"],
  [13, "cannot grow, the disk is full: make room and start again; what was confirmed is kept"],
  [14, "cannot be opened: look whether its directory exists, and at the permissions of both"],
  [26, "is not a database: put back a backup"],
]);

const FILE_SYSTEM: Readonly<Record<string, string>> = {
  EACCES: "may not be opened: look at the owner and permissions of the file and its directory",
  EPERM: "may not be opened: it belongs to another user",
  EROFS: "cannot be written: its file system is read-only",
  ENOENT: "cannot be made: its directory does not exist",
  ENOTDIR: "cannot be made: its directory does not exist",
  EEXIST: "exists already: name another file",
  ENOSPC: "cannot be made, the disk is full: make room and start again",
  EDQUOT: "cannot be made, the quota of the disk is used up: make room and start again",
};

/** The error itself if it is not about the machine: a fault of ours then, such as a statement that is wrong. */
export function faultOf(error: unknown, path: string, what: string): unknown {
  const why = reasonOf(error);
  return why === undefined ? error : new MachineFault(`${path} (${what})`, why, { cause: error });
}

function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("errcode" in error && typeof error.errcode === "number") return SQLITE.get(error.errcode & 0xff);
  return "code" in error && typeof error.code === "string" ? FILE_SYSTEM[error.code] : undefined;
}
