/**
 * Reading the parties' certificates: whom one stands for, when it holds, whether it is ours. `certificates.ts` makes them; it is apart
 * because it needs a large library that most commands need not load.
 *
 * A certificate only says who calls, and under which signing key the party stood in the chain when it was issued. Whether the caller
 * may call is asked of the chain of directives at every call, so the certificate of a suspended member, or of a node that was lost and
 * whose unit has new keys, is worth nothing although it has not expired; there is no revocation list.
 */
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import tls from "node:tls";
import { CausewayError } from "../core/errors.ts";
import { toId } from "../core/ids.ts";
import type { MemberId } from "../core/ids.ts";
import type { Life } from "../core/renewal.ts";

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

/** How much earlier than the issuer's clock a certificate holds: clocks of parties may be this far behind. */
export const BACKDATED_MS = 5 * 60_000;

const MEMBER_URI = /^causeway:member:([0-9a-f]{32}):([0-9a-f]{32})$/;
const ADMINISTRATOR_URI = /^causeway:administrator:([0-9a-f]{32})$/;
const EVALUATOR_URI = /^causeway:evaluator:([a-z](?:[a-z0-9-]{0,30}[a-z0-9])?):([0-9a-f]{32})$/;

/**
 * The one way in which parties agree on the keys of a gRPC connection: X25519 and ML-KEM-768 together, so that what somebody records today
 * is not read by a later quantum computer. Browsers and the NATS server are offered it first, and may have less.
 */
export const HYBRID_KEY_EXCHANGE = "X25519MLKEM768";

/**
 * Makes TLS 1.3 the least that this process speaks, as client and as server. Call before the first connection. Throws ENVIRONMENT on a Node
 * without the hybrid key exchange.
 */
export function requireTls13(): void {
  tls.DEFAULT_MIN_VERSION = "TLSv1.3";
  try {
    tls.createSecureContext({ ca: [], ecdhCurve: HYBRID_KEY_EXCHANGE });
  } catch (error) {
    throw new CausewayError("ENVIRONMENT", `this Node knows no ${HYBRID_KEY_EXCHANGE}; take Node 24.5 or later`, {
      cause: error,
    });
  }
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

/** Such as "the broker", for people. */
export function nameOf(identity: PeerIdentity): string {
  switch (identity.kind) {
    case "member":
      return `the unit ${identity.member}`;
    case "evaluator":
      return `the evaluator ${identity.name}`;
    case "administrator":
      return `the administrator with the key ${identity.keyId}`;
    case "nats":
      return "the NATS server";
    case "broker":
    case "registrar":
      return `the ${identity.kind}`;
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
  return new Uint8Array(parsed(() => new X509Certificate(pem), "certificate").raw);
}

/**
 * What pins the key of a DER certificate, whatever else stands in it: 64 hexadecimal digits, the SHA-256 of the key's
 * SubjectPublicKeyInfo (as RFC 7469, section 2.4). Undefined for what is no certificate.
 */
export function keyFingerprint(certificate: Uint8Array): string | undefined {
  try {
    const key = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
    return createHash("sha256").update(key).digest("hex");
  } catch {
    return undefined;
  }
}

/** When a PEM certificate holds. Throws INVALID. */
export function certificateLife(pem: string): Life {
  const { validFromDate, validToDate } = parsed(() => new X509Certificate(pem), "certificate");
  // Dated back by the issuer, see there.
  return { fromMs: validFromDate.getTime() + BACKDATED_MS, untilMs: validToDate.getTime() };
}

/** Whether a PEM certificate was issued under this root, DER. Throws INVALID. */
export function isIssuedUnder(root: Uint8Array, pem: string): boolean {
  const certificate = parsed(() => new X509Certificate(pem), "certificate");
  const authority = parsed(() => new X509Certificate(root), "root certificate");
  return authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

/** The same of a DER certificate and any of the roots, PEM one after the other. */
export function isIssuedUnderAny(rootsPem: string, der: Uint8Array): boolean {
  const roots = rootsPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return roots.some((root) => isIssuedUnder(certificateDer(root), certificatePem(der)));
}

/** When a DER certificate of a TLS root holds. Throws INVALID for what is none. */
export function rootLife(root: Uint8Array): Life {
  const { ca, validFromDate, validToDate } = parsed(() => new X509Certificate(root), "certificate of a TLS root");
  if (!ca) throw new CausewayError("INVALID", "the certificate is not that of a TLS root");
  return { fromMs: validFromDate.getTime(), untilMs: validToDate.getTime() };
}

/** DNS names and IP addresses under which a PEM certificate's holder is reached. Throws INVALID. */
export function certificateHosts(pem: string): string[] {
  const { subjectAltName = "" } = parsed(() => new X509Certificate(pem), "certificate");
  return subjectAltName.split(", ").flatMap((name) => /^(?:DNS|IP Address):(.+)$/.exec(name)?.[1] ?? []);
}

/** PEM of a DER certificate. */
export function certificatePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

/** Throws UNPROVEN unless the certificate is for this private key and signed by one of the roots (DER). */
export function assertOwnCertificate(of: {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly roots: readonly Uint8Array[];
}): void {
  const context = parsed(() => new X509Certificate(of.certificatePem), "certificate");
  if (!of.roots.some((root) => isIssuedUnder(root, of.certificatePem))) {
    throw new CausewayError("UNPROVEN", "certificate is not signed by a root of the federation");
  }
  if (!context.checkPrivateKey(createPrivateKey(of.privateKeyPem))) {
    throw new CausewayError("UNPROVEN", "certificate is for another key than ours");
  }
}

function subjectAltNames(der: Uint8Array): string | undefined {
  try {
    return new X509Certificate(der).subjectAltName;
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

/** What `parse` gives. Throws INVALID where it throws. */
export function parsed<Value>(parse: () => Value, what: string): Value {
  try {
    return parse();
  } catch (error) {
    throw new CausewayError("INVALID", `${what} cannot be read`, { cause: error });
  }
}
