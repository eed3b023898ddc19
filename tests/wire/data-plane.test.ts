import { beforeAll, describe, expect, it } from "vitest";
import { concat, fromHex, toHex, utf8 } from "../../shared/core/bytes.ts";
import type { Delivery, NoticeEvent, Submission, SubmissionBody } from "../../shared/core/data-plane.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import { toId } from "../../shared/core/ids.ts";
import { recipientKeyOf, sealingKeyPair } from "../../shared/crypto/seal.ts";
import { keyId, signingKeyPair } from "../../shared/crypto/sign.ts";
import {
  openDelivery,
  openSubmission,
  signDelivery,
  signDeliveryAgain,
  signSubmission,
} from "../../shared/wire/data-plane.ts";
import { sealMessage, signMessage } from "../../shared/wire/envelope.ts";
import * as gen from "../../shared/wire/gen/causeway/v1/data_plane.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";
import { randomBytes } from "../../shared/world/random.ts";

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const federation = filled(16, 7);
const member = toId<MemberId>("a1".repeat(16));
const handle = toId<Handle>("b2".repeat(16));
const incarnation = toId<Incarnation>("c3".repeat(16));
const matchId = toId<MatchId>("d4".repeat(16));
const memberSigner = signingKeyPair(filled(32, 1));
const memberSealing = sealingKeyPair(filled(32, 2));
const brokerSigner = signingKeyPair(filled(32, 3));
const brokerSealing = sealingKeyPair(filled(32, 4));
const strangerSealing = sealingKeyPair(filled(32, 5));

function submission(body: SubmissionBody): Submission {
  return {
    recipientKey: recipientKeyOf(brokerSealing.publicKey),
    member,
    incarnation,
    sequence: 42,
    prevHash: filled(32, 9),
    epoch: 1,
    body,
  };
}

const signingKeyOf = (id: string): Uint8Array | undefined =>
  id === toHex(keyId(memberSigner.publicKey)) ? memberSigner.publicKey : undefined;
const brokerScope = { federation, keyPair: brokerSealing, signingKeyOf };

const publication: SubmissionBody = {
  kind: "publication",
  entries: [
    {
      operation: "upsert",
      handle,
      domain: "protected",
      handling: "brokered",
      reviewByDay: 21_000,
      conversationKey: filled(32, 6),
      tokens: { single: filled(128, 1), opening: filled(256, 2), support: filled(128, 3) },
      tags: { single: filled(64, 4), opening: filled(128, 5), support: filled(64, 6) },
      binder: filled(32, 7),
      blind: filled(32, 8),
    },
    { operation: "withdraw", handle },
    { operation: "revalidate", handle, reviewByDay: 21_030 },
  ],
};

const bodies: readonly SubmissionBody[] = [
  publication,
  { kind: "connected", noticeNumber: 0, noticeHash: filled(32, 0), version: "0.1.0", capabilities: [] },
  { kind: "noticeReceipt", noticeNumber: 3, noticeHash: filled(32, 1) },
  {
    kind: "statements",
    statements: [
      { matchId, amendment: 0, failed: { single: [], opening: [2], support: [] }, signature: filled(64, 2) },
      { matchId, amendment: 1, failed: { single: [1], opening: [], support: [] } },
    ],
  },
];

