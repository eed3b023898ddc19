/**
 * (board) Decides directives: signs them with a quorum's keys and folds each at once, so that the board never issues what
 * the parties would refuse.
 */
import { readEnrolment } from "../../shared/party/enrolment.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readSealingKeys, readSigningKeys } from "../../shared/party/keys.ts";
import { readPin } from "../../shared/party/pin.ts";
import { loadChain } from "../../shared/party/chain-file.ts";
import type { Chain } from "../../shared/party/chain-file.ts";
import { directiveHash, foldDirective } from "../../shared/core/chain.ts";
import type {
  Administrator,
  Directive,
  DirectiveBody,
  DirectiveSignature,
  Federation,
  SignedDirective,
} from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { randomBytes } from "../../shared/world/random.ts";
import type { Randomness } from "../../shared/world/world.ts";
import { keyId, signPayload } from "../../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { decodeDirective, encodeDirective } from "../../shared/wire/directive.ts";

/** An administrator who sits at this machine, with its signing keys. */
export type SeatedAdministrator = { readonly public: Administrator; readonly signer: SigningKeyPair };

/** How long a directive may be on its way to a party. */
const DIRECTIVE_MS = 7 * 24 * 3_600_000;

/** Reads an administrator's directory. Throws INVALID if it is another party's. */
export function seatAdministrator(dir: string): SeatedAdministrator {
  const { enrolment } = readEnrolment(dir);
  if (enrolment.kind !== "administrator")
    throw new CausewayError("INVALID", `${dir} is not an administrator's directory`);
  const signer = readSigningKeys(dir);
  const { publicKey: sealingKey } = readSealingKeys(dir);
  return { public: { name: enrolment.name, signingKey: signer.publicKey, sealingKey }, signer };
}

/** A chain as it grows while the board sits. Default randomness: the machine's. */
export type Sitting = Partial<Randomness> & {
  readonly federation: Uint8Array;
  readonly signers: readonly SigningKeyPair[];
  readonly nowMs: number;
  readonly chain: readonly SignedDirective[];
  readonly state: Federation | undefined;
};

/** The directive that would follow on `state`, in the bytes that are to be signed. `notAfterMs`: default a week from now. */
export function draftDirective(
  of: Partial<Randomness> & {
    readonly federation: Uint8Array;
    readonly nowMs: number;
    readonly notAfterMs?: number | undefined;
  },
  state: Federation | undefined,
  body: DirectiveBody,
): { readonly payload: Uint8Array; readonly directive: Directive } {
  const payload = encodeDirective({
    federation: of.federation,
    number: (state?.head.number ?? 0) + 1,
    prevHash: state?.head.hash ?? new Uint8Array(32),
    issuedAtMs: of.nowMs,
    notAfterMs: of.notAfterMs ?? of.nowMs + DIRECTIVE_MS,
    nonce: (of.randomBytes ?? randomBytes)(16),
    body,
  });
  // Read back from the bytes, as every party will.
  return { payload, directive: decodeDirective(payload) };
}

/** (administrator) The signature that makes a proposal this administrator's decision. */
export function signDirective(
  { payload, directive }: Pick<SignedDirective, "payload" | "directive">,
  { publicKey, secretKey }: SigningKeyPair,
): DirectiveSignature {
  const { federation } = directive;
  return { keyId: keyId(publicKey), signature: signPayload({ type: "directive", federation, payload, secretKey }) };
}

/** Adds a directive, signed by all of the sitting's signers. Throws as `foldDirective`. */
export function decide(sitting: Sitting, body: DirectiveBody): Sitting & { readonly state: Federation } {
  const { signers, nowMs, state } = sitting;
  const draft = draftDirective(sitting, state, body);
  const signed: SignedDirective = { ...draft, signatures: signers.map((signer) => signDirective(draft, signer)) };
  const [first = signed] = sitting.chain;
  const next = foldDirective(state, signed, { pinnedFingerprint: directiveHash(first.payload), nowMs });
  return { ...sitting, chain: [...sitting.chain, signed], state: next };
}

/** The chain in any party's directory, proven from that party's pin. */
export function readChain(dir: string, nowMs: number): Chain {
  return loadChain(partyFile(dir, "chain"), { pinnedFingerprint: readPin(dir), nowMs });
}
