/**
 * The parties' X.509 certificates. One certificate authority of the board, made anew with each federation, is the only
 * root that a party trusts (its certificate stands in the `found` directive); it signs for one identity each, written as
 * a URI that the board chose. A request from a party proves that the party holds its key and is believed in nothing else.
 *
 * A certificate only says who calls, and under which signing key the party stood in the chain when it was issued. Whether the caller
 * may call is asked of the chain of directives at every call, so the certificate of a suspended member, or of a node that was lost and
 * whose unit has new keys, is worth nothing although it has not expired; there is no revocation list.
 */
// oxlint-disable-next-line import/no-unassigned-import -- its effect is what is wanted, before @peculiar/x509 loads
import "./reflect-metadata.ts";
import { createPrivateKey, webcrypto, X509Certificate as NodeCertificate } from "node:crypto";
import { isIP } from "node:net";
import tls from "node:tls";
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
import { toId } from "../core/ids.ts";
import type { MemberId } from "../core/ids.ts";
import type { Administrator, Admit, Evaluator } from "../core/directive.ts";
import type { Life } from "../core/renewal.ts";
import { randomBytes } from "../world/random.ts";
import { keyId } from "../crypto/sign.ts";

/**
 * Who a certificate stands for. `keyId` is that of the party's signing key in the chain, hexadecimal. Broker and registrar have none: whoever
 * is about to learn from the chain that the broker's key has changed must still be able to ask the broker.
 */
export type PeerIdentity =
  | { readonly kind: "member"; readonly member: MemberId; readonly keyId: string }
  | { readonly kind: "broker" }
  | { readonly kind: "evaluator"; readonly name: string; readonly keyId: string }
  | { readonly kind: "administrator"; readonly keyId: string }
  | { readonly kind: "registrar" }
  | { readonly kind: "nats" };

export type Authority = { readonly certificatePem: string; readonly privateKeyPem: string };

const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING_ALGORITHM = { name: "ECDSA", hash: "SHA-256" };
const DAY_MS = 24 * 3_600_000;
/** The root lives as long as a federation without a new `found`; replacing it means meeting again. */
const AUTHORITY_DAYS = 10 * 365;
/** A year and a month. All are renewed long before. */
export const CERTIFICATE_DAYS = 397;
/** Clocks of parties may be this far behind the issuer's. */
const BACKDATED_MS = 5 * 60_000;

const MEMBER_URI = /^causeway:member:([0-9a-f]{32}):([0-9a-f]{32})$/;
const ADMINISTRATOR_URI = /^causeway:administrator:([0-9a-f]{32})$/;
const EVALUATOR_URI = /^causeway:evaluator:([a-z](?:[a-z0-9-]{0,30}[a-z0-9])?):([0-9a-f]{32})$/;

/** Makes TLS 1.3 the least that this process speaks, as client and as server. Call before the first connection. */
export function requireTls13(): void {
  tls.DEFAULT_MIN_VERSION = "TLSv1.3";
}

/** (administrator) Makes the federation's certificate authority: ECDSA P-256, PEM. */
export async function createAuthority(of: {
  readonly federation: Uint8Array;
  readonly nowMs: number;
}): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [`causeway ${toHex(of.federation)}`] }],
    keys,
    serialNumber: serialNumber(),
    ...lifeOf(of.nowMs, AUTHORITY_DAYS * DAY_MS),
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      // It signs parties, not further authorities.
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
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
    ...lifeOf(of.nowMs, of.lifeMs ?? CERTIFICATE_DAYS * DAY_MS),
    publicKey,
    signingKey: await importPrivateKey(of.authority.privateKeyPem),
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: await leafExtensions(of, authority, publicKey),
  });
  return pemOf(certificate);
}

/** Who the node of a member is: the holder of the signing key that the member has now. */
export function memberIdentity({ member, signingKey }: Pick<Admit, "member" | "signingKey">): PeerIdentity {
  return { kind: "member", member, keyId: toHex(keyId(signingKey)) };
}

export function evaluatorIdentity({ name, signingKey }: Pick<Evaluator, "name" | "signingKey">): PeerIdentity {
  return { kind: "evaluator", name, keyId: toHex(keyId(signingKey)) };
}

/** A seat that the board has given to somebody else is another. */
export function administratorIdentity({ signingKey }: Pick<Administrator, "signingKey">): PeerIdentity {
  return { kind: "administrator", keyId: toHex(keyId(signingKey)) };
}

