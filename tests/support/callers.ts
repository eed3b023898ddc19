/** Parties that sign their requests, in tests. */
import { freshnessSeedOf } from "../../agency-node/registrar/keys.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import type { Caller } from "../../shared/platform/party-calls.ts";
import { systemClock } from "../../shared/world/clock.ts";
import type { Clock } from "../../shared/world/clock.ts";
import { randomBytes } from "../../shared/world/random.ts";

/** Whoever holds this key. */
export function callerWith(signer: SigningKeyPair, federation: Uint8Array, clock: Clock = systemClock): Caller {
  return { federation, signer: () => signer, world: { clock, randomBytes } };
}

/** A party by its directory. */
export function callerIn(dir: string, { id }: Pick<Federation, "id">, clock?: Clock): Caller {
  return callerWith(readSigningKeys(dir), id, clock);
}

/** The registrar by its directory. */
export function registrarIn(dir: string, { id, found }: Pick<Federation, "id" | "found">, clock?: Clock): Caller {
  return callerWith(signingKeyPair(freshnessSeedOf(dir, found.freshnessKey)), id, clock);
}
