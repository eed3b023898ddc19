/**
 * The chain of directives on disk: u32 length ‖ SignedDirective, one after the other. The file needs no secrecy and no
 * trust: it is folded again at every start from the pinned fingerprint, so that whoever can write it can at most cut it
 * short, and a freshness statement shows that.
 */
import { readFileSync } from "node:fs";
import { concat, equalBytes, u32 } from "../core/bytes.ts";
import { foldChain, foldDirective, judgeFreshness } from "../core/chain.ts";
import type { FoldContext } from "../core/chain.ts";
import type { Federation, SignedDirective, SignedFreshness } from "../core/directive.ts";
import { fileFault } from "../platform/file-faults.ts";
import { CausewayError, isCausewayError } from "../core/errors.ts";
import { decodeSignedDirective, encodeSignedDirective } from "../wire/directive.ts";
import { replaceFile } from "./key-files.ts";

export type Chain = {
  /** Oldest first. */
  readonly directives: readonly SignedDirective[];
  /** What they add up to. */
  readonly federation: Federation;
};

/** Who reads the chain: what it was told out of band, and its clock. */
export type ChainContext = { readonly pinnedFingerprint: Uint8Array; readonly nowMs: number };

/** All directives as the file has them. */
export function encodeChain(directives: readonly SignedDirective[]): Uint8Array {
  return concat(...directives.map(encodeSignedDirective).flatMap((bytes) => [u32(bytes.length), bytes]));
}

/** Reads what `encodeChain` wrote, proving nothing. Throws INVALID. */
export function decodeChain(bytes: Uint8Array): SignedDirective[] {
  const directives: SignedDirective[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let offset = 0; offset < bytes.length;) {
    const start = offset + 4;
    const end = start <= bytes.length ? start + view.getUint32(offset) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw new CausewayError("INVALID", "the file of directives is cut off");
    directives.push(decodeSignedDirective(bytes.subarray(start, end)));
    offset = end;
  }
  return directives;
}

/** Reads the file, proving nothing. Throws NOT_FOUND without a file, INVALID for a broken one, ENVIRONMENT for one that cannot be read. */
export function readDirectives(path: string): SignedDirective[] {
  return decodeChain(readBytes(path));
}

/** Loads and proves the chain. Throws NOT_FOUND without a file, INVALID for a broken one, else as `foldDirective`. */
export function loadChain(path: string, context: ChainContext): Chain {
  return proveChain(readDirectives(path), context);
}

/** Proves directives that were accepted before, or that a fresh statement covers. Throws as `foldDirective`. */
export function proveChain(directives: readonly SignedDirective[], context: ChainContext): Chain {
  return { directives, federation: foldChain(directives, { ...context, seenBefore: true }) };
}

/** Adds one new directive to the file, first proving that it follows. Throws as `foldDirective`; then nothing changed. */
export function appendDirective(path: string, chain: Chain, signed: SignedDirective, context: ChainContext): Chain {
  const federation = foldDirective(chain.federation, signed, context);
  return writeChain(path, { directives: [...chain.directives, signed], federation }, context);
}

/**
 * Adds what a party missed while it was away. Directives have to be seen in time, so that old signatures are good for nothing later; for
 * those that a fresh statement covers that was somebody else's to check. Throws as `foldDirective`; then nothing changed.
 */
export function catchUp(
  path: string,
  chain: Chain,
  missed: readonly SignedDirective[],
  statement: SignedFreshness | undefined,
  context: ChainContext,
): Chain {
  if (missed.length === 0) return chain;
  const covered = statement === undefined ? undefined : extend(chain, missed, { ...context, seenBefore: true });
  const holds = covered !== undefined && statement !== undefined && covers(covered, statement, context.nowMs);
  return writeChain(path, holds ? covered : extend(chain, missed, context), context);
}

function extend(chain: Chain, further: readonly SignedDirective[], context: FoldContext): Chain {
  let { federation } = chain;
  for (const signed of further) federation = foldDirective(federation, signed, context);
  return { directives: [...chain.directives, ...further], federation };
}

/** Whether the statement is fresh, and about the very last directive. */
function covers({ federation }: Chain, statement: SignedFreshness, nowMs: number): boolean {
  try {
    return judgeFreshness(federation, statement, nowMs) === "fresh";
  } catch (error) {
    if (isCausewayError(error, "UNPROVEN")) return false;
    throw error;
  }
}

/**
 * Writes a proven chain. Throws OUT_OF_SEQUENCE if the file holds a longer one or another history: an old copy must not
 * bring back a member who was removed.
 */
export function writeChain(path: string, chain: Chain, context: ChainContext): Chain {
  const stored = loadIfPresent(path, context)?.directives ?? [];
  const extendsStored = stored.every((each, i) => {
    const same = chain.directives[i];
    return same !== undefined && equalBytes(same.payload, each.payload);
  });
  if (!extendsStored) throw new CausewayError("OUT_OF_SEQUENCE", "the stored chain of directives goes further");
  replaceFile(path, encodeChain(chain.directives), 0o644);
  return chain;
}

function loadIfPresent(path: string, context: ChainContext): Chain | undefined {
  try {
    return loadChain(path, context);
  } catch (error) {
    if (error instanceof CausewayError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw fileFault(path, "cannot be read", error);
    throw new CausewayError("NOT_FOUND", `${path} is missing; install the party's bundle first`, { cause: error });
  }
}
