/**
 * Directives and freshness statements: between bytes and domain values (protocol sections 4 and 13).
 *
 * Reading proves form only. Whether a directive holds (its signatures, its place in the chain) is for `foldDirective` in
 * `shared/core/chain.ts`, which hashes and verifies the payload bytes as they were received.
 */
import { z } from "zod";
import { fromHex } from "../core/bytes.ts";
import type {
  Admission,
  BoardChange,
  Directive,
  DirectiveBody,
  DomainSalt,
  EpochOpen,
  EpochSalt,
  Found,
  Freshness,
  KeyOffer,
  MemberKey,
  Policy,
  RotateKey,
  SignedDirective,
  SignedFreshness,
} from "../core/directive.ts";
import { DOMAINS } from "../core/domain.ts";
import type { MemberId } from "../core/ids.ts";
import { BOARD_SEATS_MAX } from "../core/limits.ts";
import { SEALING_KEY_BYTES } from "../crypto/seal.ts";
import {
  bytes16,
  bytes32,
  bytesBetween,
  bytesOf,
  hostPorts,
  idOf,
  instantMs,
  line,
  ordinal,
  oneOf,
  readDecoded,
  readMessage,
  safeInteger,
  signatureBytes,
  slug,
  uint32,
} from "./checks.ts";
import { DOMAIN, RETIRE_CAUSE } from "./enumerations.ts";
import * as wire from "./gen/causeway/v1/federation.ts";
import { Signed } from "./gen/causeway/v1/signed.ts";

/** Room for the salt boxes of a thousand members in three domains (2.2 kB each), and for their new sealing keys (1.3 kB each). */
const DIRECTIVE_BYTES_MAX = 8_500_000;
const SIGNATURES_BYTES_MAX = 64 * 1024;
const FRESHNESS_BYTES_MAX = 512;

const SEALED_SALT_BYTES_MAX = 4096;
const CERTIFICATE_BYTES_MAX = 8192;
const MEMBERS_MAX = 10_000;
const EVALUATORS_MAX = 8;
const TLS_ROOTS_MAX = 8;
/** Two open epochs with three domains. */
const OPEN_SALTS_MAX = 6;
const NEVER_CORRELATE_MAX = 4096;

const domain = DOMAIN.word;
/** Whether it is a usable one is checked where the directive is folded. */
const sealingKey = bytesOf(SEALING_KEY_BYTES);

/** A set of domains: at least one, none twice. */
const domains = z
  .array(domain)
  .min(1)
  .max(DOMAINS.length)
  .refine((list) => new Set(list).size === list.length);

const contact = z.object({ office: line(120), phone: line(40, 0), email: line(120, 0), hours: line(120, 0) });

const board = z
  .array(z.object({ name: line(120), signingKey: bytes32, sealingKey }))
  .min(1)
  .max(BOARD_SEATS_MAX);

const evaluators = z
  .array(z.object({ name: slug, address: hostPorts, signingKey: bytes32, sharePublicKey: bytes32 }))
  .max(EVALUATORS_MAX);

const tlsRoots = z.array(bytesBetween(1, CERTIFICATE_BYTES_MAX)).min(1).max(TLS_ROOTS_MAX);

const found = z.object({
  name: line(120),
  board,
  quorum: uint32(1, BOARD_SEATS_MAX),
  broker: z.object({ name: line(120), signingKey: bytes32, address: hostPorts }),
  evaluators: evaluators.min(1),
  generation: uint32(1),
  tlsRoots,
  freshnessKey: bytes32,
});

const sealedShare = bytesBetween(1, SEALED_SALT_BYTES_MAX);
const member = idOf<MemberId>();
/** Why the board decides it; shown in the history, and to the members. */
const reason = line(400);
const laggards = z.array(member).max(MEMBERS_MAX);
const epochSalts = z.array(z.object({ epoch: uint32(1), domain, sealed: sealedShare })).max(OPEN_SALTS_MAX);

/** Terms of a membership that the board may change later. */
const terms = {
  name: line(120),
  contact,
  domains,
  legalBasis: line(400),
  purposes: z.array(line(200)).min(1).max(32),
  retentionDaysMax: uint32(1, 36_525),
};

const admit = z.object({
  ...terms,
  member,
  slug,
  mandate: line(120),
  signingKey: bytes32,
  sealingKey,
  budget: z.object({ initial: safeInteger(), perDay: safeInteger() }),
  salts: epochSalts,
});

