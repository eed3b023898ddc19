/** Adds notices to the members' chains in the ledger, signed once: whatever is sent again later is the same bytes. */
import type { NoticeEvent } from "../../shared/core/data-plane.ts";
import type { Federation } from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { signDelivery } from "../../shared/wire/data-plane.ts";
import { judgeStatement, nextNotice } from "../core/notice.ts";
import type { Ledger } from "../store/ledger.ts";

export class NoticeBook {
  readonly #ledger: Ledger;
  readonly #federation: () => Federation;
  readonly #signer: SigningKeyPair;

  constructor(of: { readonly ledger: Ledger; readonly federation: () => Federation; readonly signer: SigningKeyPair }) {
    this.#ledger = of.ledger;
    this.#federation = of.federation;
    this.#signer = of.signer;
  }

  /**
   * Inside a transaction. A suspended member finds it in its chain when it is reinstated; one that the chain does not know (any more) is
   * told nothing.
   */
  append(member: MemberId, event: NoticeEvent, nowMs: number): void {
    const federation = this.#federation();
    const admit = federation.members.get(member) ?? federation.suspended.get(member);
    if (admit === undefined) return;
    const delivery = nextNotice(this.#ledger.noticeHead(member), admit, event, nowMs);
    const { signed, hash } = signDelivery(delivery, { federation: federation.id, signer: this.#signer });
    this.#ledger.appendNotice(member, { number: delivery.body.number, hash, signed });
  }

  /** Inside a transaction: a member states which notices it holds. False if they are not ours. */
  confirm(member: MemberId, statement: { readonly noticeNumber: number; readonly noticeHash: Uint8Array }): boolean {
    const known = this.#ledger.noticeHash(member, statement.noticeNumber);
    if (judgeStatement(known, statement) === "foreign") return false;
    this.#ledger.confirm(member, statement.noticeNumber);
    return true;
  }
}
