/**
 * Making the parties' X.509 certificates. A certificate authority of the board, made anew with each federation, is the root that
 * parties trust (its certificate stands in the `found` directive, the next one's in a `tls-roots`); it signs for one identity each, written
 * as a URI that the board chose. A request from a party proves that the party holds its key and is believed in nothing else.
 */
// oxlint-disable-next-line import/no-unassigned-import -- its effect is what is wanted, before @peculiar/x509 loads
import "./reflect-metadata.ts";
import { webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Extension, JsonGeneralName, PublicKey } from "@peculiar/x509";
import { toHex } from "../core/bytes.ts";
import { CausewayError } from "../core/errors.ts";
import { randomBytes } from "../world/random.ts";
import type { OwnTls } from "./grpc-credentials.ts";
import { BACKDATED_MS, identityUri, parsed } from "./tls.ts";
import type { PeerIdentity } from "./tls.ts";

export type Authority = {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** The same key certified by the authority before it (RFC 4210, 4.4): for those who have not heard yet that there is another. */
  readonly crossPem?: string | undefined;
};

const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING_ALGORITHM = { name: "ECDSA", hash: "SHA-256" };
const DAY_MS = 24 * 3_600_000;
const AUTHORITY_DAYS = 10 * 365;
/** A year and a month. All are renewed long before. */
export const CERTIFICATE_DAYS = 397;

/** (administrator) Makes the federation's certificate authority: ECDSA P-256, PEM. `before`: the one that it follows. */
export async function createAuthority(of: {
  readonly federation: Uint8Array;
  readonly nowMs: number;
  readonly lifeMs?: number;
  readonly before?: Authority;
}): Promise<Authority> {
  const { before } = of;
  const keys = await generateKeys();
  const serial = serialNumber();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    // Each has a name of its own, so that no verifier takes one for the other.
    name: [{ CN: [`causeway ${toHex(of.federation)} ${serial.slice(0, 8)}`] }],
    keys,
    serialNumber: serial,
    ...lifeOf(of.nowMs, of.lifeMs ?? AUTHORITY_DAYS * DAY_MS),
    signingAlgorithm: SIGNING_ALGORITHM,
    // It signs parties, and the authority that follows it.
    extensions: await authorityExtensions(keys.publicKey, 1),
  });
  const privateKeyPem = await exportPrivateKey(keys.privateKey);
  const crossPem = before === undefined ? undefined : await crossOf(certificate, before);
  return { certificatePem: pemOf(certificate), privateKeyPem, crossPem };
}

/** The successor's name and key, certified by the one before for as long as that holds. */
async function crossOf(successor: X509Certificate, before: Authority): Promise<string> {
  const issuer = new X509Certificate(before.certificatePem);
  const certificate = await X509CertificateGenerator.create({
    subject: successor.subjectName,
    issuer: issuer.subjectName,
    serialNumber: serialNumber(),
    notBefore: successor.notBefore,
    notAfter: issuer.notAfter,
    publicKey: successor.publicKey,
    signingKey: await importPrivateKey(before.privateKeyPem),
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      ...(await authorityExtensions(successor.publicKey, 0)),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return pemOf(certificate);
}

async function authorityExtensions(
  publicKey: PublicKey | webcrypto.CryptoKey,
  pathLength: number,
): Promise<Extension[]> {
  return [
    new BasicConstraintsExtension(true, pathLength, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    await SubjectKeyIdentifierExtension.create(publicKey),
  ];
}

/**
 * A key with a certificate that it has signed itself, for connections whose ends pin each other's keys: of all that stands in it only the
 * key counts, also after its dates.
 */
export async function createSelfSigned(nowMs: number): Promise<OwnTls> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: ["causeway"] }],
    keys,
    serialNumber: serialNumber(),
    ...lifeOf(nowMs, CERTIFICATE_DAYS * DAY_MS),
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    ],
  });
  return { certificatePem: pemOf(certificate), privateKeyPem: await exportPrivateKey(keys.privateKey) };
}

