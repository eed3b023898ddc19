/**
 * What the broker tells members that do not understand beats. Replies to submissions leave at once; single notices leave at beats, in order,
 * from the ledger: what a crash or an outage of NATS keeps back leaves at a later tick, the same bytes under a new seal. Only the signature is new
 * if the board has given the broker another key since: a node believes the key that the chain names now, and no other, so that one that
 * was stolen is worth nothing from the directive on.
 */
import type { Bus } from "../../shared/bus/bus.ts";
import { toHex } from "../../shared/core/bytes.ts";
import type { Admit, Federation } from "../../shared/core/directive.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { recipientKeyOf, SEALABLE_BYTES_MAX } from "../../shared/crypto/seal.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import type { Delivery } from "../../shared/core/data-plane.ts";
import { signDelivery, signDeliveryAgain } from "../../shared/wire/data-plane.ts";
import { sealMessage } from "../../shared/wire/envelope.ts";
import { deliverySubject } from "../../shared/wire/subjects.ts";
import { retryWhileUnavailable } from "../../shared/world/wait.ts";
import type { World } from "../../shared/world/world.ts";
import { NOTICES_PER_TICK_MAX } from "../core/limits.ts";
import type { Reply } from "../core/submission.ts";
import type { Ledger, StoredNotice } from "../store/ledger.ts";
import { events } from "../events.ts";

export type OutletParts = {
  readonly bus: Pick<Bus, "connected" | "publish">;
  readonly ledger: Pick<Ledger, "noticesAfter" | "confirmed">;
  readonly federation: () => Federation;
  readonly signer: SigningKeyPair;
  /** Every signing key that a directive ever gave to the broker. */
  readonly keys: () => readonly Uint8Array[];
  readonly world: Pick<World, "after" | "log" | "randomBytes">;
  readonly signal: AbortSignal;
};

export class Outlet {
  readonly #parts: OutletParts;
  /** Number of the last notice sent since the start, or since the member connected. */
  readonly #sent = new Map<MemberId, number>();
  /** Number of the last notice that the broker cannot have signed. */
  readonly #unproven = new Map<MemberId, number>();

  constructor(parts: OutletParts) {
    this.#parts = parts;
  }

  /** Sends a reply, however long NATS is away, unless the member loses its standing. Throws UNAVAILABLE when the signal aborts first. */
  async reply({ to, body }: Reply): Promise<void> {
    const { world, signal } = this.#parts;
    await retryWhileUnavailable(world, () => this.#reply(to, body), { signal, maxDelayMs: 2_000 });
  }

  async #reply(to: MemberId, body: Reply["body"]): Promise<void> {
    const admit = this.#parts.federation().members.get(to);
    if (admit !== undefined) await this.send(admit, body);
  }

  /** Once. Throws UNAVAILABLE if it may not have been stored. */
  async send({ member, sealingKey }: Admit, body: Delivery["body"]): Promise<void> {
    const { federation, signer } = this.#parts;
    const delivery = { recipientKey: recipientKeyOf(sealingKey), member, body };
    const { signed } = signDelivery(delivery, { federation: federation().id, signer });
    await this.#publish(member, sealingKey, signed);
  }

  /** A member holds its notices up to this number: those after it are due again. */
  resume(member: MemberId, noticeNumber: number): void {
    this.#sent.set(member, noticeNumber);
  }

  /** Sends the notices that are due, and stops at the first that cannot be sent now. */
  async sendNotices(member: MemberId): Promise<"all" | "more" | "unsent"> {
    const { bus, ledger } = this.#parts;
    const admit = this.#parts.federation().members.get(member);
    if (!bus.connected || admit === undefined) return "unsent";
    const sent = this.#sent.get(member) ?? ledger.confirmed(member);
    const due = ledger.noticesAfter(member, sent, NOTICES_PER_TICK_MAX);
    const keys = due.length > 0 ? this.#parts.keys() : [];
    let last = sent;
    try {
      for (const notice of due) {
        await this.#publish(member, admit.sealingKey, this.#signedNow(notice, admit, keys));
        last = notice.number;
      }
    } catch (error) {
      if (!isCausewayError(error, "UNAVAILABLE")) throw error;
    }
    // Unless the member has connected meanwhile and wants them from another one on.
    if ((this.#sent.get(member) ?? sent) === sent) this.#sent.set(member, last);
    if (last !== (due.at(-1)?.number ?? sent)) return "unsent";
    return due.length < NOTICES_PER_TICK_MAX ? "all" : "more";
  }

  #signedNow({ number, signed }: StoredNotice, { member, slug }: Admit, keys: readonly Uint8Array[]): Uint8Array {
    const { federation, signer, world } = this.#parts;
    try {
      return signDeliveryAgain(signed, { federation: federation().id, signer, keys });
    } catch (error) {
      if (!isCausewayError(error, "UNPROVEN") && !isCausewayError(error, "INVALID")) throw error;
      // Somebody has written into the ledger. The node refuses it too, and says so; the others are told as ever. Said once: the node asks
      // for it again and again. As much of it as fits into a message.
      if (this.#unproven.get(member) !== number)
        events.alarm.noticeUnproven(world.log, error, { member: slug, number });
      this.#unproven.set(member, number);
      return signed.subarray(0, SEALABLE_BYTES_MAX);
    }
  }

  async #publish(member: MemberId, sealingKey: Uint8Array, signed: Uint8Array): Promise<void> {
    const sealed = sealMessage(signed, sealingKey, this.#parts.world.randomBytes(32));
    await this.#parts.bus.publish(deliverySubject(member), sealed, toHex(blake2b(32, sealed)));
  }
}
