/** Texts of the unit's own in requests to its node. */
import { z } from "zod";

/** As long as a text of a file may be: a reference was one. */
const TEXT_CHARACTERS_MAX = 1_000;

/**
 * A text of the unit's own, as it may stand in a record: one line, well-formed. Unlike `line` it may be in any normal form and have marks of
 * direction, since a reference must be found as it is.
 */
export const ownText = z
  .string()
  .max(TEXT_CHARACTERS_MAX)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text));
