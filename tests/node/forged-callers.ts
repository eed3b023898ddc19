/** Everybody who can come to a node's own services over the network with a certificate of the federation, stolen or forged. */
import { readRegistrarKeys } from "../../agency-node/registrar/keys.ts";
import { ActivityServiceDefinition } from "../../agency-node/wire/gen/causeway/node/v1/activity.ts";
import { LiaisonServiceDefinition } from "../../agency-node/wire/gen/causeway/node/v1/liaison.ts";
import { RecordsServiceDefinition } from "../../agency-node/wire/gen/causeway/node/v1/records.ts";
import { ACTOR_KEY, encodeStatedActor } from "../../agency-node/wire/stated-actor.ts";
import { readTls } from "../../shared/party/tls.ts";
import { createTlsRequest, issueCertificate } from "../../shared/platform/certificates.ts";
import { clientOver } from "../../shared/platform/grpc.ts";
import { ClientTlsCredentials } from "../../shared/platform/grpc-credentials.ts";
import type { ClientTls } from "../../shared/platform/grpc-credentials.ts";
import { certificateDer, identityOfCertificate } from "../../shared/platform/tls.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import { HealthDefinition } from "../../shared/wire/health.ts";
import { OFFICER } from "../support/federation.ts";
import type { TestFederation } from "../support/federation.ts";

const SERVICES = [RecordsServiceDefinition, LiaisonServiceDefinition, ActivityServiceDefinition, HealthDefinition];

/** Parties of every role. */
export const PARTIES = ["ct", "wcu", "broker", "key-office", "chair", "nats", "registrar"];

/** Calls every method of every service over TLS with this certificate; gives the code of each refusal, "served" where there is none. */
export async function callAll(address: string, tls: ClientTls): Promise<string[]> {
  const outcomes: string[] = [];
  for (const definition of SERVICES) {
    const credentials = new ClientTlsCredentials(tls, { rejectUnauthorized: false });
    const metadata = { [ACTOR_KEY]: encodeStatedActor(OFFICER) };
    using connection = clientOver(definition as typeof HealthDefinition, address, credentials, { metadata });
    const client = connection.client as unknown as Record<string, (request: unknown, options: object) => unknown>;
    for (const [name, { requestStream, responseStream }] of Object.entries(definition.methods)) {
      const stop = new AbortController();
      const answer = client[name]!(requestStream ? nothing() : {}, { signal: stop.signal });
      outcomes.push(await outcomeOf(answer, responseStream));
      stop.abort();
    }
  }
  return outcomes;
}

async function* nothing(): AsyncGenerator<never> {}

async function outcomeOf(answer: unknown, isStream: boolean): Promise<string> {
  try {
    await (isStream ? (answer as AsyncGenerator)[Symbol.asyncIterator]().next() : answer);
    return "served";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

export const identityOf = (federation: TestFederation, party: string): PeerIdentity =>
  identityOfCertificate(certificateDer(stolenFrom(federation, party).certificatePem)) as PeerIdentity;

/** The party's own certificate and key, as on its disk. */
export function stolenFrom(federation: TestFederation, party: string) {
  return readTls(party === "registrar" ? federation.founded.registrarDir : federation.dir(party));
}

/** What a thief of the registrar's key makes for the party. */
export async function forgedFor(federation: TestFederation, party: string): Promise<ClientTls> {
  const { authority } = readRegistrarKeys(federation.founded.registrarDir);
  const { privateKeyPem, requestPem } = await createTlsRequest();
  const facts = { authority, requestPem, identity: identityOf(federation, party), hosts: [], nowMs: Date.now() };
  return { ...stolenFrom(federation, "wcu"), privateKeyPem, certificatePem: await issueCertificate(facts) };
}
