/**
 * The board's messages between bytes and plain values (`proto/causeway/v1/board.proto`). Each is one kind of `Signed`: signing and
 * verifying go together here, so that nothing is read that nobody answers for. Whose keys count is the caller's to say.
 */
import { z } from "zod";
import { lpText, toHex } from "../core/bytes.ts";
import type {
  BoardPaper,
  BoardPaperBody,
  CredentialsRequest,
  EvaluatorOffer,
  Invitation,
  InvitationKeys,
  PurgeAttestation,
} from "../core/board.ts";
import type { Evaluator } from "../core/directive.ts";
import { CausewayError } from "../core/errors.ts";
import { BOARD_SEATS_MAX } from "../core/limits.ts";
import { blake2b } from "../crypto/hash.ts";
import { isElement } from "../crypto/ristretto.ts";
import { keyId as keyIdOf } from "../crypto/sign.ts";
import type { SigningKeyPair } from "../crypto/sign.ts";
import {
  asciiText,
  bytes16,
  bytes32,
  bytesBetween,
  instantMs,
  line,
  oneOf,
  ordinal,
  readMessage,
  safeInteger,
  slug,
  uint32,
} from "./checks.ts";
import type { Reading } from "./checks.ts";
import { DOMAIN } from "./enumerations.ts";
import { signMessage, verifyMessage } from "./envelope.ts";
import type { SignedForm } from "./envelope.ts";
import * as gen from "./gen/causeway/v1/board.ts";
import { Signed } from "./gen/causeway/v1/signed.ts";

/** By whom and where a message was signed. `keyId`: hexadecimal. */
export type Verified<Value> = { readonly value: Value; readonly keyId: string };
/** Whose keys count: the public key under a key id in hexadecimal, undefined for strangers. */
export type SigningKeyOf = (keyId: string) => Uint8Array | undefined;
type Scope = { readonly federation: Uint8Array; readonly signer: SigningKeyPair };

/** Contributions in three domains, each sealed to each seat of the largest board: 422 kB. */
export const PAPER_BYTES_MAX = 512 * 1024;
const SEALED_BYTES_MAX = 4096;
/** Any other of the board's messages. */
export const SMALL_BYTES_MAX = 8192;
const DOMAINS_MAX = 3;
const OPEN_EPOCHS_MAX = 2;

const sealed = bytesBetween(1, SEALED_BYTES_MAX);
const domain = DOMAIN.word;

const paperBody = oneOf({
  pledge: z.object({
    epoch: uint32(1),
    contributions: z
      .array(z.object({ domain, commitment: bytes32 }))
      .min(1)
      .max(DOMAINS_MAX),
  }),
  reveal: z.object({
    epoch: uint32(1),
    parts: z
      .array(z.object({ domain, administratorKeyId: bytes16, sealed }))
      .min(1)
      .max(DOMAINS_MAX * BOARD_SEATS_MAX),
  }),
  shareRequest: z.object({ purpose: line(200), epochs: z.array(uint32(1)).min(1).max(OPEN_EPOCHS_MAX) }),
  shareRelease: z.object({
    toAdministratorKeyId: bytes16,
    shares: z
      .array(z.object({ epoch: uint32(1), domain, sealed }))
      .min(1)
      .max(DOMAINS_MAX * OPEN_EPOCHS_MAX),
  }),
}).transform(({ $case, value }) => ({ kind: $case, ...value }) as BoardPaperBody);

const paperReading: Reading<gen.BoardPaper, BoardPaper> = {
  what: "board paper",
  bytesMax: PAPER_BYTES_MAX,
  codec: gen.BoardPaper,
  schema: z.object({ topic: line(120), writtenAtMs: instantMs, body: paperBody }),
};

const invitationReading: Reading<gen.Invitation, Invitation> = {
  what: "invitation",
  bytesMax: SMALL_BYTES_MAX,
  codec: gen.Invitation,
  schema: z.object({ secretHash: bytes32, chainKey: bytes32, note: line(120), validUntilMs: instantMs }),
};

const credentialsRequestReading: Reading<gen.CredentialsRequest, CredentialsRequest> = {
  what: "credentials request",
  bytesMax: SMALL_BYTES_MAX,
  codec: gen.CredentialsRequest,
  schema: z.object({
    tlsRequestPem: asciiText(4096),
    natsKey: z.string().regex(/^(?:U[A-Z2-7]{55})?$/),
    requestedAtMs: instantMs,
  }),
};

const evaluatorOfferReading: Reading<gen.EvaluatorOffer, EvaluatorOffer> = {
  what: "evaluator offer",
  bytesMax: SMALL_BYTES_MAX,
  codec: gen.EvaluatorOffer,
  schema: z.object({ name: slug, generation: uint32(1), sharePublicKey: bytes32 }),
};

const purgeAttestationReading: Reading<gen.PurgeAttestation, PurgeAttestation> = {
  what: "attestation of purge",
  bytesMax: SMALL_BYTES_MAX,
  codec: gen.PurgeAttestation,
  schema: z.object({
    epoch: uint32(1),
    directiveNumber: ordinal,
    records: safeInteger(),
    tokens: safeInteger(),
    messages: safeInteger(),
    purgedAtMs: instantMs,
  }),
};

/** (administrator) `Signed` bytes of type "board-paper". */
export function signPaper(paper: BoardPaper, scope: Scope): Uint8Array {
  const payload = gen.BoardPaper.encode({
    topic: paper.topic,
    writtenAtMs: BigInt(paper.writtenAtMs),
    body: toWireBody(paper.body),
  }).finish();
  return signMessage(payload, { federation: scope.federation, type: "board-paper" }, scope.signer);
}

