/** What administrators, units, evaluators and the broker leave for each other, as `Signed` bytes by the one signer. */
import type {
  BoardPaper,
  BoardPaperBody,
  CredentialsRequest,
  EvaluatorOffer,
  Invitation,
  PurgeAttestation,
} from "../../../shared/core/board.ts";
import * as wire from "../../../shared/wire/board.ts";
import { openCollectProof, signCollectProof } from "../../../shared/wire/collect.ts";
import { signMessage } from "../../../shared/wire/envelope.ts";
import * as gen from "../../../shared/wire/gen/causeway/v1/board.ts";
import { enrolmentText, parseEnrolment } from "../../../shared/party/enrolment.ts";
import type { Enrolment } from "../../../shared/party/enrolment.ts";
import { fromHex, utf8 } from "../../../shared/core/bytes.ts";
import { SEALING_KEY_BYTES } from "../../../shared/crypto/seal.ts";
import { AT_MS, FEDERATION, filled, RECIPIENT, SCOPE, SIGNER, signingKeyOf } from "./invented.ts";
import type { MessageType } from "./message-type.ts";

type Opening<Value> = (
  signed: Uint8Array,
  federation: Uint8Array,
  keys: typeof signingKeyOf,
) => { readonly value: Value };
const opened =
  <Value>(open: Opening<Value>) =>
  (bytes: Uint8Array): Value =>
    open(bytes, FEDERATION, signingKeyOf).value;
const signed = (type: string, payload: Uint8Array): Uint8Array =>
  signMessage(payload, { federation: FEDERATION, type }, SIGNER);

const paper = (body: BoardPaperBody): BoardPaper => ({ topic: "epoch 2", writtenAtMs: AT_MS, body });
const keyId = filled(16, 1);
const part = { domain: "target", sealed: filled(80, 2) } as const;

export const BOARD_PAPER: MessageType<BoardPaper> = {
  name: "BoardPaper",
  encode: (value) => wire.signPaper(value, SCOPE),
  decode: opened(wire.openPaper),
  good: [
    {
      name: "pledge",
      why: "",
      value: paper({ kind: "pledge", epoch: 2, contributions: [{ domain: "protected", commitment: filled(32, 1) }] }),
    },
    {
      name: "reveal",
      why: "",
      value: paper({ kind: "reveal", epoch: 2, parts: [{ ...part, administratorKeyId: keyId }] }),
    },
    {
      name: "share request",
      why: "",
      value: paper({ kind: "shareRequest", purpose: "An invented purpose", epochs: [1, 2] }),
    },
    {
      name: "share release",
      why: "",
      value: paper({ kind: "shareRelease", toAdministratorKeyId: keyId, shares: [{ ...part, epoch: 1 }] }),
    },
  ],
  bad: [
    {
      name: "with bad fields",
      why: "all of them are named",
      bytes: signed(
        "board-paper",
        gen.BoardPaper.encode({
          topic: "two\nlines",
          writtenAtMs: 0n,
          body: {
            $case: "pledge",
            value: { epoch: 0, contributions: [{ domain: 4 as never, commitment: filled(31, 1) }] },
          },
        }).finish(),
      ),
    },
    {
      name: "of a later kind",
      why: "salts are not made with half of the papers",
      bytes: signed(
        "board-paper",
        gen.BoardPaper.encode({
          topic: "epoch 2",
          writtenAtMs: 1n,
          body: undefined,
          _unknownFields: { [(14 << 3) | 2]: [Uint8Array.of(0)] },
        }).finish(),
      ),
    },
    {
      name: "signed as something else",
      why: "",
      bytes: signed(
        "invitation",
        gen.BoardPaper.encode({ topic: "epoch 2", writtenAtMs: 1n, body: undefined }).finish(),
      ),
    },
  ],
};

