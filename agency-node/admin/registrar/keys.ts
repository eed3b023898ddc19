/**
 * The registrar's directory: what the board keeps on-line.
 *
 *   keys/ca.key             signs certificates           ca.crt     the root that stands in the `found` directive
 *   keys/freshness.key      signs freshness statements   tls.csr    its own request, for its next certificate
 *   keys/nats-*.seed        sign NATS accounts and users
 *   keys/tls.key, tls.crt   the registrar's own, to call the broker; chain, pin and roots as in every party's directory
 *
 * Nothing else is kept: which certificates, users and accounts there should be follows from the chain.
 *
 * Whoever steals it can let anybody connect under any name, read and delay what NATS carries, and call an old chain fresh for as
 * long as nobody rotates the freshness key. It can make no member, no salt and no directive: what counts is what the board signed.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromSeed } from "@nats-io/nkeys";
import type { KeyPair } from "@nats-io/nkeys";
import { utf8 } from "../../../shared/core/bytes.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { readSecret, readSecretText, replaceFile, writeNewSecret } from "../../../shared/platform/key-files.ts";
import { keyFile } from "../../../shared/platform/party.ts";
import type { Authority } from "../../../shared/platform/tls.ts";
import type { NatsAuthority } from "../nats-accounts.ts";

export type RegistrarKeys = {
  readonly authority: Authority;
  readonly freshnessSeed: Uint8Array;
  readonly nats: NatsAuthority;
};

const FRESHNESS_KEY = "freshness.key";
const FRESHNESS_SEED_BYTES = 32;
const NATS_SEEDS = {
  operator: "nats-operator.seed",
  system: "nats-system.seed",
  federation: "nats-federation.seed",
  memberSigner: "nats-member-signer.seed",
} as const satisfies Record<keyof NatsAuthority, string>;

/** Throws ENVIRONMENT if there are keys already: they are never overwritten. */
export function writeRegistrarKeys(dir: string, { authority, freshnessSeed, nats }: RegistrarKeys): void {
  writeNewSecret(keyFile(dir, "ca.key"), authority.privateKeyPem);
  replaceFile(join(dir, "ca.crt"), authority.certificatePem, 0o644);
  writeNewSecret(keyFile(dir, FRESHNESS_KEY), freshnessSeed);
  for (const [use, name] of seedNames()) writeNewSecret(keyFile(dir, name), nats[use].getSeed());
}

/** Throws ENVIRONMENT if one is missing or open to others. */
export function readRegistrarKeys(dir: string): RegistrarKeys {
  const pairs = seedNames().map(([use, name]) => [use, readSeed(dir, name)] as const);
  return {
    authority: { privateKeyPem: readSecretText(keyFile(dir, "ca.key")), certificatePem: readRoot(dir) },
    freshnessSeed: readFreshnessSeed(dir),
    nats: Object.fromEntries(pairs) as NatsAuthority,
  };
}

/** Secret, 32 bytes. Throws ENVIRONMENT. */
export function readFreshnessSeed(dir: string): Uint8Array {
  return readSecret(keyFile(dir, FRESHNESS_KEY), FRESHNESS_SEED_BYTES);
}

function seedNames(): [keyof NatsAuthority, string][] {
  return Object.entries(NATS_SEEDS) as [keyof NatsAuthority, string][];
}

function readSeed(dir: string, name: string): KeyPair {
  return fromSeed(utf8(readSecretText(keyFile(dir, name)).trim()));
}

function readRoot(dir: string): string {
  const path = join(dir, "ca.crt");
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new CausewayError("ENVIRONMENT", `${path} is missing or cannot be read`, { cause: error });
  }
}
