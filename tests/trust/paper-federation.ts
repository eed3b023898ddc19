/** An invented federation without files: keys at hand, directives signed by whoever a test likes, boxes full of random bytes. */
import { toHex } from "../../shared/core/bytes.ts";
import { directiveHash, foldDirective } from "../../shared/core/chain.ts";
import { openEpochs } from "../../shared/core/decisions.ts";
import type {
  Administrator,
  Admit,
  Directive,
  DirectiveBody,
  DomainSalt,
  EpochSalt,
  Evaluator,
  Federation,
  Found,
  MemberKey,
  SaltShare,
  SignedDirective,
} from "../../shared/core/directive.ts";
import type { Domain } from "../../shared/core/domain.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { generateKeyShare, publicKeyOf } from "../../shared/crypto/oprf.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { keyId, signingKeyPair, signPayload } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import {
  decodeSignedDirective,
  encodeDirective,
  encodeKeyOffer,
  encodeSignedDirective,
} from "../../shared/wire/directive.ts";
import { NOW_MS, termsOf } from "./sample-federation.ts";

export type Seat = { readonly public: Administrator; readonly signer: SigningKeyPair };
export type Body<Type extends DirectiveBody["type"]> = Extract<DirectiveBody, { type: Type }>;

/** Where random bytes come from; a test that needs the same federation each time gives another. */
type Draw = (count: number) => Uint8Array;

export const newSigner = (draw: Draw = randomBytes): SigningKeyPair => signingKeyPair(draw(32));
export const newSigningKey = (draw?: Draw): Uint8Array => newSigner(draw).publicKey;
export const newSealingKey = (draw: Draw = randomBytes): Uint8Array => sealingKeyPair(draw(32)).publicKey;
export const newShare = (draw: Draw = randomBytes): Uint8Array => publicKeyOf(generateKeyShare(draw(64)));
export const newMemberId = (draw: Draw = randomBytes): MemberId => toId<MemberId>(toHex(draw(16)));
const newBox = (draw: Draw = randomBytes): Uint8Array => draw(80);

export function newSeat(name: string, draw?: Draw): Seat {
  const signer = newSigner(draw);
  return { signer, public: { name, signingKey: signer.publicKey, sealingKey: newSealingKey(draw) } };
}

export type PaperOptions = {
  readonly draw?: Draw;
  readonly nowMs?: number;
  /** Of a broker whose secret keys a test has. */
  readonly broker?: Pick<Evaluator, "signingKey" | "sharePublicKey">;
};

/** A board, its broker and two evaluators; the state grows with `decide`. */
export class PaperFederation {
  readonly seats: readonly Seat[];
  /** Signing keys of members, by member id, as far as the tests made them here. */
  readonly signers = new Map<MemberId, SigningKeyPair>();
  readonly fingerprint: Uint8Array;
  readonly chain: SignedDirective[] = [];
  state: Federation;
  readonly #draw: Draw;
  readonly #nowMs: number;

  constructor(options: PaperOptions = {}) {
    const { draw = randomBytes, nowMs = NOW_MS } = options;
    this.#draw = draw;
    this.#nowMs = nowMs;
    this.seats = ["chair", "deputy", "clerk"].map((name) => newSeat(name, draw));
    const brokerKey = options.broker?.signingKey ?? newSigningKey(draw);
    const brokerShare = options.broker?.sharePublicKey ?? newShare(draw);
    const evaluators: Evaluator[] = [
      { name: "broker", address: "localhost:7443", signingKey: brokerKey, sharePublicKey: brokerShare },
      {
        name: "key-office",
        address: "localhost:7444",
        signingKey: newSigningKey(draw),
        sharePublicKey: newShare(draw),
      },
    ];
    const found: Found = {
      name: "Invented federation",
      board: this.seats.map((seat) => seat.public),
      quorum: 2,
      broker: { name: "broker", signingKey: brokerKey, address: "localhost:7443" },
      evaluators,
      generation: 1,
      tlsRoots: [draw(40)],
      freshnessKey: newSigningKey(draw),
    };
    const federation = draw(16);
    const founding = this.sign({ type: "found", ...found }, this.seats, {
      federation,
      number: 1,
      prevHash: new Uint8Array(32),
    });
    this.fingerprint = directiveHash(founding.payload);
    this.state = foldDirective(undefined, founding, { pinnedFingerprint: this.fingerprint, nowMs });
    this.chain.push(founding);
  }

  sign(body: DirectiveBody, seats: readonly Seat[] = this.seats, over: Partial<Directive> = {}): SignedDirective {
    const directive: Directive = {
      federation: this.state?.id,
      number: this.state === undefined ? 1 : this.state.head.number + 1,
      prevHash: this.state?.head.hash,
      issuedAtMs: this.#nowMs,
      notAfterMs: this.#nowMs + 3_600_000,
      nonce: this.#draw(16),
      ...over,
      body,
    };
    const payload = encodeDirective(directive);
    const signatures = seats.map(({ signer: { publicKey, secretKey } }) => ({
      keyId: keyId(publicKey),
      signature: signPayload({ type: "directive", federation: directive.federation, payload, secretKey }),
    }));
    return { payload, directive, signatures };
  }

