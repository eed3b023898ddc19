/**
 * What intake says about a file. A problem's text is chosen by its code and can only be completed with numbers, so no
 * value of the file can reach it; `field` is a name from our own vocabulary with a position, never a heading or key of
 * the file. Both may therefore be logged.
 */
import { PROBLEMS as IDENTIFIER_PROBLEMS, type ProblemCode as IdentifierProblemCode } from "../linkage/canonical.ts";

export type Severity = "error" | "warning";

const FILE_PROBLEMS = {
  FILE_EMPTY: ["error", "the file is empty"],
  FILE_ROWS: ["error", "the file has more than {n} rows: split it"],
  NO_ROWS: ["warning", "the file has headings and no rows"],
  NOT_JSON_LINES: ["error", "the file is one JSON document: give one entity on each line"],
  HEADER_DAMAGED: ["error", "the line of headings cannot be read: save the file as CSV in UTF-8"],
  HEADER_UNKNOWN: ["error", "no heading is known: is the first line a line of headings? A mapping can be given"],
  LINE_ENDS: ["error", "lines end with a lone carriage return: save the file with usual line ends"],
  MAPPING_UNKNOWN: ["error", "the mapping given names a column that the file does not have"],
  COLUMN_UNKNOWN: ["warning", "the heading is not known, so the column is not read: map it, or map it to ignore"],
  COLUMN_TWICE: ["warning", "another column gives the same field, so this one is not read"],
  PROPERTIES_IGNORED: ["warning", "{n} properties in the file are not read: the summary names them"],
} as const;

const LINE_PROBLEMS = {
  LINE_LONG: ["error", "the line is longer than {n} bytes"],
  NOT_UTF8: ["error", "the line is not UTF-8: save the file as UTF-8"],
  NUL: ["error", "the line holds zero bytes: the file is damaged, or in UTF-16 without a byte order mark"],
  TRUNCATED: ["error", "the file ends in the middle of this record"],
  NOT_JSON: ["error", "not a JSON object on one line"],
  NOT_ENTITY: ["error", "not a FollowTheMoney entity: id, schema and properties are needed"],
  SCHEMA_UNSUPPORTED: ["error", "entities of this schema are not read"],
  SCHEMA_LINKED: [
    "error",
    "belongs to another entity and is not joined to it: give the number or address as a property of that entity",
  ],
  QUOTES: ["error", "a quotation mark is opened and not closed, or closed in the middle of a cell"],
  ROW_LONG: ["error", "the row has more cells than there are headings"],
  ROW_SHORT: ["warning", "the row has fewer cells than there are headings: the others are taken as empty"],
} as const;

const VALUE_PROBLEMS = {
  MISSING: ["error", "is needed and is empty"],
  SEVERAL: ["error", "can have one value and has several"],
  TEXT_LONG: ["error", "is longer than {n} characters"],
  VALUES_MANY: ["warning", "is left out with all that follow it: {n} values of a field are read"],
  ILL_FORMED: ["error", "holds a character that does not exist"],
  DAMAGED: ["warning", "holds the mark of a character that was lost before this file was made"],
  CHOICE: ["error", "is none of the words that are known here"],
  SEX_UNKNOWN: ["warning", "is none of the words that are known here, so it is left out"],
  NOT_TEXT: ["warning", "holds something that is not text, so that value is left out"],
  DATE_FORM: ["warning", "is not a date, so it is left out: write YYYY-MM-DD, YYYY-MM or YYYY"],
  DATE_IMPOSSIBLE: ["error", "is a date that does not exist, in the order of day and month that this file uses"],
  DATE_ORDER: [
    "warning",
    "could be day/month or month/day and nothing in the file decides: read as day/month, a date order can be given",
  ],
  REVIEW_ORDER: ["error", "could be day/month or month/day and nothing in the file decides: give a date order"],
  BIRTH_FUTURE: ["error", "is a birth date in the future"],
  BIRTH_OLD: ["warning", "is a birth date more than {n} years ago"],
  REVIEW_FORM: ["error", "must be a whole day: write YYYY-MM-DD"],
  REVIEW_PAST: ["error", "is in the past"],
  REVIEW_BEYOND: ["error", "is later than the retention cap of {n} days allows"],
  ROLE_DOMAIN: [
    "error",
    "is outside this unit's mandate, so that the record could be compared with nothing: victims and witnesses need the domain `protected`, all others `target`; the board can grant it",
  ],
  HANDLING_SILENT: ["error", "silent handling needs a countersignature, which this version cannot check"],
  FORMULA: ["warning", "looks like a spreadsheet formula: kept as text"],
  ROUNDED: ["error", "is a number that a spreadsheet has rounded: format the column as text and export again"],
  PAIRING: ["error", "has another number of values than the field it belongs to"],
  HANDLE_PLATFORM: ["warning", "names no platform, so it is left out: write platform:name"],
  SYSTEM_MISSING: ["warning", "names no system, so it is left out: write system:number"],
  NO_IDENTIFIER: ["error", "the record holds too little that could be compared with other records"],
  IDENTIFIERS_MANY: ["warning", "{n} identifiers are over the cap of a record and will not be compared"],
  DUPLICATE_REFERENCE: ["error", "the reference stands on line {n} already, with another content"],
} as const;

const PROBLEMS = { ...FILE_PROBLEMS, ...LINE_PROBLEMS, ...VALUE_PROBLEMS };

/** The codes that intake finds itself; the others stand for what linkage cannot compare. */
export type OwnCode = keyof typeof PROBLEMS;
export type ProblemCode = OwnCode | `VALUE_${Uppercase<IdentifierProblemCode>}`;

export type Problem = {
  /** Line where the record starts, from 1; 0 where the problem is of no line. */
  readonly line: number;
  /** Such as `phone[1]` or `columns[3]`, positions from 0; empty where the problem is of the whole line or file. */
  readonly field: string;
  readonly code: ProblemCode;
  readonly text: string;
  readonly severity: Severity;
};

/** `n` completes the text of the codes that have a number. */
export function problem(line: number, field: string, code: OwnCode, n = 0): Problem {
  const [severity, text] = PROBLEMS[code];
  return { line, field, code, text: text.replace("{n}", String(n)), severity };
}

/** A value that linkage cannot compare: the record may stand on its other values, so it is a warning. */
export function identifierProblem(line: number, field: string, code: IdentifierProblemCode): Problem {
  const upper = code.toUpperCase() as Uppercase<IdentifierProblemCode>;
  return { line, field, code: `VALUE_${upper}`, text: IDENTIFIER_PROBLEMS[code], severity: "warning" };
}
