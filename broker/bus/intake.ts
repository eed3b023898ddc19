/**
 * From a message of a stream to a submission that may be believed. This is the one place that compares the four names of
 * its sender: subject, signature, payload, and membership in the chain of directives (protocol section 5).
 *
 * Whoever can publish on NATS controls subject and bytes; a member controls what it signs. Nothing here is answered, so
 * that a forger learns nothing; the owner's outbox keeps what has no receipt.
 */
import { toHex } from "../../shared/core/bytes.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { SealingKeyPair } from "../../shared/crypto/seal.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { openSubmission } from "../../shared/wire/data-plane.ts";
import { submissionSubject } from "../../shared/wire/subjects.ts";
import type { Log } from "../../shared/world/log.ts";
import type { Received } from "../core/submission.ts";
import { events } from "../events.ts";

export type IntakeContext = {
  readonly federation: Federation;
  /** The broker's keys of the epochs that are open, or about to be purged. */
  readonly sealingKeys: ReadonlyMap<number, SealingKeyPair>;
  /**
   * For what the ledger knows to be applied, where its hash stands: signing keys that the member has had before. Left out for what is new:
   * a key that was replaced may be in other hands.
   */
  readonly pastKeys?: readonly Uint8Array[];
};

const EPOCH_OF_SUBJECT = /\.([1-9][0-9]{0,9})$/;

/**
 * Opens what arrived in the stream of `member`. Throws FORBIDDEN for a stranger, OUT_OF_SEQUENCE for an epoch without a
 * key, UNPROVEN for a seal, signature or name that does not hold, INVALID for a wrong form.
 */
function openArrival(
  member: MemberId,
  arrival: { readonly subject: string; readonly data: Uint8Array },
  context: IntakeContext,
): Received {
  const { federation } = context;
  const admit = federation.members.get(member);
  if (admit === undefined) throw new CausewayError("FORBIDDEN", "the sender is no member");
  const epoch = Number(EPOCH_OF_SUBJECT.exec(arrival.subject)?.[1]);
  if (arrival.subject !== submissionSubject(member, epoch)) throw unproven("the subject is not the member's");
  const keyPair = context.sealingKeys.get(epoch);
  if (keyPair === undefined) throw new CausewayError("OUT_OF_SEQUENCE", "there is no key of this epoch");
  const keys = new Map([admit.signingKey, ...(context.pastKeys ?? [])].map((key) => [toHex(keyId(key)), key]));
  const { submission, hash, signed } = openSubmission(arrival.data, {
    federation: federation.id,
    keyPair,
    signingKeyOf: (id) => keys.get(id),
  });
  if (submission.member !== member) throw unproven("the submission names another member than its subject");
  if (submission.epoch !== epoch) throw unproven("the submission names another epoch than its subject");
  return { submission, hash, ...(submission.body.kind === "health" ? { signed } : {}) };
}

function unproven(message: string): CausewayError {
  return new CausewayError("UNPROVEN", message);
}

export type IntakeParts = {
  readonly federation: () => Federation;
  readonly sealingKeys: () => IntakeContext["sealingKeys"];
  /** Every signing key that a directive ever gave to the member. */
  readonly pastKeysOf: (member: MemberId) => readonly Uint8Array[];
  readonly log: Log;
};

type Arrival = Parameters<typeof openArrival>[1];

/** Opens what can be believed. What cannot is logged and passed over, so that the queue goes on. */
export class Intake {
  readonly #parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** What is new. */
  open(member: MemberId, arrival: Arrival): Received | undefined {
    return this.#open(member, arrival, this.#contextOfNow());
  }

  /** What was taken from a member while it was in good standing counts, whatever it is now and under whichever key it signed. */
  openAgain(member: MemberId, arrival: Arrival): Received | undefined {
    const federation = this.#parts.federation();
    const members = new Map([...federation.members, ...federation.suspended]);
    const pastKeys = this.#parts.pastKeysOf(member);
    return this.#open(member, arrival, {
      ...this.#contextOfNow(),
      federation: { ...federation, members },
      pastKeys,
    });
  }

  #open(member: MemberId, arrival: Arrival, context: IntakeContext): Received | undefined {
    try {
      return openArrival(member, arrival, context);
    } catch (error) {
      if (!isCausewayError(error) || error.code === "INTERNAL") throw error;
      const log = this.#parts.log.with({ member: this.#parts.federation().members.get(member)?.slug });
      events.submission.unproven(log, { code: error.code, bytes: arrival.data.length });
      return undefined;
    }
  }

  #contextOfNow(): IntakeContext {
    return { federation: this.#parts.federation(), sealingKeys: this.#parts.sealingKeys() };
  }
}
