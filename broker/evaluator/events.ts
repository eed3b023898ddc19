/** What an evaluator tells its operator, on its own or hosted by a broker. */
import { defineEvents } from "../../shared/world/events.ts";
import type { Log } from "../../shared/world/log.ts";
import type { EvaluatorEvent } from "./ports.ts";

export const events = defineEvents({
  evaluator: {
    ready: { level: "info", fields: { port: "number" }, means: "The evaluator answers." },
    evaluated: {
      level: "info",
      fields: { member: "word?", elements: "number", charged: "boolean" },
      means: "A member's blinded elements were evaluated.",
    },
    refused: {
      level: "warn",
      fields: { member: "word?", elements: "number", reason: "word" },
      means: "A member's request was refused, for instance because its budget is used up.",
    },
    budgetAlarm: {
      level: "warn",
      fields: { member: "word?", usedInWindow: "number", perDay: "number" },
      means: "A member used more than 80 % of its daily allowance.",
      act: "Ask the member what it imports.",
    },
    shareMissing: {
      level: "error",
      fields: { generation: "number" },
      means:
        "The key share of a generation in use is not here: nothing new can be hardened in its epochs. What was hardened is matched on.",
      act: "Put the backup of `keys/` back. If there is none, tell the board: it opens an epoch with a new generation, see [a party is lost](operations.md#a-party-is-lost).",
    },
    retireFailed: {
      level: "error",
      means: "Key shares whose epochs have ended could not be destroyed.",
      act: "See to the directory `keys/`; it is tried again at the next directive.",
    },
    shareOffered: {
      level: "info",
      fields: { generation: "number" },
      means: "The public half of a new key share was offered to the board.",
    },
    shareNotOffered: {
      level: "error",
      means: "A new key share could not be made or offered; it is tried again.",
      act: "`EXHAUSTED`: it has offered 16 different keys; look for a second copy of its directory. `UNAVAILABLE` passes.",
    },
    loopFailed: {
      level: "error",
      means: "Following the chain, offering shares or renewing credentials failed; it is tried again.",
      act: "`error` and `message` say what: mend it.",
    },
  },
});

/** `member`: its slug, or its id, which the log cuts. */
export function tellOperator(log: Log, member: string | undefined, event: EvaluatorEvent): void {
  const { evaluated, refused, budgetAlarm, shareMissing } = events.evaluator;
  switch (event.kind) {
    case "evaluated":
      return evaluated(log, { member, elements: event.elements, charged: event.charged });
    case "refused":
      return refused(log, { member, elements: event.elements, reason: event.reason });
    case "shareMissing":
      return shareMissing(log, undefined, { generation: event.generation });
    case "budgetAlarm":
      return budgetAlarm(log, { member, usedInWindow: event.usedInWindow, perDay: event.perDay });
  }
}
