/** What a later version adds: kinds are skipped and said, fields of known kinds are refused. */
import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex } from "../../shared/core/bytes.ts";
import type { Delivery, Submission, SubmissionBody } from "../../shared/core/data-plane.ts";
import type { Handle, Incarnation, MatchId, MemberId } from "../../shared/core/ids.ts";
import { toId } from "../../shared/core/ids.ts";
import { recipientKeyOf, sealingKeyPair } from "../../shared/crypto/seal.ts";
import { keyId, signingKeyPair } from "../../shared/crypto/sign.ts";
import { noticeHash, openDelivery, openSubmission, submissionHash } from "../../shared/wire/data-plane.ts";
import { sealMessage, signMessage } from "../../shared/wire/envelope.ts";
import * as gen from "../../shared/wire/gen/causeway/v1/data_plane.ts";
import { laterKind } from "../support/later-kind.ts";

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const federation = filled(16, 7);
const member = toId<MemberId>("a1".repeat(16));
const incarnation = toId<Incarnation>("c3".repeat(16));
const signer = signingKeyPair(filled(32, 1));
const broker = sealingKeyPair(filled(32, 4));
const node = sealingKeyPair(filled(32, 2));

const submission = {
  recipientKey: recipientKeyOf(broker.publicKey),
  member: fromHex(member),
  incarnation: fromHex(incarnation),
  sequence: 42n,
  prevHash: filled(32, 9),
  epoch: 1,
};

function openedSubmission(payload: Uint8Array): { readonly submission: Submission; readonly hash: Uint8Array } {
  const signed = signMessage(payload, { federation, type: "submission" }, signer);
  const signingKeyOf = (id: string) => (id === toHex(keyId(signer.publicKey)) ? signer.publicKey : undefined);
  return openSubmission(sealMessage(signed, broker.publicKey, filled(32, 3)), {
    federation,
    keyPair: broker,
    signingKeyOf,
  });
}

function openedDelivery(payload: Uint8Array): { readonly delivery: Delivery; readonly hash: Uint8Array } {
  const signed = signMessage(payload, { federation, type: "delivery" }, signer);
  const scope = { federation, member, keyPair: node, brokerSigningKey: signer.publicKey };
  return openDelivery(sealMessage(signed, node.publicKey, filled(32, 3)), scope);
}

const submissionOf = (fields: Partial<gen.Submission>): Uint8Array =>
  gen.Submission.encode({ ...submission, body: undefined, ...fields }).finish();
const bodyOf = (fields: Partial<gen.Submission>): SubmissionBody =>
  openedSubmission(submissionOf(fields)).submission.body;
const deliveryOf = (fields: Partial<gen.Delivery>): Uint8Array =>
  gen.Delivery.encode({
    recipientKey: recipientKeyOf(node.publicKey),
    member: fromHex(member),
    body: undefined,
    ...fields,
  }).finish();
const noticeOf = (fields: Partial<gen.Notice>): Uint8Array => {
  const value = { number: 3n, prevHash: filled(32, 8), issuedAtMs: 5n, event: undefined, ...fields };
  return deliveryOf({ body: { $case: "notice", value } });
};
const proofFailed = { $case: "proofFailed", value: { matchId: filled(16, 1), own: true, other: false } } as const;

const refusal = expect.objectContaining({ code: "INVALID" });

