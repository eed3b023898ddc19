/**
 * The key under which a node and its unit's workstations know each other, with the certificate that it signed itself: `keys/local.key` and
 * `local.crt` of each. It has nothing to do with the federation: neither the board nor its registrar has ever seen it.
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { keyFile, partyFile } from "../../shared/party/files.ts";
import {
  makePrivateDirectory,
  readPublicText,
  readSecretText,
  replaceFile,
  writeNewSecret,
} from "../../shared/party/key-files.ts";
import type { OwnTls } from "../../shared/platform/grpc-credentials.ts";
import { certificateDer, keyFingerprint } from "../../shared/platform/tls.ts";

const KEY = "local.key";

export function hasLocalKey(dir: string): boolean {
  return existsSync(keyFile(dir, KEY));
}

/** Throws ENVIRONMENT as `readSecretText`. */
export function readLocalKey(dir: string): OwnTls {
  const privateKeyPem = readSecretText(keyFile(dir, KEY));
  return { privateKeyPem, certificatePem: readPublicText(partyFile(dir, "local")) };
}

/** The key, made where there is none. Throws ENVIRONMENT. */
export async function ensureLocalKey(dir: string, nowMs: number): Promise<OwnTls> {
  if (hasLocalKey(dir)) return readLocalKey(dir);
  const { createSelfSigned } = await import("../../shared/platform/certificates.ts");
  const made = await createSelfSigned(nowMs);
  makePrivateDirectory(dirname(keyFile(dir, KEY)));
  // The key comes last: with it there is a certificate too.
  replaceFile(partyFile(dir, "local"), made.certificatePem, 0o644);
  writeNewSecret(keyFile(dir, KEY), made.privateKeyPem);
  return made;
}

/** By which the other end pins this one. Throws ENVIRONMENT, INVALID for a damaged certificate. */
export function localFingerprint(dir: string): string {
  return keyFingerprint(certificateDer(readLocalKey(dir).certificatePem)) as string;
}