/** One signature as a peer gives it. */
export const signature = z.object({ keyId: bytes16, signature: signatureBytes });

const keyOffer = z.object({ member, epoch: uint32(1), sealingKey });
/** The key, and few bytes besides. */
const KEY_OFFER_BYTES_MAX = SEALING_KEY_BYTES + 128;

/** The offer's own bytes are decoded here, and verified where the directive is folded. */
export const memberKey = z
  .object({ payload: bytesBetween(1, KEY_OFFER_BYTES_MAX), signature })
  .transform((signed, context): MemberKey => {
    try {
      return { ...signed, ...decodeKeyOffer(signed.payload) };
    } catch {
      context.addIssue({ code: "custom" });
      return z.NEVER;
    }
  });

const memberKeyReading = {
  what: "member key",
  bytesMax: KEY_OFFER_BYTES_MAX + 128,
  codec: wire.MemberKey,
  schema: memberKey,
};

const saltShares = z.array(z.object({ administratorKeyId: bytes16, sealed: sealedShare })).max(BOARD_SEATS_MAX);

const epochOpen = z.object({
  epoch: uint32(1),
  salts: z
    .array(
      z.object({
        domain,
        commitment: bytes32,
        contributions: z.array(z.object({ administratorKeyId: bytes16, commitment: bytes32 })).max(BOARD_SEATS_MAX),
        boxes: z.array(z.object({ member, sealed: sealedShare })).max(MEMBERS_MAX),
        shares: saltShares,
      }),
    )
    .min(1)
    .max(3),
  scheme: line(64),
  generation: uint32(1),
  brokerSealingKey: sealingKey,
  opensAtMs: instantMs,
  retiresAtMs: instantMs,
  evaluators,
  memberKeys: z.array(memberKey).max(MEMBERS_MAX),
});

const rotateKey = z
  .object({
    party: oneOf({ member, broker: z.literal(true), evaluator: slug, freshness: z.literal(true) }),
    signingKey: bytes32,
    sealingKey: bytesBetween(0, SEALING_KEY_BYTES),
    salts: epochSalts,
    reason,
  })
  // Sealing key and salts are a member's, and nobody else's.
  .refine(({ party, sealingKey }) => (sealingKey.length === 0) !== (party.$case === "member"), { path: ["sealingKey"] })
  .refine(({ party, sealingKey }) => party.$case !== "member" || sealingKey.length === SEALING_KEY_BYTES, {
    path: ["sealingKey"],
  })
  .refine(({ party, salts }) => party.$case === "member" || salts.length === 0, { path: ["salts"] })
  .transform(({ party, signingKey, sealingKey, salts, reason }): RotateKey => {
    switch (party.$case) {
      case "member":
        return { party: { kind: "member", member: party.value, sealingKey, salts }, signingKey, reason };
      case "evaluator":
        return { party: { kind: "evaluator", name: party.value }, signingKey, reason };
      case "broker":
      case "freshness":
        return { party: { kind: party.$case }, signingKey, reason };
    }
  });

const boardChange = z.object({
  board,
  quorum: uint32(1, BOARD_SEATS_MAX),
  shares: z.array(z.object({ epoch: uint32(1), domain, shares: saltShares })).max(OPEN_SALTS_MAX),
  reason,
});

const place = z.union([z.literal(""), hostPorts]);

const places = z.object({
  broker: place,
  evaluators: z.array(z.object({ name: slug, address: hostPorts })).max(EVALUATORS_MAX),
  nats: place,
  reason,
});

const policy = z.object({
  canaryBeatMinutes: uint32(1, 44_640),
  canaryWithinMinutes: uint32(1, 1440),
  budgetAlarmPercent: uint32(1, 100),
  overdueStatementsMax: uint32(),
  allowances: z.array(z.object({ member, perDay: safeInteger() })).max(MEMBERS_MAX),
  reason,
});

