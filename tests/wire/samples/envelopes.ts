/** Signature and seal. Keys: `signer` is Ed25519 of 32 bytes 01, the recipient X-Wing of 32 bytes 03, the seed of the seal 32 bytes 05. */
import { utf8 } from "../../../shared/core/bytes.ts";
import { openMessage, sealMessage, signMessage, verifyMessage } from "../../../shared/wire/envelope.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";
import { openPartyRequest, signPartyRequest } from "../../../shared/wire/party-request.ts";
import type { Asking } from "../../../shared/wire/party-request.ts";
import { AT_MS, FEDERATION, filled, RECIPIENT, SCOPE, SIGNER, SIGNER_ID, signingKeyOf, STRANGER } from "./invented.ts";
import type { MessageType } from "./message-type.ts";

const scope = { federation: FEDERATION, type: "delivery" };
const payload = utf8("an invented payload");
const signed = signMessage(payload, scope, SIGNER);
const message = Signed.decode(signed);
const changed = (fields: Partial<Signed>): Uint8Array => Signed.encode({ ...message, ...fields }).finish();
const signature = (fields: object) => ({
  signature: { keyId: SIGNER_ID, signature: message.signature!.signature, ...fields },
});
const flipped = Uint8Array.from(message.signature!.signature, (byte, i) => (i === 0 ? byte ^ 1 : byte));

export const SIGNED: MessageType<{ readonly payload: Uint8Array }> = {
  name: "Signed",
  encode: (value) => signMessage(value.payload, scope, SCOPE.signer),
  decode: (bytes) => verifyMessage(bytes, scope, signingKeyOf),
  good: [{ name: "delivery", why: "federation: 16 bytes fe", value: { payload } }],
  bad: [
    {
      name: "of another type",
      why: "a signature for one type is worth nothing in another",
      bytes: signMessage(payload, { ...scope, type: "submission" }, SIGNER),
    },
    {
      name: "of another federation",
      why: "",
      bytes: signMessage(payload, { ...scope, federation: filled(16, 1) }, SIGNER),
    },
    { name: "by a stranger", why: "", bytes: signMessage(payload, scope, STRANGER) },
    {
      name: "by a stranger under the signer's id",
      why: "",
      bytes: changed({
        signature: {
          keyId: SIGNER_ID,
          signature: Signed.decode(signMessage(payload, scope, STRANGER)).signature!.signature,
        },
      }),
    },
    { name: "with one bit changed", why: "", bytes: changed(signature({ signature: flipped })) },
    { name: "with another payload", why: "", bytes: changed({ payload: utf8("another payload") }) },
    { name: "without a payload", why: "", bytes: changed({ payload: new Uint8Array() }) },
    {
      name: "with a short signature and key id",
      why: "",
      bytes: changed(signature({ keyId: filled(15, 1), signature: filled(63, 1) })),
    },
  ],
};

const sealed = sealMessage(signed, RECIPIENT.publicKey, filled(32, 5));

export const SEALED: MessageType<Uint8Array> = {
  name: "sealed message",
  encode: (value) => sealMessage(value, RECIPIENT.publicKey, filled(32, 5)),
  decode: (bytes) => openMessage(bytes, RECIPIENT),
  good: [{ name: "the signed delivery", why: "padded to 1,024 bytes, then sealed", value: signed }],
  bad: [
    {
      name: "with one bit changed",
      why: "",
      bytes: Uint8Array.from(sealed, (byte, i) => (i === 100 ? byte ^ 1 : byte)),
    },
  ],
};

/** Of a method that takes a message with one field. */
const asked = { method: "/causeway.v1.BoardService/ListPapers", recipient: "causeway:broker" };
const asking: Asking = { ...asked, madeAtMs: AT_MS, nonce: filled(16, 6) };
const body = Uint8Array.of(0x0a, 0x05, 0x73, 0x61, 0x6c, 0x74, 0x73);
const request = (over: Partial<Asking>, by = SCOPE): Uint8Array =>
  signPartyRequest({ finish: () => body }, { ...asking, ...over }, by);

export const PARTY_REQUEST: MessageType<Asking> = {
  name: "PartyRequest",
  encode: (value) => request(value),
  decode: (bytes) => openPartyRequest(bytes, { ...asked, federation: FEDERATION, publicKey: SIGNER.publicKey }),
  good: [{ name: "for papers", why: "the body is ListPapersRequest with the topic 'salts'", value: asking }],
  bad: [
    { name: "for another method", why: "", bytes: request({ method: "/causeway.v1.BoardService/ListHealth" }) },
    {
      name: "for another recipient",
      why: "it could be passed on",
      bytes: request({ recipient: "causeway:registrar" }),
    },
    { name: "by a stranger", why: "", bytes: request({}, { federation: FEDERATION, signer: STRANGER }) },
    { name: "of another federation", why: "", bytes: request({}, { federation: filled(16, 1), signer: SIGNER }) },
    { name: "with a short nonce", why: "", bytes: request({ nonce: filled(15, 6) }) },
    { name: "the bare request", why: "a certificate is not believed", bytes: body },
  ],
};
