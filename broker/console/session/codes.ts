/**
 * One-time codes: how somebody signs in for the first time, or without a passkey. The administrator's own program asks the broker
 * for one over its certificate and shows it on its terminal; the person types it into a form. It holds for ten minutes and once.
 */
import { lpText, utf8 } from "../../../shared/core/bytes.ts";
import { blake2b } from "../../../shared/crypto/hash.ts";
import { randomBytes } from "../../../shared/world/random.ts";
import type { Clock } from "../../../shared/world/clock.ts";
import { CODE_LIFE_MS } from "../limits.ts";
import type { Accounts } from "../store/accounts.ts";

export type IssuedCode = { readonly code: string; readonly validUntilMs: number };

/** Crockford's base 32: nothing in it is mistaken for something else. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** 60 bits. */
const CODE_LENGTH = 12;
const GROUP = /.{4}(?!$)/g;

export class Codes {
  readonly #accounts: Accounts;
  readonly #clock: Clock;

  constructor(accounts: Accounts, clock: Clock) {
    this.#accounts = accounts;
    this.#clock = clock;
  }

  /** A new code; the user's one before ends. */
  issue(user: string): IssuedCode {
    const validUntilMs = this.#clock() + CODE_LIFE_MS;
    const code = Array.from(randomBytes(CODE_LENGTH), (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join("");
    this.#accounts.setCode(user, hashOf(code), validUntilMs);
    return { code: code.replaceAll(GROUP, "$&-"), validUntilMs };
  }

  /** Whose code was typed, if it still holds; it is gone then. */
  redeem(typed: string): string | undefined {
    const code = plain(typed);
    return code.length === CODE_LENGTH ? this.#accounts.takeCode(hashOf(code), this.#clock()) : undefined;
  }
}

/** What people make of a code when they type it. */
function plain(typed: string): string {
  return typed.slice(0, 100).toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
}

function hashOf(code: string): Uint8Array {
  return blake2b(32, lpText("causeway/console-code/v1"), utf8(code));
}
