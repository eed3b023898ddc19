/** A node's secrets as files of its directory, see `shared/party/`. */
import { existsSync } from "node:fs";
import { CausewayError } from "../../shared/core/errors.ts";
import { keyFile } from "../../shared/party/files.ts";
import {
  destroySealingKey,
  prepareSealingKey,
  readSealingKeys,
  readSigningKeys,
  readStorageKey,
  sealingKeyEpochs,
} from "../../shared/party/keys.ts";
import { readTls } from "../../shared/party/tls.ts";
import { certificateDer, certificateLife, identityOfCertificate } from "../../shared/platform/tls.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import type { OwnKeys, OwnSealingKey } from "../ports.ts";

/** Throws ENVIRONMENT for missing files or loose permissions, UNPROVEN when the certificate is no member's. */
export function keysOnDisk(dir: string): OwnKeys {
  return {
    member: ownIdentity(dir).member,
    signer: readSigningKeys(dir),
    conversationSeed: readStorageKey(dir, "conversation"),
    databaseKey: readStorageKey(dir, "database"),
    sealing: {
      all: () => sealingKeysIn(dir),
      prepare: (epoch) => prepareSealingKey(dir, epoch),
      destroy: (epoch) => destroySealingKey(dir, epoch),
    },
    // Read anew: it is renewed while the node runs.
    certificateUntilMs: () => certificateLife(readTls(dir).certificatePem).untilMs,
  };
}

/** Of the node's certificate. Throws UNPROVEN when that is no member's. */
function ownIdentity(dir: string): Extract<PeerIdentity, { readonly kind: "member" }> {
  const identity = identityOfCertificate(certificateDer(readTls(dir).certificatePem));
  if (identity?.kind !== "member") throw new CausewayError("UNPROVEN", "the node's certificate is not a member's");
  return identity;
}

function sealingKeysIn(dir: string): OwnSealingKey[] {
  const newer = sealingKeyEpochs(dir).map((epoch) => ({ epoch, keyPair: readSealingKeys(dir, epoch) }));
  if (!existsSync(keyFile(dir, "sealing.key"))) return newer;
  return [...newer, { epoch: undefined, keyPair: readSealingKeys(dir) }];
}
