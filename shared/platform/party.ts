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
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { decode as decodeJwt, fmtCreds } from "@nats-io/jwt";
import { createUser, fromSeed } from "@nats-io/nkeys";
import { z } from "zod";
import { concat, equalBytes, fromHex, lpText, toHex, utf8 } from "../core/bytes.ts";
import { judgeFreshness } from "../core/chain.ts";
import type { Contact } from "../core/data-plane.ts";
import type { Federation, SignedDirective } from "../core/directive.ts";
import { CausewayError } from "../core/errors.ts";
import { blake2b } from "../crypto/hash.ts";
import { generateKeyShare, publicKeyOf } from "../crypto/oprf.ts";
import { probeCrypto } from "../crypto/probe.ts";
import { randomBytes } from "../world/random.ts";
import { sealingKeyPair } from "../crypto/seal.ts";
import type { SealingKeyPair } from "../crypto/seal.ts";
import { signingKeyPair, signPayload, verifyPayload } from "../crypto/sign.ts";
import type { SigningKeyPair } from "../crypto/sign.ts";
import { check, hostPort, line, slug } from "../wire/checks.ts";
import { decodeSignedFreshness } from "../wire/directive.ts";
import { decodeChain, proveChain, writeChain } from "../party/chain-file.ts";
import {
  destroySecret,
  makePrivateDirectory,
  readSecret,
  readSecretText,
  replaceFile,
  writeNewSecret,
} from "../party/key-files.ts";
import {
  administratorIdentity,
  evaluatorIdentity,
  memberIdentity,
  assertOwnCertificate,
  certificateDer,
  certificatePem,
  createTlsRequest,
  identityOfCertificate,
  identityUri,
} from "./tls.ts";
import { evaluatorsIn } from "./standing.ts";
import type { PeerIdentity } from "./tls.ts";

export const PARTY_KINDS = ["broker", "evaluator", "node", "administrator", "nats"] as const;
export type PartyKind = (typeof PARTY_KINDS)[number];

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

const SEED_BYTES = 32;
const SHARE_BYTES = 32;
/** A federation is founded with it. */
const FIRST_GENERATION = 1;
const FINGERPRINT_BYTES = 16;

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
} as const;

/** Path of one of a party's files that are not keys. */
export function partyFile(dir: string, file: keyof typeof FILES): string {
  return join(dir, FILES[file]);
}

/** Path of a file under keys/. */
export function keyFile(dir: string, name: string): string {
  return join(dir, "keys", name);
}

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

export function readSigningKeys(dir: string): SigningKeyPair {
  return signingKeyPair(readSecret(keyFile(dir, "signing.key"), SEED_BYTES));
}

/** A node's or administrator's sealing keys; with an epoch, the broker's of that epoch. */
export function readSealingKeys(dir: string, epoch?: number): SealingKeyPair {
  return sealingKeyPair(readSecret(keyFile(dir, sealingKeyName(epoch)), SEED_BYTES));
}

/** Makes the sealing key of an epoch to come, unless there is one, and returns its public half. */
export function prepareSealingKey(dir: string, epoch: number): Uint8Array {
  const file = keyFile(dir, sealingKeyName(epoch));
  if (!existsSync(file)) writeNewSecret(file, randomBytes(SEED_BYTES));
  return readSealingKeys(dir, epoch).publicKey;
}

/** Epochs of which there is a sealing key of their own, highest first. */
export function sealingKeyEpochs(dir: string): number[] {
  const epochs = readdirSync(join(dir, "keys")).map((name) =>
    Number(/^sealing-([1-9][0-9]{0,9})\.key$/.exec(name)?.[1]),
  );
  return epochs.filter((epoch) => !Number.isNaN(epoch)).sort((a, b) => b - a);
}

/**
 * Destroys a sealing key: what was sealed to it cannot be opened again, by anybody who did not copy it before. The first key of a node
 * has no epoch.
 */
export function destroySealingKey(dir: string, epoch?: number): void {
  destroySecret(keyFile(dir, sealingKeyName(epoch)), SEED_BYTES);
}

function sealingKeyName(epoch?: number): string {
  return epoch === undefined ? "sealing.key" : `sealing-${epoch}.key`;
}

/** An evaluator's key share of a generation, a scalar of 32 bytes. */
export function readKeyShare(dir: string, generation = FIRST_GENERATION): Uint8Array {
  return readSecret(keyFile(dir, shareName(generation)), SHARE_BYTES);
}

/** Makes the key share of a generation to come, unless there is one, and returns its public half. */
export function prepareKeyShare(dir: string, generation: number): Uint8Array {
  const file = keyFile(dir, shareName(generation));
  if (!existsSync(file)) writeNewSecret(file, generateKeyShare(randomBytes(64)));
  return publicKeyOf(readKeyShare(dir, generation));
}

