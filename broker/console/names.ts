/** What ids are called. Of the chain as a whole: those who have left still stand in its history. */
import { toHex } from "../../shared/core/bytes.ts";
import type { Admit, Federation, SignedDirective } from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { link, named } from "../../shared/web/pieces.ts";
import type { Html } from "../../shared/web/html.ts";
import { seatId } from "./seats.ts";

export type Standing = "active" | "suspended" | "removed";

export type Membership = { readonly admit: Admit; readonly standing: Standing };

export class Names {
  readonly #members = new Map<MemberId, Membership>();
  readonly #administrators = new Map<string, string>();

  constructor({
    federation,
    directives,
  }: {
    readonly federation: Federation;
    readonly directives: readonly SignedDirective[];
  }) {
    for (const { directive } of directives) {
      const { body } = directive;
      if (body.type !== "found" && body.type !== "boardChange") continue;
      for (const seat of body.board) this.#administrators.set(seatId(seat), seat.name);
    }
    for (const { admit } of federation.removed.values()) this.#add(admit, "removed");
    for (const admit of federation.suspended.values()) this.#add(admit, "suspended");
    for (const admit of federation.members.values()) this.#add(admit, "active");
  }

  /** All members there ever were, by name. */
  get members(): Membership[] {
    return [...this.#members.values()].sort((a, b) => a.admit.name.localeCompare(b.admit.name, "en"));
  }

  membership(member: MemberId): Membership | undefined {
    return this.#members.get(member);
  }

  member(member: MemberId): string {
    return this.#members.get(member)?.admit.name ?? `unknown member ${member.slice(0, 8)}…`;
  }

  /** The member's name, leading to its page. */
  memberLink(member: MemberId): Html {
    const known = this.#members.get(member);
    return known === undefined ? named(this.member(member)) : link(memberPath(known.admit), named(known.admit.name));
  }

  /** By key id, in bytes or hexadecimal. */
  administrator(keyId: Uint8Array | string): string {
    const id = typeof keyId === "string" ? keyId : toHex(keyId);
    return this.#administrators.get(id) ?? `unknown key ${id.slice(0, 8)}…`;
  }

  #add(admit: Admit, standing: Standing): void {
    this.#members.set(admit.member, { admit, standing });
  }
}

/** By id: a slug may be given again once its member has left. */
export function memberPath({ member }: Pick<Admit, "member">): string {
  return `/members/${member}`;
}