describe("a submission", () => {
  it.each(bodies.map((body) => [body.kind, body] as const))("of kind %s reads back as it was written", (_, body) => {
    const { signed, hash } = signSubmission(submission(body), { federation, signer: memberSigner });
    const opened = openSubmission(sealMessage(signed, brokerSealing.publicKey, randomBytes(32)), brokerScope);
    expect(opened.submission).toEqual(submission(body));
    expect(opened.hash).toEqual(hash);
    expect(opened.keyId).toBe(toHex(keyId(memberSigner.publicKey)));
  });

  it("keeps the place of a wrongly formed entry and the entries beside it", () => {
    const message = gen.Submission.decode(payloadOf(publication));
    const entries = message.body?.$case === "publication" ? message.body.value.entries : [];
    const broken = { ...entries[0]!, handle: filled(3, 1) };
    const body = { $case: "publication" as const, value: { entries: [broken, entries[1]!] } };
    const opened = openSubmission(sealedPayload(gen.Submission.encode({ ...message, body }).finish()), brokerScope);
    expect(opened.submission.body).toEqual({
      kind: "publication",
      entries: [
        { operation: "malformed", reason: "malformed" },
        { operation: "withdraw", handle },
      ],
    });
  });

  it("that was sealed to somebody else first is refused", () => {
    const toStranger = { ...submission(publication), recipientKey: recipientKeyOf(strangerSealing.publicKey) };
    const { signed } = signSubmission(toStranger, { federation, signer: memberSigner });
    expect(() => openSubmission(sealMessage(signed, brokerSealing.publicKey, randomBytes(32)), brokerScope)).toThrow(
      expect.objectContaining({ code: "UNPROVEN" }),
    );
  });

  it.each([
    ["another signer", { federation, signer: brokerSigner }],
    ["another federation", { federation: filled(16, 8), signer: memberSigner }],
  ])("signed for %s is refused", (_, scope) => {
    const { signed } = signSubmission(submission(publication), scope);
    expect(() => openSubmission(sealMessage(signed, brokerSealing.publicKey, randomBytes(32)), brokerScope)).toThrow(
      expect.objectContaining({ code: "UNPROVEN" }),
    );
  });

  it("signed as another type of message is refused", () => {
    const signed = signMessage(payloadOf(publication), { federation, type: "delivery" }, memberSigner);
    expect(() => openSubmission(sealMessage(signed, brokerSealing.publicKey, randomBytes(32)), brokerScope)).toThrow(
      expect.objectContaining({ code: "UNPROVEN" }),
    );
  });

  it("with one byte changed anywhere in the payload is refused", () => {
    const { signed } = signSubmission(submission(bodies[3]!), { federation, signer: memberSigner });
    for (let i = 0; i < signed.length; i += 7) {
      const changed = signed.slice();
      changed[i] = changed[i]! ^ 1;
      expect(() => openSubmission(sealMessage(changed, brokerSealing.publicKey, randomBytes(32)), brokerScope)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(?:UNPROVEN|INVALID)$/) }),
      );
    }
  });

  it("with a field that this version does not know is refused, naming the place", () => {
    const withUnknown = concat(payloadOf(publication), fromHex("b80101"));
    expect(() => openSubmission(sealedPayload(withUnknown), brokerScope)).toThrow(
      expect.objectContaining({ code: "INVALID", fields: ["_unknownFields"] }),
    );
  });

  it("with several bad fields names them all and no value", () => {
    const message = gen.Submission.decode(payloadOf(publication));
    const bad = { ...message, sequence: 0n, member: utf8("KARIM") };
    expect(() => openSubmission(sealedPayload(gen.Submission.encode(bad).finish()), brokerScope)).toThrow(
      expect.objectContaining({ fields: ["member", "sequence"], message: expect.not.stringContaining("KARIM") }),
    );
  });

  function payloadOf(body: SubmissionBody): Uint8Array {
    const { signed } = signSubmission(submission(body), { federation, signer: memberSigner });
    return signedPayload(signed);
  }

  function sealedPayload(payload: Uint8Array): Uint8Array {
    return sealMessage(
      signMessage(payload, { federation, type: "submission" }, memberSigner),
      brokerSealing.publicKey,
      randomBytes(32),
    );
  }
});