/** Generations of which there is a key share, lowest first. */
export function keyShareGenerations(dir: string): number[] {
  const generations = readdirSync(join(dir, "keys")).map((name) =>
    name === shareName(FIRST_GENERATION) ? FIRST_GENERATION : Number(/^share-([1-9][0-9]{0,9})\.key$/.exec(name)?.[1]),
  );
  return generations.filter((generation) => !Number.isNaN(generation)).sort((a, b) => a - b);
}

/** Destroys a key share: nobody who did not copy it can evaluate under its generation again. */
export function destroyKeyShare(dir: string, generation: number): void {
  destroySecret(keyFile(dir, shareName(generation)), SHARE_BYTES);
}

function shareName(generation: number): string {
  return generation === FIRST_GENERATION ? "share.key" : `share-${generation}.key`;
}

/** 32 bytes that encrypt a node's own columns, or from which it derives its records' conversation keys. */
export function readStorageKey(dir: string, use: "database" | "conversation"): Uint8Array {
  return readSecret(keyFile(dir, `${use}.key`), SEED_BYTES);
}

/** PEM texts for a TLS server or client. Throws ENVIRONMENT. */
export function readTls(dir: string): {
  readonly privateKeyPem: string;
  readonly certificatePem: string;
  readonly rootsPem: string;
} {
  return {
    privateKeyPem: readSecretText(keyFile(dir, "tls.key")),
    certificatePem: readPublic(partyFile(dir, "certificate")),
    rootsPem: readPublic(partyFile(dir, "roots")),
  };
}

/** Text of the NATS credentials. Throws ENVIRONMENT. */
export function readNatsCredentials(dir: string): string {
  return readSecretText(partyFile(dir, "credentials"));
}

/** The pinned fingerprint of the federation. Throws ENVIRONMENT if there is none. */
export function readPin(dir: string): Uint8Array {
  return parsePin(readPublic(partyFile(dir, "pin")).trim());
}

/** A fingerprint of a federation as people pass it on: 64 hexadecimal digits, spaces and case ignored. Throws INVALID. */
export function parsePin(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, "").toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(digits)) {
    throw new CausewayError("INVALID", "a federation's fingerprint has 64 hexadecimal digits");
  }
  return fromHex(digits);
}

/** What two people read to each other: eight groups of four hexadecimal digits, 128 bits over all that was enrolled. */
function enrolmentFingerprint(enrolment: Enrolment): string {
  const digits = toHex(blake2b(FINGERPRINT_BYTES, lpText("causeway/enrolment/v1"), enrolmentPayload(enrolment)));
  return (digits.match(/.{4}/g) as string[]).join(" ");
}

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
  return parseEnrolment(readPublic(partyFile(dir, "enrolment")));
}

/**
 * Takes over what the board made for this party. `fingerprint` must have reached the party by another way than the bundle.
 * The bundle may be replaced later (new certificate, longer chain) but never takes the chain back.
 *
 * Throws UNPROVEN for a chain, certificate, freshness statement or NATS user that is not ours or not the board's, and
 * OUT_OF_SEQUENCE for a chain shorter than the one here or than the freshness statement says.
 */
export function installBundle(of: {
  readonly partyDir: string;
  readonly bundleDir: string;
  readonly fingerprint: Uint8Array;
  readonly nowMs: number;
}): Installed {
  const { partyDir, bundleDir } = of;
  const { enrolment } = readEnrolment(partyDir);
  const installed = installParty({
    ...of,
    directives: decodeChain(readBytes(partyFile(bundleDir, "chain"))),
    freshness: readBytes(partyFile(bundleDir, "freshness")),
    certificatePem: readPublic(partyFile(bundleDir, "certificate")),
    natsUserJwt: enrolment.natsKey === undefined ? "" : readPublic(partyFile(bundleDir, "userJwt")).trim(),
  });
  if (enrolment.kind === "nats") {
    replaceFile(partyFile(partyDir, "natsAccounts"), readBytes(partyFile(bundleDir, "natsAccounts")), 0o644);
  }
  return installed;
}

export type Installed = { readonly federation: Federation; readonly identity: PeerIdentity };

