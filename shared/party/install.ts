/**
 * Takes over what the board made for a party. Whoever carries it from the board is an adversary: a bundle is believed only as far as the
 * pinned chain proves it.
 */
import { existsSync } from "node:fs";
import { decode as decodeJwt, fmtCreds } from "@nats-io/jwt";
import { fromSeed } from "@nats-io/nkeys";
import { equalBytes, toHex, utf8 } from "../core/bytes.ts";
import { judgeFreshness } from "../core/chain.ts";
import type { Federation, SignedDirective } from "../core/directive.ts";
import { CausewayError } from "../core/errors.ts";
import { administratorIdentity, evaluatorIdentity, evaluatorsIn, memberIdentity } from "../platform/standing.ts";
import {
  assertOwnCertificate,
  certificateDer,
  certificatePem,
  identityOfCertificate,
  identityUri,
} from "../platform/tls.ts";
import type { PeerIdentity } from "../platform/tls.ts";
import { decodeSignedFreshness } from "../wire/directive.ts";
import { decodeChain, proveChain, writeChain } from "./chain-file.ts";
import { readEnrolment } from "./enrolment.ts";
import type { Enrolment } from "./enrolment.ts";
import { keyFile, partyFile } from "./files.ts";
import { readPublicBytes, readPublicText, readSecretText, replaceFile } from "./key-files.ts";

/**
 * Takes over what the board made for this party. `fingerprint` must have reached the party by another way than the bundle.
 * The bundle may be replaced later (new certificate, longer chain) but never takes the chain back.
 *
 * Throws UNPROVEN for a chain, certificate, freshness statement or NATS user that is not ours or not the board's, and
 * OUT_OF_SEQUENCE for a chain shorter than the one here or than the freshness statement says.
 */
export function installBundle(of: {
  readonly partyDir: string;
  readonly bundleDir: string;
  readonly fingerprint: Uint8Array;
  readonly nowMs: number;
}): Installed {
  const { partyDir, bundleDir } = of;
  const { enrolment } = readEnrolment(partyDir);
  const installed = installParty({
    ...of,
    directives: decodeChain(readPublicBytes(partyFile(bundleDir, "chain"))),
    freshness: readPublicBytes(partyFile(bundleDir, "freshness")),
    certificatePem: readPublicText(partyFile(bundleDir, "certificate")),
    natsUserJwt: enrolment.natsKey === undefined ? "" : readPublicText(partyFile(bundleDir, "userJwt")).trim(),
  });
  if (enrolment.kind === "nats") {
    replaceFile(partyFile(partyDir, "natsAccounts"), readPublicBytes(partyFile(bundleDir, "natsAccounts")), 0o644);
  }
  return installed;
}

export type Installed = { readonly federation: Federation; readonly identity: PeerIdentity };

/** Takes over what the board decided and the registrar issued, however it came here. Throws as `installBundle`. */
export function installParty(of: {
  readonly partyDir: string;
  readonly directives: readonly SignedDirective[];
  /** `Signed` bytes. */
  readonly freshness: Uint8Array;
  readonly certificatePem: string;
  /** Empty for parties without a NATS user. */
  readonly natsUserJwt: string;
  readonly fingerprint: Uint8Array;
  readonly nowMs: number;
}): Installed {
  const { partyDir, freshness } = of;
  const context = { pinnedFingerprint: of.fingerprint, nowMs: of.nowMs };
  const chain = proveChain(of.directives, context);
  const { federation } = chain;
  if (judgeFreshness(federation, decodeSignedFreshness(freshness), of.nowMs) !== "fresh") {
    throw new CausewayError("OUT_OF_SEQUENCE", "the bundle is out of date; ask the board for a new one");
  }
  const identity = installCredentials(partyDir, of, federation);
  writeChain(partyFile(partyDir, "chain"), chain, context);
  replaceFile(partyFile(partyDir, "freshness"), freshness, 0o644);
  replaceFile(partyFile(partyDir, "pin"), `${toHex(of.fingerprint)}\n`, 0o644);
  return { federation, identity };
}

