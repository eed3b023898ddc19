/** The broker's secrets in its directory, see `shared/party/key-files.ts`. */
import {
  destroySealingKey,
  prepareSealingKey,
  readSealingKeys,
  readSigningKeys,
  sealingKeyEpochs,
} from "../../shared/party/keys.ts";
import { equalBytes } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { readEnrolment } from "../../shared/party/enrolment.ts";
import { isNextKeyDue } from "../../shared/party/next-key.ts";
import { sharesIn } from "../evaluator/doors.ts";
import type { OwnKeys } from "../ports.ts";
import { journalKeysOnDisk } from "./journal-keys.ts";

/** Throws ENVIRONMENT without a signing key, and for one that the enrolment does not name: it could ask for no further certificate. */
export function keysOnDisk(dir: string): OwnKeys {
  return {
    signer: ownSigner(dir),
    isNextDue: (federation) => isNextKeyDue(dir, federation),
    sealing: {
      epochs: () => sealingKeyEpochs(dir),
      read: (epoch) => readSealingKeys(dir, epoch),
      prepare: (epoch) => prepareSealingKey(dir, epoch),
      destroy: (epoch) => destroySealingKey(dir, epoch),
    },
    shares: sharesIn(dir),
    journal: journalKeysOnDisk(dir),
  };
}

function ownSigner(dir: string): SigningKeyPair {
  const signer = readSigningKeys(dir);
  if (equalBytes(readEnrolment(dir).enrolment.signingKey, signer.publicKey)) return signer;
  throw new CausewayError(
    "ENVIRONMENT",
    "keys/signing.key is not the key in enrolment.json: put back the one that belongs to it, and make another with causeway admin next-key",
  );
}