/** Takes over what the board decided and the registrar issued, however it came here. Throws as `installBundle`. */
export function installParty(of: {
  readonly partyDir: string;
  readonly directives: readonly SignedDirective[];
  /** `Signed` bytes. */
  readonly freshness: Uint8Array;
  readonly certificatePem: string;
  /** Empty for parties without a NATS user. */
  readonly natsUserJwt: string;
  readonly fingerprint: Uint8Array;
  readonly nowMs: number;
}): Installed {
  const { partyDir, freshness } = of;
  const context = { pinnedFingerprint: of.fingerprint, nowMs: of.nowMs };
  const chain = proveChain(of.directives, context);
  const { federation } = chain;
  if (judgeFreshness(federation, decodeSignedFreshness(freshness), of.nowMs) !== "fresh") {
    throw new CausewayError("OUT_OF_SEQUENCE", "the bundle is out of date; ask the board for a new one");
  }
  const identity = installCredentials(partyDir, of, federation);
  writeChain(partyFile(partyDir, "chain"), chain, context);
  replaceFile(partyFile(partyDir, "freshness"), freshness, 0o644);
  replaceFile(partyFile(partyDir, "pin"), `${toHex(of.fingerprint)}\n`, 0o644);
  return { federation, identity };
}

/**
 * Puts a certificate and a NATS user in place, each in one step. Throws UNPROVEN for what is not by the federation's authority, or not
 * for this party's keys and its identity in the chain; then nothing changed.
 */
export function installCredentials(
  partyDir: string,
  issued: { readonly certificatePem: string; readonly natsUserJwt: string },
  federation: Federation,
): PeerIdentity {
  const { enrolment } = readEnrolment(partyDir);
  const identity = identityInChain(enrolment, federation);
  const { natsKey } = enrolment;
  if (natsKey !== undefined) assertOwnUser(issued.natsUserJwt, natsKey);
  if (enrolment.tlsRequestPem !== undefined) {
    installCertificate(partyDir, issued.certificatePem, federation, identity);
  }
  if (natsKey !== undefined) {
    const user = fromSeed(utf8(readSecretText(keyFile(partyDir, "nats.seed"))));
    replaceFile(partyFile(partyDir, "credentials"), fmtCreds(issued.natsUserJwt, user), 0o600);
  }
  return identity;
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
    const proof = signPayload({ ...proofScope(enrolment), secretKey: signer.secretKey });
    const text = enrolmentText(enrolment, proof);
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
  sealingKey: hexBytes(32).optional(),
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

function enrolmentText(enrolment: Enrolment, proof: Uint8Array): string {
  return `${JSON.stringify({ version: 1, ...enrolment, proof }, hexOfBytes, 2)}\n`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CausewayError("INVALID", "enrolment is not JSON");
  }
}

/** The party's place in the chain, found by its signing key. The NATS server has none there. */
function identityInChain(enrolment: Enrolment, federation: Federation): PeerIdentity {
  const { found, members } = federation;
  const isOurs = (each: { readonly signingKey: Uint8Array }): boolean =>
    equalBytes(each.signingKey, enrolment.signingKey);
  switch (enrolment.kind) {
    case "nats":
      return { kind: "nats" };
    case "broker":
      if (isOurs(found.broker)) return { kind: "broker" };
      break;
    case "administrator":
      if (found.board.some(isOurs)) return administratorIdentity(enrolment);
      break;
    case "evaluator": {
      const evaluator = evaluatorsIn(federation).find(isOurs);
      if (evaluator !== undefined) return evaluatorIdentity(evaluator);
      break;
    }
    case "node": {
      const member = [...members.values()].find(isOurs);
      if (member !== undefined) return memberIdentity(member);
      break;
    }
  }
  throw new CausewayError("UNPROVEN", "this party's signing key does not stand in the chain of directives");
}

function installCertificate(
  partyDir: string,
  certificate: string,
  federation: Federation,
  identity: PeerIdentity,
): void {
  const roots = federation.found.tlsRoots;
  const privateKeyPem = readSecretText(keyFile(partyDir, "tls.key"));
  assertOwnCertificate({ certificatePem: certificate, privateKeyPem, roots });
  const named = identityOfCertificate(certificateDer(certificate));
  if (named === undefined || identityUri(named) !== identityUri(identity)) {
    throw new CausewayError("UNPROVEN", "certificate is for another identity than the chain gives us");
  }
  replaceFile(partyFile(partyDir, "certificate"), certificate, 0o644);
  replaceFile(partyFile(partyDir, "roots"), rootsPemOf(federation), 0o644);
}

/** The TLS roots in the chain, PEM. */
export function rootsPemOf({ found }: Pick<Federation, "found">): string {
  return found.tlsRoots.map(certificatePem).join("");
}

function assertOwnUser(jwt: string, natsKey: string): void {
  if (subjectOfJwt(jwt) !== natsKey) throw new CausewayError("UNPROVEN", "NATS user is for another key than ours");
}

function subjectOfJwt(jwt: string): string {
  try {
    return decodeJwt(jwt).sub;
  } catch (error) {
    throw new CausewayError("INVALID", "NATS user cannot be read", { cause: error });
  }
}

function readPublic(path: string): string {
  return new TextDecoder().decode(readBytes(path));
}

function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new CausewayError("ENVIRONMENT", `${path} is missing or cannot be read`, { cause: error });
  }
}
