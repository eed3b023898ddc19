/** The broker's secrets in its directory, see `shared/party/key-files.ts`. */
import {
  destroySealingKey,
  prepareSealingKey,
  readSealingKeys,
  readSigningKeys,
  sealingKeyEpochs,
} from "../../shared/party/keys.ts";
import { sharesIn } from "../evaluator/doors.ts";
import type { OwnKeys } from "../ports.ts";

/** Throws ENVIRONMENT without a signing key. */
export function keysOnDisk(dir: string): OwnKeys {
  return {
    signer: readSigningKeys(dir),
    sealing: {
      epochs: () => sealingKeyEpochs(dir),
      read: (epoch) => readSealingKeys(dir, epoch),
      prepare: (epoch) => prepareSealingKey(dir, epoch),
      destroy: (epoch) => destroySealingKey(dir, epoch),
    },
    shares: sharesIn(dir),
  };
}
