/** Certificates and NATS users, for whoever the chain says is who. */
import type { Credentials, CredentialsRequest } from "../../shared/core/board.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { issueCertificate } from "../../shared/platform/certificates.ts";
import { issueBrokerUser, issueMemberUser } from "./nats-accounts.ts";
import type { IssuingKeys } from "./keys.ts";
import type { ListedParty } from "./parties.ts";

export type Lives = { readonly certificateMs: number; readonly natsUserMs: number };

/** Throws INVALID for a request that cannot be read or lacks a key, UNPROVEN for a key that the asker does not hold. */
export async function issueCredentials(of: {
  readonly keys: IssuingKeys;
  readonly party: ListedParty;
  readonly request: CredentialsRequest;
  readonly lives: Lives;
  readonly nowMs: number;
}): Promise<Credentials> {
  const { keys, party, request, lives, nowMs } = of;
  const certificatePem = await issueCertificate({
    authority: keys.authority,
    requestPem: request.tlsRequestPem,
    identity: party.identity,
    hosts: party.hosts,
    nowMs,
    lifeMs: lives.certificateMs,
  });
  return { certificatePem, natsUserJwt: await natsUser(of), issuedAtMs: nowMs };
}

async function natsUser({
  keys,
  party,
  request: { natsKey },
  lives,
  nowMs,
}: Parameters<typeof issueCredentials>[0]): Promise<string> {
  const { identity, signingKey } = party;
  if (identity.kind !== "broker" && identity.kind !== "member") return "";
  if (natsKey === "") throw new CausewayError("INVALID", "the request lacks a NATS key", { fields: ["natsKey"] });
  const validUntilMs = nowMs + lives.natsUserMs;
  if (identity.kind === "broker") return await issueBrokerUser(keys.nats, { natsKey, validUntilMs });
  const holder = { member: identity.member, signingKey };
  return await issueMemberUser(keys.nats, { holder, natsKey, validUntilMs });
}
