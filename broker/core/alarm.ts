/**
 * Items for oversight: something that a person should look at, about a member or about the broker itself. One is open at a time for each
 * kind and member, and counts what comes again; none of them stops or slows anything. `quarantined` reports what `writer/proofs.ts` has done.
 */
import type { MemberId } from "../../shared/core/ids.ts";

export const ALARM_KINDS = [
  "budget",
  "evaluationBudget",
  "burst",
  "churn",
  "enumeration",
  "tinyPublications",
  "hitRateHigh",
  "hitRateLow",
  "submissionRefused",
  "foreignNotices",
  "proofFailed",
  "proofDenied",
  "proofOverdue",
  "misstatements",
  "quarantined",
  "streamIncomplete",
  "streamFlooded",
  "streamNearlyFull",
  "directoryRefused",
  "unknownKind",
  "clockDisagrees",
  "sweepHeld",
  "journalRefused",
  "ledgerLost",
  "takenOver",
] as const;
export type AlarmKind = (typeof ALARM_KINDS)[number];

export type Sighting = {
  readonly kind: AlarmKind;
  /** Undefined for what is about the broker. */
  readonly member?: MemberId | undefined;
  /** For people, in plain words; names nobody and quotes nothing. */
  readonly text: string;
};

export type Alarm = Sighting & {
  readonly id: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly count: number;
  /** Who has looked into it, as the console knows that person; empty for what has ended by itself. */
  readonly acknowledged?: { readonly by: string; readonly atMs: number; readonly note: string };
};

/** What is noticed in passing, in words. Those of `fishing.ts` have their own. */
export const ALARM_TEXTS = {
  evaluationBudget: "Most of a day's allowance of evaluations at this broker's evaluator was used within 24 hours.",
  submissionRefused: "A submission was refused that an honest node with an intact disk does not send.",
  foreignNotices: "The node stated to hold notices that this broker did not send.",
  proofFailed: "By another member's word this member's tags did not show that it knows the identifiers that met.",
  proofDenied: "The member says that another's tags did not show that it knows the identifiers that met.",
  proofOverdue: "The member has not stated in time what it found of the tags of a meeting.",
  quarantined:
    "The member owes more overdue statements than the policy allows: its records meet nobody until it has answered.",
  streamIncomplete:
    "The member's stream has lost submissions; its node compares its records with the broker's, and sends again what is missing.",
  streamNearlyFull: "More than 70 % of the messages or bytes that the member's submission stream may hold are used.",
  streamFlooded:
    "The member's stream was filled with what cannot be opened; it was emptied, and the member's node sends again what counts.",
  directoryRefused: "The file of directives could not be proven; what was proven before stays in force.",
  clockDisagrees:
    "This broker's clock and the members' clocks differ by more than five minutes: nothing expires until they agree.",
  sweepHeld:
    "More records are past their review day than is plausible for one day: the others are taken out in the days to come.",
  journalRefused:
    "NATS does not store the second copy of the ledger: nothing is confirmed to anybody. Make room on the disk of the NATS server, then restart nats-server, which keeps its write error.",
  ledgerLost: "The ledger was gone, and its copy at NATS too: this broker has begun a new one.",
  takenOver: "The broker that was active before did not renew its lease: this one has taken over.",
  unknownKind: "The node sent something of a kind that this broker's version does not know; it was skipped.",
} as const satisfies Partial<Record<AlarmKind, string>>;

/** Of what ends without anybody's doing, in words. */
export const ALARM_ENDINGS = {
  clockDisagrees: "The clocks agree again.",
  journalRefused: "NATS stores the second copy of the ledger again.",
  proofOverdue: "All statements are in.",
  quarantined: "All statements are in; the member's records are matched again.",
  streamIncomplete: "The member's records agree with the broker's again.",
  streamNearlyFull: "There is room again.",
} as const satisfies Partial<Record<AlarmKind, string>>;
