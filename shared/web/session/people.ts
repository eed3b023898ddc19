/** Who counts as whom: an account of the store, together with what the program says of it at this moment. */
import { toHex } from "../../core/bytes.ts";
import { CausewayError } from "../../core/errors.ts";
import type { Randomness } from "../../world/world.ts";
import type { Accounts, Identity, User } from "../store/accounts.ts";

/** Who may come in; the program's. */
export type Membership = {
  readonly roles: Readonly<Record<string, Role>>;
  /**
   * The name of somebody in good standing, undefined for everybody else. Asked at every request and whenever something has changed: who
   * loses it loses the sessions too.
   */
  nameOf(identity: Identity): string | undefined;
};

export type Role = {
  /** For its holder, such as "Auditor: reads". */
  readonly means: string;
  /** Sees everybody's sessions, may end them and take access away. */
  readonly overOthers: boolean;
  /** Somebody who is over others may take this access away here; otherwise only what gave it does. */
  readonly removable: boolean;
};

/** Somebody who may come in now. `user` is the id in the store. */
export type Person = Identity & { readonly user: string; readonly name: string } & Pick<
    Role,
    "overOthers" | "removable"
  >;

const USER_ID_BYTES = 16;

export class People {
  readonly #accounts: Accounts;
  readonly #membership: Membership;
  readonly #world: Randomness;

  constructor(accounts: Accounts, membership: Membership, world: Randomness) {
    this.#accounts = accounts;
    this.#membership = membership;
    this.#world = world;
  }

  /** Undefined if there is no such user, or it has lost its standing. */
  find(user: string): Person | undefined {
    const known = this.#accounts.user(user);
    return known === undefined ? undefined : this.#personOf(known);
  }

  /** Everybody who may come in, by role and subject. */
  all(): Person[] {
    return this.#accounts.users().flatMap((user) => this.#personOf(user) ?? []);
  }

  /** The user of that identity, made if need be. Throws FORBIDDEN for somebody who is not in good standing. */
  ensure(identity: Identity): Person {
    const offered = { id: toHex(this.#world.randomBytes(USER_ID_BYTES)), ...identity };
    // Asked before anything is written: a stranger leaves no trace.
    if (this.#personOf(offered) === undefined) throw new CausewayError("FORBIDDEN", "not in good standing");
    return this.#personOf(this.#accounts.ensureUser(offered)) as Person;
  }

  /** With all passkeys, sessions and codes. */
  remove(user: string): void {
    this.#accounts.removeUser(user);
  }

  #personOf({ id, role, subject }: User): Person | undefined {
    const rules = Object.hasOwn(this.#membership.roles, role) ? this.#membership.roles[role] : undefined;
    const name = rules && this.#membership.nameOf({ role, subject });
    if (rules === undefined || name === undefined) return undefined;
    const { overOthers, removable } = rules;
    return { user: id, role, subject, name, overOthers, removable };
  }
}
