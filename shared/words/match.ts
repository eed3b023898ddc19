/** What an officer reads about a match, in the node's answers, at a terminal and on pages. */
import { say, wordFor } from "./say.ts";

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
  | { readonly status: "open"; readonly proving: boolean }
  | { readonly status: "proven"; readonly contactKnown: boolean }
  | { readonly status: "unproven" | "closed" | "dropped" };

/** One match in a sentence or two, and what to do about it. Holds text of others as they wrote it. */
export function matchSentence(match: MatchFacts): string {
  const { state, counterpart, reference } = match;
  const grade = wordFor("grade", match.grade);
  switch (state) {
    case "proven":
      return say("match.claimed", {
        claim: claimOf(match, counterpart),
        reference,
        grade,
        step: adviceOn(counterpart),
      });
    case "unproven":
      return say("match.unproven", { reference, grade });
    case "closed":
      return say("match.closed", { reference, reason: wordFor("closeReason", match.closeReason) });
    default:
      return say("match.claimed", { claim: claimOf(match, undefined), reference, grade, step: match.nextStep });
  }
}

/** The next allowed step, in an officer's words. */
export function matchStep(progress: MatchProgress): string {
  switch (progress.status) {
    case "open":
      return say(progress.proving ? "step.proving" : "step.protected");
    case "proven":
      return say(progress.contactKnown ? "step.call" : "step.withheld");
    case "unproven":
    case "closed":
    case "dropped":
      return say(`step.${progress.status}`);
  }
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
  const { office, phone, email, hours } = other.contact;
  const lines = [`${other.name}, ${office}`, phone, email, hours].filter((text) => text !== "");
  return say("contact.call", { lines: lines.join(", ") });
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
