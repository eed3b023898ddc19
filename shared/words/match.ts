/** What an officer reads about a match, in the node's answers, at a terminal and on pages. */
import { say, wordFor } from "./say.ts";
import { minuteOf } from "./times.ts";

/** As a node tells it; empty texts were withheld. */
export type MatchFacts = {
  /** Of the own record. */
  readonly reference: string;
  readonly subjectKind: string;
  readonly grade: string;
  readonly kind: string;
  /** What agrees, weightiest first. */
  readonly reasons: readonly string[];
  readonly state: string;
  readonly closeReason: string;
  readonly counterpart?: OtherSide | undefined;
  readonly nextStep: string;
  readonly endedUnproven: boolean;
};

type OtherSide = {
  readonly handling: string;
  readonly mandate: string;
  readonly name: string;
  readonly contact?: {
    readonly office: string;
    readonly phone: string;
    readonly email: string;
    readonly hours: string;
  };
};

/** What a match waits for or has come to, as far as it decides the next step. */
export type MatchProgress =
  | {
      readonly status: "open";
      readonly proving: boolean;
      /** Who has made its statement, once one is late. */
      readonly overdue?: { readonly ownStated: boolean; readonly otherStated: boolean; readonly sinceMs: number };
    }
  | { readonly status: "proven"; readonly contactKnown: boolean }
  | { readonly status: "unproven"; readonly doubt: "copied" | "refused" | "misnamed" | "unread" }
  /** `unproven`: by the other side; `ownStated`: this node could look at what met, and said what it found. */
  | { readonly status: "closed"; readonly unproven: boolean; readonly ownStated: boolean };

/** One match in a sentence or two, and what to do about it. Holds text of others as they wrote it. */
export function matchSentence(match: MatchFacts): string {
  const { state, counterpart, reference, nextStep } = match;
  const grade = wordFor("grade", match.grade);
  switch (state) {
    case "proven":
      return say("match.claimed", {
        claim: claimOf(match, counterpart),
        reference,
        grade,
        step: adviceOn(counterpart),
      });
    case "closed":
      return closedSentence(match);
    default:
      // What is not proven at all is no more than a claim.
      if (match.grade === "none") return say("match.unproven", { reference, step: nextStep });
      return say("match.claimed", { claim: claimOf(match, undefined), reference, grade, step: nextStep });
  }
}

function closedSentence({ reference, closeReason, counterpart, endedUnproven, nextStep }: MatchFacts): string {
  const closed = { reference, reason: wordFor("closeReason", closeReason) };
  if (endedUnproven) return say("match.closedWith", { ...closed, more: nextStep });
  if (counterpart === undefined) return say("match.closed", closed);
  const more = counterpart.contact === undefined ? adviceOn(counterpart) : say("contact.was", linesOf(counterpart));
  return say("match.closedWith", { ...closed, more });
}

/** The next allowed step, in an officer's words. `subjectKind`: of the own record. */
export function matchStep(progress: MatchProgress, subjectKind: string): string {
  const subject = wordFor("subject", subjectKind);
  switch (progress.status) {
    case "open":
      return openStep(progress, subject);
    case "proven":
      return say(progress.contactKnown ? "step.call" : "step.withheld");
    case "unproven":
      return say(`step.${progress.doubt}`, { subject });
    case "closed":
      if (!progress.unproven) return say("step.closed");
      return say(progress.ownStated ? "step.endedUnproven" : "step.endedUnread", { subject });
  }
}

function openStep({ proving, overdue }: Extract<MatchProgress, { status: "open" }>, subject: string): string {
  if (overdue === undefined || (overdue.ownStated && overdue.otherStated)) {
    return say(proving ? "step.proving" : "step.protected");
  }
  const late = { subject, since: minuteOf(overdue.sinceMs) };
  if (overdue.ownStated) return say("step.otherLate", late);
  return say(overdue.otherStated ? "step.ownLate" : "step.bothLate", late);
}

function claimOf({ kind, subjectKind, reasons }: MatchFacts, other: OtherSide | undefined): string {
  const about = { unit: unitOf(other), subject: wordFor("subject", subjectKind) };
  if (kind !== "association") return say("match.identity", about);
  return say("match.association", { ...about, reason: lower(reasons[0] ?? "") });
}

function unitOf(other: OtherSide | undefined): string {
  if (other === undefined || other.mandate === "") return say("match.unit");
  const { mandate } = other;
  return say("match.unitWithMandate", { mandate, vowel: /^[aeiou]/i.test(mandate) ? "yes" : "no" });
}

function adviceOn(other: OtherSide | undefined): string {
  if (other?.contact === undefined) return say(other?.handling === "brokered" ? "contact.brokered" : "contact.none");
  return say("contact.call", linesOf(other));
}

function linesOf({ name, contact }: OtherSide): { readonly lines: string } {
  if (contact === undefined) return { lines: name };
  const { office, phone, email, hours } = contact;
  return { lines: [`${name}, ${office}`, phone, email, hours].filter((text) => text !== "").join(", ") };
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
