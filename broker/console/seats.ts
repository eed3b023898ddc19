/**
 * Who may use the console. An administrator is a seat of the board as the chain has it now, by the id of its signing key: a directive
 * that takes the seat away takes the console away with it. An auditor is a name that an administrator has had a code made for;
 * it reads, and acknowledges nothing.
 */
import { toHex } from "../../shared/core/bytes.ts";
import type { Administrator, Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { NAME_LENGTH_MAX } from "../../shared/web/limits.ts";
import type { Role } from "../../shared/web/session/people.ts";
import type { Identity } from "../../shared/web/store/accounts.ts";
import { check, line } from "../../shared/wire/checks.ts";
import { say } from "../../shared/words/say.ts";

/** Whom a one-time code is made for. */
export type ConsoleUser =
  /** In hexadecimal. */
  { readonly role: "administrator"; readonly keyId: string } | { readonly role: "auditor"; readonly name: string };

export const ROLES = {
  administrator: {
    get means() {
      return say("role.administrator.means");
    },
    overOthers: true,
    removable: false,
  },
  auditor: {
    get means() {
      return say("role.auditor.means");
    },
    overOthers: false,
    removable: true,
  },
} as const satisfies Record<ConsoleUser["role"], Role>;

/** As the kit knows that user. Throws FORBIDDEN for a key without a seat, INVALID for an auditor's name of a bad form. */
export function identityOf(user: ConsoleUser, federation: Federation): Identity {
  if (user.role === "auditor") {
    return { role: user.role, subject: check(line(NAME_LENGTH_MAX), user.name, "auditor's name") };
  }
  const identity = { role: user.role, subject: user.keyId };
  if (nameOf(identity, federation) === undefined) throw new CausewayError("FORBIDDEN", "not a seat of the board");
  return identity;
}

/** Undefined for an administrator without a seat. */
export function nameOf({ role, subject }: Identity, { found }: Federation): string | undefined {
  return role === "auditor" ? subject : found.board.find((seat) => seatId(seat) === subject)?.name;
}

export function isAdministrator({ role }: Identity): boolean {
  return role === "administrator";
}

/** Names a seat of the board: the id of its signing key, in hexadecimal. */
export function seatId({ signingKey }: Pick<Administrator, "signingKey">): string {
  return toHex(keyId(signingKey));
}