/** Throws UNPROVEN for a signature that does not hold or is a stranger's, INVALID for a wrong form. So do all `open…` here. */
export function openPaper(
  signed: SignedForm,
  federation: Uint8Array,
  signingKeyOf: SigningKeyOf,
): Verified<BoardPaper> {
  return open(signed, { federation, type: "board-paper" }, signingKeyOf, paperReading);
}

/** BLAKE2b-256(lp("causeway/invitation/v1") ‖ secret), and with "causeway/invitation-chain/v1". */
export function invitationKeys(secret: Uint8Array): InvitationKeys {
  return {
    secretHash: blake2b(32, lpText("causeway/invitation/v1"), secret),
    chainKey: blake2b(32, lpText("causeway/invitation-chain/v1"), secret),
  };
}

/** (administrator) `Signed` bytes of type "invitation". */
export function signInvitation(invitation: Invitation, scope: Scope): Uint8Array {
  const payload = gen.Invitation.encode({ ...invitation, validUntilMs: BigInt(invitation.validUntilMs) }).finish();
  return signMessage(payload, { federation: scope.federation, type: "invitation" }, scope.signer);
}

export function openInvitation(
  signed: SignedForm,
  federation: Uint8Array,
  signingKeyOf: SigningKeyOf,
): Verified<Invitation> {
  return open(signed, { federation, type: "invitation" }, signingKeyOf, invitationReading);
}

/** (broker) One that was proven when it was taken. Throws INVALID. */
export function readInvitation(signed: Uint8Array): Invitation {
  return readMessage(invitationReading, Signed.decode(signed).payload);
}

/** (member, evaluator, broker) `Signed` bytes of type "credentials-request". */
export function signCredentialsRequest(request: CredentialsRequest, scope: Scope): Uint8Array {
  const payload = gen.CredentialsRequest.encode({ ...request, requestedAtMs: BigInt(request.requestedAtMs) }).finish();
  return signMessage(payload, { federation: scope.federation, type: "credentials-request" }, scope.signer);
}

export function openCredentialsRequest(
  signed: SignedForm,
  federation: Uint8Array,
  signingKeyOf: SigningKeyOf,
): Verified<CredentialsRequest> {
  return open(signed, { federation, type: "credentials-request" }, signingKeyOf, credentialsRequestReading);
}

/** (evaluator) `Signed` bytes of type "evaluator-offer". */
export function signEvaluatorOffer(offer: EvaluatorOffer, scope: Scope): Uint8Array {
  const payload = gen.EvaluatorOffer.encode(offer).finish();
  return signMessage(payload, { federation: scope.federation, type: "evaluator-offer" }, scope.signer);
}

/**
 * An evaluator speaks for itself: the offer counts under the name that its key has among `evaluators`. Throws UNPROVEN for anybody
 * else's, INVALID for a wrong form or a share that is no element.
 */
export function openEvaluatorOffer(
  signed: SignedForm,
  federation: Uint8Array,
  evaluators: readonly Pick<Evaluator, "name" | "signingKey">[],
): EvaluatorOffer {
  const ofKey = (id: string) => evaluators.find(({ signingKey }) => toHex(keyIdOf(signingKey)) === id);
  const scope = { federation, type: "evaluator-offer" };
  const { value, keyId } = open(signed, scope, (id) => ofKey(id)?.signingKey, evaluatorOfferReading);
  if (ofKey(keyId)?.name !== value.name) throw new CausewayError("UNPROVEN", "the offer is of another evaluator");
  if (!isElement(value.sharePublicKey)) {
    throw new CausewayError("INVALID", "the share is no element", { fields: ["sharePublicKey"] });
  }
  return value;
}

/** (broker) `Signed` bytes of type "purge-attestation". */
export function signPurgeAttestation(attestation: PurgeAttestation, scope: Scope): Uint8Array {
  const payload = gen.PurgeAttestation.encode({
    epoch: attestation.epoch,
    directiveNumber: BigInt(attestation.directiveNumber),
    records: BigInt(attestation.records),
    tokens: BigInt(attestation.tokens),
    messages: BigInt(attestation.messages),
    purgedAtMs: BigInt(attestation.purgedAtMs),
  }).finish();
  return signMessage(payload, { federation: scope.federation, type: "purge-attestation" }, scope.signer);
}

export function openPurgeAttestation(
  signed: SignedForm,
  federation: Uint8Array,
  signingKeyOf: SigningKeyOf,
): Verified<PurgeAttestation> {
  return open(signed, { federation, type: "purge-attestation" }, signingKeyOf, purgeAttestationReading);
}

function open<Message, Value>(
  signed: SignedForm,
  scope: { readonly federation: Uint8Array; readonly type: string },
  signingKeyOf: SigningKeyOf,
  reading: Reading<Message, Value>,
): Verified<Value> {
  const { payload, keyId } = verifyMessage(signed, scope, signingKeyOf);
  return { value: readMessage(reading, payload), keyId };
}

function toWireBody(body: BoardPaperBody): gen.BoardPaper["body"] {
  switch (body.kind) {
    case "pledge": {
      const contributions = body.contributions.map((each) => ({ ...each, domain: DOMAIN.toWire(each.domain) }));
      return { $case: "pledge", value: { epoch: body.epoch, contributions } };
    }
    case "reveal": {
      const parts = body.parts.map((each) => ({ ...each, domain: DOMAIN.toWire(each.domain) }));
      return { $case: "reveal", value: { epoch: body.epoch, parts } };
    }
    case "shareRequest":
      return { $case: "shareRequest", value: { purpose: body.purpose, epochs: [...body.epochs] } };
    case "shareRelease": {
      const shares = body.shares.map((each) => ({ ...each, domain: DOMAIN.toWire(each.domain) }));
      return { $case: "shareRelease", value: { toAdministratorKeyId: body.toAdministratorKeyId, shares } };
    }
  }
}
