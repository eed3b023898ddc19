/**
 * (board) Makes the salts of an epoch (protocol section 4), and seals what is secret about them. A quorum of administrators contributes 32 random bytes each,
 * committed to before any is revealed, so that none of them can steer the result. The salt goes, sealed, to each member
 * whose mandate includes the domain, and as Shamir shares to the whole board, so that a quorum can recover it.
 *
 * `makeSalts` is for one sitting: the contributions meet in one process, and whoever controls that machine learns the salts of the
 * epoch, which is what one member knows. It learns no token and no identifier. On separate machines: `ceremony.ts`.
 */
import { split } from "shamir-secret-sharing";
import { concat, equalBytes, lpText, u64 } from "../../shared/core/bytes.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { DomainSalt, Federation, Found } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { randomBytes } from "../../shared/world/random.ts";
import {
  combineContributions,
  CONTRIBUTION_BYTES,
  contributionCommitment,
  encodeSaltBox,
} from "../../shared/crypto/salt.ts";
import type { SaltPlace } from "../../shared/crypto/salt.ts";
import { openSealed, recipientKeyOf, sealTo } from "../../shared/crypto/seal.ts";
import type { SealingKeyPair } from "../../shared/crypto/seal.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { saltCommitment } from "../../shared/crypto/token.ts";
import type { SaltKey } from "../../shared/crypto/token.ts";
import type { Randomness } from "../../shared/world/world.ts";

/** What salts are made and dealt out with. */
export type Dealer = Randomness & {
  /** Shamir's sharing over GF(256): `count` shares, of which any `quorum` give the secret. It draws randomness of its own. */
  split(secret: Uint8Array, count: number, quorum: number): Promise<Uint8Array[]>;
};

export const machineDealer: Dealer = { randomBytes, split };

/** A salt before it is sealed to anybody. Secret. */
export type BareSalt = {
  readonly place: SaltPlace;
  readonly salt: SaltKey;
  readonly contributions: DomainSalt["contributions"];
};

/** One salt for every domain in some member's mandate. */
export async function makeSalts(
  federation: Federation,
  epoch: number,
  dealer: Dealer = machineDealer,
): Promise<DomainSalt[]> {
  const members = [...federation.members.values(), ...federation.suspended.values()];
  const domains = new Set(members.flatMap((member) => member.domains));
  return await Promise.all(
    [...domains].map(
      async (domain) => await sealSalt(federation, makeSalt(federation, { epoch, domain }, dealer), dealer),
    ),
  );
}

function makeSalt(
  federation: Federation,
  of: { readonly epoch: number; readonly domain: Domain },
  dealer: Randomness,
): BareSalt {
  const place: SaltPlace = { federation: federation.id, ...of };
  const contributors = federation.found.board.slice(0, federation.found.quorum);
  const contributions = contributors.map((administrator) => {
    const administratorKeyId = keyId(administrator.signingKey);
    const contribution = dealer.randomBytes(CONTRIBUTION_BYTES);
    const commitment = contributionCommitment({ ...place, administratorKeyId, contribution });
    return { administratorKeyId, contribution, commitment };
  });
  const salt = combineContributions({ ...place, contributions });
  return { place, salt, contributions: contributions.map(withoutContribution) };
}

/** What may be published of a contribution. */
export function withoutContribution({
  administratorKeyId,
  commitment,
}: DomainSalt["contributions"][number]): DomainSalt["contributions"][number] {
  return { administratorKeyId, commitment };
}

/** Boxes for the members in good standing, to their sealing keys as `federation.members` has them, and shares for its board. */
export async function sealSalt(
  federation: Federation,
  { place, salt, contributions }: BareSalt,
  dealer: Dealer = machineDealer,
): Promise<DomainSalt> {
  const entitled = [...federation.members.values()].filter((member) => member.domains.includes(place.domain));
  return {
    domain: place.domain,
    commitment: saltCommitment({ ...place, salt }),
    contributions,
    boxes: entitled.map(({ member, sealingKey }) => ({ member, sealed: sealBox(place, salt, sealingKey, dealer) })),
    shares: await shareSalt(federation.found, place, salt, dealer),
  };
}

/** The salt in a box for one member. */
export function sealBox(
  place: SaltPlace,
  salt: SaltKey,
  sealingKey: Uint8Array,
  dealer: Randomness = machineDealer,
): Uint8Array {
  const plaintext = encodeSaltBox({ ...place, recipientKey: recipientKeyOf(sealingKey), salt });
  return sealTo(sealingKey, plaintext, dealer.randomBytes(32));
}

/** A Shamir share for each seat; `quorum` of them recover the salt. */
export async function shareSalt(
  { board, quorum }: Pick<Found, "board" | "quorum">,
  place: SaltPlace,
  salt: SaltKey,
  dealer: Dealer = machineDealer,
): Promise<DomainSalt["shares"]> {
  const shares = await dealer.split(Uint8Array.from(salt), board.length, quorum);
  return board.map(({ signingKey, sealingKey }, i) => ({
    administratorKeyId: keyId(signingKey),
    sealed: sealPart(place, shares[i] as Uint8Array, sealingKey, dealer),
  }));
}

/** Something secret about a salt (a share, a contribution), sealed: fed ‖ u64 epoch ‖ lp(domain) ‖ recipient key ‖ part. */
export function sealPart(
  place: SaltPlace,
  part: Uint8Array,
  sealingKey: Uint8Array,
  dealer: Randomness = machineDealer,
): Uint8Array {
  return sealTo(sealingKey, concat(partPrefix(place, sealingKey), part), dealer.randomBytes(32));
}

/** Throws UNPROVEN for what is not sealed to us, or says that it is of another salt or for somebody else. */
export function openPart(place: SaltPlace, sealed: Uint8Array, keys: SealingKeyPair): Uint8Array {
  const opened = openSealed(keys, sealed);
  const prefix = partPrefix(place, keys.publicKey);
  if (!equalBytes(opened.subarray(0, prefix.length), prefix) || opened.length === prefix.length) {
    throw new CausewayError("UNPROVEN", "what was sealed is of another salt, or for somebody else");
  }
  return opened.slice(prefix.length);
}

function partPrefix({ federation, epoch, domain }: SaltPlace, sealingKey: Uint8Array): Uint8Array {
  return concat(federation, u64(epoch), lpText(domain), recipientKeyOf(sealingKey));
}
