/**
 * What the node believes and who it is: the chain it has proved, its own place in it, its keys, and the salts of every open epoch,
 * opened from the signed directives (protocol section 4). Salts are held in memory only, and wiped when their epoch has ended.
 */
import { equalBytes, fromHex, lpText, toHex, u64, u8, utf8 } from "../shared/core/bytes.ts";
import type { Delivery, Obstacle } from "../shared/core/data-plane.ts";
import { activeEpoch, isOpen, openEpochs } from "../shared/core/decisions.ts";
import type { Admit, Epoch, Federation } from "../shared/core/directive.ts";
import type { Domain } from "../shared/core/domain.ts";
import { CausewayError, isCausewayError } from "../shared/core/errors.ts";
import { toId } from "../shared/core/ids.ts";
import type { Handle, MemberId } from "../shared/core/ids.ts";
import { blake2bKeyed, hashKey } from "../shared/crypto/hash.ts";
import type { HashKey } from "../shared/crypto/hash.ts";
import { recipientKeyOf } from "../shared/crypto/seal.ts";
import type { SigningKeyPair } from "../shared/crypto/sign.ts";
import { binderOf, ownerOf } from "../shared/crypto/token.ts";
import { x25519PublicKey } from "../shared/crypto/x25519.ts";
import { openDelivery } from "../shared/wire/data-plane.ts";
import type { CanaryPair } from "./canaries/core/plan.ts";
import { openSalts } from "./core/salts.ts";
import { SCHEME } from "./linkage/scheme.ts";
import type { OwnKeys, OwnSealingKey } from "./ports.ts";
import type { EpochTerms } from "./publishing/terms.ts";
import type { OutboxAddress } from "./store/outbox.ts";

/** "": in good standing. */
export type MembershipEnd = "" | "suspended" | "removed" | "unknown";

type Known = {
  readonly head: number;
  readonly terms: readonly EpochTerms[];
  readonly obstacles: ReadonlyMap<number, Obstacle>;
};

export class Trust {
  readonly #keys: OwnKeys;
  readonly #federation: () => Federation;
  #sealingKeys: readonly OwnSealingKey[];
  #known: Known | undefined;

  constructor(keys: OwnKeys, federation: () => Federation) {
    this.#keys = keys;
    this.#federation = federation;
    this.#sealingKeys = keys.sealing.all();
  }

  get federation(): Federation {
    return this.#federation();
  }

  get member(): MemberId {
    return this.#keys.member;
  }

  get signer(): SigningKeyPair {
    return this.#keys.signer;
  }

  /** Throws FORBIDDEN when the chain does not (any more) admit this member. */
  get admit(): Admit {
    const admit = this.federation.members.get(this.member);
    if (admit === undefined) throw new CausewayError("FORBIDDEN", ENDED[this.membershipEnd]);
    return admit;
  }

  /** The terms of this member, also of one that is suspended or was removed. */
  get lastAdmit(): Admit | undefined {
    const { members, suspended, removed } = this.federation;
    return members.get(this.member) ?? suspended.get(this.member) ?? removed.get(this.member)?.admit;
  }

  get membershipEnd(): MembershipEnd {
    const { members, suspended, removed } = this.federation;
    if (members.has(this.member)) return "";
    if (suspended.has(this.member)) return "suspended";
    return removed.has(this.member) ? "removed" : "unknown";
  }

  /**
   * Every open epoch in which this node publishes, newest first. Throws FORBIDDEN when this member is not in good standing, UNAVAILABLE
   * while no epoch is open, ENVIRONMENT when all need a linkage scheme that this version lacks, UNPROVEN when their salts do not hold.
   */
  get terms(): readonly EpochTerms[] {
    const { terms, obstacles } = this.#knownNow();
    if (terms.length > 0) return terms;
    void this.admit;
    if (obstacles.size === 0) throw new CausewayError("UNAVAILABLE", "no epoch is open");
    if ([...obstacles.values()].includes("scheme")) {
      throw new CausewayError("ENVIRONMENT", "the epoch needs a linkage scheme that this version of the node lacks");
    }
    throw new CausewayError(
      "UNPROVEN",
      "the salts of the epoch cannot be opened, or are not those that the board signed",
    );
  }

