/**
 * Adds notices to what members are told. A member that understands beats is told in batches, one for each commit; another in single notices,
 * signed once: whatever is sent again later is the same bytes.
 */
import { toHex } from "../../shared/core/bytes.ts";
import type { NoticeEvent } from "../../shared/core/data-plane.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Incarnation, MemberId } from "../../shared/core/ids.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { batchHash, signDelivery } from "../../shared/wire/data-plane.ts";
import { encodeBatch } from "../../shared/wire/delivery.ts";
import type { Randomness } from "../../shared/world/world.ts";
import { BATCHES_KEPT_MS } from "../core/limits.ts";
import { batchesOf, judgeHeld } from "../core/notice-line.ts";
import type { HeldNotices, LineVerdict, NoticeLine } from "../core/notice-line.ts";
import { judgeStatement, nextNotice } from "../core/notice.ts";
import type { Ledger } from "../store/ledger.ts";

export type NoticeBookParts = {
  readonly ledger: Ledger;
  readonly federation: () => Federation;
  readonly signer: SigningKeyPair;
  readonly randomBytes: Randomness["randomBytes"];
  /** There is something to send to the member, once the transaction is kept. */
  readonly onTold?: (member: MemberId) => void;
};

const INCARNATION_BYTES = 16;

export class NoticeBook {
  readonly #parts: NoticeBookParts;
  /** What this transaction tells members in batches. */
  readonly #due = new Map<MemberId, { readonly events: NoticeEvent[]; readonly nowMs: number }>();

  constructor(parts: NoticeBookParts) {
    this.#parts = parts;
    parts.ledger.beforeCommit(() => this.#flush());
  }

  /**
   * Inside a transaction. A suspended member finds it in its chain when it is reinstated; one that the chain does not know (any more) is
   * told nothing.
   */
  append(member: MemberId, event: NoticeEvent, nowMs: number): void {
    const { ledger, federation, onTold } = this.#parts;
    const { members, suspended, id } = federation();
    const admit = members.get(member) ?? suspended.get(member);
    if (admit === undefined) return;
    onTold?.(member);
    if (ledger.lines.has(member)) {
      const due = this.#due.get(member);
      if (due === undefined) this.#due.set(member, { events: [event], nowMs });
      else due.events.push(event);
      return;
    }
    const delivery = nextNotice(ledger.noticeHead(member), admit, event, nowMs);
    const { signed, hash } = signDelivery(delivery, { federation: id, signer: this.#parts.signer });
    ledger.appendNotice(member, { number: delivery.body.number, hash, signed });
  }

  /** Inside a transaction: a member states which single notices it holds. False if they are not ours. */
  confirm(member: MemberId, statement: { readonly noticeNumber: number; readonly noticeHash: Uint8Array }): boolean {
    const known = this.#parts.ledger.noticeHash(member, statement.noticeNumber);
    if (judgeStatement(known, statement) === "foreign") return false;
    this.#parts.ledger.confirm(member, statement.noticeNumber);
    return true;
  }

  /**
   * Inside a transaction: a member that understands beats states which batches it holds. When one of the two sides has lost something, all that
   * is open is to be told again from here on, see `Retelling`.
   */
  hear(member: MemberId, stated: HeldNotices, nowMs: number): LineVerdict["kind"] {
    const { lines } = this.#parts.ledger;
    const verdict = judgeHeld(lines.line(member), stated, lines.hashOf(member, stated.noticeNumber), nowMs);
    if (verdict.kind === "held") lines.confirm(member, verdict.number, nowMs - BATCHES_KEPT_MS);
    if (verdict.kind === "anew") this.#beginAnew(member, nowMs);
    return verdict.kind;
  }

  /** What both sides knew before the loss needs no telling: what was closed is told from the last batch on that is known here. */
  #beginAnew(member: MemberId, nowMs: number): void {
    const { ledger, randomBytes } = this.#parts;
    const closedSinceMs = Math.max(ledger.lines.lastAtMs(member), nowMs - BATCHES_KEPT_MS);
    const incarnation = toId<Incarnation>(toHex(randomBytes(INCARNATION_BYTES)));
    ledger.lines.begin(member, incarnation, { closedSinceMs, nowMs });
  }

  #flush(): void {
    const { ledger } = this.#parts;
    for (const [member, { events, nowMs }] of this.#due) {
      let { hash: prevHash, ...line } = ledger.lines.line(member) as NoticeLine;
      for (const batch of batchesOf(line, events)) {
        const bytes = encodeBatch({ ...batch, prevHash });
        prevHash = batchHash(bytes);
        ledger.lines.append(member, { number: batch.number, atMs: nowMs, batch: bytes }, prevHash);
      }
    }
    this.#due.clear();
  }
}
