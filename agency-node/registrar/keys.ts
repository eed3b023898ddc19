/**
 * The registrar's directory: what the board keeps on-line.
 *
 *   keys/ca.key             signs certificates           ca.crt     the root that stands in the `found` directive
 *   keys/freshness.key      signs freshness statements   tls.csr    its own request, for its next certificate
 *   keys/nats-*.seed        sign NATS accounts and users
 *   nats-server/            the NATS server's request and certificate, for its next one
 *   keys/tls.key, tls.crt   the registrar's own, to call the broker; chain, pin and roots as in every party's directory
 *
 * Nothing else is kept: which certificates, users and accounts there should be follows from the chain.
 *
 * Whoever steals it can let anybody connect under any name, read and delay what NATS carries, and call an old chain fresh for as
 * long as nobody rotates the freshness key. It can make no member, no salt and no directive: what counts is what the board signed.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fromSeed } from "@nats-io/nkeys";
import type { KeyPair } from "@nats-io/nkeys";
import { equalBytes, utf8 } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import {
  readPublicText,
  destroySecret,
  readSecret,
  readSecretText,
  replaceFile,
  writeNewSecret,
} from "../../shared/party/key-files.ts";
import { keyFile } from "../../shared/party/files.ts";
import type { Authority } from "../../shared/platform/certificates.ts";
import type { Randomness } from "../../shared/world/world.ts";
import type { NatsAuthority } from "./nats-accounts.ts";

export type IssuingKeys = { readonly authority: Authority; readonly nats: NatsAuthority };
export type RegistrarKeys = IssuingKeys & { readonly freshnessSeed: Uint8Array };

const FRESHNESS_KEY = "freshness.key";
const NEXT_FRESHNESS_KEY = "freshness-next.key";
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

/** Without the freshness key, see `freshnessSeedOf`. Throws ENVIRONMENT if one is missing or open to others. */
export function readRegistrarKeys(dir: string): IssuingKeys {
  const pairs = seedNames().map(([use, name]) => [use, readSeed(dir, name)] as const);
  return {
    authority: {
      privateKeyPem: readSecretText(keyFile(dir, "ca.key")),
      certificatePem: readPublicText(join(dir, "ca.crt")),
    },
    nats: Object.fromEntries(pairs) as NatsAuthority,
  };
}

/** Makes the next freshness key, unless there is one, and returns its public half for the board's rotate-key directive. */
export function prepareFreshnessKey(dir: string, { randomBytes }: Randomness): Uint8Array {
  const next = keyFile(dir, NEXT_FRESHNESS_KEY);
  if (!existsSync(next)) writeNewSecret(next, randomBytes(FRESHNESS_SEED_BYTES));
  return signingKeyPair(readSecret(next, FRESHNESS_SEED_BYTES)).publicKey;
}

/**
 * The seed of the freshness key that stands in the chain. Once the chain has the prepared one, it takes the other's place, which is
 * destroyed. Throws ENVIRONMENT if neither is the chain's.
 */
export function freshnessSeedOf(dir: string, publicKey: Uint8Array): Uint8Array {
  const [current, next] = [keyFile(dir, FRESHNESS_KEY), keyFile(dir, NEXT_FRESHNESS_KEY)];
  if (existsSync(next)) {
    const seed = readSecret(next, FRESHNESS_SEED_BYTES);
    if (equalBytes(signingKeyPair(seed).publicKey, publicKey)) {
      // In this order: after a power cut the new key is in one place at least.
      destroySecret(current, FRESHNESS_SEED_BYTES);
      writeNewSecret(current, seed);
      destroySecret(next, FRESHNESS_SEED_BYTES);
      return seed;
    }
  }
  const seed = readSecret(current, FRESHNESS_SEED_BYTES);
  if (equalBytes(signingKeyPair(seed).publicKey, publicKey)) return seed;
  throw new CausewayError("ENVIRONMENT", "the freshness key here is not the one in the chain of directives");
}

/** Where the NATS server's request and certificate lie in the registrar's directory. */
export function natsServerDirectory(dir: string): string {
  return join(dir, "nats-server");
}

function seedNames(): [keyof NatsAuthority, string][] {
  return Object.entries(NATS_SEEDS) as [keyof NatsAuthority, string][];
}

function readSeed(dir: string, name: string): KeyPair {
  return fromSeed(utf8(readSecretText(keyFile(dir, name)).trim()));
}