/**
 * Puts a certificate and a NATS user in place, each in one step. Throws UNPROVEN for what is not by the federation's authority, or not
 * for this party's keys and its identity in the chain; then nothing changed.
 */
export function installCredentials(
  partyDir: string,
  issued: { readonly certificatePem: string; readonly natsUserJwt: string },
  federation: Federation,
): PeerIdentity {
  const { enrolment } = readEnrolment(partyDir);
  const identity = identityInChain(enrolment, federation);
  const { natsKey } = enrolment;
  if (natsKey !== undefined) assertOwnUser(issued.natsUserJwt, natsKey);
  if (enrolment.tlsRequestPem !== undefined) {
    installCertificate(partyDir, issued.certificatePem, federation, identity);
  }
  if (natsKey !== undefined) {
    const user = fromSeed(utf8(readSecretText(keyFile(partyDir, "nats.seed"))));
    replaceFile(partyFile(partyDir, "credentials"), fmtCreds(issued.natsUserJwt, user), 0o600);
  }
  return identity;
}

/** The party's place in the chain, found by its signing key. The NATS server has none there. */
function identityInChain(enrolment: Enrolment, federation: Federation): PeerIdentity {
  const { found, members } = federation;
  const isOurs = (each: { readonly signingKey: Uint8Array }): boolean =>
    equalBytes(each.signingKey, enrolment.signingKey);
  switch (enrolment.kind) {
    case "nats":
      return { kind: "nats" };
    case "broker":
      if (isOurs(found.broker)) return { kind: "broker" };
      break;
    case "administrator":
      if (found.board.some(isOurs)) return administratorIdentity(enrolment);
      break;
    case "evaluator": {
      const evaluator = evaluatorsIn(federation).find(isOurs);
      if (evaluator !== undefined) return evaluatorIdentity(evaluator);
      break;
    }
    case "node": {
      const member = [...members.values()].find(isOurs);
      if (member !== undefined) return memberIdentity(member);
      break;
    }
  }
  throw new CausewayError("UNPROVEN", "this party's signing key does not stand in the chain of directives");
}

function installCertificate(
  partyDir: string,
  certificate: string,
  federation: Federation,
  identity: PeerIdentity,
): void {
  const roots = federation.found.tlsRoots;
  const privateKeyPem = readSecretText(keyFile(partyDir, "tls.key"));
  assertOwnCertificate({ certificatePem: certificate, privateKeyPem, roots });
  const named = identityOfCertificate(certificateDer(certificate));
  if (named === undefined || identityUri(named) !== identityUri(identity)) {
    throw new CausewayError("UNPROVEN", "certificate is for another identity than the chain gives us");
  }
  replaceFile(partyFile(partyDir, "certificate"), certificate, 0o644);
  installRoots(partyDir, federation);
}

/** Puts the TLS roots of the chain in place. True if others were there. */
export function installRoots(partyDir: string, federation: Pick<Federation, "found">): boolean {
  const path = partyFile(partyDir, "roots");
  const roots = rootsPemOf(federation);
  if (existsSync(path) && readPublicText(path) === roots) return false;
  replaceFile(path, roots, 0o644);
  return true;
}

/** The TLS roots in the chain, PEM. */
export function rootsPemOf({ found }: Pick<Federation, "found">): string {
  return found.tlsRoots.map(certificatePem).join("");
}

function assertOwnUser(jwt: string, natsKey: string): void {
  if (subjectOfJwt(jwt) !== natsKey) throw new CausewayError("UNPROVEN", "NATS user is for another key than ours");
}

function subjectOfJwt(jwt: string): string {
  try {
    return decodeJwt(jwt).sub;
  } catch (error) {
    throw new CausewayError("INVALID", "NATS user cannot be read", { cause: error });
  }
}
