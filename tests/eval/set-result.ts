/** The figures of one evaluation set, as the page of plots takes them. */

export const GRADES = ["strong", "probable", "possible"] as const;

export type GradeName = (typeof GRADES)[number];

/** What alerting from `score` upwards gives. */
export type CurvePoint = { readonly score: number; readonly tp: number; readonly fp: number; readonly fn: number };

export type GradeFigures = {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
};

/** Recall of the true pairs whose names are written in these scripts, such as "Arabic, Latin". */
export type ScriptRecall = {
  readonly script: string;
  readonly pairs: number;
  readonly recall: Readonly<Record<GradeName, number>>;
};

export type SetResult = {
  readonly set: string;
  /** From the highest score down, as `curveOf` makes it. */
  readonly curve: readonly CurvePoint[];
  /** Each grade and everything above it. */
  readonly grades: Readonly<Record<GradeName, GradeFigures>>;
  readonly comparisons: number;
  readonly falseAlertsPer10k: number;
  readonly tokensPerRecord: number;
  readonly seconds: number;
  readonly scripts?: readonly ScriptRecall[];
};

/**
 * A point for each score that some pair has. `pairs` are those with evidence of identity, `isTrue` whether they are in the
 * truth, `truePairs` how many the truth has.
 */
export function curveOf(
  pairs: readonly { readonly score: number; readonly isTrue: boolean }[],
  truePairs: number,
): CurvePoint[] {
  const atScore = new Map<number, { tp: number; fp: number }>();
  for (const { score, isTrue } of pairs) {
    const counts = atScore.get(score) ?? { tp: 0, fp: 0 };
    atScore.set(score, counts);
    if (isTrue) counts.tp += 1;
    else counts.fp += 1;
  }
  let [tp, fp] = [0, 0];
  return [...atScore]
    .sort(([a], [b]) => b - a)
    .map(([score, counts]) => {
      tp += counts.tp;
      fp += counts.fp;
      return { score, tp, fp, fn: truePairs - tp };
    });
}
