/**
 * Who counts as whom. An administrator is a seat of the board as the chain has it now, by the id of its signing key: a directive
 * that takes the seat away takes the console away with it. An auditor is a name that an administrator has had a code made for;
 * it reads, and acknowledges nothing.
 */
import { toHex } from "../../../shared/core/bytes.ts";
import type { Administrator, Federation } from "../../../shared/core/directive.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { randomBytes } from "../../../shared/world/random.ts";
import { keyId } from "../../../shared/crypto/sign.ts";
import { check, line } from "../../../shared/wire/checks.ts";
import { NAME_LENGTH_MAX } from "../limits.ts";
import type { Accounts, Role, User } from "../store/accounts.ts";

/** Somebody who may use the console now. */
export type Person = { readonly user: string; readonly role: Role; readonly subject: string; readonly name: string };

/** Whom a one-time code is made for. */
export type ConsoleUser =
  /** In hexadecimal. */
  { readonly role: "administrator"; readonly keyId: string } | { readonly role: "auditor"; readonly name: string };

const USER_ID_BYTES = 16;

export class People {
  readonly #accounts: Accounts;
  readonly #federation: () => Federation;

  constructor(accounts: Accounts, federation: () => Federation) {
    this.#accounts = accounts;
    this.#federation = federation;
  }

  /** Undefined if there is no such user, or it has lost its seat. */
  find(user: string): Person | undefined {
    const known = this.#accounts.user(user);
    return known === undefined ? undefined : this.#personOf(known);
  }

  /** Everybody who may use the console, administrators first. */
  all(): Person[] {
    return this.#accounts.users().flatMap((user) => this.#personOf(user) ?? []);
  }

  /** The user of a seat or auditor, made if need be. Throws FORBIDDEN without such a seat, INVALID for a name of a bad form. */
  ensure(wanted: ConsoleUser): Person {
    const subject = wanted.role === "administrator" ? wanted.keyId : auditorName(wanted.name);
    const offered = { id: toHex(randomBytes(USER_ID_BYTES)), role: wanted.role, subject };
    // Asked before anything is written: a stranger leaves no trace.
    if (this.#personOf(offered) === undefined) throw new CausewayError("FORBIDDEN", "not a seat of the board");
    return this.#personOf(this.#accounts.ensureUser(offered)) as Person;
  }

  #personOf({ id, role, subject }: User): Person | undefined {
    if (role === "auditor") return { user: id, role, subject, name: subject };
    const seat = this.#federation().found.board.find((each) => seatId(each) === subject);
    return seat === undefined ? undefined : { user: id, role, subject, name: seat.name };
  }
}

/** Names a seat of the board: the id of its signing key, in hexadecimal. */
export function seatId({ signingKey }: Pick<Administrator, "signingKey">): string {
  return toHex(keyId(signingKey));
}

function auditorName(name: string): string {
  return check(line(NAME_LENGTH_MAX), name, "auditor's name");
}
