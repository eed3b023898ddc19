/**
 * One-time codes: how somebody signs in for the first time, or without a passkey. Whoever can prove in another way who the person is
 * has the program make one; the person types it into a form. It holds for ten minutes and once.
 */
import { lpText, utf8 } from "../../core/bytes.ts";
import { blake2b } from "../../crypto/hash.ts";
import type { World } from "../../world/world.ts";
import { CODE_BITS, CODE_LIFE_MS } from "../limits.ts";
import type { Accounts } from "../store/accounts.ts";

export type IssuedCode = { readonly code: string; readonly validUntilMs: number };

/** Crockford's base 32: nothing in it is mistaken for something else. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_LENGTH = CODE_BITS / Math.log2(ALPHABET.length);
const GROUP = /.{4}(?!$)/g;

export class Codes {
  readonly #accounts: Accounts;
  readonly #noun: string;
  readonly #world: Pick<World, "clock" | "randomBytes">;

  /** `noun`: the site's. What a code is of stands in its hash. */
  constructor(accounts: Accounts, noun: string, world: Pick<World, "clock" | "randomBytes">) {
    this.#accounts = accounts;
    this.#noun = noun;
    this.#world = world;
  }

  /** A new code; the user's one before ends. */
  issue(user: string): IssuedCode {
    const validUntilMs = this.#world.clock() + CODE_LIFE_MS;
    const code = Array.from(this.#world.randomBytes(CODE_LENGTH), (byte) =>
      ALPHABET.charAt(byte % ALPHABET.length),
    ).join("");
    this.#accounts.setCode(user, this.#hashOf(code), validUntilMs);
    return { code: code.replaceAll(GROUP, "$&-"), validUntilMs };
  }

  /** Whose code was typed, if it still holds; it is gone then. */
  redeem(typed: string): string | undefined {
    const code = plain(typed);
    return code.length === CODE_LENGTH ? this.#accounts.takeCode(this.#hashOf(code), this.#world.clock()) : undefined;
  }

  #hashOf(code: string): Uint8Array {
    return blake2b(32, lpText(`causeway/${this.#noun}-code/v1`), utf8(code));
  }
}

/** What people make of a code when they type it. */
function plain(typed: string): string {
  return typed.slice(0, 100).toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
}