  /** As `terms`, none where there are none. */
  get openTerms(): readonly EpochTerms[] {
    return this.#knownNow().terms;
  }

  /** Why this node cannot take part in an open epoch, by its number: "scheme", "salts". */
  get obstacles(): ReadonlyMap<number, Obstacle> {
    return this.#knownNow().obstacles;
  }

  /** The epoch that counts, among those that are open: the active one, or else the newest. */
  get currentEpoch(): Epoch | undefined {
    return activeEpoch(this.federation) ?? openEpochs(this.federation).at(-1);
  }

  /** Salts of epochs that have ended are wiped. */
  #knownNow(): Known {
    const { federation } = this;
    const head = federation.head.number;
    if (this.#known?.head === head) return this.#known;
    this.#reloadSealingKeys();
    for (const { epoch, salts } of this.#known?.terms ?? []) {
      if (!this.isOpen(epoch)) for (const salt of salts.values()) salt.fill(0);
    }
    const obstacles = new Map<number, Obstacle>();
    const open = federation.members.has(this.member) ? openEpochs(federation).toReversed() : [];
    const terms = open.flatMap((epoch) => {
      const found = this.#termsOf(epoch);
      if (typeof found !== "string") return [found];
      obstacles.set(epoch.epoch, found);
      return [];
    });
    this.#known = { head, terms, obstacles };
    return this.#known;
  }

