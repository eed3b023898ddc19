/**
 * A text as a person sees it. Characters that nobody sees split a word or hide one from comparison: zero-width ones, soft hyphens, marks of
 * direction, selectors of a glyph, fillers, tags. They go before anything is compared.
 *
 * Two of them mean something where they join letters: the (non-)joiners of Persian and of the scripts of India, which tell names and
 * domains apart. There they stay, elsewhere they go.
 *
 * Source: Unicode, Default_Ignorable_Code_Point and general category Cf; RFC 5892, appendix A, for where joiners join, here by script.
 */

const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/u;
const BUT_JOINERS = /(?![\u200c\u200d])[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu;

const JOINED = [
  ..."Arabic Syriac Nko Mongolian".split(" "),
  ..."Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala".split(" "),
]
  .map((script) => `\\p{Script_Extensions=${script}}`)
  .join("");
const IDLE_JOINER = new RegExp(`(?<![${JOINED}])[\\u200c\\u200d]+|[\\u200c\\u200d]+(?![${JOINED}])`, "gu");

/** Without what is invisible, NFKC: letters and digits of full width and of mathematics are the plain ones. */
export function plainText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  return visibleText(text).normalize("NFKC");
}

/** Without what is invisible, else as it stands. */
export function visibleText(text: string): string {
  if (!INVISIBLE.test(text)) return text;
  return text.replace(BUT_JOINERS, "").replace(IDLE_JOINER, "");
}