export const INVITATION: MessageType<Invitation> = {
  name: "Invitation",
  encode: (value) => wire.signInvitation(value, SCOPE),
  decode: opened(wire.openInvitation),
  good: [
    {
      name: "for a unit",
      why: "",
      value: { secretHash: filled(32, 1), chainKey: filled(32, 2), note: "Invented unit", validUntilMs: AT_MS },
    },
  ],
};

export const CREDENTIALS_REQUEST: MessageType<CredentialsRequest> = {
  name: "CredentialsRequest",
  encode: (value) => wire.signCredentialsRequest(value, SCOPE),
  decode: opened(wire.openCredentialsRequest),
  good: [
    {
      name: "of a member",
      why: "",
      value: { tlsRequestPem: "an invented request", natsKey: `U${"A".repeat(55)}`, requestedAtMs: AT_MS },
    },
    {
      name: "of an evaluator",
      why: "it has no NATS user",
      value: { tlsRequestPem: "an invented request", natsKey: "", requestedAtMs: AT_MS },
    },
  ],
};

/** The generator of ristretto255. */
const BASE_POINT = fromHex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76");

export const EVALUATOR_OFFER: MessageType<EvaluatorOffer> = {
  name: "EvaluatorOffer",
  encode: (value) => wire.signEvaluatorOffer(value, SCOPE),
  decode: (bytes) => wire.openEvaluatorOffer(bytes, FEDERATION, [{ name: "key-office", signingKey: SIGNER.publicKey }]),
  good: [
    { name: "of generation 2", why: "", value: { name: "key-office", generation: 2, sharePublicKey: BASE_POINT } },
  ],
};

export const PURGE_ATTESTATION: MessageType<PurgeAttestation> = {
  name: "PurgeAttestation",
  encode: (value) => wire.signPurgeAttestation(value, SCOPE),
  decode: opened(wire.openPurgeAttestation),
  good: [
    {
      name: "of epoch 1",
      why: "",
      value: { epoch: 1, directiveNumber: 9, records: 0, tokens: 0, messages: 0, purgedAtMs: AT_MS },
    },
  ],
};

export const COLLECT_PROOF: MessageType<number> = {
  name: "collect proof",
  encode: (value) => signCollectProof(value, SCOPE),
  decode: opened(openCollectProof),
  good: [{ name: "of a moment", why: "u64 milliseconds", value: AT_MS }],
  bad: [{ name: "of seven bytes", why: "", bytes: signed("collect", filled(7, 1)) }],
};

const administrator: Enrolment = {
  kind: "administrator",
  name: "Invented",
  signingKey: SIGNER.publicKey,
  sealingKey: RECIPIENT.publicKey,
};

/** The bytes are a file, `enrolment.json`, in UTF-8. */
export const ENROLMENT: MessageType<Enrolment> = {
  name: "enrolment.json",
  decode: (bytes) => parseEnrolment(new TextDecoder().decode(bytes)),
  good: [{ name: "of an administrator", why: "", bytes: utf8(enrolmentText(administrator, SIGNER)) }],
  bad: [
    { name: "no JSON", why: "", bytes: utf8("{") },
    {
      name: "under another name",
      why: "the signature covers all of it",
      bytes: utf8(enrolmentText(administrator, SIGNER).replace("Invented", "Altered")),
    },
    {
      name: "with more than it may have",
      why: "",
      bytes: utf8(enrolmentText(administrator, SIGNER).replace('"version": 1', '"version": 2, "more": 1')),
    },
    ...[
      { name: "with a sealing key of another length", sealingKey: filled(32, 9) },
      { name: "with a sealing key whose ML-KEM half is not reduced", sealingKey: filled(SEALING_KEY_BYTES, 0xff) },
      { name: "with a sealing key whose X25519 half is of small order", sealingKey: filled(SEALING_KEY_BYTES, 0) },
    ].map(({ name, sealingKey }) => ({
      name,
      why: "nothing can be sealed to it",
      bytes: utf8(enrolmentText({ ...administrator, sealingKey }, SIGNER)),
    })),
  ],
};
