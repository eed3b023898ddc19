/**
 * What an officer reads about a match. Names and contacts come from the signed directives, headings from the unit's own file;
 * both are still somebody's text, so nothing of them reaches the terminal as a control character.
 */
import { printable } from "../../shared/terminal/printable.ts";
import { matchSentence } from "../../shared/words/match.ts";
import type { MatchFacts } from "../../shared/words/match.ts";

/** One match in a sentence or two, and what to do about it. */
export function sentenceOf(match: MatchFacts): string {
  return printable(matchSentence(match));
}
