/**
 * `Collect`: what the registrar has issued to a party that the board has admitted. All of it is public, and of use only with the party's
 * keys; that the caller has the signing key is asked so that nobody else makes the registrar work.
 */
import type { CallContext } from "nice-grpc";
import { parseCollectRequest } from "../../../shared/wire/enrolment-requests.ts";
import { AHEAD_MS_MAX } from "../../../shared/core/chain.ts";
import { addressesIn } from "../../../shared/core/addresses.ts";
import { toHex } from "../../../shared/core/bytes.ts";
import type { Federation } from "../../../shared/core/directive.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { keyId } from "../../../shared/crypto/sign.ts";
import { evaluatorsIn } from "../../../shared/platform/standing.ts";
import { openCredentialsRequest } from "../../../shared/wire/board.ts";
import type { SigningKeyOf } from "../../../shared/wire/board.ts";
import { signedBytes } from "../../../shared/wire/envelope.ts";
import { openCollectProof } from "../../../shared/wire/collect.ts";
import type { CollectRequest, CollectResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { assertLet } from "./enrolment-parts.ts";
import type { EnrolmentParts } from "./enrolment-parts.ts";

export function collectRpc(parts: EnrolmentParts) {
  return async (message: CollectRequest, context: CallContext): Promise<CollectResponse> => {
    assertLet(parts, context);
    const { proof, request } = parseCollectRequest(message);
    const { directory, desk, natsUrl, clock } = parts;
    const { federation } = directory.chain;
    const keys = admittedKeys(federation);
    if (!keys.has(toHex(proof.signature.keyId))) {
      throw new CausewayError("NOT_FOUND", "the board has not admitted this key");
    }
    const signingKeyOf: SigningKeyOf = (id) => keys.get(id);
    const { value: madeAtMs, keyId: caller } = openCollectProof(proof, federation.id, signingKeyOf);
    if (Math.abs(clock() - madeAtMs) > AHEAD_MS_MAX) {
      throw new CausewayError("OUT_OF_SEQUENCE", "the proof is not of now: compare the clocks");
    }
    const credentials = desk.credentials.issued(caller);
    if (credentials !== undefined) {
      // A unit of the first version takes the one and knows nothing of the others.
      const [first = "", ...moreNatsUrls] = addressesIn(natsUrl());
      const issued = { ...credentials, issuedAtMs: BigInt(credentials.issuedAtMs) };
      return { credentials: issued, natsUrl: first, moreNatsUrls };
    }
    const { keyId: asker, value } = openCredentialsRequest(request, federation.id, signingKeyOf);
    if (asker !== caller) throw new CausewayError("UNPROVEN", "the request is another's");
    desk.credentials.ask(caller, signedBytes(request), value.requestedAtMs);
    throw new CausewayError("UNAVAILABLE", "the registrar has been asked; try again in a moment");
  };
}

/** Signing keys by id, of all who may come by an invitation and are in good standing now. */
export function admittedKeys(federation: Federation): ReadonlyMap<string, Uint8Array> {
  const parties = [...federation.found.board, ...federation.members.values(), ...evaluatorsIn(federation)];
  return new Map(parties.map(({ signingKey }) => [toHex(keyId(signingKey)), signingKey]));
}
