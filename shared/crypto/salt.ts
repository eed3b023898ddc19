/**
 * How a domain's salt is made and handed over (protocol section 4).
 *
 * Each of m administrators first publishes a commitment to a random contribution, then reveals it to the others: as long
 * as one of them is honest, nobody could choose the salt. The result is sealed to every entitled member in a box that
 * names federation, epoch, domain and recipient; a signed directive fixes its commitment, so neither broker nor one
 * administrator can give two members different salts. Contributions and salts are secret, commitments public.
 */
import { compareBytes, concat, equalBytes, lpText, u64 } from "../core/bytes.ts";
import { isDomain } from "../core/domain.ts";
import type { Domain } from "../core/domain.ts";
import { CausewayError } from "../core/errors.ts";
import { blake2b, constantTimeEqual, isZero } from "./hash.ts";
import { assertLength, FEDERATION_BYTES, KEY_ID_BYTES, SALT_BYTES } from "./lengths.ts";
import { saltCommitment, saltKey } from "./token.ts";
import type { SaltKey } from "./token.ts";

export const CONTRIBUTION_BYTES = 32;

const RECIPIENT_KEY_BYTES = 32;
const EPOCH_BYTES = 8;

/** Which salt is meant. */
export interface SaltPlace {
  readonly federation: Uint8Array;
  readonly epoch: number;
  readonly domain: Domain;
}

export interface Contribution {
  /** 16 bytes, see `keyId`. */
  readonly administratorKeyId: Uint8Array;
  /** 32 random bytes, revealed after all commitments are in. */
  readonly contribution: Uint8Array;
}

/**
 * (administrator) What is published before the contribution is revealed: 32 bytes. Bound to its author, so that nobody can
 * copy another's commitment and later its contribution. Throws INVALID for a wrong length or a contribution of zeros.
 */
export function contributionCommitment(of: SaltPlace & Contribution): Uint8Array {
  assertLength(of.administratorKeyId, KEY_ID_BYTES, "administratorKeyId");
  assertLength(of.contribution, CONTRIBUTION_BYTES, "contribution");
  if (isZero(of.contribution)) throw new CausewayError("INVALID", "contribution is not random");
  const label = lpText("causeway/salt-contribution/v1");
  return blake2b(32, label, placeBytes(of), of.administratorKeyId, of.contribution);
}

/**
 * (administrator) The salt of all contributions, in the order of the administrators' key ids. The caller checks that the
 * administrators are a quorum. Throws UNPROVEN with the path of each contribution that does not fit its commitment,
 * INVALID for none, a wrong length, or an administrator named twice.
 */
export function combineContributions(
  of: SaltPlace & { readonly contributions: readonly (Contribution & { readonly commitment: Uint8Array })[] },
): SaltKey {
  const unproven = of.contributions.flatMap((each, i) =>
    constantTimeEqual(contributionCommitment({ ...of, ...each }), each.commitment) ? [] : [`contributions[${i}]`],
  );
  if (unproven.length > 0) {
    throw new CausewayError("UNPROVEN", "contribution differs from its commitment", { fields: unproven });
  }
  const ordered = of.contributions.toSorted((a, b) => compareBytes(a.administratorKeyId, b.administratorKeyId));
  const repeated = ordered.some(
    (each, i) => i > 0 && equalBytes(each.administratorKeyId, (ordered[i - 1] as Contribution).administratorKeyId),
  );
  if (ordered.length === 0 || repeated) {
    throw new CausewayError("INVALID", "not one contribution for each administrator");
  }
  const contributions = ordered.map((each) => each.contribution);
  return saltKey(blake2b(32, lpText("causeway/salt-combine/v1"), placeBytes(of), ...contributions));
}

export interface SaltBox extends SaltPlace {
  /** 32 bytes: `recipientKeyOf` the sealing key of the member that this box is for. */
  readonly recipientKey: Uint8Array;
  readonly salt: SaltKey;
}

/** (administrator) The plaintext to seal to one member: fed ‖ u64 epoch ‖ lp(domain) ‖ recipient key ‖ salt. */
export function encodeSaltBox(box: SaltBox): Uint8Array {
  assertLength(box.recipientKey, RECIPIENT_KEY_BYTES, "recipientKey");
  return concat(placeBytes(box), box.recipientKey, box.salt);
}

/** (member) Parses an opened box. Throws INVALID for anything that `encodeSaltBox` would not have written. */
export function decodeSaltBox(plaintext: Uint8Array): SaltBox {
  const domainStart = FEDERATION_BYTES + EPOCH_BYTES + 2;
  const domainEnd = plaintext.length - RECIPIENT_KEY_BYTES - SALT_BYTES;
  if (domainEnd <= domainStart) throw malformedBox();
  const epoch = new DataView(plaintext.buffer, plaintext.byteOffset).getBigUint64(FEDERATION_BYTES);
  const domain = new TextDecoder().decode(plaintext.subarray(domainStart, domainEnd));
  if (!isDomain(domain) || epoch > BigInt(Number.MAX_SAFE_INTEGER)) throw malformedBox();
  const box = {
    federation: plaintext.slice(0, FEDERATION_BYTES),
    epoch: Number(epoch),
    domain,
    recipientKey: plaintext.slice(domainEnd, domainEnd + RECIPIENT_KEY_BYTES),
    salt: saltKey(plaintext.subarray(domainEnd + RECIPIENT_KEY_BYTES)),
  };
  // One encoding only: this also proves the length prefix.
  if (!equalBytes(encodeSaltBox(box), plaintext)) throw malformedBox();
  return box;
}

/**
 * (member) The salt of an opened box, if the box is for this member, federation, epoch and domain and fits the commitment
 * in the signed directive. Throws INVALID if it cannot be parsed, UNPROVEN with the paths that differ.
 */
export function acceptSaltBox(
  plaintext: Uint8Array,
  expected: SaltPlace & { readonly recipientKey: Uint8Array; readonly commitment: Uint8Array },
): SaltKey {
  const box = decodeSaltBox(plaintext);
  const checks: readonly (readonly [field: string, holds: boolean])[] = [
    ["federation", equalBytes(box.federation, expected.federation)],
    ["epoch", box.epoch === expected.epoch],
    ["domain", box.domain === expected.domain],
    ["recipientKey", equalBytes(box.recipientKey, expected.recipientKey)],
    ["commitment", constantTimeEqual(saltCommitment(box), expected.commitment)],
  ];
  const fields = checks.filter(([, holds]) => !holds).map(([field]) => field);
  if (fields.length > 0) throw new CausewayError("UNPROVEN", "salt box is not the one promised", { fields });
  return box.salt;
}

function placeBytes(place: SaltPlace): Uint8Array {
  assertLength(place.federation, FEDERATION_BYTES, "federation");
  return concat(place.federation, u64(place.epoch), lpText(place.domain));
}

function malformedBox(): CausewayError {
  return new CausewayError("INVALID", "malformed salt box");
}
