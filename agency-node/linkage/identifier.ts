/** What a subject gives for comparison, and how a value that gives nothing is reported. */
import type { ProblemCode } from "./canonical.ts";
import type { KindName } from "./scheme.ts";

/** `fields` has the number of places that the scheme says; an absent one is "". */
export type Identifier = { readonly kind: KindName; readonly fields: readonly string[] };

/** `path` is a place in the subject such as `phones[0]`; the value itself is never repeated. */
export type Report = (path: string, problem: ProblemCode) => void;
