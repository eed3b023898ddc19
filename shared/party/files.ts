/**
 * A party's directory: the keys it made itself, and what the board handed it.
 *
 *   keys/            secrets, never copied out; see `key-files.ts`
 *   enrolment.json   public keys and proposals, to be carried to the board; the fingerprint is compared by another way
 *   federation.pin   fingerprint of the `found` directive, compared out of band: the one thing believed without proof
 *   chain.bin        directives            freshness.bin    the last freshness statement
 *   tls.crt          own certificate       roots.pem        TLS roots, taken from the chain
 *   nats.creds       NATS user JWT with the own seed (secret); the NATS server has nats.json instead
 *
 * Whoever carries files between party and board is an adversary: an enrolment that was changed on the way has another
 * fingerprint, and a bundle is believed only as far as the pinned chain proves it.
 */
import { join } from "node:path";

export const PARTY_KINDS = ["broker", "evaluator", "node", "administrator", "nats"] as const;
export type PartyKind = (typeof PARTY_KINDS)[number];

const FILES = {
  enrolment: "enrolment.json",
  pin: "federation.pin",
  chain: "chain.bin",
  freshness: "freshness.bin",
  certificate: "tls.crt",
  roots: "roots.pem",
  credentials: "nats.creds",
  /** In a bundle only. */
  userJwt: "nats.jwt",
  /** The registrar's only: its request for a certificate. Others have theirs in their enrolment. */
  request: "tls.csr",
  /** The NATS server's only: operator and account JWTs. */
  natsAccounts: "nats.json",
  /** Of a node and its unit's workstations: signed by its own key. */
  local: "local.crt",
} as const;

/** Path of one of a party's files that are not keys. */
export function partyFile(dir: string, file: keyof typeof FILES): string {
  return join(dir, FILES[file]);
}

/** Path of a file under keys/. */
export function keyFile(dir: string, name: string): string {
  return join(dir, "keys", name);
}
