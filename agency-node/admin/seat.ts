/**
 * An administrator at its own machine: keys, the chain as proven here, and the way to the broker. Signing happens at a seat and nowhere
 * else.
 *
 * The broker is the adversary of this file: it serves the chain and could withhold the end of it, so that a board decides on yesterday's
 * federation. Two things stand against that: a directive names its predecessor, so that one decided on an old head never takes effect,
 * and without a freshness statement by the board's on-line key, of hours ago at most, the tool signs nothing.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import { foldDirective, judgeFreshness } from "../../shared/core/chain.ts";
import type { FreshnessVerdict } from "../../shared/core/chain.ts";
import type { Administrator, Federation, SignedDirective, SignedFreshness } from "../../shared/core/directive.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { SealingKeyPair } from "../../shared/crypto/seal.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { writeChain } from "../../shared/party/chain-file.ts";
import type { Chain } from "../../shared/party/chain-file.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readSealingKeys, readSigningKeys } from "../../shared/party/keys.ts";
import { readPin } from "../../shared/party/pin.ts";
import { readChain } from "./board.ts";
import { destroyContributions } from "./contributions.ts";
import type { BoardOffice } from "./office.ts";

/**
 * `superseded`: our chain goes further than the statement, which is fine. `unproven`: the statement is not by the board's on-line key,
 * or names another history than ours.
 */
export type Proven = FreshnessVerdict | "missing" | "unproven";

export type Seat = {
  readonly dir: string;
  readonly office: BoardOffice;
  readonly nowMs: number;
  readonly signer: SigningKeyPair;
  readonly sealing: SealingKeyPair;
  /** This administrator as the chain has it, and the id of its signing key. */
  readonly self: Administrator;
  readonly keyId: Uint8Array;
  readonly chain: Chain;
  readonly federation: Federation;
  /** Whether the chain is known to be complete. */
  readonly proven: Proven;
};

/**
 * Fetches what is new, proves it, and keeps it in chain.bin. Throws FORBIDDEN if this administrator is not on the board (any more), else
 * as `foldDirective` for a chain that does not hold.
 */
export async function takeSeat(dir: string, office: BoardOffice, nowMs: number): Promise<Seat> {
  const { chain, proven } = await catchUp(dir, office, nowMs);
  const { federation } = chain;
  const signer = readSigningKeys(dir);
  const sealing = readSealingKeys(dir);
  const self = federation.found.board.find((each) => equalBytes(each.signingKey, signer.publicKey));
  if (self === undefined) throw new CausewayError("FORBIDDEN", `the keys in ${dir} have no seat on the board`);
  // An epoch's salts are in the chain, sealed; what they were made of is not needed any more.
  for (const epoch of federation.epochs.keys()) destroyContributions(dir, epoch);
  return { dir, office, nowMs, signer, sealing, self, keyId: keyId(signer.publicKey), chain, federation, proven };
}

/**
 * Keeps what the board has decided meanwhile, also when it took this very seat away. A broker that is away leaves that for the next command:
 * what took effect has done so, and the end of an epoch, or a new key of its own, is what it starts anew for.
 */
export async function learnOutcome({ dir, office, nowMs }: Seat): Promise<void> {
  try {
    await catchUp(dir, office, nowMs);
  } catch (error) {
    if (!isCausewayError(error, "UNAVAILABLE")) throw error;
  }
}

/** Throws UNPROVEN unless the chain is known to be complete, or `unfresh` says to sign all the same. */
export function assertComplete({ proven }: Seat, unfresh = false): void {
  if (proven === "fresh" || proven === "superseded" || unfresh) return;
  throw new CausewayError(
    "UNPROVEN",
    `the broker may be withholding directives: the freshness statement is ${proven}. Start the registrar, or sign with --unfresh if the registrar itself is what you replace`,
  );
}

async function catchUp(
  dir: string,
  office: BoardOffice,
  nowMs: number,
): Promise<{ readonly chain: Chain; readonly proven: Proven }> {
  const known = readChain(dir, nowMs);
  // The statement first: what is decided between the two looks makes our chain longer than it says, never shorter.
  const freshness = await office.freshness();
  const further = await office.directives(known.federation.head.number + 1);
  const covered = extend(known, further, { nowMs, coveredTo: freshness?.freshness.number ?? 0 });
  const proven = covered === undefined || freshness === undefined ? "missing" : verdict(covered, freshness, nowMs);
  // Time limits of directives that a statement covers were for the day they were new; without one they hold.
  const complete = proven === "fresh" || proven === "superseded" ? covered : undefined;
  const chain = complete ?? extendStrictly(known, further, nowMs);
  if (chain !== known) writeChain(partyFile(dir, "chain"), chain, { pinnedFingerprint: readPin(dir), nowMs });
  return { chain, proven };
}

type Limits = { readonly nowMs: number; readonly coveredTo: number };

/** Undefined if something does not hold: then it is looked at again, strictly, so that the error says what. */
function extend(known: Chain, further: readonly SignedDirective[], limits: Limits): Chain | undefined {
  try {
    return fold(known, further, limits);
  } catch (error) {
    if (isCausewayError(error)) return undefined;
    throw error;
  }
}

function extendStrictly(known: Chain, further: readonly SignedDirective[], nowMs: number): Chain {
  return fold(known, further, { nowMs, coveredTo: 0 });
}

function fold(known: Chain, further: readonly SignedDirective[], { nowMs, coveredTo }: Limits): Chain {
  if (further.length === 0) return known;
  let { federation } = known;
  for (const signed of further) {
    // The pin is for the first directive, which is here already.
    const context = {
      pinnedFingerprint: federation.head.hash,
      nowMs,
      seenBefore: signed.directive.number <= coveredTo,
    };
    federation = foldDirective(federation, signed, context);
  }
  return { directives: [...known.directives, ...further], federation };
}

function verdict({ federation }: Chain, freshness: SignedFreshness, nowMs: number): Proven {
  try {
    return judgeFreshness(federation, freshness, nowMs);
  } catch (error) {
    if (isCausewayError(error, "UNPROVEN")) return "unproven";
    throw error;
  }
}
