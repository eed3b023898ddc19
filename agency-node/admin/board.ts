/**
 * (board) Decides directives: signs them with a quorum's keys and folds each at once, so that the board never issues what
 * the parties would refuse.
 */
import { partyFile, readEnrolment, readPin, readSealingKeys, readSigningKeys } from "../../shared/platform/party.ts";
import { replaceFile } from "../../shared/platform/key-files.ts";
import { loadChain } from "../../shared/platform/chain-file.ts";
import type { Chain } from "../../shared/platform/chain-file.ts";
import { directiveHash, foldDirective, FRESHNESS_MS_MAX } from "../../shared/core/chain.ts";
import type {
  Administrator,
  Directive,
  DirectiveBody,
  DirectiveSignature,
  Federation,
  SignedDirective,
} from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { randomBytes } from "../../shared/crypto/random.ts";
import { keyId, signPayload, signingKeyPair } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import {
  decodeDirective,
  encodeDirective,
  encodeFreshness,
  encodeSignedFreshness,
} from "../../shared/wire/directive.ts";
import { freshnessSeedOf } from "./registrar/keys.ts";

/** An administrator who sits at this machine, with its signing keys. */
export type SeatedAdministrator = { readonly public: Administrator; readonly signer: SigningKeyPair };

/** How long a directive may be on its way to a party. */
const DIRECTIVE_MS = 7 * 24 * 3_600_000;
const FRESHNESS_HOURS = 24;
const HOUR_MS = 3_600_000;

/** Reads an administrator's directory. Throws INVALID if it is another party's. */
export function seatAdministrator(dir: string): SeatedAdministrator {
  const { enrolment } = readEnrolment(dir);
  if (enrolment.kind !== "administrator")
    throw new CausewayError("INVALID", `${dir} is not an administrator's directory`);
  const signer = readSigningKeys(dir);
  const { publicKey: sealingKey } = readSealingKeys(dir);
  return { public: { name: enrolment.name, signingKey: signer.publicKey, sealingKey }, signer };
}

/** A chain as it grows while the board sits. */
export type Sitting = {
  readonly federation: Uint8Array;
  readonly signers: readonly SigningKeyPair[];
  readonly nowMs: number;
  readonly chain: readonly SignedDirective[];
  readonly state: Federation | undefined;
};

/** The directive that would follow on `state`, in the bytes that are to be signed. `notAfterMs`: default a week from now. */
export function draftDirective(
  of: { readonly federation: Uint8Array; readonly nowMs: number; readonly notAfterMs?: number | undefined },
  state: Federation | undefined,
  body: DirectiveBody,
): { readonly payload: Uint8Array; readonly directive: Directive } {
  const payload = encodeDirective({
    federation: of.federation,
    number: (state?.head.number ?? 0) + 1,
    prevHash: state?.head.hash ?? new Uint8Array(32),
    issuedAtMs: of.nowMs,
    notAfterMs: of.notAfterMs ?? of.nowMs + DIRECTIVE_MS,
    nonce: randomBytes(16),
    body,
  });
  // Read back from the bytes, as every party will.
  return { payload, directive: decodeDirective(payload) };
}

/** (administrator) The signature that makes a proposal this administrator's decision. */
export function signDirective(
  { payload, directive }: Pick<SignedDirective, "payload" | "directive">,
  { publicKey, secretKey }: SigningKeyPair,
): DirectiveSignature {
  const { federation } = directive;
  return { keyId: keyId(publicKey), signature: signPayload({ type: "directive", federation, payload, secretKey }) };
}

/** Adds a directive, signed by all of the sitting's signers. Throws as `foldDirective`. */
export function decide(sitting: Sitting, body: DirectiveBody): Sitting & { readonly state: Federation } {
  const { signers, nowMs, state } = sitting;
  const draft = draftDirective(sitting, state, body);
  const signed: SignedDirective = { ...draft, signatures: signers.map((signer) => signDirective(draft, signer)) };
  const [first = signed] = sitting.chain;
  const next = foldDirective(state, signed, { pinnedFingerprint: directiveHash(first.payload), nowMs });
  return { ...sitting, chain: [...sitting.chain, signed], state: next };
}

/** A signed statement that the federation's head is the latest directive, as bytes. */
export function stateFreshness(of: {
  readonly federation: Federation;
  readonly freshnessSeed: Uint8Array;
  readonly nowMs: number;
  readonly hours?: number | undefined;
}): Uint8Array {
  const { id, head } = of.federation;
  const lifeMs = (of.hours ?? FRESHNESS_HOURS) * HOUR_MS;
  if (!(lifeMs > 0 && lifeMs <= FRESHNESS_MS_MAX)) {
    throw new CausewayError("INVALID", "a freshness statement is valid for up to 48 hours", { fields: ["hours"] });
  }
  const { publicKey, secretKey } = signingKeyPair(of.freshnessSeed);
  const payload = encodeFreshness({
    federation: id,
    number: head.number,
    headHash: head.hash,
    issuedAtMs: of.nowMs,
    validUntilMs: of.nowMs + Math.round(lifeMs),
  });
  const signature = signPayload({ type: "freshness", federation: id, payload, secretKey });
  return encodeSignedFreshness({ payload, signature: { keyId: keyId(publicKey), signature } });
}

/**
 * Renews the freshness statement from the directory that holds the on-line key, and keeps it there as freshness.bin.
 * Returns it for the broker to serve.
 */
export function renewFreshness(of: {
  readonly dir: string;
  readonly nowMs: number;
  readonly hours?: number | undefined;
}): Uint8Array {
  const { federation } = readChain(of.dir, of.nowMs);
  const freshnessSeed = freshnessSeedOf(of.dir, federation.found.freshnessKey);
  const statement = stateFreshness({ federation, freshnessSeed, nowMs: of.nowMs, hours: of.hours });
  replaceFile(partyFile(of.dir, "freshness"), statement, 0o644);
  return statement;
}

/** The chain in any party's directory, proven from that party's pin. */
export function readChain(dir: string, nowMs: number): Chain {
  return loadChain(partyFile(dir, "chain"), { pinnedFingerprint: readPin(dir), nowMs });
}
