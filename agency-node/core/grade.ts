/**
 * How much a set of agreeing tokens says. Each node grades from its own tokens that met: equal token means equal kind,
 * so both nodes hand in the same kinds and get the same answer. Integers only, so that no machine rounds differently.
 *
 * A token binds several facts (a name and a birth date), and many tokens rest on the same fact. So kinds that met are
 * first turned into the facts that agree, each counted once at its most telling, and the weights of the facts are
 * added: the weight of evidence of Fellegi and Sunter (1969), in decibans (ten times the decimal logarithm of how much
 * likelier the agreement is between records of one subject than between records of two).
 */
import { CausewayError } from "../../shared/core/errors.ts";

/** `identity`: both records are about the same subject. `association`: two subjects share something. */
export type Relation = "identity" | "association";

export type KindRule = {
  readonly relation: Relation;
  /** What agrees where such a token meets; names in `GradingScheme.facts`. */
  readonly facts: readonly string[];
  /** How many fields an identifier of this kind has. */
  readonly fields: number;
};

export type FactRule = {
  /** Facts of one group rest on the same thing: only the weightiest that agrees counts. */
  readonly group: string;
  readonly weight: number;
  /** A sentence an officer can repeat; names no value. */
  readonly reason: string;
};

export type GradingScheme = {
  readonly name: string;
  readonly kinds: Readonly<Record<string, KindRule>>;
  readonly facts: Readonly<Record<string, FactRule>>;
  /** What the own record says of a group when none of its facts agrees, where that is worth telling. */
  readonly unmet: Readonly<Record<string, string>>;
  /** Least scores. */
  readonly thresholds: { readonly strong: number; readonly probable: number; readonly possible: number };
  /** The most that an association adds to the score of an identity. */
  readonly support: number;
  /** Sets of groups that different persons share alike, such as those of a household: with nothing else they are at most `possible`. */
  readonly sharedByMany: readonly ReadonlySet<string>[];
};

export type Grade = "strong" | "probable" | "possible" | "none";

export type Grading = {
  readonly grade: Grade;
  readonly kind: Relation;
  readonly score: number;
  /** What agrees, weightiest first. */
  readonly reasons: readonly string[];
  /** What the own record also says and did not meet; only where the own kinds were given. */
  readonly unmet?: readonly string[];
};

/**
 * Grades the kinds that met, in any order and with repetitions. An identity needs evidence of identity that reaches
 * `possible` by itself; what is shared besides then supports it. Otherwise only what is shared counts, as an association.
 * `ownKinds`, all kinds of the own record, makes it say too what did not agree: that differs from side to side, and
 * changes no grade. Throws `INVALID` for a kind the scheme does not have.
 */
export function gradeOf(
  kindsThatMet: readonly string[],
  scheme: GradingScheme,
  ownKinds: readonly string[] = [],
): Grading {
  const identity = agreed(kindsThatMet, scheme, "identity");
  const association = agreed(kindsThatMet, scheme, "association");
  const score = withinBounds(identity, scheme);
  if (score < scheme.thresholds.possible) {
    return grading("association", total(association), association, scheme, ownKinds);
  }
  const added = association.filter(({ group }) => !identity.some((fact) => fact.group === group));
  const supported = score + Math.min(total(added), scheme.support);
  return grading("identity", supported, [...identity, ...added], scheme, ownKinds);
}

/** The facts that the kinds of one relation show to agree, the weightiest of each group, weightiest first. */
function agreed(kinds: readonly string[], scheme: GradingScheme, relation: Relation): FactRule[] {
  const best = new Map<string, FactRule>();
  for (const name of new Set(kinds.flatMap((kind) => factsOf(kind, scheme, relation)))) {
    const fact = scheme.facts[name] as FactRule;
    const other = best.get(fact.group);
    if (other === undefined || isBefore(fact, other)) best.set(fact.group, fact);
  }
  return [...best.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1));
}

/** A total order, so that both sides list the same reasons. */
function isBefore(a: FactRule, b: FactRule): boolean {
  return a.weight === b.weight ? a.reason < b.reason : a.weight > b.weight;
}

function factsOf(kind: string, scheme: GradingScheme, relation: Relation): readonly string[] {
  const rule = ruleOf(kind, scheme);
  return rule.relation === relation ? rule.facts : [];
}

function ruleOf(kind: string, scheme: GradingScheme): KindRule {
  const rule = Object.hasOwn(scheme.kinds, kind) ? scheme.kinds[kind] : undefined;
  if (rule === undefined) throw new CausewayError("INVALID", "the linkage scheme has no such kind of identifier");
  return rule;
}

function withinBounds(facts: readonly FactRule[], scheme: GradingScheme): number {
  const score = total(facts);
  const bounded = scheme.sharedByMany.some((groups) => facts.every(({ group }) => groups.has(group)));
  return bounded ? Math.min(score, scheme.thresholds.probable - 1) : score;
}

function grading(
  kind: Relation,
  score: number,
  facts: readonly FactRule[],
  scheme: GradingScheme,
  ownKinds: readonly string[],
): Grading {
  const reasons = facts.map(({ reason }) => reason);
  const base: Grading = { grade: gradeFor(score, scheme), kind, score, reasons };
  return ownKinds.length === 0 ? base : { ...base, unmet: unmetIn(facts, scheme, ownKinds) };
}

function unmetIn(facts: readonly FactRule[], scheme: GradingScheme, ownKinds: readonly string[]): string[] {
  const own = new Set(
    ownKinds.flatMap((kind) => ruleOf(kind, scheme).facts).map((name) => (scheme.facts[name] as FactRule).group),
  );
  const met = new Set(facts.map(({ group }) => group));
  return Object.entries(scheme.unmet).flatMap(([group, text]) => (own.has(group) && !met.has(group) ? [text] : []));
}

function total(facts: readonly FactRule[]): number {
  return facts.reduce((sum, { weight }) => sum + weight, 0);
}

function gradeFor(score: number, { thresholds }: GradingScheme): Grade {
  if (score >= thresholds.strong) return "strong";
  if (score >= thresholds.probable) return "probable";
  return score >= thresholds.possible ? "possible" : "none";
}
