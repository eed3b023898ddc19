/** What each kind of alarm means and what to do about it. None of them has stopped an officer: a human decides what it was. */
import type { AlarmKind } from "../core/alarm.ts";

export type AlarmWords = { readonly title: string; readonly means: string; readonly advice: string };

export const ALARM_WORDS: Readonly<Record<AlarmKind, AlarmWords>> = {
  budget: {
    title: "Budget nearly spent",
    means: "The member has spent more than the policy's share of what it may publish in 24 hours.",
    advice: "Ask what the work is. A larger allowance is a change of the policy.",
  },
  evaluationBudget: {
    title: "Evaluations nearly spent",
    means:
      "The member has spent more than the policy's share of the evaluations that it may ask an evaluator for in 24 hours.",
    advice:
      "Ask what the work is: each evaluation is a value that the unit can try. A larger allowance is a change of the policy.",
  },
  burst: {
    title: "Burst of new records",
    means: "Far more new records than this member usually publishes in such a time.",
    advice: "Ask the unit whether it loaded a file.",
  },
  churn: {
    title: "Published, then withdrawn",
    means:
      "Records were published and withdrawn again soon after: a way to ask whether others hold somebody without leaving a record.",
    advice: "Ask the unit what it was doing. A correction of an import looks the same.",
  },
  enumeration: {
    title: "Enumeration",
    means: "Records that differ from each other in few tokens, as if values were tried one after the other.",
    advice: "Ask the unit for the files behind these records. If it cannot name them, suspend it.",
  },
  tinyPublications: {
    title: "Many tiny publications",
    means: "Records were published one by one with little in them, as if single values were tried.",
    advice: "Ask the unit for the files behind these records. A feed of a case system may look the same.",
  },
  hitRateHigh: {
    title: "Unusually many hits",
    means: "The share of this member's records that meet others is far above the federation's.",
    advice: "It can mean guessing from somebody else's list. Ask the unit where its records come from.",
  },
  hitRateLow: {
    title: "Unusually few hits",
    means: "The share of this member's records that meet others is far below the federation's.",
    advice: "It can mean invented records, or a fault in how the unit writes names and numbers.",
  },
  submissionRefused: {
    title: "Submission refused",
    means: "Something arrived under this member's name that an honest node with an intact disk does not send.",
    advice: "Treat the member's node and the NATS server as possibly broken into. Ask the member by telephone.",
  },
  foreignNotices: {
    title: "Notices from elsewhere",
    means: "The node says that it holds notices which this broker has not sent.",
    advice: "Either the broker was restored from an old copy, or somebody else holds its key. Find out which.",
  },
  proofFailed: {
    title: "Claim that could not be proven",
    means: "A side of a match could not show that it knows the identifiers that met. Nothing was disclosed.",
    advice: "A token may have been stolen or made up. Look at which members were involved.",
  },
  streamIncomplete: {
    title: "Submissions lost by NATS",
    means:
      "A stream has lost submissions that were applied before. Digests find the records, and their owners send them again.",
    advice: "Look at the disks of the NATS servers. Check that every member's digest agrees again.",
  },
  directoryRefused: {
    title: "Chain of directives refused",
    means: "The broker was given a chain that it could not prove. What was proven before stays in force.",
    advice:
      "Compare the chain with each other by telephone: somebody may show different histories to different parties.",
  },
  unknownKind: {
    title: "Node of a later version",
    means:
      "The node sent something of a kind that this broker's version does not know. It was skipped, and the node was told so.",
    advice: "Ask the broker's operator to update the broker.",
  },
};
