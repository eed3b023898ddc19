/**
 * Directives and freshness statements: between bytes and domain values (protocol sections 4 and 13).
 *
 * Reading proves form only. Whether a directive holds (its signatures, its place in the chain) is for `foldDirective` in
 * `shared/core/chain.ts`, which hashes and verifies the payload bytes as they were received.
 */
import { z } from "zod";
import { fromHex } from "../core/bytes.ts";
import type {
  Admit,
  Directive,
  DirectiveBody,
  DomainSalt,
  EpochOpen,
  Found,
  Freshness,
  SignedDirective,
  SignedFreshness,
} from "../core/directive.ts";
import type { MemberId } from "../core/ids.ts";
import {
  bytes16,
  bytes32,
  bytesBetween,
  domain,
  domains,
  hostPort,
  idOf,
  instantMs,
  line,
  ordinal,
  readMessage,
  safeInteger,
  signatureBytes,
  slug,
  toWireDomain,
  uint32,
} from "./checks.ts";
import * as wire from "./gen/causeway/v1/federation.ts";
import { Signed } from "./gen/causeway/v1/signed.ts";

/** Room for the salt boxes of a thousand members in three domains, and below the 4 MiB that gRPC accepts by default. */
const DIRECTIVE_BYTES_MAX = 3_800_000;
const SIGNATURES_BYTES_MAX = 64 * 1024;
const FRESHNESS_BYTES_MAX = 512;

const SEALED_SALT_BYTES_MAX = 4096;
const CERTIFICATE_BYTES_MAX = 8192;
const MEMBERS_MAX = 10_000;
const BOARD_MAX = 64;

const contact = z.object({ office: line(120), phone: line(40, 0), email: line(120, 0), hours: line(120, 0) });

const found = z.object({
  name: line(120),
  board: z
    .array(z.object({ name: line(120), signingKey: bytes32, sealingKey: bytes32 }))
    .min(1)
    .max(BOARD_MAX),
  quorum: uint32(1, BOARD_MAX),
  broker: z.object({ name: line(120), signingKey: bytes32, address: hostPort }),
  evaluators: z
    .array(z.object({ name: slug, address: hostPort, signingKey: bytes32, sharePublicKey: bytes32 }))
    .min(1)
    .max(8),
  generation: uint32(1),
  tlsRoots: z.array(bytesBetween(1, CERTIFICATE_BYTES_MAX)).min(1).max(8),
  freshnessKey: bytes32,
});

const admit = z.object({
  member: idOf<MemberId>(),
  slug,
  name: line(120),
  mandate: line(120),
  contact,
  domains,
  signingKey: bytes32,
  sealingKey: bytes32,
  legalBasis: line(400),
  purposes: z.array(line(200)).min(1).max(32),
  retentionDaysMax: uint32(1, 36_525),
  budget: z.object({ initial: safeInteger(), perDay: safeInteger() }),
});

const sealedShare = bytesBetween(1, SEALED_SALT_BYTES_MAX);

const epochOpen = z.object({
  epoch: uint32(1),
  salts: z
    .array(
      z.object({
        domain,
        commitment: bytes32,
        contributions: z.array(z.object({ administratorKeyId: bytes16, commitment: bytes32 })).max(BOARD_MAX),
        boxes: z.array(z.object({ member: idOf<MemberId>(), sealed: sealedShare })).max(MEMBERS_MAX),
        shares: z.array(z.object({ administratorKeyId: bytes16, sealed: sealedShare })).max(BOARD_MAX),
      }),
    )
    .min(1)
    .max(3),
  scheme: line(64),
  generation: uint32(1),
  brokerSealingKey: bytes32,
  opensAtMs: instantMs,
  retiresAtMs: instantMs,
});

const body = z
  .discriminatedUnion("$case", [
    z.object({ $case: z.literal("found"), value: found }),
    z.object({ $case: z.literal("admit"), value: admit }),
    z.object({ $case: z.literal("epochOpen"), value: epochOpen }),
    z.object({ $case: z.literal("epochActivate"), value: z.object({ epoch: uint32(1) }) }),
  ])
  .transform(({ $case, value }) => ({ type: $case, ...value }) as DirectiveBody);

const directive = z.object({
  federation: bytes16,
  number: ordinal,
  prevHash: bytes32,
  issuedAtMs: instantMs,
  notAfterMs: instantMs,
  body,
});

const signature = z.object({ keyId: bytes16, signature: signatureBytes });

const signedDirective = z.object({
  payload: bytesBetween(1, DIRECTIVE_BYTES_MAX),
  signatures: z.array(signature).min(1).max(BOARD_MAX),
});

const freshness = z.object({
  federation: bytes16,
  number: ordinal,
  headHash: bytes32,
  issuedAtMs: instantMs,
  validUntilMs: instantMs,
});