  /** As a party receives it: through bytes. The state stays as it is. */
  receive(signed: SignedDirective, nowMs = this.#nowMs): Federation {
    const received = decodeSignedDirective(encodeSignedDirective(signed));
    return foldDirective(this.state, received, { pinnedFingerprint: this.fingerprint, nowMs });
  }

  /** Signed by two, unless told otherwise, and taken. */
  decide(body: DirectiveBody, seats: readonly Seat[] = this.seats.slice(0, 2)): Federation {
    const signed = this.sign(body, seats);
    this.state = this.receive(signed);
    this.chain.push(signed);
    return this.state;
  }

  admit(slug: string, domains: readonly Domain[] = ["target"], over: Partial<Body<"admit">> = {}): MemberId {
    const body = this.admission(slug, domains, over);
    this.decide(body);
    return body.member;
  }

  admission(slug: string, domains: readonly Domain[], over: Partial<Body<"admit">> = {}): Body<"admit"> {
    const member = newMemberId(this.#draw);
    const signer = newSigner(this.#draw);
    this.signers.set(member, signer);
    const keys = { signingKey: signer.publicKey, sealingKey: newSealingKey(this.#draw) };
    return { type: "admit", ...termsOf(slug, domains), member, ...keys, salts: this.saltsOf(domains), ...over };
  }

  /** One for each open epoch and domain. */
  saltsOf(domains: readonly Domain[]): EpochSalt[] {
    return openEpochs(this.state).flatMap(({ epoch, salts }) =>
      salts
        .filter(({ domain }) => domains.includes(domain))
        .map(({ domain }) => ({ epoch, domain, sealed: newBox(this.#draw) })),
    );
  }

  opening(epoch: number, over: Partial<Body<"epochOpen">> = {}): Body<"epochOpen"> {
    const known = [...this.state.members.values(), ...this.state.suspended.values()];
    const domains = new Set<Domain>(["target", ...known.flatMap((member) => member.domains)]);
    return {
      type: "epochOpen",
      epoch,
      salts: [...domains].map((domain) => this.#salt(domain)),
      scheme: "invented-scheme/1",
      generation: this.state.found.generation,
      brokerSealingKey: newSealingKey(this.#draw),
      opensAtMs: this.#nowMs,
      retiresAtMs: this.#nowMs + 86_400_000,
      evaluators: [],
      memberKeys: [],
      ...over,
    };
  }

  /** Opens and activates. */
  rotate(epoch: number, over: Partial<Body<"epochOpen">> = {}): Federation {
    this.decide(this.opening(epoch, over));
    return this.decide({ type: "epochActivate", epoch, laggards: [] });
  }

  /** A sealing key for an epoch, signed by the member, or by whoever a test likes. */
  offer(member: MemberId, epoch: number, over: { sealingKey?: Uint8Array; signer?: SigningKeyPair } = {}): MemberKey {
    const offer = { member, epoch, sealingKey: over.sealingKey ?? newSealingKey(this.#draw) };
    const { publicKey, secretKey } = over.signer ?? this.signers.get(member) ?? newSigner(this.#draw);
    const payload = encodeKeyOffer(offer);
    const signature = signPayload({ type: "key-offer", federation: this.state.id, payload, secretKey });
    return { ...offer, payload, signature: { keyId: keyId(publicKey), signature } };
  }

  /** The same evaluators with new shares. */
  newGeneration(): Pick<Body<"epochOpen">, "generation" | "evaluators"> {
    const newest = Math.max(this.state.found.generation, ...[...this.state.epochs.values()].map((e) => e.generation));
    const evaluators = this.state.found.evaluators.map((each) => ({ ...each, sharePublicKey: newShare(this.#draw) }));
    return { generation: newest + 1, evaluators };
  }

  boardChange(seats: readonly Seat[], quorum: number, over: Partial<Body<"boardChange">> = {}): Body<"boardChange"> {
    const board = seats.map((seat) => seat.public);
    const shares = openEpochs(this.state).flatMap(({ epoch, salts }) =>
      salts.map(({ domain }) => ({ epoch, domain, shares: sharesFor(board, this.#draw) })),
    );
    return { type: "boardChange", board, quorum, shares, reason: "invented reason", ...over };
  }

  member(id: MemberId): Admit {
    return this.state.members.get(id) as Admit;
  }

  #salt(domain: Domain): DomainSalt {
    const { board, quorum } = this.state.found;
    const entitled = [...this.state.members.values()].filter((member) => member.domains.includes(domain));
    return {
      domain,
      commitment: this.#draw(32),
      contributions: board
        .slice(0, quorum)
        .map(({ signingKey }) => ({ administratorKeyId: keyId(signingKey), commitment: this.#draw(32) })),
      boxes: entitled.map(({ member }) => ({ member, sealed: newBox(this.#draw) })),
      shares: sharesFor(board, this.#draw),
    };
  }
}

export function sharesFor(board: readonly Administrator[], draw?: Draw): SaltShare[] {
  return board.map(({ signingKey }) => ({ administratorKeyId: keyId(signingKey), sealed: newBox(draw) }));
}
