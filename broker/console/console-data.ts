/**
 * What the console reads of the broker, and the one thing it writes. Whoever implements this port hands over plain values; the
 * console judges and words them. Nothing here is a key, and nothing here decides: every act is signed elsewhere.
 *
 * Reads are synchronous and cheap (memory, or one look-up in an index): a page makes several of them, and all of one page must be
 * of one instant. Whatever has to be fetched from another program is fetched beforehand and kept.
 */
import type { Invitation, PurgeAttestation } from "../../shared/core/board.ts";
import type { Federation, Freshness, SignedDirective } from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { MemberReport } from "../../shared/core/rotation.ts";
import type { Enrolled } from "../../shared/party/enrolment.ts";
import type { Alarm } from "../core/alarm.ts";
import type { StreamRoom } from "../core/stream-doubt.ts";

export type ConsoleData = {
  /** The chain as the broker has proven it, oldest directive first. */
  chain(): { readonly federation: Federation; readonly directives: readonly SignedDirective[] };
  /** The last freshness statement that was proven, expired or not; undefined before the first. */
  freshness(): Freshness | undefined;
  status(): BrokerStatus;
  /** Those that wait, then those that lately became directives, were overtaken or expired; newest first in each. */
  proposals(): readonly Proposal[];
  /** Invitations that nobody has used yet, those that have run out included for a while. */
  invitations(): readonly Pick<Invitation, "note" | "validUntilMs">[];
  /** Handed in, oldest first. The broker has checked the proof of possession, and no more. */
  enrolments(): readonly ReceivedEnrolment[];
  /** What members say of themselves and what the broker holds of them. A member never heard of may have no entry. */
  health(): ReadonlyMap<MemberId, MemberHealth>;
  /** The broker's word on epochs that have ended, latest first. */
  attestations(): readonly PurgeAttestation[];
  /** One entry for each member and each place whose account the broker knows: other operators' evaluators keep their own. */
  spending(): readonly Spending[];
  /** Open items, then the last acknowledged ones; newest first in each. */
  alarms(): readonly Alarm[];
  /** Durable when it returns. `by`: key id of the administrator, in hexadecimal. False if no open item has this id. */
  acknowledge(id: number, of: { readonly by: string; readonly note: string }): boolean;
  /**
   * Calls `listener` soon after anything above has changed; bursts may be one call. Returns what ends it. The listener returns at
   * once and never throws. A change of the board must be announced within a second: sessions end by it.
   */
  onChange(listener: () => void): () => void;
};

export type BrokerStatus = {
  readonly version: string;
  readonly natsConnected: boolean;
  /** The second copy of the ledger: when a message was last stored, and since when NATS refuses it. */
  readonly journal: { readonly storedAtMs: number; readonly refused: { readonly sinceMs: number } | undefined };
  readonly records: number;
  /** Padding included. */
  readonly tokens: number;
  readonly matchesOpened: number;
  readonly matchesOpen: number;
};

/** A directive that some of the board have signed. `signed.signatures` are those that were proven, by distinct keys. */
export type Proposal = {
  readonly signed: SignedDirective;
  readonly state: "waiting" | "accepted" | "overtaken" | "expired";
  readonly proposedAtMs: number;
};

export type ReceivedEnrolment = Enrolled & {
  /** The note of the invitation that was used. */
  readonly note: string;
  readonly receivedAtMs: number;
};

export type MemberHealth = MemberReport & {
  /** When the statement came, by the broker's clock; 0 without one. */
  readonly receivedAtMs: number;
  /** When anything that this member published was last applied; 0 if never. */
  readonly lastAppliedMs: number;
  /** NATS refuses to make its streams, or to make them as large as they should be. */
  readonly streamsRefused: boolean;
  /** What its submission stream holds, and may hold; undefined before the broker has looked. */
  readonly streamRoom?: StreamRoom | undefined;
  /** It owes too many overdue statements: its records meet nobody. */
  readonly isQuarantined: boolean;
};

/** Elements at an evaluator, new distinct tokens at the broker; over sliding 24 hours. */
export type Spending = {
  readonly member: MemberId;
  /** Undefined: published tokens, metered by the broker as such. Else the evaluator's name. */
  readonly evaluator: string | undefined;
  readonly used: number;
  readonly perDay: number;
  /** What is left of the grant of the day of admission. */
  readonly initialLeft: number;
  readonly asOfMs: number;
};
