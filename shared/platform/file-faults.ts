/** Faults of files, told so that an operator can mend them: which file, and why. */
import { CausewayError, isCausewayError } from "../core/errors.ts";
import { MachineFault } from "../core/machine-fault.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "a part of its path is not a directory",
  EACCES: "this user may not do that (permissions of the file or of a directory above it)",
  EPERM: "the system does not permit it to this user",
  EROFS: "the file system is read-only",
  EISDIR: "it is a directory",
  ENOSPC: "the disk is full",
  EDQUOT: "this user's share of the disk is used up",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open on this machine",
  EIO: "the disk fails",
  ELOOP: "it is a symbolic link, or too many of them",
  EEXIST: "it exists already",
  EBUSY: "it is in use",
  ENAMETOOLONG: "its name is too long",
  EFBIG: "it would be too large",
};

/** What the system would say, where it is known beforehand. */
export class SystemFault extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Why the system refused, in words and with its code, such as "the disk is full (ENOSPC)". Undefined for any other error. */
export function systemReason(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  const reason = REASONS[error.code];
  return reason === undefined ? undefined : `${reason} (${error.code})`;
}

export type MachineWords = {
  /** With the file's path: for whoever runs the machine. */
  readonly inFull: string;
  /** Without: for anybody. */
  readonly reason: string;
};

/** What the machine has refused, if it is the machine's fault; undefined for any other error. */
export function machineWords(error: unknown): MachineWords | undefined {
  if (error instanceof MachineFault) return { inFull: error.message, reason: `a file there ${error.reason}` };
  const system = systemReason(isCausewayError(error) ? error.cause : error);
  const reason = system === undefined ? "a file or setting there is not as it must be" : `a file there: ${system}`;
  if (isCausewayError(error, "ENVIRONMENT")) return { inFull: error.message, reason };
  if (isCausewayError(error) || system === undefined) return undefined;
  return { inFull: `${pathOf(error)}${system}`, reason };
}

/** Which file the system refused. */
function pathOf(error: unknown): string {
  return error instanceof Error && "path" in error && typeof error.path === "string" ? `${error.path}: ` : "";
}

/** ENVIRONMENT with the path and why, such as `/etc/x cannot be read: it is a directory (EISDIR)`. */
export function fileFault(path: string, what: string, error: unknown): CausewayError {
  const reason = systemReason(error);
  return new CausewayError("ENVIRONMENT", `${path} ${what}${reason === undefined ? "" : `: ${reason}`}`, {
    cause: error,
  });
}
