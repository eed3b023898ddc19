/** What is wrong with a file of settings, said so that it can be mended. */
import { closest, distance } from "fastest-levenshtein";
import type { z } from "zod";

export type Problem = {
  /** Such as `console.listen`; "settings" for the whole. */
  readonly key: string;
  /** The file or the environment variable that it stands in, or ought to. */
  readonly where: string;
  readonly reason: string;
};

type Found = {
  readonly settings: unknown;
  /** Every key that can be set. */
  readonly known: readonly string[];
  readonly path: string;
  /** From a key to the variable that gave it. */
  readonly variables: ReadonlyMap<string, string>;
};

/** A name further from what was written than this is no help. */
const DISTANCE_MAX = 3;

/** Such as `/d/node.json: natsUrl is missing`. */
export function problemText({ key, where, reason }: Problem): string {
  return `${where}: ${key} ${reason}`;
}

/** The problems that zod found, one for each key. */
export function problemsIn(issues: readonly z.core.$ZodIssue[], found: Found): Problem[] {
  const problems = issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey([...path, key].join("."), found));
    const key = path.join(".") || "settings";
    const reason = reasonOf(issue, valueAt(found.settings, path));
    return [{ key, where: found.variables.get(key) ?? found.path, reason }];
  });
  return [...new Map(problems.map((problem) => [problem.key, problem])).values()];
}

/** The known name that was probably meant. */
export function nearName(name: string, known: readonly string[]): string | undefined {
  const [same] = known.filter((each) => each.toLowerCase() === name.toLowerCase());
  if (same !== undefined || known.length === 0) return same;
  const near = closest(name, [...known]);
  return distance(name, near) <= Math.min(DISTANCE_MAX, Math.ceil(name.length / 3)) ? near : undefined;
}

function unknownKey(key: string, { known, path }: Found): Problem {
  // A whole group, such as `console`, is a name too.
  const names = known.flatMap((each) => each.split(".").map((_, i, parts) => parts.slice(0, i + 1).join(".")));
  // It may stand in the wrong group, or in none.
  const near = nearName(key, [...new Set(names)]) ?? known.find((each) => each.endsWith(`.${key}`));
  return { key, where: path, reason: `is no setting${near === undefined ? "" : `: did you mean ${near}?`}` };
}

function reasonOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined) return issue.path.length === 0 ? "are missing" : "is missing";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case "too_small":
      return issue.origin === "string" ? "must not be empty" : `must be at least ${issue.minimum}`;
    case "too_big":
      return issue.origin === "string" ? "is too long" : `must be at most ${issue.maximum}`;
    case "invalid_value":
      return `must be ${issue.values.join(" or ")}`;
    default:
      // The schema's own words; zod's begin so and may quote the pattern.
      return issue.message.startsWith("Invalid") ? "has the wrong form" : issue.message;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: "text",
  int: "a whole number",
  number: "a number",
  object: "an object, { … }",
};

function valueAt(settings: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null ? (value as Record<string, unknown>)[step] : undefined,
    settings,
  );
}
