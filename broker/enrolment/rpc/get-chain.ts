/**
 * `GetChain`: the directives and the freshness statement, for whoever has been invited. They name the members and how these are reached, so
 * they are sealed for the holder of the invitation's secret; nothing is said of that secret itself to a caller who may be anybody.
 */
import type { CallContext } from "nice-grpc";
import { parseGetChainRequest } from "../../../shared/wire/enrolment-requests.ts";
import { fromHex, toHex } from "../../../shared/core/bytes.ts";
import type { Federation } from "../../../shared/core/directive.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { keyId } from "../../../shared/crypto/sign.ts";
import { readInvitation } from "../../../shared/wire/board.ts";
import type { GetChainRequest, GetChainResponse } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { sealChainPart } from "../../../shared/wire/served-chain.ts";
import type { ServedPart } from "../../../shared/wire/served-chain.ts";
import { admittedKeys } from "./collect.ts";
import { assertLet } from "./enrolment-parts.ts";
import type { EnrolmentParts } from "./enrolment-parts.ts";

const NONCE_BYTES = 24;

export function getChainRpc(parts: EnrolmentParts) {
  return async function* (request: GetChainRequest, context: CallContext): AsyncGenerator<GetChainResponse> {
    assertLet(parts, context);
    const { secretHash } = parseGetChainRequest(request);
    const { directory, randomness } = parts;
    const { directives, federation } = directory.chain;
    const chainKey = chainKeyOf(parts, secretHash, federation);
    const served: readonly ServedPart[] = [
      ...directives.map((directive) => ({ kind: "directive", directive }) as const),
      { kind: "freshness", freshness: directory.readFreshness() },
    ];
    for (const [place, part] of served.entries())
      yield { sealed: sealChainPart(part, { chainKey, place }, randomness.randomBytes(NONCE_BYTES)) };
  };
}

/** Throws NOT_FOUND for an invitation that nobody may use, or that was used by somebody who has lost its place since. */
function chainKeyOf({ desk, clock }: EnrolmentParts, secretHash: Uint8Array, federation: Federation): Uint8Array {
  const invited = desk.enrolments.invited(secretHash, clock());
  if (invited === undefined || (invited.keyId !== undefined && hasLostPlace(invited.keyId, federation))) {
    throw new CausewayError("NOT_FOUND", "there is no such invitation");
  }
  return readInvitation(invited.signed).chainKey;
}

function hasLostPlace(enrolled: string, federation: Federation): boolean {
  const hadPlace = [...federation.usedKeys].some((key) => toHex(keyId(fromHex(key))) === enrolled);
  return hadPlace && !admittedKeys(federation).has(enrolled);
}
