/**
 * (board) Makes the salts of an epoch (protocol section 4). A quorum of administrators contributes 32 random bytes each,
 * committed to before any is revealed, so that none of them can steer the result. The salt goes, sealed, to each member
 * whose mandate includes the domain, and as Shamir shares to the whole board, so that a quorum can recover it.
 *
 * Here the contributions of one sitting meet in one process: whoever controls that machine learns the salts of the epoch,
 * which is what one member knows. It learns no token and no identifier.
 */
import { split } from "shamir-secret-sharing";
import { concat, lpText, u64 } from "../../shared/core/bytes.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { DomainSalt, Federation } from "../../shared/core/directive.ts";
import { randomBytes } from "../../shared/crypto/random.ts";
import {
  combineContributions,
  CONTRIBUTION_BYTES,
  contributionCommitment,
  encodeSaltBox,
} from "../../shared/crypto/salt.ts";
import type { SaltPlace } from "../../shared/crypto/salt.ts";
import { sealTo } from "../../shared/crypto/seal.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { saltCommitment } from "../../shared/crypto/token.ts";
import type { SaltKey } from "../../shared/crypto/token.ts";

/** One salt for every domain in some member's mandate. */
export async function makeSalts(federation: Federation, epoch: number): Promise<DomainSalt[]> {
  const domains = new Set([...federation.members.values()].flatMap((member) => member.domains));
  return await Promise.all([...domains].map((domain) => makeSalt(federation, epoch, domain)));
}

async function makeSalt(federation: Federation, epoch: number, domain: Domain): Promise<DomainSalt> {
  const place: SaltPlace = { federation: federation.id, epoch, domain };
  const contributors = federation.found.board.slice(0, federation.found.quorum);
  const contributions = contributors.map((administrator) => {
    const administratorKeyId = keyId(administrator.signingKey);
    const contribution = randomBytes(CONTRIBUTION_BYTES);
    const commitment = contributionCommitment({ ...place, administratorKeyId, contribution });
    return { administratorKeyId, contribution, commitment };
  });
  const salt = combineContributions({ ...place, contributions });
  return {
    domain,
    commitment: saltCommitment({ ...place, salt }),
    contributions: contributions.map(({ administratorKeyId, commitment }) => ({ administratorKeyId, commitment })),
    boxes: boxesOf(federation, place, salt),
    shares: await sharesOf(federation, place, salt),
  };
}

function boxesOf(federation: Federation, place: SaltPlace, salt: SaltKey): DomainSalt["boxes"] {
  const entitled = [...federation.members.values()].filter((member) => member.domains.includes(place.domain));
  return entitled.map(({ member, sealingKey }) => ({
    member,
    sealed: sealTo(sealingKey, encodeSaltBox({ ...place, recipientKey: sealingKey, salt })),
  }));
}

/** Share plaintext: fed ‖ u64 epoch ‖ lp(domain) ‖ recipient key ‖ Shamir share, as in a salt box. */
async function sharesOf(federation: Federation, place: SaltPlace, salt: SaltKey): Promise<DomainSalt["shares"]> {
  const { board, quorum } = federation.found;
  const shares = await split(Uint8Array.from(salt), board.length, quorum);
  return board.map(({ signingKey, sealingKey }, i) => ({
    administratorKeyId: keyId(signingKey),
    sealed: sealTo(
      sealingKey,
      concat(place.federation, u64(place.epoch), lpText(place.domain), sealingKey, shares[i] as Uint8Array),
    ),
  }));
}