describe("a submission of a kind that this version does not know", () => {
  it("keeps its place: everything but the body is read, and its hash is of all its bytes", () => {
    const payload = submissionOf(laterKind(18));
    const { submission, hash } = openedSubmission(payload);
    expect(submission).toMatchObject({ member, incarnation, sequence: 42, body: { kind: "unknown", field: 18 } });
    expect(hash).toEqual(submissionHash(payload));
  });

  it.each([
    [
      "has a known body too",
      { ...laterKind(18), body: { $case: "health", value: gen.Health.fromPartial({}) } as const },
    ],
    ["has two bodies", laterKind(18, 19)],
    ["has the body twice", { _unknownFields: { [(18 << 3) | 2]: [fromHex("00"), fromHex("00")] } }],
    ["has a number there", { _unknownFields: { [18 << 3]: [fromHex("01")] } }],
    ["has a field below the kinds", laterKind(7)],
    ["has a field above the kinds", laterKind(100)],
    ["has nothing there", {}],
  ])("is refused when it %s", (_, fields) => {
    expect(() => bodyOf(fields)).toThrow(refusal);
  });

  it("is not what a known kind with an unknown field is: that is refused", () => {
    const value = {
      noticeNumber: 1n,
      noticeHash: filled(32, 1),
      noticeIncarnation: new Uint8Array(),
      ...laterKind(12),
    };
    expect(() => bodyOf({ body: { $case: "noticeReceipt", value } })).toThrow(
      expect.objectContaining({ code: "INVALID", fields: ["body.value._unknownFields"] }),
    );
  });

  it("is refused like any other when the rest of it is bad", () => {
    expect(() => openedSubmission(submissionOf({ ...laterKind(18), sequence: 0n }))).toThrow(
      expect.objectContaining({ fields: ["sequence"] }),
    );
  });

  it("is authentic or nothing", () => {
    const payload = submissionOf(laterKind(18));
    const forged = signMessage(payload, { federation, type: "submission" }, signingKeyPair(filled(32, 6)));
    const scope = { federation, keyPair: broker, signingKeyOf: () => signer.publicKey };
    expect(() => openSubmission(sealMessage(forged, broker.publicKey, filled(32, 3)), scope)).toThrow(
      expect.objectContaining({ code: "UNPROVEN" }),
    );
  });
});

describe("an entry of an operation that this version does not know", () => {
  const handle = filled(16, 5);
  const withdraw = { handle, operation: { $case: "withdraw" as const, value: {} } };

  it("keeps its place and is rejected for that; the others stand", () => {
    const entries = [withdraw, { handle, operation: undefined, ...laterKind(5) }, withdraw];
    expect(bodyOf({ body: { $case: "publication", value: { entries } } })).toMatchObject({
      entries: [
        { operation: "withdraw", handle: toId<Handle>(toHex(handle)) },
        { operation: "malformed", reason: "kind" },
        { operation: "withdraw" },
      ],
    });
  });

  it("is not one with an operation and an unknown field beside it: that is refused", () => {
    const entries = [{ ...withdraw, ...laterKind(16) }];
    expect(() => bodyOf({ body: { $case: "publication", value: { entries } } })).toThrow(refusal);
  });
});

describe("a delivery of a kind that this version does not know", () => {
  it("is read as such", () => {
    expect(openedDelivery(deliveryOf(laterKind(15))).delivery.body).toEqual({ kind: "unknown", field: 15 });
    expect(() => openedDelivery(deliveryOf(laterKind(3)))).toThrow(refusal);
  });

  it("that is a notice keeps its place in the chain", () => {
    const payload = noticeOf(laterKind(17));
    const { delivery, hash } = openedDelivery(payload);
    const place = { number: 3, prevHash: filled(32, 8), issuedAtMs: 5 };
    expect(delivery.body).toEqual({ kind: "unknownNotice", field: 17, ...place });
    expect(hash).toEqual(noticeHash(payload));
  });

  it("is not a notice of a known kind with something unknown in or beside it: that is refused", () => {
    expect(() => openedDelivery(noticeOf({ event: proofFailed, ...laterKind(17) }))).toThrow(refusal);
    const matchId = toId<MatchId>("01".repeat(16));
    const value = { matchId: fromHex(matchId), own: true, other: false, ...laterKind(17) };
    expect(() => openedDelivery(noticeOf({ event: { $case: "proofFailed", value } }))).toThrow(refusal);
    expect(() => openedDelivery(concat(noticeOf({ event: proofFailed }), fromHex("9a0100")))).toThrow(refusal);
  });
});
