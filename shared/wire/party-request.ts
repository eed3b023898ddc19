/** A party's request in the form in which it travels: signed by the key under which the chain names the party (see `PartyRequest`). */
import { toHex } from "../core/bytes.ts";
import type { RequestMark } from "../core/request-book.ts";
import { CausewayError, isCausewayError } from "../core/errors.ts";
import { GRPC_MESSAGE_BYTES_MAX } from "../core/limits.ts";
import { keyId, signPayload, verifyPayload } from "../crypto/sign.ts";
import type { SigningKeyPair } from "../crypto/sign.ts";
import { bytes16, bytesBetween, instantMs, readMessage } from "./checks.ts";
import { signedForm } from "./envelope.ts";
import { PartyRequest, Signed } from "./gen/causeway/v1/signed.ts";
import { z } from "zod";

const TYPE = "request";

/** `method` is a gRPC path, `recipient` as `identityUri` writes it. */
export type AskedOf = { readonly method: string; readonly recipient: string };

export type Asking = AskedOf & {
  readonly madeAtMs: number;
  /** 16 random bytes. */
  readonly nonce: Uint8Array;
};

const envelope = {
  what: "signed request",
  bytesMax: GRPC_MESSAGE_BYTES_MAX,
  codec: Signed,
  schema: signedForm(GRPC_MESSAGE_BYTES_MAX),
};

const content = {
  what: "request",
  bytesMax: GRPC_MESSAGE_BYTES_MAX,
  codec: PartyRequest,
  schema: z.object({
    method: z.string(),
    recipient: z.string(),
    madeAtMs: instantMs,
    nonce: bytes16,
    body: bytesBetween(0, GRPC_MESSAGE_BYTES_MAX),
  }),
};

/** `Signed` bytes. `request`: the method's own request message, as its codec encodes it. */
export function signPartyRequest(
  request: { finish(): Uint8Array },
  { madeAtMs, ...asking }: Asking,
  { federation, signer }: { readonly federation: Uint8Array; readonly signer: SigningKeyPair },
): Uint8Array {
  const body = request.finish();
  const payload = PartyRequest.encode({ ...asking, madeAtMs: BigInt(madeAtMs), body }).finish();
  const signature = signPayload({ type: TYPE, federation, payload, secretKey: signer.secretKey });
  return Signed.encode({ type: TYPE, payload, signature: { keyId: keyId(signer.publicKey), signature } }).finish();
}

/** Throws UNAUTHENTICATED unless it is signed by this key, and asks this of this recipient. Whether it is of now is another question. */
export function openPartyRequest(
  bytes: Uint8Array,
  by: AskedOf & { readonly federation: Uint8Array; readonly publicKey: Uint8Array },
): { readonly body: Uint8Array; readonly mark: RequestMark } {
  const { federation, publicKey } = by;
  const { type, payload, signature } = unlessMalformed(() => readMessage(envelope, bytes));
  const signer = toHex(keyId(publicKey));
  const holds =
    type === TYPE &&
    toHex(signature.keyId) === signer &&
    verifyPayload({ type, federation, payload, publicKey, signature: signature.signature });
  if (!holds) throw unsigned();
  const { method, recipient, madeAtMs, nonce, body } = unlessMalformed(() => readMessage(content, payload));
  if (method !== by.method || recipient !== by.recipient) throw unsigned();
  return { body, mark: { signer, nonce: toHex(nonce), madeAtMs } };
}

function unlessMalformed<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw isCausewayError(error, "INVALID") ? unsigned() : error;
  }
}

const unsigned = (): CausewayError =>
  new CausewayError("UNAUTHENTICATED", "the request is not signed by the caller's own key for this recipient");
