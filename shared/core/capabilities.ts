/**
 * What a party understands beyond the first version, in words that never change their meaning. Each party states its list; a sender gives a
 * known message a new field, or says something of a new kind that must not be lost, only to a party that has stated to understand it
 * (protocol section 12). A party that states nothing is of the first version.
 *
 * A list is a statement about a program, not a right: nothing may be decided by it but what to send.
 */
export const CAPABILITIES = [
  /** Reads lists of capabilities, and the count of skipped notices, in `connected` and `health`. */
  "capabilities",
  /** Skips notices, submissions and entries of a kind that it does not know, and says so; before it, one such blocked all behind it. */
  "unknown-kinds",
  /**
   * Tells and is told in beats: range receipts, notice batches with incarnations, one message a member. Such a node states the incarnation of
   * the notices it holds, and in its health what is not compared.
   */
  "beats",
  /** Reads several addresses of one party in directives. */
  "addresses",
] as const;
export type Capability = (typeof CAPABILITIES)[number];

export type Capabilities = ReadonlySet<Capability>;

/** Of a party that states nothing. */
export const FIRST_VERSION: Capabilities = new Set();

/** What a peer has stated: words of a later version say nothing to this one. */
export function understoodOf(words: readonly string[]): Capabilities {
  return new Set(CAPABILITIES.filter((word) => words.includes(word)));
}
