/**
 * A member's salts, from the boxes in an `epoch-open` directive (protocol section 4). Box and commitment reach the node
 * through the broker, which must never hold a salt and would gain by choosing one: the node opens only its own box, and
 * takes only the salt whose commitment a quorum of the board has signed.
 */
import type { Domain } from "../../shared/core/domain.ts";
import type { Admit, Epoch, Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { equalBytes } from "../../shared/core/bytes.ts";
import { acceptSaltBox } from "../../shared/crypto/salt.ts";
import { openSealed, recipientKeyOf } from "../../shared/crypto/seal.ts";
import type { SealingKeyPair } from "../../shared/crypto/seal.ts";
import type { SaltKey } from "../../shared/crypto/token.ts";

/** Whose salts are to be opened: the chain's view, this member, and all its sealing keys. */
export type SaltHolder = {
  readonly federation: Federation;
  readonly member: MemberId;
  readonly sealingKeys: readonly SealingKeyPair[];
};

/**
 * The salts of an epoch for every domain of this member's mandate. Throws NOT_FOUND for an unknown epoch or member, or a
 * missing box; UNPROVEN if a box is not the one promised or our key is not the one in the chain; INVALID for a broken box.
 */
export function openSalts(holder: SaltHolder, epochNumber: number): ReadonlyMap<Domain, SaltKey> {
  const epoch = holder.federation.epochs.get(epochNumber);
  const admit = holder.federation.members.get(holder.member);
  if (epoch === undefined || admit === undefined) throw missing("no such epoch or member");
  return new Map(admit.domains.map((domain) => [domain, openSalt(holder, admit, epoch, domain)]));
}

function openSalt(holder: SaltHolder, admit: Admit, epoch: Epoch, domain: Domain): SaltKey {
  const salt = epoch.salts.find((each) => each.domain === domain);
  const box = salt?.boxes.get(admit.member);
  if (salt === undefined || box === undefined) throw missing("the epoch has no salt box for this member");
  const { recipientKey } = box;
  const keyPair = holder.sealingKeys.find(({ publicKey }) => equalBytes(recipientKeyOf(publicKey), recipientKey));
  if (keyPair === undefined) {
    throw new CausewayError("UNPROVEN", "the box is sealed to a key that is none of ours");
  }
  return acceptSaltBox(openSealed(keyPair, box.sealed), {
    federation: holder.federation.id,
    epoch: epoch.epoch,
    domain,
    recipientKey,
    commitment: salt.commitment,
  });
}

function missing(message: string): CausewayError {
  return new CausewayError("NOT_FOUND", message);
}
