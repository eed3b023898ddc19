/** Makes a party's directory: its keys, and the enrolment that it hands to the board. */
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createUser } from "@nats-io/nkeys";
import { toHex } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import { generateKeyShare, publicKeyOf } from "../crypto/oprf.ts";
import { probeCrypto } from "../crypto/probe.ts";
import { randomBytes } from "../world/random.ts";
import { sealingKeyPair } from "../crypto/seal.ts";
import { signingKeyPair } from "../crypto/sign.ts";
import type { SigningKeyPair } from "../crypto/sign.ts";
import { createTlsRequest } from "../platform/certificates.ts";
import { parseEnrolment, enrolmentText } from "./enrolment.ts";
import type { Enrolled, Enrolment, Proposal } from "./enrolment.ts";
import type { PartyKind } from "./files.ts";
import { partyFile } from "./files.ts";
import { makePrivateDirectory, replaceFile, writeNewSecret } from "./key-files.ts";

const SEED_BYTES = 32;

/** Makes a broker's keys: signing, sealing of epoch 1, evaluator's share, TLS, NATS. Throws CONFLICT if there are keys. */
export async function initBroker(dir: string, proposal: Proposal = { name: "broker" }): Promise<Enrolled> {
  return await initParty(dir, "broker", proposal, { sealing: "sealing-1.key", share: true, tls: true, nats: true });
}

/** Makes an evaluator's keys: signing, share, TLS. Throws CONFLICT if there are keys. */
export async function initEvaluator(dir: string, proposal: Proposal): Promise<Enrolled> {
  return await initParty(dir, "evaluator", proposal, { share: true, tls: true });
}

/** Makes a node's keys: signing, sealing, TLS, NATS, and two that encrypt its own store. Throws CONFLICT if there are keys. */
export async function initNode(dir: string, proposal: Proposal): Promise<Enrolled> {
  const needs = { sealing: "sealing.key", tls: true, nats: true, storage: true };
  return await initParty(dir, "node", proposal, needs);
}

/** Makes an administrator's keys: signing, sealing, TLS. Throws CONFLICT if there are keys. */
export async function initAdministrator(dir: string, proposal: Proposal): Promise<Enrolled> {
  return await initParty(dir, "administrator", proposal, { sealing: "sealing.key", tls: true });
}

/** Makes the NATS server's keys: signing (for the enrolment only), TLS. Throws CONFLICT if there are keys. */
export async function initNats(dir: string, proposal: Proposal = { name: "nats" }): Promise<Enrolled> {
  return await initParty(dir, "nats", proposal, { tls: true });
}

type Needs = {
  readonly sealing?: string;
  readonly share?: boolean;
  readonly tls?: boolean;
  readonly nats?: boolean;
  readonly storage?: boolean;
};

/** Keys appear all at once, by renaming their directory: half a party would be refused as existing. */
async function initParty(dir: string, kind: PartyKind, proposal: Proposal, needs: Needs): Promise<Enrolled> {
  probeCrypto();
  makePrivateDirectory(dir);
  const keys = join(dir, "keys");
  if (existsSync(keys)) throw new CausewayError("CONFLICT", `${keys} exists already; keys are never overwritten`);
  const fresh = join(dir, `.keys-${toHex(randomBytes(8))}`);
  try {
    makePrivateDirectory(fresh);
    const { enrolment, signer } = await makeKeys(fresh, kind, proposal, needs);
    const text = enrolmentText(enrolment, signer);
    // What we would not accept from others we do not hand out.
    const enrolled = parseEnrolment(text);
    renameSync(fresh, keys);
    replaceFile(partyFile(dir, "enrolment"), text, 0o644);
    return enrolled;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function makeKeys(
  keys: string,
  kind: PartyKind,
  proposal: Proposal,
  needs: Needs,
): Promise<{ readonly enrolment: Enrolment; readonly signer: SigningKeyPair }> {
  const secret = (name: string, content: Uint8Array | string): void => writeNewSecret(join(keys, name), content);
  const seed = randomBytes(SEED_BYTES);
  secret("signing.key", seed);
  const signer = signingKeyPair(seed);
  let enrolment: Enrolment = { ...proposal, kind, signingKey: signer.publicKey };
  if (needs.sealing !== undefined) {
    const sealingSeed = randomBytes(SEED_BYTES);
    secret(needs.sealing, sealingSeed);
    enrolment = { ...enrolment, sealingKey: sealingKeyPair(sealingSeed).publicKey };
  }
  if (needs.share === true) {
    const share = generateKeyShare(randomBytes(64));
    secret("share.key", share);
    enrolment = { ...enrolment, sharePublicKey: publicKeyOf(share) };
  }
  if (needs.tls === true) {
    const request = await createTlsRequest();
    secret("tls.key", request.privateKeyPem);
    enrolment = { ...enrolment, tlsRequestPem: request.requestPem };
  }
  if (needs.nats === true) {
    const user = createUser();
    secret("nats.seed", user.getSeed());
    enrolment = { ...enrolment, natsKey: user.getPublicKey() };
  }
  if (needs.storage === true) {
    for (const use of ["database", "conversation"]) secret(`${use}.key`, randomBytes(SEED_BYTES));
  }
  return { enrolment, signer };
}