/** How an identity is written in a certificate. */
export function identityUri(identity: PeerIdentity): string {
  switch (identity.kind) {
    case "member":
      return `causeway:member:${identity.member}:${identity.keyId}`;
    case "evaluator":
      return `causeway:evaluator:${identity.name}:${identity.keyId}`;
    case "administrator":
      return `causeway:administrator:${identity.keyId}`;
    case "broker":
    case "registrar":
    case "nats":
      return `causeway:${identity.kind}`;
  }
}

/**
 * Whom a certificate stands for: DER, or `subjectaltname` as Node prints it. Undefined unless there is exactly one URI and
 * it is written exactly as `identityUri` would. The TLS handshake must have verified the certificate before.
 */
export function identityOfCertificate(certificate: Uint8Array | string): PeerIdentity | undefined {
  const names = typeof certificate === "string" ? certificate : subjectAltNames(certificate);
  // Node puts names with a comma or quote in quotes: nothing that our issuer writes, so nothing to interpret.
  if (names === undefined || names.includes('"')) return undefined;
  const [uri, ...others] = names.split(", ").filter((name) => name.startsWith("URI:"));
  return uri === undefined || others.length > 0 ? undefined : parseUri(uri.slice("URI:".length));
}

/** DER of a PEM certificate. Throws INVALID. */
export function certificateDer(pem: string): Uint8Array {
  return new Uint8Array(parsed(() => new X509Certificate(pem), "certificate").rawData);
}

/** When a PEM certificate holds. Throws INVALID. */
export function certificateLife(pem: string): Life {
  const { notBefore, notAfter } = parsed(() => new X509Certificate(pem), "certificate");
  // Dated back by the issuer, see there.
  return { fromMs: notBefore.getTime() + BACKDATED_MS, untilMs: notAfter.getTime() };
}

/** DNS names and IP addresses under which a PEM certificate's holder is reached. Throws INVALID. */
export function certificateHosts(pem: string): string[] {
  const { subjectAltName = "" } = parsed(() => new NodeCertificate(pem), "certificate");
  return subjectAltName.split(", ").flatMap((name) => /^(?:DNS|IP Address):(.+)$/.exec(name)?.[1] ?? []);
}

/** PEM of a DER certificate. */
export function certificatePem(der: Uint8Array): string {
  return `${PemConverter.encode(Uint8Array.from(der), "CERTIFICATE")}\n`;
}

/** Throws UNPROVEN unless the certificate is for this private key and signed by one of the roots (DER). */
export function assertOwnCertificate(of: {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly roots: readonly Uint8Array[];
}): void {
  const context = parsed(() => new NodeCertificate(of.certificatePem), "certificate");
  const roots = of.roots.map((root) => parsed(() => new NodeCertificate(root), "root certificate"));
  if (!roots.some((root) => root.ca && context.checkIssued(root) && context.verify(root.publicKey))) {
    throw new CausewayError("UNPROVEN", "certificate is not signed by a root of the federation");
  }
  if (!context.checkPrivateKey(createPrivateKey(of.privateKeyPem))) {
    throw new CausewayError("UNPROVEN", "certificate is for another key than ours");
  }
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
    // Every party serves: a node its own unit's people, under the same identity with which they call it.
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth], true),
    new SubjectAlternativeNameExtension([uri, ...hosts]),
    await SubjectKeyIdentifierExtension.create(publicKey),
    await AuthorityKeyIdentifierExtension.create(authority.publicKey),
  ];
}

function subjectAltNames(der: Uint8Array): string | undefined {
  try {
    return new NodeCertificate(der).subjectAltName;
  } catch {
    return undefined;
  }
}

function parseUri(uri: string): PeerIdentity | undefined {
  if (uri === "causeway:broker") return { kind: "broker" };
  if (uri === "causeway:nats") return { kind: "nats" };
  if (uri === "causeway:registrar") return { kind: "registrar" };
  const [, administrator] = ADMINISTRATOR_URI.exec(uri) ?? [];
  if (administrator !== undefined) return { kind: "administrator", keyId: administrator };
  const [, member, memberKey] = MEMBER_URI.exec(uri) ?? [];
  if (member !== undefined && memberKey !== undefined)
    return { kind: "member", member: toId<MemberId>(member), keyId: memberKey };
  const [, name, evaluatorKey] = EVALUATOR_URI.exec(uri) ?? [];
  return name === undefined || evaluatorKey === undefined
    ? undefined
    : { kind: "evaluator", name, keyId: evaluatorKey };
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

function parsed<Value>(parse: () => Value, what: string): Value {
  try {
    return parse();
  } catch (error) {
    throw new CausewayError("INVALID", `${what} cannot be read`, { cause: error });
  }
}
