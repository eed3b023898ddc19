/**
 * How much a set of agreeing tokens says. Each node grades from its own tokens that met: equal token means equal kind,
 * so both nodes hand in the same kinds and get the same answer. Integers only, so that no machine rounds differently.
 */
import type { TokenClass } from "../../shared/core/data-plane.ts";
import { CausewayError } from "../../shared/core/errors.ts";

/** `identity`: both records are about the same subject. `association`: two subjects share something. */
export type Relation = "identity" | "association";

export type KindRule = {
  /** What the wire shows of the kind. */
  readonly class: TokenClass;
  readonly relation: Relation;
  /** Kinds of one group rest on the same fact: only the heaviest that met counts. */
  readonly group: string;
  readonly weight: number;
  /** How many fields an identifier of this kind has; an absent one is the empty string. */
  readonly fields: number;
  /** A sentence an officer can repeat; names no value. */
  readonly reason: string;
};

export type GradingScheme = {
  readonly name: string;
  readonly kinds: Readonly<Record<string, KindRule>>;
  /** Least scores. */
  readonly thresholds: { readonly strong: number; readonly probable: number; readonly possible: number };
  /** The most that an association adds to the score of an identity. */
  readonly support: number;
};

export type Grade = "strong" | "probable" | "possible" | "none";

export type Grading = {
  readonly grade: Grade;
  readonly kind: Relation;
  readonly score: number;
  /** Heaviest first. */
  readonly reasons: readonly string[];
};

/**
 * Grades the kinds that met, in any order and with repetitions. An identity needs evidence of identity that reaches
 * `possible` by itself; what is shared besides then supports it. Otherwise only what is shared counts, as an association.
 * Throws `INVALID` for a kind the scheme does not have.
 */
export function gradeOf(kindsThatMet: readonly string[], scheme: GradingScheme): Grading {
  const rules = rulesOf(kindsThatMet, scheme);
  const identity = total(rules.filter((rule) => rule.relation === "identity"));
  if (identity >= scheme.thresholds.possible) {
    const supported = rules.map((rule) =>
      rule.relation === "identity" ? rule : { ...rule, weight: Math.min(rule.weight, scheme.support) },
    );
    return grading("identity", supported, scheme);
  }
  return grading(
    "association",
    rules.filter((rule) => rule.relation === "association"),
    scheme,
  );
}

function rulesOf(kinds: readonly string[], scheme: GradingScheme): KindRule[] {
  return [...new Set(kinds)].sort().map((kind) => {
    const rule = Object.hasOwn(scheme.kinds, kind) ? scheme.kinds[kind] : undefined;
    if (rule === undefined) throw new CausewayError("INVALID", "the linkage scheme has no such kind of identifier");
    return rule;
  });
}

function grading(kind: Relation, rules: readonly KindRule[], scheme: GradingScheme): Grading {
  const best = heaviestPerGroup(rules);
  const score = best.reduce((sum, rule) => sum + rule.weight, 0);
  return { grade: gradeFor(score, scheme), kind, score, reasons: best.map((rule) => rule.reason) };
}

function heaviestPerGroup(rules: readonly KindRule[]): KindRule[] {
  const best = new Map<string, KindRule>();
  for (const rule of rules) {
    if (rule.weight > (best.get(rule.group)?.weight ?? -1)) best.set(rule.group, rule);
  }
  return [...best.values()].sort((a, b) => b.weight - a.weight);
}

function total(rules: readonly KindRule[]): number {
  return heaviestPerGroup(rules).reduce((sum, rule) => sum + rule.weight, 0);
}

function gradeFor(score: number, { thresholds }: GradingScheme): Grade {
  if (score >= thresholds.strong) return "strong";
  if (score >= thresholds.probable) return "probable";
  return score >= thresholds.possible ? "possible" : "none";
}