const signedFreshness = z.object({
  type: z.literal("freshness"),
  payload: bytesBetween(1, FRESHNESS_BYTES_MAX),
  signature,
});

/** The payload bytes to hash and sign. */
export function encodeDirective(value: Directive): Uint8Array {
  return wire.Directive.encode(
    wire.Directive.fromPartial({
      federation: value.federation,
      number: value.number,
      prevHash: value.prevHash,
      issuedAtMs: value.issuedAtMs,
      notAfterMs: value.notAfterMs,
      body: toWireBody(value.body),
    }),
  ).finish();
}

/** Reads payload bytes. Throws INVALID, see `readMessage`. */
export function decodeDirective(payload: Uint8Array): Directive {
  return readMessage(
    { what: "directive", bytesMax: DIRECTIVE_BYTES_MAX, codec: wire.Directive, schema: directive },
    payload,
  );
}

/** The payload goes out as it was signed; `directive` is not encoded again. */
export function encodeSignedDirective(signed: Pick<SignedDirective, "payload" | "signatures">): Uint8Array {
  return wire.SignedDirective.encode(
    wire.SignedDirective.fromPartial({ payload: signed.payload, signatures: [...signed.signatures] }),
  ).finish();
}

/** Reads a signed directive and its payload, proving neither. Throws INVALID, see `readMessage`. */
export function decodeSignedDirective(bytes: Uint8Array): SignedDirective {
  const signed = readMessage(
    {
      what: "signed directive",
      bytesMax: DIRECTIVE_BYTES_MAX + SIGNATURES_BYTES_MAX,
      codec: wire.SignedDirective,
      schema: signedDirective,
    },
    bytes,
  );
  return { ...signed, directive: decodeDirective(signed.payload) };
}

/** The payload bytes to sign with type "freshness". */
export function encodeFreshness(value: Freshness): Uint8Array {
  return wire.Freshness.encode(wire.Freshness.fromPartial(value)).finish();
}

/** A `Signed` message with the payload as it was signed. */
export function encodeSignedFreshness(signed: Pick<SignedFreshness, "payload" | "signature">): Uint8Array {
  const { payload, signature } = signed;
  return Signed.encode(Signed.fromPartial({ type: "freshness", payload, signature })).finish();
}

/** Reads a signed statement and its payload, proving neither (see `judgeFreshness`). Throws INVALID, see `readMessage`. */
export function decodeSignedFreshness(bytes: Uint8Array): SignedFreshness {
  const { payload, signature } = readMessage(
    { what: "freshness statement", bytesMax: 2 * FRESHNESS_BYTES_MAX, codec: Signed, schema: signedFreshness },
    bytes,
  );
  const reading = {
    what: "freshness statement",
    bytesMax: FRESHNESS_BYTES_MAX,
    codec: wire.Freshness,
    schema: freshness,
  };
  return { payload, signature, freshness: readMessage(reading, payload) };
}

type WireBody = NonNullable<wire.Directive["body"]>;

function toWireBody(value: DirectiveBody): WireBody {
  switch (value.type) {
    case "found":
      return { $case: "found", value: toWireFound(value) };
    case "admit":
      return { $case: "admit", value: toWireAdmit(value) };
    case "epochOpen":
      return { $case: "epochOpen", value: toWireEpochOpen(value) };
    case "epochActivate":
      return { $case: "epochActivate", value: { epoch: value.epoch } };
  }
}

function toWireFound(value: Found): wire.Found {
  const { name, board, quorum, broker, evaluators, generation, tlsRoots, freshnessKey } = value;
  return { name, board, quorum, broker, evaluators, generation, tlsRoots, freshnessKey };
}

function toWireAdmit(value: Admit): wire.Admit {
  return {
    member: fromHex(value.member),
    slug: value.slug,
    name: value.name,
    mandate: value.mandate,
    contact: value.contact,
    domains: value.domains.map(toWireDomain),
    signingKey: value.signingKey,
    sealingKey: value.sealingKey,
    legalBasis: value.legalBasis,
    purposes: value.purposes,
    retentionDaysMax: value.retentionDaysMax,
    budget: { initial: BigInt(value.budget.initial), perDay: BigInt(value.budget.perDay) },
  };
}

function toWireEpochOpen(value: EpochOpen): wire.EpochOpen {
  return {
    epoch: value.epoch,
    salts: value.salts.map(toWireSalt),
    scheme: value.scheme,
    generation: value.generation,
    brokerSealingKey: value.brokerSealingKey,
    opensAtMs: BigInt(value.opensAtMs),
    retiresAtMs: BigInt(value.retiresAtMs),
  };
}

function toWireSalt(value: DomainSalt): wire.DomainSalt {
  return {
    domain: toWireDomain(value.domain),
    commitment: value.commitment,
    contributions: value.contributions,
    boxes: value.boxes.map((box) => ({ member: fromHex(box.member), sealed: box.sealed })),
    shares: value.shares,
  };
}
