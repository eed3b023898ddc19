/** What the format readers hand over: one shape for CSV and FollowTheMoney. */
import type { ColumnMapping } from "./columns.ts";
import type { Fields } from "./fields.ts";
import type { Problem } from "./problem.ts";

export type ParsedRow = {
  readonly kind: "row";
  /** Where it starts, from 1. */
  readonly line: number;
  /** Absent where the row could not be read. */
  readonly fields?: Fields;
  readonly problems: readonly Problem[];
  /** Names of properties that are not read, as the file spells them. */
  readonly ignored?: readonly string[];
};

export type Parsed =
  | ParsedRow
  | { readonly kind: "mapping"; readonly mapping: ColumnMapping }
  | { readonly kind: "problem"; readonly problem: Problem };
