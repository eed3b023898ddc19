/**
 * Passkeys (WebAuthn level 2). The browser binds each answer to our origin, so a copied page gets nothing it could use here; user
 * verification is required, so a found device is not enough. Attestation is not asked for: which make a key is of is nobody's
 * business here. The browser controls every byte of an answer.
 */
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/server";
import { z } from "zod";
import { fromHex } from "../../core/bytes.ts";
import { CausewayError } from "../../core/errors.ts";
import type { Clock } from "../../world/clock.ts";
import type { World } from "../../world/world.ts";
import { PASSKEYS_PER_USER_MAX } from "../limits.ts";
import type { Accounts, Passkey } from "../store/accounts.ts";
import { Challenges } from "./challenges.ts";
import type { SignedIn } from "./sessions.ts";

const CEREMONY_MS = 120_000;
const SIGN_IN = "sign-in";
/** EdDSA, ES256, RS256 by their COSE numbers: what authenticators have. */
const ALGORITHMS = [-8, -7, -257];

const base64url = z
  .string()
  .min(1)
  .max(8_192)
  .regex(/^[A-Za-z0-9_-]+$/);

/** As much of an answer as we look at ourselves; the library checks what is inside. */
const answer = z.object({
  id: base64url,
  rawId: base64url,
  type: z.literal("public-key"),
  clientExtensionResults: z.object({}).default({}),
  response: z.record(z.string(), z.unknown()),
});

export class Passkeys {
  readonly #accounts: Accounts;
  readonly #product: string;
  readonly #origin: string;
  readonly #clock: Clock;
  readonly #challenges: Challenges;

  /** `product` as the browser's dialogue shows it, `origin` as the browser names it. */
  constructor(of: {
    readonly accounts: Accounts;
    readonly product: string;
    readonly origin: string;
    readonly world: Pick<World, "clock" | "randomBytes">;
  }) {
    this.#accounts = of.accounts;
    this.#product = of.product;
    this.#origin = of.origin;
    this.#clock = of.world.clock;
    this.#challenges = new Challenges(of.world);
  }

  async signInOptions(): Promise<PublicKeyCredentialRequestOptionsJSON> {
    return await generateAuthenticationOptions({
      rpID: this.#rpId,
      challenge: this.#challenges.issue(SIGN_IN),
      timeout: CEREMONY_MS,
      userVerification: "required",
    });
  }

  /** The user whose passkey has answered; undefined for any answer that does not hold, whatever the reason. */
  async signIn(input: unknown): Promise<string | undefined> {
    const parsed = answer.safeParse(input);
    const passkey = parsed.success ? this.#accounts.passkey(parsed.data.id) : undefined;
    if (passkey === undefined) return undefined;
    const { verified, challenge } = await this.#verifySignIn(input as AuthenticationResponseJSON, passkey);
    // Read again: it may have been removed while the signature was verified.
    if (verified === undefined || this.#accounts.passkey(passkey.id) === undefined) return undefined;
    if (!this.#challenges.answer(challenge, SIGN_IN)) return undefined;
    this.#accounts.usePasskey(passkey.id, verified.newCounter, this.#clock());
    return passkey.user;
  }

  async addOptions({ session, person }: SignedIn): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const known = this.#accounts.passkeysOf(person.user);
    return await generateRegistrationOptions({
      rpName: this.#product,
      rpID: this.#rpId,
      userID: Uint8Array.from(fromHex(person.user)),
      userName: person.name,
      userDisplayName: `${person.name} (${person.role})`,
      challenge: this.#challenges.issue(`add ${session.id}`),
      timeout: CEREMONY_MS,
      attestationType: "none",
      supportedAlgorithmIDs: ALGORITHMS,
      excludeCredentials: known.map(({ id, transports }) => ({ id, transports: [...transports] })),
      // Discoverable, so that nobody has to type a name to sign in.
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    });
  }

  /** Adds the passkey that has answered. Throws UNPROVEN for an answer that does not hold, EXHAUSTED at the limit. */
  async add({ session, person }: SignedIn, input: unknown, name: string): Promise<void> {
    if (this.#accounts.passkeysOf(person.user).length >= PASSKEYS_PER_USER_MAX) {
      throw new CausewayError("EXHAUSTED", "one person has a limited number of passkeys");
    }
    const credential = await this.#verifyAdd(input, `add ${session.id}`);
    const added = this.#accounts.addPasskey({
      id: credential.id,
      user: person.user,
      name,
      publicKey: credential.publicKey,
      counter: credential.counter,
      transports: credential.transports ?? [],
      addedAtMs: this.#clock(),
      usedAtMs: 0,
    });
    if (!added) throw unproven();
  }

  /** One of the person's own. */
  remove(user: string, id: string): boolean {
    return this.#accounts.removePasskey(user, id);
  }

  get #rpId(): string {
    return new URL(this.#origin).hostname;
  }

  async #verifySignIn(
    response: AuthenticationResponseJSON,
    passkey: Passkey,
  ): Promise<{ readonly verified: { newCounter: number } | undefined; readonly challenge: string }> {
    let challenge = "";
    try {
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response,
        expectedChallenge: (signed) => this.#challenges.holds((challenge = signed), SIGN_IN),
        expectedOrigin: this.#origin,
        expectedRPID: this.#rpId,
        requireUserVerification: true,
        credential: {
          id: passkey.id,
          publicKey: Uint8Array.from(passkey.publicKey),
          counter: passkey.counter,
          transports: [...passkey.transports],
        },
      });
      return { verified: verified ? authenticationInfo : undefined, challenge };
    } catch {
      // The library throws for each check that fails; the browser learns that it failed, not which.
      return { verified: undefined, challenge };
    }
  }

  async #verifyAdd(input: unknown, purpose: string) {
    if (!answer.safeParse(input).success) throw unproven();
    let challenge = "";
    const result = await verifyRegistrationResponse({
      response: input as RegistrationResponseJSON,
      expectedChallenge: (signed) => this.#challenges.holds((challenge = signed), purpose),
      expectedOrigin: this.#origin,
      expectedRPID: this.#rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }).catch((cause: unknown) => {
      throw unproven(cause);
    });
    if (!result.verified || !this.#challenges.answer(challenge, purpose)) throw unproven();
    return result.registrationInfo.credential;
  }
}

function unproven(cause?: unknown): CausewayError {
  return new CausewayError("UNPROVEN", "the passkey's answer does not hold", { cause });
}
