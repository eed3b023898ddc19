/**
 * (broker) What is asked at the board's desk, as far as it can be judged by itself: of the services Board, Registrar and Membership in
 * `proto/causeway/v1/board.proto`. All throw INVALID with the paths of everything that is bad. Signatures are proven by whoever opens what is signed.
 */
import { z } from "zod";
import type { Credentials } from "../core/board.ts";
import type { DirectiveSignature, MemberKey, SignedDirective, SignedFreshness } from "../core/directive.ts";
import { PAPER_BYTES_MAX, SMALL_BYTES_MAX } from "./board.ts";
import { asciiText, bytes16, bytes32, instantMs, line, requestParser, uint32 } from "./checks.ts";
import type { Parse } from "./checks.ts";
import {
  memberKey,
  signature,
  signedDirective,
  signedFreshness,
  withPayloadRead,
  withStatementRead,
} from "./directive.ts";
import { signedForm } from "./envelope.ts";
import type { SignedMessage } from "./envelope.ts";
import type * as gen from "./gen/causeway/v1/board.ts";

const PEM_CHARACTERS_MAX = 8192;
const JWT_CHARACTERS_MAX = 8192;
const TOPIC_CHARACTERS_MAX = 120;
const NAME_CHARACTERS_MAX = 60;

/** A short signed message, such as an invitation. */
const smallSigned = signedForm(SMALL_BYTES_MAX);

// BoardService

export const parseListProposalsRequest: Parse<gen.ListProposalsRequest, object> = requestParser(
  "list of proposals",
  {},
);

const proposal: Parse<gen.ProposeRequest, { readonly directive: Omit<SignedDirective, "directive"> }> = requestParser(
  "proposal",
  { directive: signedDirective },
);

/** With the directive's payload read; its paths are the directive's own, as everywhere that a directive is refused. */
export function parseProposeRequest(request: gen.ProposeRequest): { readonly directive: SignedDirective } {
  return { directive: withPayloadRead(proposal(request).directive) };
}

export const parseApproveRequest: Parse<
  gen.ApproveRequest,
  { readonly digest: Uint8Array; readonly signature: DirectiveSignature }
> = requestParser("approval", { digest: bytes32, signature });

export const parsePutPaperRequest: Parse<gen.PutPaperRequest, { readonly paper: SignedMessage }> = requestParser(
  "paper",
  {
    paper: signedForm(PAPER_BYTES_MAX),
  },
);

/** `topic`: empty for all. */
export const parseListPapersRequest: Parse<gen.ListPapersRequest, { readonly topic: string }> = requestParser(
  "list of papers",
  { topic: line(TOPIC_CHARACTERS_MAX, 0) },
);

/** `generation`: 0 for no new one. Which numbers can be next is the chain's to say. */
export const parsePrepareEpochRequest: Parse<
  gen.PrepareEpochRequest,
  { readonly epoch: number; readonly generation: number }
> = requestParser("preparation", { epoch: uint32(1), generation: uint32() });

export const parseListHealthRequest: Parse<gen.ListHealthRequest, object> = requestParser("list of health", {});

export const parseInviteRequest: Parse<gen.InviteRequest, { readonly invitation: SignedMessage }> = requestParser(
  "invitation",
  {
    invitation: smallSigned,
  },
);

export const parseListEnrolmentsRequest: Parse<gen.ListEnrolmentsRequest, object> = requestParser(
  "list of enrolments",
  {},
);

/** `auditor`: empty for the caller itself. */
export const parseIssueSignInCodeRequest: Parse<gen.IssueSignInCodeRequest, { readonly auditor: string }> =
  requestParser("sign-in code", { auditor: line(NAME_CHARACTERS_MAX, 0) });

// RegistrarService

const statement: Parse<gen.PutFreshnessRequest, { readonly freshness: z.output<typeof signedFreshness> }> =
  requestParser("freshness", { freshness: signedFreshness });

/** With the statement read; its paths are the statement's own. */
export function parsePutFreshnessRequest(request: gen.PutFreshnessRequest): { readonly freshness: SignedFreshness } {
  return { freshness: withStatementRead(statement(request).freshness) };
}

export const parseFollowRequestsRequest: Parse<gen.FollowRequestsRequest, object> = requestParser(
  "list of requests",
  {},
);

/** `keyId`: of the party's signing key. */
export const parsePutCredentialsRequest: Parse<
  gen.PutCredentialsRequest,
  { readonly keyId: Uint8Array; readonly credentials: Credentials }
> = requestParser("credentials", {
  keyId: bytes16,
  credentials: z.object({
    certificatePem: asciiText(PEM_CHARACTERS_MAX, 1),
    natsUserJwt: asciiText(JWT_CHARACTERS_MAX),
    issuedAtMs: instantMs,
  }),
});

// MembershipService

export const parseRequestCredentialsRequest: Parse<gen.RequestCredentialsRequest, { readonly request: SignedMessage }> =
  requestParser("request for credentials", { request: smallSigned });

export const parseGetCredentialsRequest: Parse<gen.GetCredentialsRequest, object> = requestParser("credentials", {});

export const parseOfferKeyRequest: Parse<gen.OfferKeyRequest, { readonly offer: MemberKey }> = requestParser(
  "offer of a key",
  {
    offer: memberKey,
  },
);

export const parseOfferShareRequest: Parse<gen.OfferShareRequest, { readonly offer: SignedMessage }> = requestParser(
  "offer of a share",
  {
    offer: smallSigned,
  },
);

export const parseGetPreparationRequest: Parse<gen.GetPreparationRequest, object> = requestParser("preparation", {});

export const parseGetStandingRequest: Parse<gen.GetStandingRequest, object> = requestParser("standing", {});