const body = oneOf({
  found,
  admit,
  epochOpen,
  epochActivate: z.object({ epoch: uint32(1), laggards }),
  epochAbort: z.object({ epoch: uint32(1), openingHash: bytes32, reason }),
  epochRetire: z.object({ epoch: uint32(1), cause: RETIRE_CAUSE.word, laggards, reason }),
  suspend: z.object({ member, reason }),
  reinstate: z.object({ member, reason, salts: epochSalts }),
  remove: z.object({ member, reason, forCause: z.boolean() }),
  rotateKey,
  boardChange,
  policy,
  memberChange: z.object({ ...terms, member, salts: epochSalts, reason }),
  places,
  tlsRoots: z.object({ roots: tlsRoots, reason }),
  neverCorrelate: z.object({
    epoch: uint32(1),
    domain,
    tokens: z.array(bytes16).min(1).max(NEVER_CORRELATE_MAX),
    reason,
  }),
}).transform(({ $case, value }) => ({ type: $case, ...value }) as DirectiveBody);

const directive = z.object({
  federation: bytes16,
  number: ordinal,
  prevHash: bytes32,
  issuedAtMs: instantMs,
  notAfterMs: instantMs,
  nonce: bytes16,
  body,
});

/** Its payload is not read here, see `withPayloadRead`. */
export const signedDirective = z.object({
  payload: bytesBetween(1, DIRECTIVE_BYTES_MAX),
  signatures: z.array(signature).min(1).max(BOARD_SEATS_MAX),
});

const freshness = z.object({
  federation: bytes16,
  number: ordinal,
  headHash: bytes32,
  issuedAtMs: instantMs,
  validUntilMs: instantMs,
});