/** (party) A new key and a request that proves its possession. The request names nobody: the issuer does that. */
export async function createTlsRequest(): Promise<{ readonly privateKeyPem: string; readonly requestPem: string }> {
  const keys = await generateKeys();
  const name = [{ CN: ["causeway"] }];
  const request = await Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: SIGNING_ALGORITHM });
  return { privateKeyPem: await exportPrivateKey(keys.privateKey), requestPem: `${request.toString("pem")}\n` };
}

/**
 * (administrator) Signs a certificate for `identity`. Of the request only the key is used: a party may have asked for
 * another's name, or for the right to sign. `hosts` are DNS names and IP addresses under which a server is reached.
 * Ends with the authority at the latest; with it, PEM, comes what makes it believed under the authority before.
 * Throws INVALID for a request that cannot be read, UNPROVEN if it is not signed by the key it names.
 */
export async function issueCertificate(of: {
  readonly authority: Authority;
  readonly requestPem: string;
  readonly identity: PeerIdentity;
  readonly hosts: readonly string[];
  readonly nowMs: number;
  /** Default `CERTIFICATE_DAYS`. */
  readonly lifeMs?: number | undefined;
}): Promise<string> {
  const publicKey = await provenKey(of.requestPem);
  const authority = new X509Certificate(of.authority.certificatePem);
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: [of.identity.kind] }],
    issuer: authority.subjectName,
    serialNumber: serialNumber(),
    ...within(lifeOf(of.nowMs, of.lifeMs ?? CERTIFICATE_DAYS * DAY_MS), authority),
    publicKey,
    signingKey: await importPrivateKey(of.authority.privateKeyPem),
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: await leafExtensions(of, authority, publicKey),
  });
  return pemOf(certificate) + crossAt(of.authority, of.nowMs);
}

/** No certificate outlives its issuer's. */
function within<Life extends { readonly notAfter: Date }>(life: Life, { notAfter }: X509Certificate): Life {
  return life.notAfter > notAfter ? { ...life, notAfter } : life;
}

function crossAt({ crossPem }: Authority, nowMs: number): string {
  return crossPem === undefined || new X509Certificate(crossPem).notAfter.getTime() <= nowMs ? "" : crossPem;
}

async function provenKey(requestPem: string): Promise<PublicKey> {
  const request = parsed(() => new Pkcs10CertificateRequest(requestPem), "certificate request");
  const { name, namedCurve } = request.publicKey.algorithm as { name: string; namedCurve?: string };
  if (name !== KEY_ALGORITHM.name || namedCurve !== KEY_ALGORITHM.namedCurve) {
    throw new CausewayError("INVALID", "certificate request is not for a P-256 key");
  }
  if (!(await request.verify().catch(() => false))) {
    throw new CausewayError("UNPROVEN", "certificate request is not signed by its key");
  }
  return request.publicKey;
}

async function leafExtensions(
  of: { readonly identity: PeerIdentity; readonly hosts: readonly string[] },
  authority: X509Certificate,
  publicKey: PublicKey,
): Promise<Extension[]> {
  const hosts = of.hosts.map((host): JsonGeneralName => ({ type: isIP(host) === 0 ? "dns" : "ip", value: host }));
  const uri: JsonGeneralName = { type: "url", value: identityUri(of.identity) };
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    // One form for all parties: broker and evaluators serve and call, the others call.
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth], true),
    new SubjectAlternativeNameExtension([uri, ...hosts]),
    await SubjectKeyIdentifierExtension.create(publicKey),
    await AuthorityKeyIdentifierExtension.create(authority.publicKey),
  ];
}

function lifeOf(nowMs: number, lifeMs: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(nowMs - BACKDATED_MS), notAfter: new Date(nowMs + lifeMs) };
}

/** 16 random bytes whose first bit is clear and whose first byte is not zero: positive, and of one length. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return toHex(bytes);
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
}

async function exportPrivateKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

async function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = parsed(() => PemConverter.decodeFirst(pem), "private key");
  return await webcrypto.subtle.importKey("pkcs8", der, KEY_ALGORITHM, false, ["sign"]);
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}
