/**
 * What the node believes and who it is: the chain it has proved, its own place in it, its keys, and the salts of the active epoch,
 * opened from the signed directive (protocol section 4). Salts are held in memory only.
 */
import { lpText, fromHex } from "../shared/core/bytes.ts";
import type { Admit, Epoch, Federation } from "../shared/core/directive.ts";
import { CausewayError } from "../shared/core/errors.ts";
import type { Handle, MatchId, MemberId } from "../shared/core/ids.ts";
import { blake2bKeyed, hashKey } from "../shared/crypto/hash.ts";
import type { HashKey } from "../shared/crypto/hash.ts";
import { sealingKeyPair } from "../shared/crypto/seal.ts";
import type { SealingKeyPair } from "../shared/crypto/seal.ts";
import type { SigningKeyPair } from "../shared/crypto/sign.ts";
import type { GrpcTls } from "../shared/platform/grpc.ts";
import { certificateDer, identityOfCertificate } from "../shared/platform/tls.ts";
import { readSealingKeys, readSigningKeys, readStorageKey, readTls } from "../shared/platform/party.ts";
import { openSalts } from "./core/salts.ts";
import { SCHEME } from "./linkage/scheme.ts";
import type { PublishingTerms } from "./publishing/publisher.ts";
import type { OutboxAddress } from "./store/outbox.ts";

/** Files of one node's directory that say who it is. */
export type Keys = {
  readonly member: MemberId;
  readonly signer: SigningKeyPair;
  readonly sealing: SealingKeyPair;
  readonly conversationSeed: Uint8Array;
  readonly tls: GrpcTls;
};

/** Throws ENVIRONMENT for missing files or loose permissions, UNPROVEN when the certificate is no member's. */
export function readKeys(dir: string): Keys {
  const tls = readTls(dir);
  const identity = identityOfCertificate(certificateDer(tls.certificatePem));
  if (identity?.kind !== "member") throw new CausewayError("UNPROVEN", "the node's certificate is not a member's");
  return {
    member: identity.member,
    signer: readSigningKeys(dir),
    sealing: readSealingKeys(dir),
    conversationSeed: readStorageKey(dir, "conversation"),
    tls,
  };
}

export class Trust {
  readonly #keys: Keys;
  readonly #federation: () => Federation;
  #terms: (PublishingTerms & { readonly head: number }) | undefined;

  constructor(keys: Keys, federation: () => Federation) {
    this.#keys = keys;
    this.#federation = federation;
  }

  get federation(): Federation {
    return this.#federation();
  }

  get member(): MemberId {
    return this.#keys.member;
  }

  /** Throws FORBIDDEN when the chain does not (any more) admit this member. */
  get admit(): Admit {
    const admit = this.federation.members.get(this.member);
    if (admit === undefined) throw new CausewayError("FORBIDDEN", "the chain of directives does not admit this node");
    return admit;
  }

  /** The epoch in which this node publishes. Throws UNAVAILABLE while there is none, ENVIRONMENT when it needs another linkage scheme. */
  get epoch(): Epoch {
    const active = [...this.federation.epochs.values()].find(({ state }) => state === "active");
    if (active === undefined) throw new CausewayError("UNAVAILABLE", "no epoch is active yet");
    if (active.scheme !== SCHEME.name) {
      throw new CausewayError("ENVIRONMENT", "the epoch needs a linkage scheme that this version of the node lacks");
    }
    return active;
  }

  /** Epoch, generation and salts; opened anew after each directive. */
  get terms(): PublishingTerms {
    const head = this.federation.head.number;
    if (this.#terms?.head !== head) {
      const { epoch, generation } = this.epoch;
      const holder = { federation: this.federation, member: this.member, sealingKeys: this.#keys.sealing };
      this.#terms = { head, epoch, generation, salts: openSalts(holder, epoch) };
    }
    return this.#terms;
  }

  get outboxAddress(): OutboxAddress {
    const { epoch, brokerSealingKey } = this.epoch;
    return { federation: this.federation.id, member: this.member, signer: this.#keys.signer, epoch, brokerSealingKey };
  }

  get deliveryScope() {
    return {
      federation: this.federation.id,
      member: this.member,
      keyPair: this.#keys.sealing,
      brokerSigningKey: this.federation.found.broker.signingKey,
    };
  }

  get tls(): GrpcTls {
    return this.#keys.tls;
  }

  /** The record's key for conversations, derived so that no store of keys is needed (protocol section 3). */
  conversationKey(handle: Handle): Uint8Array {
    return sealingKeyPair(this.#derive("causeway/conversation-key/v1", handle)).publicKey;
  }

  /** Makes the padding of a record, see `paddingOf`; derived, so that it is the same after a restore. */
  paddingKey(handle: Handle): HashKey {
    return hashKey(this.#derive("causeway/padding-key/v1", handle));
  }

  /** What this node puts into a match's proof of knowledge: unpredictable to others, and the same after a restore. */
  proofNonce(matchId: MatchId): Uint8Array {
    return this.#derive("causeway/match-nonce/v1", matchId);
  }

  #derive(purpose: string, id: Handle | MatchId): Uint8Array {
    return blake2bKeyed(32, hashKey(this.#keys.conversationSeed), lpText(purpose), fromHex(id));
  }
}
