/**
 * What a party hands to the board: its public keys, what it proposes about itself, and proof that it holds the signing key. Whoever carries
 * it there is an adversary: one that was changed on the way has another fingerprint, and people compare that by another way.
 */
import { z } from "zod";
import { concat, fromHex, lpText, toHex } from "../core/bytes.ts";
import type { Contact } from "../core/data-plane.ts";
import { CausewayError } from "../core/errors.ts";
import { blake2b } from "../crypto/hash.ts";
import { isSealingKey, SEALING_KEY_BYTES } from "../crypto/seal.ts";
import { signPayload, verifyPayload } from "../crypto/sign.ts";
import type { SigningKeyPair } from "../crypto/sign.ts";
import { check, hostPort, line, slug } from "../wire/checks.ts";
import { partyFile, PARTY_KINDS } from "./files.ts";
import type { PartyKind } from "./files.ts";
import { readPublicText } from "./key-files.ts";

/** What a party proposes about itself; the board decides. */
export type Proposal = {
  readonly name: string;
  readonly mandate?: string | undefined;
  readonly contact?: Contact | undefined;
  /** host:port of its gRPC services, for broker and evaluators. */
  readonly address?: string | undefined;
};

/** The public half of a party, with proof that the sender holds the signing key. Which keys there are depends on the kind. */
export type Enrolment = Proposal & {
  readonly kind: PartyKind;
  readonly signingKey: Uint8Array;
  readonly sealingKey?: Uint8Array | undefined;
  readonly sharePublicKey?: Uint8Array | undefined;
  /** PKCS#10. */
  readonly tlsRequestPem?: string | undefined;
  /** Public NATS user key, `U…`. */
  readonly natsKey?: string | undefined;
};

export type Enrolled = { readonly enrolment: Enrolment; readonly fingerprint: string };

const FINGERPRINT_BYTES = 16;

/** Reads an enrolment that somebody handed over. Throws INVALID for its form, UNPROVEN if it is not signed by its key. */
export function parseEnrolment(text: string): Enrolled {
  const { version: _, proof, ...enrolment } = check(enrolmentSchema, parseJson(text), "enrolment");
  if (NAMED_BY_SLUG.includes(enrolment.kind)) check(namedBySlug, enrolment, "enrolment");
  const holds = verifyPayload({ ...proofScope(enrolment), publicKey: enrolment.signingKey, signature: proof });
  if (!holds) throw new CausewayError("UNPROVEN", "enrolment is not signed by the key it names");
  return { enrolment, fingerprint: enrolmentFingerprint(enrolment) };
}

/** Reads enrolment.json of a party's directory. Throws as `parseEnrolment`, and ENVIRONMENT. */
export function readEnrolment(dir: string): Enrolled {
  return parseEnrolment(readPublicText(partyFile(dir, "enrolment")));
}

/** Reads an enrolment and compares its fingerprint with the one read out. Throws ENVIRONMENT, INVALID, UNPROVEN. */
export function readEnrolmentFile(path: string, fingerprint: string): Enrolled {
  const enrolled = parseEnrolment(readPublicText(path));
  if (isSameFingerprint(enrolled.fingerprint, fingerprint)) return enrolled;
  throw new CausewayError("UNPROVEN", "this is not the enrolment that was read out", { fields: ["fingerprint"] });
}

/** Whether two fingerprints are one, however they are spaced. */
export function isSameFingerprint(one: string, other: string): boolean {
  return digitsOf(one) === digitsOf(other);
}

/** Content of enrolment.json, signed by the key that it names. */
export function enrolmentText(enrolment: Enrolment, { secretKey }: SigningKeyPair): string {
  const proof = signPayload({ ...proofScope(enrolment), secretKey });
  return `${JSON.stringify({ version: 1, ...enrolment, proof }, hexOfBytes, 2)}\n`;
}

/** What two people read to each other: eight groups of four hexadecimal digits, 128 bits over all that was enrolled. */
function enrolmentFingerprint(enrolment: Enrolment): string {
  const digits = toHex(blake2b(FINGERPRINT_BYTES, lpText("causeway/enrolment/v1"), enrolmentPayload(enrolment)));
  return (digits.match(/.{4}/g) as string[]).join(" ");
}

function hexBytes(length: number) {
  return z
    .string()
    .regex(/^(?:[0-9a-f]{2})+$/)
    .refine((hex) => hex.length === 2 * length)
    .transform((hex) => fromHex(hex));
}

const enrolmentSchema = z.strictObject({
  version: z.literal(1),
  kind: z.enum(PARTY_KINDS),
  name: line(120),
  mandate: line(120).optional(),
  contact: z
    .strictObject({ office: line(120), phone: line(40, 0), email: line(120, 0), hours: line(120, 0) })
    .optional(),
  address: hostPort.optional(),
  signingKey: hexBytes(32),
  sealingKey: hexBytes(SEALING_KEY_BYTES).refine(isSealingKey).optional(),
  sharePublicKey: hexBytes(32).optional(),
  tlsRequestPem: z.string().max(4096).optional(),
  natsKey: z
    .string()
    .regex(/^U[A-Z2-7]{55}$/)
    .optional(),
  proof: hexBytes(64),
});

/** Two kinds are named in certificates, so their names are checked when made. */
const NAMED_BY_SLUG: readonly PartyKind[] = ["broker", "evaluator"];
const namedBySlug = z.object({ name: slug });

/** Every field in a fixed place, so that two enrolments never have the same bytes. */
function enrolmentPayload(enrolment: Enrolment): Uint8Array {
  const { kind, name, mandate, contact, address, tlsRequestPem, natsKey } = enrolment;
  const contactLines = [contact?.office, contact?.phone, contact?.email, contact?.hours];
  const texts = [kind, name, mandate, ...contactLines, address, tlsRequestPem, natsKey];
  const keys = [enrolment.signingKey, enrolment.sealingKey, enrolment.sharePublicKey];
  return concat(
    ...texts.map((text) => lpText(text ?? "")),
    ...keys.map((key) => lpText(toHex(key ?? new Uint8Array()))),
  );
}

function hexOfBytes(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? toHex(value) : value;
}

/** The enroller knows no federation yet: sixteen zero bytes stand for it. */
function proofScope(enrolment: Enrolment) {
  return { type: "enrolment", federation: new Uint8Array(16), payload: enrolmentPayload(enrolment) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CausewayError("INVALID", "enrolment is not JSON");
  }
}

function digitsOf(fingerprint: string): string {
  return fingerprint.replaceAll(/\s/g, "").toLowerCase();
}
