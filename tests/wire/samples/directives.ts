/** What the board decides. Of `Directive` the bytes are the payload that is signed; form only, whether it holds is for the chain. */
import { fromHex } from "../../../shared/core/bytes.ts";
import type { Directive, DirectiveBody, Freshness, KeyOffer, RetireCause } from "../../../shared/core/directive.ts";
import { signPayload } from "../../../shared/crypto/sign.ts";
import {
  decodeDirective,
  decodeKeyOffer,
  decodeMemberKey,
  decodeSignedDirective,
  decodeSignedFreshness,
  encodeDirective,
  encodeFreshness,
  encodeKeyOffer,
  encodeSignedDirective,
  encodeSignedFreshness,
} from "../../../shared/wire/directive.ts";
import { RETIRE_CAUSE } from "../../../shared/wire/enumerations.ts";
import * as gen from "../../../shared/wire/gen/causeway/v1/federation.ts";
import { AT_MS, FEDERATION, filled, MEMBER, OTHER_MEMBER, SIGNER, SIGNER_ID } from "./invented.ts";
import type { MessageType } from "./message-type.ts";
import { SEALING_KEY_BYTES } from "../../../shared/crypto/seal.ts";

const directive = (body: DirectiveBody): Directive => ({
  federation: FEDERATION,
  number: 7,
  prevHash: filled(32, 7),
  issuedAtMs: AT_MS,
  notAfterMs: AT_MS + 86_400_000,
  nonce: filled(16, 8),
  body,
});

const signatureOver = (type: string, payload: Uint8Array) => ({
  keyId: SIGNER_ID,
  signature: signPayload({ federation: FEDERATION, type, payload, secretKey: SIGNER.secretKey }),
});

const board = [1, 2, 3].map((i) => ({
  name: `Invented ${i}`,
  signingKey: filled(32, i),
  sealingKey: filled(SEALING_KEY_BYTES, 16 + i),
}));
const evaluators = ["broker", "key-office"].map((name, i) => ({
  name,
  address: `${name}.example:8443`,
  signingKey: filled(32, 32 + i),
  sharePublicKey: filled(32, 48 + i),
}));
const salts = [{ epoch: 1, domain: "target", sealed: filled(80, 1) }] as const;
const shares = [{ administratorKeyId: filled(16, 1), sealed: filled(96, 2) }];
const keyOffer: KeyOffer = { member: MEMBER, epoch: 2, sealingKey: filled(SEALING_KEY_BYTES, 9) };
const offerBytes = encodeKeyOffer(keyOffer);
const memberKey = { ...keyOffer, payload: offerBytes, signature: signatureOver("key-offer", offerBytes) };
const rotate = { type: "rotateKey", signingKey: filled(32, 4), reason: "An invented reason" } as const;

