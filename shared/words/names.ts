/** What ids are called. Of the chain as a whole: those who have left still stand in its history. */
import { toHex } from "../core/bytes.ts";
import type { Administrator, Admit, Federation, SignedDirective } from "../core/directive.ts";
import type { MemberId } from "../core/ids.ts";
import { keyId } from "../crypto/sign.ts";
import { say } from "./say.ts";

export type Standing = "active" | "suspended" | "removed";

export type Membership = { readonly admit: Admit; readonly standing: Standing };

export class Names {
  readonly #members = new Map<MemberId, Membership>();
  readonly #administrators = new Map<string, string>();

  /** `directives`: of the chain, as far as they are at hand; they name administrators who have lost their seat. */
  constructor({
    federation,
    directives = [],
  }: {
    readonly federation: Federation;
    readonly directives?: readonly Pick<SignedDirective, "directive">[];
  }) {
    for (const { directive } of directives) {
      const { body } = directive;
      if (body.type === "found" || body.type === "boardChange") this.#seat(body.board);
    }
    this.#seat(federation.found.board);
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

  /** Such as "Harbour Unit". */
  member(member: MemberId): string {
    return this.#members.get(member)?.admit.name ?? say("name.unknownMember", { id: member });
  }

  /** Such as "harbour (Harbour Unit)": the name that commands take comes first. */
  slugged(member: MemberId): string {
    const admit = this.#members.get(member)?.admit;
    return admit === undefined ? this.member(member) : say("name.member", admit);
  }

  /** By key id, in bytes or hexadecimal. */
  administrator(id: Uint8Array | string): string {
    const digits = typeof id === "string" ? id : toHex(id);
    return this.#administrators.get(digits) ?? say("name.unknownKey", { id: digits });
  }

  #seat(board: readonly Administrator[]): void {
    for (const seat of board) this.#administrators.set(toHex(keyId(seat.signingKey)), seat.name);
  }

  #add(admit: Admit, standing: Standing): void {
    this.#members.set(admit.member, { admit, standing });
  }
}
