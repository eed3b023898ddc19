/**
 * Another signing key for a party that keeps everything else: a broker its ledger, an evaluator its shares. The next key lies in `next/` of
 * the party's directory, with an enrolment of its own, until the board's directive names it; then it takes the other's place. A unit, or an
 * administrator, gets new keys in a new directory instead.
 *
 * An evaluator gets another TLS key with it, so that a copy of the old one is worth nothing. A broker keeps its own: who asks it whether its
 * key has changed must still find it.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { equalBytes } from "../core/bytes.ts";
import type { Federation } from "../core/directive.ts";
import { CausewayError } from "../core/errors.ts";
import { signingKeyPair } from "../crypto/sign.ts";
import { createTlsRequest } from "../platform/certificates.ts";
import { evaluatorsIn } from "../platform/standing.ts";
import { randomBytes } from "../world/random.ts";
import { loadChain, writeChain } from "./chain-file.ts";
import { enrolmentText, readEnrolment } from "./enrolment.ts";
import type { Enrolled } from "./enrolment.ts";
import { keyFile, partyFile } from "./files.ts";
import {
  destroySecret,
  makePrivateDirectory,
  readPublicText,
  readSecret,
  readSecretText,
  replaceFile,
  writeNewSecret,
} from "./key-files.ts";
import { readPin } from "./pin.ts";

const SEED_BYTES = 32;

/** Where the next key lies; it is a party's directory as well. */
export function nextKeyDirectory(dir: string): string {
  return join(dir, "next");
}

/** Makes the next key unless there is one. Throws INVALID for a kind of party that gets new keys in a new directory. */
export async function prepareNextKey(dir: string): Promise<Enrolled> {
  const next = nextKeyDirectory(dir);
  if (existsSync(partyFile(next, "enrolment"))) return readEnrolment(next);
  const { enrolment } = readEnrolment(dir);
  if (enrolment.kind !== "broker" && enrolment.kind !== "evaluator") {
    throw new CausewayError("INVALID", `a party of the kind ${enrolment.kind} gets new keys in a new directory`);
  }
  // What a run before this one left without an enrolment nobody has seen.
  rmSync(next, { recursive: true, force: true });
  makePrivateDirectory(next);
  makePrivateDirectory(join(next, "keys"));
  const seed = randomBytes(SEED_BYTES);
  writeNewSecret(keyFile(next, "signing.key"), seed);
  const signer = signingKeyPair(seed);
  const tls = enrolment.kind === "evaluator" ? await createTlsRequest() : undefined;
  if (tls !== undefined) writeNewSecret(keyFile(next, "tls.key"), tls.privateKeyPem);
  const tlsRequestPem = tls?.requestPem ?? enrolment.tlsRequestPem;
  const text = enrolmentText({ ...enrolment, signingKey: signer.publicKey, tlsRequestPem }, signer);
  replaceFile(partyFile(next, "enrolment"), text, 0o644);
  return readEnrolment(next);
}

/** Whether the next key is the one that the chain names, and with it what it needs to be used. */
export function isNextKeyDue(dir: string, federation: Federation): boolean {
  const next = nextKeyDirectory(dir);
  if (!existsSync(partyFile(next, "enrolment"))) return false;
  const { kind, signingKey } = readEnrolment(next).enrolment;
  if (kind === "broker") return equalBytes(signingKey, federation.found.broker.signingKey);
  const isNamed = evaluatorsIn(federation).some((each) => equalBytes(each.signingKey, signingKey));
  return isNamed && existsSync(partyFile(next, "certificate"));
}

/**
 * Puts the next key in place if it is due, and the chain that names it. What is done twice after a crash changes nothing. Throws ENVIRONMENT,
 * and as `loadChain` for a chain of another federation than the party's.
 */
export function takeNextKey(dir: string, federation: Federation, nowMs: number): boolean {
  if (!isNextKeyDue(dir, federation)) return false;
  const next = nextKeyDirectory(dir);
  if (existsSync(partyFile(next, "chain"))) {
    const context = { pinnedFingerprint: readPin(dir), nowMs };
    writeChain(partyFile(dir, "chain"), loadChain(partyFile(next, "chain"), context), context);
  }
  if (existsSync(keyFile(next, "tls.key"))) {
    replaceFile(keyFile(dir, "tls.key"), readSecretText(keyFile(next, "tls.key")), 0o600);
    replaceFile(partyFile(dir, "certificate"), readPublicText(partyFile(next, "certificate")), 0o644);
  }
  replaceFile(keyFile(dir, "signing.key"), readSecret(keyFile(next, "signing.key"), SEED_BYTES), 0o600);
  replaceFile(partyFile(dir, "enrolment"), readPublicText(partyFile(next, "enrolment")), 0o644);
  // First what says that there is a next key: what is left of it after a crash is nobody's.
  rmSync(partyFile(next, "enrolment"));
  destroySecret(keyFile(next, "signing.key"), SEED_BYTES);
  rmSync(next, { recursive: true });
  return true;
}