const bodies: readonly (readonly [name: string, body: DirectiveBody])[] = [
  [
    "found",
    {
      type: "found",
      name: "Invented federation",
      board,
      quorum: 2,
      broker: { name: "Invented broker", signingKey: filled(32, 5), address: "[::1]:8443" },
      evaluators,
      generation: 1,
      tlsRoots: [filled(40, 6)],
      freshnessKey: filled(32, 7),
    },
  ],
  [
    "admit",
    {
      type: "admit",
      member: MEMBER,
      slug: "inv-1",
      name: "Invented unit",
      mandate: "invented",
      contact: { office: "Invented desk", phone: "", email: "", hours: "" },
      domains: ["target", "protected", "nexus"],
      signingKey: filled(32, 1),
      sealingKey: filled(SEALING_KEY_BYTES, 2),
      legalBasis: "Invented Act, section 1",
      purposes: ["deconfliction"],
      retentionDaysMax: 365,
      budget: { initial: 1_000_000, perDay: 20_000 },
      salts,
    },
  ],
  [
    "epoch-open",
    {
      type: "epochOpen",
      epoch: 2,
      salts: [
        {
          domain: "protected",
          commitment: filled(32, 1),
          contributions: [{ administratorKeyId: filled(16, 1), commitment: filled(32, 2) }],
          boxes: [{ member: MEMBER, sealed: filled(80, 3) }],
          shares,
        },
      ],
      scheme: "causeway-2",
      generation: 2,
      brokerSealingKey: filled(SEALING_KEY_BYTES, 3),
      opensAtMs: AT_MS,
      retiresAtMs: AT_MS + 1,
      evaluators,
      memberKeys: [memberKey],
    },
  ],
  ["epoch-activate", { type: "epochActivate", epoch: 2, laggards: [MEMBER, OTHER_MEMBER] }],
  ["epoch-abort", { type: "epochAbort", epoch: 2, openingHash: filled(32, 1), reason: "An invented reason" }],
  ...(Object.keys(RETIRE_CAUSE.numbers) as RetireCause[]).map(
    (cause) =>
      [
        `epoch-retire, ${cause}`,
        { type: "epochRetire", epoch: 1, cause, laggards: [], reason: "An invented reason" },
      ] as const,
  ),
  ["suspend", { type: "suspend", member: MEMBER, reason: "An invented reason" }],
  ["reinstate", { type: "reinstate", member: MEMBER, reason: "An invented reason", salts }],
  ["remove", { type: "remove", member: MEMBER, reason: "An invented reason", forCause: true }],
  [
    "rotate-key, member",
    { ...rotate, party: { kind: "member", member: MEMBER, sealingKey: filled(SEALING_KEY_BYTES, 3), salts } },
  ],
  ["rotate-key, broker", { ...rotate, party: { kind: "broker" } }],
  ["rotate-key, evaluator", { ...rotate, party: { kind: "evaluator", name: "key-office" } }],
  ["rotate-key, freshness", { ...rotate, party: { kind: "freshness" } }],
  [
    "board-change",
    {
      type: "boardChange",
      board,
      quorum: 2,
      shares: [{ epoch: 1, domain: "nexus", shares }],
      reason: "An invented reason",
    },
  ],
  [
    "member-change",
    {
      type: "memberChange",
      member: MEMBER,
      name: "Invented unit",
      contact: { office: "desk", phone: "+44 7700 900001", email: "", hours: "" },
      domains: ["target", "protected"],
      legalBasis: "Invented Act",
      purposes: ["deconfliction"],
      retentionDaysMax: 30,
      salts,
      reason: "An invented reason",
    },
  ],
  [
    "places",
    {
      type: "places",
      broker: "broker.example:8443",
      evaluators: [{ name: "key-office", address: "keys.example:8443" }],
      nats: "",
      reason: "An invented reason",
    },
  ],
  ["tls-roots", { type: "tlsRoots", roots: [filled(40, 1), filled(40, 2)], reason: "An invented reason" }],
  [
    "policy",
    {
      type: "policy",
      canaryBeatMinutes: 360,
      canaryWithinMinutes: 15,
      budgetAlarmPercent: 80,
      overdueStatementsMax: 8,
      allowances: [{ member: MEMBER, perDay: 5 }],
      reason: "An invented reason",
    },
  ],
  [
    "never-correlate",
    { type: "neverCorrelate", epoch: 1, domain: "target", tokens: [filled(16, 1)], reason: "An invented reason" },
  ],
];

const wire = gen.Directive.decode(
  encodeDirective(directive({ type: "suspend", member: MEMBER, reason: "An invented reason" })),
);
const changed = (fields: object): Uint8Array => gen.Directive.encode({ ...wire, ...fields }).finish();
const withBody = (body: NonNullable<gen.Directive["body"]>): Uint8Array => changed({ body });
const wireRotate = { signingKey: filled(32, 1), sealingKey: new Uint8Array(), salts: [], reason: "An invented reason" };

