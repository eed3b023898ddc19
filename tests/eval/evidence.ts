/** Why pairs were missed and why others were alerted: for people who tune, on public or invented sets only. */
import type { Subject } from "../../agency-node/core/record.ts";
import type { Entry, Pair } from "./join.ts";
import { GRADES, type GradeName, type ScriptRecall } from "./set-result.ts";

const SCRIPT_NAMES = ["Latin", "Arabic", "Cyrillic", "Hebrew", "Greek", "Ethiopic", "Han", "Devanagari"] as const;

const SCRIPTS = SCRIPT_NAMES.map((name) => [name, new RegExp(`\\p{Script=${name}}`, "u")] as const);

/** Recall by the scripts that the two records' names are written in; a record without a name is "no name". */
export function recallByScript(
  byPair: ReadonlyMap<string, Pair>,
  truth: ReadonlySet<string>,
  left: ReadonlyMap<string, Entry>,
  right: ReadonlyMap<string, Entry>,
): ScriptRecall[] {
  const groups = Map.groupBy(truth, (pair) => {
    const [a = "", b = ""] = pair.split(",");
    return [...new Set([...scriptsOf(left.get(a)?.subject), ...scriptsOf(right.get(b)?.subject)])].sort().join(", ");
  });
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([script, pairs]) => {
      const reached = (grade: GradeName) =>
        pairs.filter((pair) => reaches(byPair.get(pair), grade)).length / pairs.length;
      return {
        script: script === "" ? "no name" : script,
        pairs: pairs.length,
        recall: { strong: reached("strong"), probable: reached("probable"), possible: reached("possible") },
      };
    });
}

function scriptsOf(subject: Subject | undefined): string[] {
  const { names = [], firstNames = [], lastNames = [] } = subject ?? {};
  const text = [...names.map((name) => name.text), ...firstNames, ...lastNames].join(" ");
  return SCRIPTS.flatMap(([name, letter]) => (letter.test(text) ? [name] : []));
}

function reaches(pair: Pair | undefined, grade: GradeName): boolean {
  if (pair === undefined || pair.grading.kind !== "identity" || pair.grading.grade === "none") return false;
  return GRADES.indexOf(pair.grading.grade) <= GRADES.indexOf(grade);
}

/** Lines: misses and false alerts of `grade` and above by what had met, the commonest first, with `most` examples each. */
export function evidenceLines(
  byPair: ReadonlyMap<string, Pair>,
  truth: ReadonlySet<string>,
  grade: GradeName,
  most: number,
): string[] {
  const missed = [...truth].filter((pair) => !reaches(byPair.get(pair), grade));
  const wrong = [...byPair.keys()].filter((pair) => reaches(byPair.get(pair), grade) && !truth.has(pair));
  const section = (title: string, pairs: readonly string[]) => {
    const causes = Map.groupBy(
      pairs,
      (pair) => [...new Set(byPair.get(pair)?.kinds)].sort().join(" + ") || "nothing met",
    );
    const lines = [...causes]
      .sort(([, a], [, b]) => b.length - a.length)
      .slice(0, most)
      .map(([cause, those]) => `    ${those.length} × ${cause}: ${those.slice(0, 3).join("  ")}`);
    return [`  ${title}: ${pairs.length}`, ...lines];
  };
  return [...section(`missed at ${grade}`, missed), ...section(`false alerts at ${grade}`, wrong)];
}
