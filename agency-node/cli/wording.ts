/**
 * What an officer reads about a match. Names and contacts come from the signed directives, headings from the unit's own file;
 * both are still somebody's text, so nothing of them reaches the terminal as a control character.
 */
import { printable } from "../../shared/terminal/printable.ts";
import type { ContactLines, MatchView, OtherSide } from "./rpc/node-client.ts";

/** One match in a sentence or two, and what to do about it. */
export function sentenceOf(match: MatchView): string {
  return printable(sentence(match));
}

function sentence(match: MatchView): string {
  const { state, counterpart } = match;
  const record = `your record ${match.reference}, ${match.grade}`;
  switch (state) {
    case "proven":
      return `${claim(match, counterpart)} (${record}). ${advice(counterpart)}`;
    case "unproven":
      return `Somebody claimed an overlap (${record}) and could not prove it. Nothing was disclosed; do not act on it.`;
    case "closed":
      return `The overlap with your record ${match.reference} is closed: ${CLOSED[match.closeReason] ?? match.closeReason}.`;
    default:
      return `${claim(match, undefined)} (${record}). ${match.nextStep}`;
  }
}

const CLOSED: Readonly<Record<string, string>> = {
  withdrawn: "a side withdrew its record",
  expired: "a side's review day has passed",
  amended: "a side changed its record",
  memberRemoved: "the other side has left the federation",
};

/** Identity: the same subject. Association: two subjects share something, which the first reason names. */
function claim({ kind, subjectKind, reasons }: MatchView, other: OtherSide | undefined): string {
  const who = unitOf(other);
  if (kind !== "association") return `${who} also holds this ${subjectKind}`;
  return `${who} holds another subject that shares something with this ${subjectKind} (${lower(reasons[0] ?? "")})`;
}

function unitOf(other: OtherSide | undefined): string {
  if (other === undefined || other.mandate === "") return "Another unit";
  return `${/^[aeiou]/i.test(other.mandate) ? "An" : "A"} ${other.mandate} unit`;
}

function advice(other: OtherSide | undefined): string {
  if (other?.contact !== undefined) return `Call ${contactLine(other.name, other.contact)}`;
  if (other?.handling === "brokered") return "It wishes not to be named: ask your board to put you in touch.";
  return "The other side discloses nothing more.";
}

function contactLine(name: string, { office, phone, email, hours }: ContactLines): string {
  const lines = [`${name}, ${office}`, phone, email, hours].filter((text) => text !== "");
  return `${lines.join(", ")}.`;
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