export const DIRECTIVE: MessageType<Directive> = {
  name: "Directive",
  encode: encodeDirective,
  decode: decodeDirective,
  good: bodies.map(([name, body]) => ({ name, why: "", value: directive(body) })),
  bad: [
    {
      name: "of a later type",
      why: "what the board decides is never skipped",
      bytes: changed({ body: undefined, _unknownFields: { [(23 << 3) | 2]: [Uint8Array.of(2, 8, 1)] } }),
    },
    {
      name: "with bad fields",
      why: "all of them are named",
      bytes: changed({
        federation: filled(15, 1),
        number: 0n,
        prevHash: filled(31, 1),
        issuedAtMs: 0n,
        notAfterMs: -1n,
        nonce: filled(1, 1),
      }),
    },
    {
      name: "a cause that is none",
      why: "numbers of enumerations are never skipped",
      bytes: withBody({
        $case: "epochRetire",
        value: { epoch: 1, cause: 3 as never, laggards: [], reason: "An invented reason" },
      }),
    },
    {
      name: "a reason that turns the line around",
      why: "it is shown to people",
      bytes: withBody({ $case: "suspend", value: { member: fromHex(MEMBER), reason: "\u202eInvented" } }),
    },
    {
      name: "a reason that is not in NFC",
      why: "two spellings of one text",
      bytes: withBody({ $case: "suspend", value: { member: fromHex(MEMBER), reason: "Re\u0301ason" } }),
    },
    {
      name: "new keys of a member without a sealing key",
      why: "only members have one, and they always do",
      bytes: withBody({
        $case: "rotateKey",
        value: { ...wireRotate, party: { $case: "member", value: fromHex(MEMBER) } },
      }),
    },
    {
      name: "new keys of a member with a sealing key of another length",
      why: "X25519 alone",
      bytes: withBody({
        $case: "rotateKey",
        value: { ...wireRotate, sealingKey: filled(32, 1), party: { $case: "member", value: fromHex(MEMBER) } },
      }),
    },
    {
      name: "new keys of the broker with a sealing key",
      why: "only members have one",
      bytes: withBody({
        $case: "rotateKey",
        value: { ...wireRotate, sealingKey: filled(SEALING_KEY_BYTES, 1), party: { $case: "broker", value: true } },
      }),
    },
    {
      name: "a party that is not the one",
      why: "false says nothing",
      bytes: withBody({ $case: "rotateKey", value: { ...wireRotate, party: { $case: "freshness", value: false } } }),
    },
  ],
};

const suspend = encodeDirective(directive({ type: "suspend", member: MEMBER, reason: "An invented reason" }));

export const SIGNED_DIRECTIVE: MessageType<Parameters<typeof encodeSignedDirective>[0]> = {
  name: "SignedDirective",
  encode: encodeSignedDirective,
  decode: decodeSignedDirective,
  good: [
    {
      name: "with one signature",
      why: "a proposal",
      value: { payload: suspend, signatures: [signatureOver("directive", suspend)] },
    },
  ],
  bad: [
    {
      name: "without signatures",
      why: "",
      bytes: gen.SignedDirective.encode({ payload: suspend, signatures: [] }).finish(),
    },
  ],
};

export const KEY_OFFER: MessageType<KeyOffer> = {
  name: "KeyOffer",
  encode: encodeKeyOffer,
  decode: decodeKeyOffer,
  good: [{ name: "for epoch 2", why: "", value: keyOffer }],
};

export const MEMBER_KEY: MessageType<typeof memberKey> = {
  name: "MemberKey",
  encode: ({ payload, signature }) => gen.MemberKey.encode({ payload, signature }).finish(),
  decode: decodeMemberKey,
  good: [{ name: "for epoch 2", why: "", value: memberKey }],
};

const freshness: Freshness = {
  federation: FEDERATION,
  number: 7,
  headHash: filled(32, 1),
  issuedAtMs: AT_MS,
  validUntilMs: AT_MS + 3_600_000,
};

export const FRESHNESS: MessageType<Freshness> = {
  name: "Freshness, signed",
  encode(value) {
    const payload = encodeFreshness(value);
    return encodeSignedFreshness({ payload, signature: signatureOver("freshness", payload) });
  },
  decode: (bytes) => decodeSignedFreshness(bytes).freshness,
  good: [{ name: "for an hour", why: "", value: freshness }],
};