describe("a delivery", () => {
  const scope = { federation, member, keyPair: memberSealing, brokerSigningKey: brokerSigner.publicKey };
  const delivery = (body: Delivery["body"]): Delivery => ({
    recipientKey: recipientKeyOf(memberSealing.publicKey),
    member,
    body,
  });
  const meeting = {
    incarnation,
    sequence: 5,
    positions: { single: [0, 3], opening: [], support: [7] },
    otherTags: { single: filled(16, 1), opening: filled(0, 0), support: filled(8, 2) },
    otherBinder: filled(32, 3),
  };
  const brokered = { handling: "brokered", conversationKey: filled(32, 2), owner: filled(32, 5) } as const;
  const events: readonly NoticeEvent[] = [
    { type: "matchOpened", matchId, handle, side: 1, meeting },
    { type: "matchAmended", matchId, amendment: 1, meeting },
    { type: "matchClosed", matchId, amendment: 2, reason: "expired" },
    { type: "counterpartDisclosed", matchId, disclosure: brokered },
    { type: "counterpartDisclosed", matchId, disclosure: { ...brokered, mandate: "war-crimes" } },
    {
      type: "counterpartDisclosed",
      matchId,
      disclosure: {
        handling: "open",
        member,
        handle,
        blind: filled(32, 1),
        conversationKey: filled(32, 2),
        validHash: filled(32, 3),
        signature: filled(64, 4),
      },
    },
    { type: "proofFailed", matchId, own: true, other: false },
    { type: "proofOverdue", matchId, ownStated: true, otherStated: false },
  ];

  it.each(events.map((event) => [event.type, event] as const))(
    "with notice %s reads back as it was written",
    (_, event) => {
      const body = {
        kind: "notice" as const,
        number: 1,
        prevHash: filled(32, 0),
        issuedAtMs: 1_800_000_000_000,
        event,
      };
      const { signed, hash } = signDelivery(delivery(body), { federation, signer: brokerSigner });
      const opened = openDelivery(sealMessage(signed, memberSealing.publicKey, randomBytes(32)), scope);
      expect(opened.delivery).toEqual(delivery(body));
      expect(opened.hash).toEqual(hash);
    },
  );

  it("with a receipt or a gap reads back as it was written", () => {
    const rejections = [{ index: 2, reason: "budget" as const }];
    const receipt = {
      kind: "receipt" as const,
      incarnation,
      sequence: 9,
      submissionHash: filled(32, 1),
      appliedAtMs: 1_800_000_000_000,
      rejections,
    };
    for (const body of [receipt, { kind: "gap" as const, incarnation, expectedSequence: 4 }]) {
      const { signed } = signDelivery(delivery(body), { federation, signer: brokerSigner });
      expect(openDelivery(sealMessage(signed, memberSealing.publicKey, randomBytes(32)), scope).delivery.body).toEqual(
        body,
      );
    }
  });

  it("is signed again under the broker's new key, with the same hash, and only if one of its keys has signed it", () => {
    const body = { kind: "gap" as const, incarnation, expectedSequence: 4 };
    const next = signingKeyPair(filled(32, 8));
    const keys = [brokerSigner.publicKey, next.publicKey];
    const { signed, hash } = signDelivery(delivery(body), { federation, signer: brokerSigner });
    expect(signDeliveryAgain(signed, { federation, signer: brokerSigner, keys })).toEqual(signed);
    const again = signDeliveryAgain(signed, { federation, signer: next, keys });
    const opened = openDelivery(sealMessage(again, memberSealing.publicKey, randomBytes(32)), {
      ...scope,
      brokerSigningKey: next.publicKey,
    });
    expect(opened).toEqual({ delivery: delivery(body), hash });
    const foreign = signDelivery(delivery(body), { federation, signer: memberSigner }).signed;
    expect(() => signDeliveryAgain(foreign, { federation, signer: next, keys })).toThrow(
      expect.objectContaining({ code: "UNPROVEN" }),
    );
  });

  describe("opened by the wrong member", () => {
    let sealed: Uint8Array;
    beforeAll(() => {
      const body = { kind: "gap" as const, incarnation, expectedSequence: 4 };
      const { signed } = signDelivery(delivery(body), { federation, signer: brokerSigner });
      sealed = sealMessage(signed, memberSealing.publicKey, randomBytes(32));
    });

    it("fails for want of the key", () => {
      expect(() => openDelivery(sealed, { ...scope, keyPair: strangerSealing })).toThrow(
        expect.objectContaining({ code: "UNPROVEN" }),
      );
    });

    it("fails although the key is right, when it is addressed to somebody else", () => {
      const other = toId<MemberId>("ee".repeat(16));
      expect(() => openDelivery(sealed, { ...scope, member: other })).toThrow(
        expect.objectContaining({ code: "UNPROVEN" }),
      );
    });

    it("fails when anybody but the broker signed it", () => {
      expect(() => openDelivery(sealed, { ...scope, brokerSigningKey: memberSigner.publicKey })).toThrow(
        expect.objectContaining({ code: "UNPROVEN" }),
      );
    });
  });
});

/** The payload inside signed bytes: field 2 of `Signed`. */
function signedPayload(signed: Uint8Array): Uint8Array {
  return Signed.decode(signed).payload;
}