export const signedFreshness = z.object({
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
      nonce: value.nonce,
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

const signedDirectiveReading = {
  what: "signed directive",
  bytesMax: DIRECTIVE_BYTES_MAX + SIGNATURES_BYTES_MAX,
  codec: wire.SignedDirective,
  schema: signedDirective,
};

/** Reads a signed directive and its payload, proving neither. Throws INVALID, see `readMessage`. */
export function decodeSignedDirective(bytes: Uint8Array): SignedDirective {
  return withPayloadRead(readMessage(signedDirectiveReading, bytes));
}

/** The same from gRPC. What is verified later are the payload bytes as they came. Throws INVALID, see `readDecoded`. */
export function readSignedDirective(message: wire.SignedDirective | undefined): SignedDirective {
  return withPayloadRead(readDecoded(signedDirectiveReading, message));
}

/** Reads the payload too; paths of bad fields are those of the directive. Throws INVALID. */
export function withPayloadRead(signed: Omit<SignedDirective, "directive">): SignedDirective {
  return { ...signed, directive: decodeDirective(signed.payload) };
}

/** (node) The payload bytes to sign with type "key-offer". */
export function encodeKeyOffer({ member, epoch, sealingKey }: KeyOffer): Uint8Array {
  return wire.KeyOffer.encode({ member: fromHex(member), epoch, sealingKey }).finish();
}

/** Reads the bytes of an offer, proving nothing. Throws INVALID, see `readMessage`. */
export function decodeKeyOffer(payload: Uint8Array): KeyOffer {
  return readMessage(
    { what: "key offer", bytesMax: KEY_OFFER_BYTES_MAX, codec: wire.KeyOffer, schema: keyOffer },
    payload,
  );
}

/** Reads an offer with its signature, proving nothing. Throws INVALID, see `readMessage`. */
export function decodeMemberKey(bytes: Uint8Array): MemberKey {
  return readMessage(memberKeyReading, bytes);
}

/** The same from gRPC. Throws INVALID, see `readDecoded`. */
export function readMemberKey(message: wire.MemberKey | undefined): MemberKey {
  return readDecoded(memberKeyReading, message);
}

/** An offer with its payload as it was signed. */
export function encodeMemberKey({ payload, signature }: Pick<MemberKey, "payload" | "signature">): Uint8Array {
  return wire.MemberKey.encode(wire.MemberKey.fromPartial({ payload, signature })).finish();
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

const signedFreshnessReading = {
  what: "freshness statement",
  bytesMax: 2 * FRESHNESS_BYTES_MAX,
  codec: Signed,
  schema: signedFreshness,
};

/** Reads a signed statement and its payload, proving neither (see `judgeFreshness`). Throws INVALID, see `readMessage`. */
export function decodeSignedFreshness(bytes: Uint8Array): SignedFreshness {
  return withStatementRead(readMessage(signedFreshnessReading, bytes));
}

/** The same from gRPC. Throws INVALID, see `readDecoded`. */
export function readSignedFreshness(message: Signed | undefined): SignedFreshness {
  return withStatementRead(readDecoded(signedFreshnessReading, message));
}

/** Reads the statement too; paths of bad fields are the statement's. Throws INVALID. */
export function withStatementRead({ payload, signature }: Omit<SignedFreshness, "freshness">): SignedFreshness {
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
      return { $case: "epochActivate", value: { epoch: value.epoch, laggards: value.laggards.map(fromHex) } };
    case "epochAbort":
      return { $case: "epochAbort", value };
    case "epochRetire": {
      const { epoch, cause, laggards, reason } = value;
      const retirement = { epoch, cause: RETIRE_CAUSE.toWire(cause), laggards: laggards.map(fromHex), reason };
      return { $case: "epochRetire", value: retirement };
    }
    case "suspend":
    case "remove":
      return { $case: value.type, value: { ...value, member: fromHex(value.member) } } as WireBody;
    case "reinstate":
      return {
        $case: "reinstate",
        value: { member: fromHex(value.member), reason: value.reason, salts: value.salts.map(toWireEpochSalt) },
      };
    case "rotateKey":
      return { $case: "rotateKey", value: toWireRotateKey(value) };
    case "memberChange":
      return {
        $case: "memberChange",
        value: {
          ...value,
          member: fromHex(value.member),
          domains: value.domains.map(DOMAIN.toWire),
          salts: value.salts.map(toWireEpochSalt),
        },
      };
    case "places":
      return { $case: "places", value };
    case "tlsRoots":
      return { $case: "tlsRoots", value };
    case "boardChange":
      return { $case: "boardChange", value: toWireBoardChange(value) };
    case "policy":
      return { $case: "policy", value: toWirePolicy(value) };
    case "neverCorrelate":
      return { $case: "neverCorrelate", value: { ...value, domain: DOMAIN.toWire(value.domain) } };
  }
}

function toWireEpochSalt({ epoch, domain, sealed }: EpochSalt): wire.EpochSalt {
  return { epoch, domain: DOMAIN.toWire(domain), sealed };
}

function toWireRotateKey({ party, signingKey, reason }: RotateKey): wire.RotateKey {
  const rest = { signingKey, reason, sealingKey: new Uint8Array(), salts: [] };
  switch (party.kind) {
    case "member":
      return {
        ...rest,
        party: { $case: "member", value: fromHex(party.member) },
        sealingKey: party.sealingKey,
        salts: party.salts.map(toWireEpochSalt),
      };
    case "evaluator":
      return { ...rest, party: { $case: "evaluator", value: party.name } };
    case "broker":
    case "freshness":
      return { ...rest, party: { $case: party.kind, value: true } };
  }
}

function toWireBoardChange({ board, quorum, shares, reason }: BoardChange): wire.BoardChange {
  return {
    board,
    quorum,
    shares: shares.map((each) => ({ ...each, domain: DOMAIN.toWire(each.domain) })),
    reason,
  };
}

function toWirePolicy({ allowances, ...policy }: Policy): wire.Policy {
  return {
    ...policy,
    allowances: allowances.map(({ member, perDay }) => ({ member: fromHex(member), perDay: BigInt(perDay) })),
  };
}

function toWireFound(value: Found): wire.Found {
  const { name, board, quorum, broker, evaluators, generation, tlsRoots, freshnessKey } = value;
  return { name, board, quorum, broker, evaluators, generation, tlsRoots, freshnessKey };
}

function toWireAdmit(value: Admission): wire.Admit {
  return {
    member: fromHex(value.member),
    slug: value.slug,
    name: value.name,
    mandate: value.mandate,
    contact: value.contact,
    domains: value.domains.map(DOMAIN.toWire),
    signingKey: value.signingKey,
    sealingKey: value.sealingKey,
    legalBasis: value.legalBasis,
    purposes: value.purposes,
    retentionDaysMax: value.retentionDaysMax,
    budget: { initial: BigInt(value.budget.initial), perDay: BigInt(value.budget.perDay) },
    salts: value.salts.map(toWireEpochSalt),
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
    evaluators: value.evaluators,
    memberKeys: value.memberKeys.map(({ payload, signature }) => ({ payload, signature })),
  };
}

function toWireSalt(value: DomainSalt): wire.DomainSalt {
  return {
    domain: DOMAIN.toWire(value.domain),
    commitment: value.commitment,
    contributions: value.contributions,
    boxes: value.boxes.map((box) => ({ member: fromHex(box.member), sealed: box.sealed })),
    shares: value.shares,
  };
}