  #termsOf({ epoch, generation, scheme }: Epoch): EpochTerms | Obstacle {
    if (scheme !== SCHEME.name) return "scheme";
    const sealingKeys = this.#sealingKeys.map(({ keyPair }) => keyPair);
    try {
      return {
        epoch,
        generation,
        salts: openSalts({ federation: this.federation, member: this.member, sealingKeys }, epoch),
      };
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      return "salts";
    }
  }

  isOpen(epoch: number): boolean {
    const known = this.federation.epochs.get(epoch);
    return known !== undefined && isOpen(known);
  }

  /** In the named open epoch, or in that which counts. Throws UNAVAILABLE when there is none such. */
  outboxAddress(number?: number): OutboxAddress {
    const epoch = number === undefined ? this.currentEpoch : this.federation.epochs.get(number);
    if (epoch === undefined || !isOpen(epoch)) throw new CausewayError("UNAVAILABLE", "no such epoch is open");
    const { brokerSealingKey } = epoch;
    const { signer } = this.#keys;
    return { federation: this.federation.id, member: this.member, signer, epoch: epoch.epoch, brokerSealingKey };
  }

  /**
   * Opens and verifies what the broker sent: it seals to the newest key that it knows of, and what waited may be sealed to an older.
   * Throws UNPROVEN or INVALID.
   */
  openDelivery(sealed: Uint8Array): { readonly delivery: Delivery; readonly hash: Uint8Array } {
    const { federation, member } = this;
    const scope = {
      federation: federation.id,
      member,
      brokerSigningKey: federation.found.broker.signingKey,
      isOwnKey: (recipientKey: Uint8Array) => federation.usedKeys.has(toHex(recipientKey)),
    };
    const attempt = (): ReturnType<typeof openDelivery> => {
      let failure: unknown;
      for (const { keyPair } of this.#sealingKeys) {
        try {
          return openDelivery(sealed, { ...scope, keyPair });
        } catch (error) {
          if (!isCausewayError(error, "UNPROVEN")) throw error;
          failure ??= error;
        }
      }
      throw failure ?? new CausewayError("UNPROVEN", "there is no sealing key");
    };
    try {
      return attempt();
    } catch (error) {
      if (!isCausewayError(error, "UNPROVEN") || !this.#reloadSealingKeys()) throw error;
      return attempt();
    }
  }

  /** Makes the sealing key of an epoch to come, unless there is one; answers with its public half. */
  prepareSealingKey(epoch: number): Uint8Array {
    const publicKey = this.#keys.sealing.prepare(epoch);
    this.#reloadSealingKeys();
    return publicKey;
  }

  /** Reads keys that were made since. Answers whether there are others now. */
  #reloadSealingKeys(): boolean {
    const count = this.#sealingKeys.length;
    this.#sealingKeys = this.#keys.sealing.all();
    return this.#sealingKeys.length !== count;
  }

  /**
   * Destroys sealing keys to which nothing is sealed any more that may still be read: no box of an open epoch, no delivery, and not
   * made for an epoch to come. Whoever finds a copy of the boxes then opens none of them. Answers how many.
   */
  destroyOldKeys(): number {
    const { federation, member } = this;
    const admit = this.lastAdmit;
    const newest = Math.max(0, ...federation.epochs.keys());
    const boxes = openEpochs(federation).flatMap(({ salts }) => salts.flatMap(({ boxes }) => boxes.get(member) ?? []));
    const needed = [
      ...boxes.map(({ recipientKey }) => recipientKey),
      ...(admit === undefined ? [] : [recipientKeyOf(admit.sealingKey)]),
    ];
    const old = this.#sealingKeys.filter(({ epoch, keyPair }) => {
      const own = recipientKeyOf(keyPair.publicKey);
      return (epoch ?? 0) <= newest && !needed.some((key) => equalBytes(key, own));
    });
    // A directory with none of the keys that the chain names is another's, or broken: nothing there is for us to destroy.
    if (old.length === this.#sealingKeys.length) return 0;
    for (const { epoch } of old) this.#keys.sealing.destroy(epoch);
    this.#reloadSealingKeys();
    return old.length;
  }

  get certificateUntilMs(): number {
    return this.#keys.certificateUntilMs();
  }

  /**
   * The handle of a new record, derived so that a record that is imported again after this database was lost is the same one for the broker.
   * Of its domain too: in two, one handle would tell the broker that a suspect is also a victim.
   */
  recordHandle(domain: Domain, reference: string): Handle {
    const key = hashKey(this.#keys.conversationSeed);
    const label = lpText("causeway/record-handle/v1");
    return toId<Handle>(toHex(blake2bKeyed(16, key, label, lpText(domain), utf8(reference))));
  }

  /** The record's key for conversations, derived so that no store of keys is needed (protocol section 3). */
  conversationKey(handle: Handle): Uint8Array {
    return x25519PublicKey(this.#derive("causeway/conversation-key/v1", handle));
  }

  /** Makes the padding of a record, see `paddingOf`; derived, so that it is the same after a restore. */
  paddingKey(handle: Handle): HashKey {
    return hashKey(this.#derive("causeway/padding-key/v1", handle));
  }

  /** Hides whose a record is until it is disclosed, see `ownerOf`; derived, so that its binder is the same after a restore. */
  blind(handle: Handle): Uint8Array {
    return this.#derive("causeway/blind/v1", handle);
  }

  /** Names a record of this node without naming whose it is. */
  binder(handle: Handle): Uint8Array {
    const owner = ownerOf({ member: this.member, handle, blind: this.blind(handle) });
    return binderOf(this.conversationKey(handle), owner);
  }

  /** The handle of a canary: the same after a restore, and in no relation to those of others that the broker could see. */
  canaryHandle(epoch: number, domain: Domain, { beatMs, ring, from, to }: CanaryPair): Handle {
    const place = [u64(epoch), lpText(domain), u64(beatMs), u8(ring), fromHex(from), fromHex(to)];
    const key = hashKey(this.#keys.conversationSeed);
    return toId<Handle>(toHex(blake2bKeyed(16, key, lpText("causeway/canary-handle/v1"), ...place)));
  }

  #derive(purpose: string, id: Handle): Uint8Array {
    return blake2bKeyed(32, hashKey(this.#keys.conversationSeed), lpText(purpose), fromHex(id));
  }
}

const ENDED: Readonly<Record<MembershipEnd, string>> = {
  "": "",
  suspended: "the board has suspended this unit",
  removed: "the board has removed this unit from the federation",
  unknown: "the chain of directives does not admit this node",
};
