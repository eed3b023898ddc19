/**
 * The registrar's directory: what the board keeps on-line.
 *
 *   keys/ca.key             signs certificates           ca.crt     the root that stands in the `found` directive
 *   keys/ca-2.key           the same for the next root   ca-2.crt, ca-2-cross.crt   see `prepareRoot`
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
import { createAuthority } from "../../shared/platform/certificates.ts";
import type { Authority } from "../../shared/platform/certificates.ts";
import { certificateDer } from "../../shared/platform/tls.ts";
import type { Federation } from "../../shared/core/directive.ts";
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

/**
 * Without the freshness key, see `freshnessSeedOf`. `root`: DER of the TLS root to issue under, the first one if it is left out. Throws
 * ENVIRONMENT if a key is missing or open to others.
 */
export function readRegistrarKeys(dir: string, root?: Uint8Array): IssuingKeys {
  const pairs = seedNames().map(([use, name]) => [use, readSeed(dir, name)] as const);
  return {
    authority: authorityIn(dir, root),
    nats: Object.fromEntries(pairs) as NatsAuthority,
  };
}

/**
 * Makes the next TLS root, certified by the present one too, unless there is one that the chain does not name yet. Answers with its file. It
 * is issued under once it is the last in the chain.
 */
export async function prepareRoot(
  dir: string,
  { found, id }: Pick<Federation, "found" | "id">,
  nowMs: number,
): Promise<string> {
  const names = rootNames(dir);
  const newest = names.at(-1) as string;
  const path = join(dir, `${newest}.crt`);
  const isNamed = found.tlsRoots.some((root) => equalBytes(root, certificateDer(readPublicText(path))));
  if (!isNamed) return path;
  const before = authorityIn(dir, found.tlsRoots.at(-1));
  const next = await createAuthority({ federation: id, nowMs, before });
  const name = `ca-${names.length + 1}`;
  // The certificate last: it is what the next run looks for.
  writeNewSecret(keyFile(dir, `${name}.key`), next.privateKeyPem);
  replaceFile(join(dir, `${name}-cross.crt`), next.crossPem ?? "", 0o644);
  replaceFile(join(dir, `${name}.crt`), next.certificatePem, 0o644);
  return join(dir, `${name}.crt`);
}

/** Names of the roots that were made here, oldest first. */
function rootNames(dir: string): string[] {
  const names = ["ca"];
  for (let number = 2; existsSync(join(dir, `ca-${number}.crt`)); number += 1) names.push(`ca-${number}`);
  return names;
}

function authorityIn(dir: string, root: Uint8Array | undefined): Authority {
  for (const name of rootNames(dir)) {
    const certificatePem = readPublicText(join(dir, `${name}.crt`));
    if (root !== undefined && !equalBytes(certificateDer(certificatePem), root)) continue;
    const cross = join(dir, `${name}-cross.crt`);
    const crossPem = existsSync(cross) ? readPublicText(cross) : undefined;
    return { privateKeyPem: readSecretText(keyFile(dir, `${name}.key`)), certificatePem, crossPem };
  }
  throw new CausewayError("ENVIRONMENT", "the key of the last TLS root in the chain of directives is not here");
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
