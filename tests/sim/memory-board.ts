/**
 * The board of a simulated federation, in one sitting: the code of the administrators' tool over keys in memory. What it decides the broker
 * takes as it takes what a quorum has signed. There is no registrar: nobody here needs certificates, and nobody asks for freshness.
 */
import { combine } from "shamir-secret-sharing";
import { decide } from "../../agency-node/admin/board.ts";
import { decideFounding } from "../../agency-node/admin/founding.ts";
import type { Founding } from "../../agency-node/admin/founding.ts";
import {
  newGenerationOf,
  nextEpoch,
  nextGeneration,
  offersFor,
  withMemberKeys,
} from "../../agency-node/admin/openings.ts";
import type { Offers } from "../../agency-node/admin/openings.ts";
import { makeSalts, openPart, sealBox } from "../../agency-node/admin/salts.ts";
import type { Dealer } from "../../agency-node/admin/salts.ts";
import { SCHEME } from "../../agency-node/linkage/scheme.ts";
import type { Preparations } from "../../broker/board/preparations.ts";
import { equalBytes } from "../../shared/core/bytes.ts";
import { openEpochs } from "../../shared/core/decisions.ts";
import type {
  Administrator,
  Admit,
  DirectiveBody,
  EpochSalt,
  Federation,
  SignedDirective,
} from "../../shared/core/directive.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import type { SealingKeyPair } from "../../shared/crypto/seal.ts";
import { keyId, signingKeyPair } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { saltKey } from "../../shared/crypto/token.ts";
import { decodeMemberKey } from "../../shared/wire/directive.ts";
import type { World } from "../../shared/world/world.ts";
import { seededDealer } from "./seeded-shares.ts";

type Seat = { readonly public: Administrator; readonly signer: SigningKeyPair; readonly sealing: SealingKeyPair };

const NAMES = ["Prosecutor A", "Inspector B", "Data protection officer C"];
const QUORUM = 2;
const EPOCH_MS = 365 * 86_400_000;

/** What the founding is told of the other parties. */
export type Parties = Pick<Founding, "broker" | "brokerSealingKey" | "evaluators" | "members">;

export class MemoryBoard {
  readonly #world: World;
  readonly #dealer: Dealer;
  readonly #seats: readonly Seat[];

  constructor(world: World) {
    this.#world = world;
    this.#dealer = seededDealer(world);
    this.#seats = NAMES.map((name) => {
      const signer = signingKeyPair(world.randomBytes(32));
      const sealing = sealingKeyPair(world.randomBytes(32));
      return { signer, sealing, public: { name, signingKey: signer.publicKey, sealingKey: sealing.publicKey } };
    });
  }

  /** The first directives, which found the federation and open its first epoch. */
  async found(parties: Parties): Promise<readonly SignedDirective[]> {
    const { randomBytes, clock } = this.#world;
    const nowMs = clock();
    const founding: Founding = {
      ...parties,
      name: "Invented federation",
      federationId: randomBytes(16),
      board: this.#seats.map((seat) => seat.public),
      quorum: QUORUM,
      signers: this.#signers,
      // Nobody here has a certificate.
      tlsRoot: randomBytes(40),
      freshnessKey: signingKeyPair(randomBytes(32)).publicKey,
      scheme: SCHEME.name,
      nowMs,
      retiresAtMs: nowMs + EPOCH_MS,
    };
    return (await decideFounding(founding, this.#dealer)).chain;
  }

  /** The directive that a quorum signs next. Throws as `foldDirective` for what the board may not decide. */
  decide(state: Federation, body: DirectiveBody): SignedDirective {
    const { clock: now, randomBytes } = this.#world;
    const sitting = { federation: state.id, signers: this.#signers, nowMs: now(), randomBytes, chain: [], state };
    return decide(sitting, body).chain.at(-1) as SignedDirective;
  }

  /** Announces the next epoch, so that the others make keys for it. Answers with what they have offered so far. */
  async announce(federation: Federation, preparations: Preparations, withNewKeys: boolean): Promise<Offers> {
    const office = {
      async prepareEpoch(of: { readonly epoch: number; readonly generation: number }) {
        const prepared = preparations.prepare(of);
        return { ...prepared, memberKeys: prepared.memberKeys.map(decodeMemberKey) };
      },
    };
    return await offersFor({ federation, office }, nextEpoch(federation), this.#generation(federation, withNewKeys));
  }

  /** What opens the epoch that was announced. */
  async opening(federation: Federation, offers: Offers, withNewKeys: boolean): Promise<DirectiveBody> {
    const { brokerSealingKey, memberKeys } = offers;
    const epoch = nextEpoch(federation);
    const nowMs = this.#world.clock();
    return {
      type: "epochOpen",
      epoch,
      salts: await makeSalts(withMemberKeys(federation, { memberKeys }), epoch, this.#dealer),
      scheme: SCHEME.name,
      generation: this.#generation(federation, withNewKeys) || federation.found.generation,
      brokerSealingKey,
      opensAtMs: nowMs,
      retiresAtMs: nowMs + EPOCH_MS,
      evaluators: withNewKeys ? newGenerationOf(federation, offers) : [],
      memberKeys,
    };
  }

  /** The salts of all open epochs for a member that comes to them late: recovered from the shares of a quorum, sealed to its key. */
  async saltsFor(
    federation: Federation,
    { domains, sealingKey }: Pick<Admit, "domains" | "sealingKey">,
  ): Promise<EpochSalt[]> {
    const sealed: EpochSalt[] = [];
    for (const { epoch, salts } of openEpochs(federation)) {
      for (const { domain, shares } of salts.filter((salt) => domains.includes(salt.domain))) {
        const place = { federation: federation.id, epoch, domain };
        const parts = this.#seats.slice(0, QUORUM).map(({ signer, sealing }) => {
          const own = shares.find((share) => equalBytes(share.administratorKeyId, keyId(signer.publicKey)));
          return openPart(place, own?.sealed ?? new Uint8Array(), sealing);
        });
        sealed.push({ epoch, domain, sealed: sealBox(place, saltKey(await combine(parts)), sealingKey, this.#dealer) });
      }
    }
    return sealed;
  }

  /** 0: the evaluators' keys stay. */
  #generation(federation: Federation, withNewKeys: boolean): number {
    return withNewKeys ? nextGeneration(federation) : 0;
  }

  get #signers(): readonly SigningKeyPair[] {
    return this.#seats.slice(0, QUORUM).map(({ signer }) => signer);
  }
}
