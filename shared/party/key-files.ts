/**
 * Files that hold secrets. Whoever can read one is the party; whoever can write one can put its own key there. So a file
 * must be a regular one, ours, closed to group and others, of the length it should have, in a directory that nobody
 * else can write to; a link is refused because it may lead to a file that somebody else controls.
 *
 * Errors name the path and what to do, never a byte of the content. Known weakness: the file is not encrypted; full-disk
 * encryption or a key device has to do that.
 */
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { dirname, join } from "node:path";
import { toHex } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import { isZero } from "../crypto/hash.ts";
import { fileFault, systemReason } from "../platform/file-faults.ts";
import { randomBytes } from "../world/random.ts";

const GROUP_AND_OTHERS = 0o077;
const WRITABLE_BY_OTHERS = 0o022;
/** Longest secret text: a PEM key or a NATS credentials file. */
const SECRET_TEXT_BYTES_MAX = 16 * 1024;

/** Makes a directory, and those above it, for its owner only. Throws ENVIRONMENT if it exists and others can write to it. */
export function makePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileFault(path, "cannot be made", error);
  }
  assertPrivateDirectory(path);
}

/** Reads a secret of exactly `length` random bytes. Throws ENVIRONMENT, see the top of this file. */
export function readSecret(path: string, length: number): Uint8Array {
  const secret = readPrivate(path, { min: length, max: length });
  // What a file system may leave of a file after a power cut.
  if (isZero(secret)) throw environment(`${path} holds nothing but zeros; restore it`);
  return secret;
}

/** Reads a secret that is text: PEM, nkey seed, NATS credentials. Throws ENVIRONMENT. */
export function readSecretText(path: string): string {
  const bytes = readPrivate(path, { min: 1, max: SECRET_TEXT_BYTES_MAX });
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

/** Text of a file that is no secret. Throws ENVIRONMENT. */
export function readPublicText(path: string): string {
  return new TextDecoder().decode(readPublicBytes(path));
}

/** A file that is no secret. Throws ENVIRONMENT. */
export function readPublicBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw fileFault(path, "cannot be read", error);
  }
}

/** Writes a new secret, readable by its owner only. Throws ENVIRONMENT if the path is taken: a key is never overwritten. */
export function writeNewSecret(path: string, content: Uint8Array | string): void {
  const temporary = writeTemporary(path, content, 0o600);
  try {
    // Unlike a rename, a link fails when somebody was faster.
    linkSync(temporary, path);
  } catch (error) {
    throw environment(`${path} exists already, or cannot be made; move it away if it is to be replaced`, error);
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(dirname(path));
}

/** Writes a file or replaces it in one step: after a power cut either the old or the new content is there. Throws ENVIRONMENT. */
export function replaceFile(path: string, content: Uint8Array | string, mode: 0o600 | 0o644): void {
  const temporary = writeTemporary(path, content, mode);
  try {
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw environment(`${path} cannot be replaced`, error);
  }
  syncDirectory(dirname(path));
}

/**
 * Overwrites a secret in its place, then removes it; nothing if there is none. A file system that writes elsewhere, or a disk that
 * remaps, may keep the old bytes all the same: keep keys on an encrypted disk.
 */
export function destroySecret(path: string, length: number): void {
  const doomed = `${path}.destroyed`;
  // Under another name first: half overwritten it must not be taken for a key after a crash.
  if (existsSync(path)) renameSync(path, doomed);
  if (!existsSync(doomed)) return;
  const descriptor = openSync(doomed, "r+");
  try {
    writeSync(descriptor, randomBytes(length), 0, length, 0);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  rmSync(doomed);
  syncDirectory(dirname(path));
}

function readPrivate(path: string, { min, max }: { readonly min: number; readonly max: number }): Uint8Array {
  const descriptor = openForReading(path);
  try {
    // Of the opened file, not of the path: the path may be swapped between two looks.
    const stats = fstatSync(descriptor);
    assertPrivateFile(path, stats);
    assertPrivateDirectory(dirname(path));
    if (stats.size < min || stats.size > max) {
      const wanted = min === max ? `${min}` : `${min} to ${max}`;
      throw environment(`${path} has ${stats.size} bytes, and this kind of key ${wanted}; restore it`);
    }
    return readWhole(path, descriptor, stats.size);
  } finally {
    closeSync(descriptor);
  }
}

function openForReading(path: string): number {
  try {
    // Non-blocking, so that a pipe in the file's place cannot hold us up.
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ELOOP") throw environment(`${path} is a symbolic link; put the file itself there`, error);
    if (code === "ENOENT") throw environment(`${path} is missing; create the keys first, or restore them`, error);
    throw environment(`${path} cannot be opened`, error);
  }
}

function readWhole(path: string, descriptor: number, size: number): Uint8Array {
  // One byte more than promised, to see a file that grows meanwhile.
  const content = new Uint8Array(size + 1);
  const count = readSync(descriptor, content, 0, size + 1, 0);
  if (count !== size) throw environment(`${path} changes while it is read`);
  return content.slice(0, size);
}

function assertPrivateFile(path: string, stats: Stats): void {
  if (!stats.isFile()) throw environment(`${path} is not a regular file`);
  assertOwner(path, stats);
  if ((stats.mode & GROUP_AND_OTHERS) !== 0) {
    throw environment(`${path} is open to group or others; run: chmod 600 ${path}`);
  }
}

function assertPrivateDirectory(path: string): void {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) throw environment(`${path} is not a directory`);
  assertOwner(path, stats);
  if ((stats.mode & WRITABLE_BY_OTHERS) !== 0) {
    throw environment(`${path} can be written to by others; run: chmod 700 ${path}`);
  }
}

function assertOwner(path: string, stats: Stats): void {
  const user = process.getuid?.();
  if (user !== undefined && stats.uid !== user)
    throw environment(`${path} belongs to another user; run: chown ${user} ${path}`);
}

function writeTemporary(path: string, content: Uint8Array | string, mode: number): string {
  const temporary = join(dirname(path), `.new-${toHex(randomBytes(8))}`);
  try {
    const descriptor = openSync(temporary, "wx", mode);
    try {
      // The mask of the process may have taken bits that the caller wants.
      fchmodSync(descriptor, mode);
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      for (let offset = 0; offset < bytes.length;) offset += writeSync(descriptor, bytes, offset);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    rmSync(temporary, { force: true });
    throw environment(`${path} cannot be written`, error);
  }
  return temporary;
}

/** A new name is only safe from a power cut once its directory is. */
function syncDirectory(path: string): void {
  const descriptor = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function environment(message: string, cause?: unknown): CausewayError {
  const reason = systemReason(cause);
  return new CausewayError("ENVIRONMENT", reason === undefined ? message : `${message}: ${reason}`, { cause });
}
