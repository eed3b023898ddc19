/**
 * Patterns of use that are worth a look (protocol section 2, "budgets"): a member that asks for guesses' sake looks, from here, like one that
 * works unusually. None of this proves anything, and nothing is stopped or slowed for it; a person looks, and the member can see what was
 * noticed about it.
 *
 * What a fishing member controls: all of its own publications and evaluations, not those of others. It can stay below every threshold by
 * being slow; then the budgets bound what it learns. Known weakness: counts are of this process, and begin anew when it does; budgets do not.
 * Test records look like any others and are counted.
 */
import type { Budget } from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { AlarmKind } from "./alarm.ts";
import { balanceOf, firstHourInWindow, HOUR_MS } from "../../shared/core/quota.ts";
import type { Account } from "../../shared/core/quota.ts";

/** All thresholds, with reasons. Rates and counts are over 24 hours unless they say otherwise. */
export const THRESHOLDS = {
  /** Of a day's allowance within one clock hour: it is meant for a day's work. An import uses the initial grant, which is not counted. */
  burstShare: 0.5,
  /** A record that is withdrawn sooner is no check: those live for a day. */
  shortLifeMs: 12 * HOUR_MS,
  /** Fewer short-lived records are corrections. */
  churnRecordsMin: 50,
  /** Of a member's new records that were short-lived: mistakes are not made in every second one. */
  churnShare: 0.5,
  /** Publications of a single new record within one clock hour, one in six seconds: more than a unit's officers type. */
  singlesPerHour: 600,
  /** Evaluations above what is published: three of the largest batches, two of which may be on the way at a time. */
  evaluationsSlack: 200_000,
  /** Evaluations for each published token. An honest node publishes every identifier that it hardens, and padding besides. */
  evaluationsPerToken: 4,
  /** What was evaluated later may be about to be published: an import hardens ahead. */
  evaluationsLagHours: 2,
  /** New records of the others, all together, that a rate of theirs needs to mean something. */
  othersRecordsMin: 200,
  /** Own new records, for a rate that is too high: a list of known subjects need not be long. */
  highRecordsMin: 50,
  /** Times the others' rate, and at least every second record: they were chosen because others hold them. */
  highFactor: 5,
  highRateMin: 0.5,
  /** Own new records, for a rate that is too low: guesses are many. */
  lowRecordsMin: 1_000,
  /** Part of the others' rate, if that is at least one in fifty: records that nobody ever looks for are made up. */
  lowFactor: 0.05,
  lowOthersRateMin: 0.02,
  /** Statements on meetings that do not verify: one may be a fault, a disk or a memory. */
  misstatedMin: 3,
} as const;

/** What one member did in some time. */
export type Counts = {
  /** Handles that stood nowhere before. */
  readonly newRecords: number;
  /** Withdrawn sooner than `shortLifeMs` after they were first published. */
  readonly shortLived: number;
  /** Matches that its publications opened. */
  readonly opened: number;
  /** Publications of one new record. */
  readonly singles: number;
  /** Tokens in its publications, padding and repetitions included. */
  readonly tokens: number;
  /** Elements that the hosted evaluator has charged. */
  readonly evaluated: number;
  /** Statements on meetings that were wrong. */
  readonly misstated: number;
};

const NOTHING: Counts = {
  newRecords: 0,
  shortLived: 0,
  opened: 0,
  singles: 0,
  tokens: 0,
  evaluated: 0,
  misstated: 0,
};

/** What members did, by the hour, over the last day. */
export class Activity {
  readonly #hours = new Map<MemberId, Map<number, Counts>>();

  note(member: MemberId, counts: Partial<Counts>, nowMs: number): void {
    const hours = this.#hours.get(member) ?? new Map<number, Counts>();
    this.#hours.set(member, hours);
    const hour = Math.floor(nowMs / HOUR_MS);
    hours.set(hour, sum([hours.get(hour) ?? NOTHING, { ...NOTHING, ...counts }]));
    for (const known of hours.keys()) if (known < firstHourInWindow(nowMs)) hours.delete(known);
  }

  get members(): MemberId[] {
    return [...this.#hours.keys()];
  }

  /** Over 24 hours, less the last `lagHours`. */
  of(member: MemberId, nowMs: number, lagHours = 0): Counts {
    const last = Math.floor(nowMs / HOUR_MS) - lagHours;
    const hours = this.#hours.get(member) ?? new Map<number, Counts>();
    const counted = [...hours].filter(([hour]) => hour >= firstHourInWindow(nowMs) && hour <= last);
    return sum(counted.map(([, counts]) => counts));
  }

  /** In the clock hour that is running. */
  ofThisHour(member: MemberId, nowMs: number): Counts {
    return this.#hours.get(member)?.get(Math.floor(nowMs / HOUR_MS)) ?? NOTHING;
  }

  /** Of all members but one, over 24 hours. */
  ofOthers(member: MemberId, nowMs: number): Counts {
    return sum(this.members.filter((each) => each !== member).map((each) => this.of(each, nowMs)));
  }
}

export type Finding = { readonly kind: AlarmKind; readonly text: string };

export type Terms = {
  readonly budget: Budget;
  readonly account: Account;
  /** Of the daily allowance. */
  readonly budgetAlarmPercent: number;
};

/** Everything about a member that is worth a look now. */
export function findingsOn(member: MemberId, activity: Activity, terms: Terms, nowMs: number): Finding[] {
  return [
    ...budgetFindings(terms, nowMs),
    ...publicationFindings(activity.of(member, nowMs), activity.ofThisHour(member, nowMs)),
    ...evaluationFindings(activity.of(member, nowMs), activity.of(member, nowMs, THRESHOLDS.evaluationsLagHours)),
    ...statementFindings(activity.of(member, nowMs)),
    ...hitRateFindings(activity.of(member, nowMs), activity.ofOthers(member, nowMs)),
  ];
}

function budgetFindings({ budget, account, budgetAlarmPercent }: Terms, nowMs: number): Finding[] {
  const findings: Finding[] = [];
  const { usedInWindow } = balanceOf(account, budget, nowMs);
  if (usedInWindow * 100 > budget.perDay * budgetAlarmPercent) {
    const text = `More than ${budgetAlarmPercent} % of a day's allowance of new tokens was used within 24 hours.`;
    findings.push({ kind: "budget", text });
  }
  const thisHour = account.hours.get(Math.floor(nowMs / HOUR_MS)) ?? 0;
  if (thisHour > budget.perDay * THRESHOLDS.burstShare) {
    findings.push({
      kind: "burst",
      text: "More than half of a day's allowance of new tokens was used within one hour.",
    });
  }
  return findings;
}

function publicationFindings({ newRecords, shortLived }: Counts, { singles }: Counts): Finding[] {
  const findings: Finding[] = [];
  if (shortLived >= THRESHOLDS.churnRecordsMin && shortLived >= newRecords * THRESHOLDS.churnShare) {
    const text = "Many records were withdrawn within hours of their publication, as if to see whom they meet.";
    findings.push({ kind: "churn", text });
  }
  if (singles > THRESHOLDS.singlesPerHour) {
    findings.push({ kind: "tinyPublications", text: "Hundreds of single records were published within one hour." });
  }
  return findings;
}

function evaluationFindings({ tokens }: Counts, { evaluated }: Counts): Finding[] {
  if (evaluated <= THRESHOLDS.evaluationsSlack + tokens * THRESHOLDS.evaluationsPerToken) return [];
  const text = "Far more identifiers were evaluated within 24 hours than tokens were published.";
  return [{ kind: "enumeration", text }];
}

function statementFindings({ misstated }: Counts): Finding[] {
  if (misstated < THRESHOLDS.misstatedMin) return [];
  const text = "Several statements on meetings within 24 hours do not verify: an honest node does not make them.";
  return [{ kind: "misstatements", text }];
}

function hitRateFindings(own: Counts, others: Counts): Finding[] {
  if (others.newRecords < THRESHOLDS.othersRecordsMin) return [];
  const [rate, usual] = [rateOf(own), rateOf(others)];
  const isHigh = own.newRecords >= THRESHOLDS.highRecordsMin && rate >= THRESHOLDS.highRateMin;
  if (isHigh && rate > usual * THRESHOLDS.highFactor) {
    return [
      { kind: "hitRateHigh", text: "New records met others' records far more often than is usual in the federation." },
    ];
  }
  const isLow = own.newRecords >= THRESHOLDS.lowRecordsMin && usual >= THRESHOLDS.lowOthersRateMin;
  if (isLow && rate < usual * THRESHOLDS.lowFactor) {
    return [
      { kind: "hitRateLow", text: "New records met others' records far more rarely than is usual in the federation." },
    ];
  }
  return [];
}

function rateOf({ opened, newRecords }: Counts): number {
  return newRecords === 0 ? 0 : opened / newRecords;
}

function sum(all: readonly Counts[]): Counts {
  const total = { ...NOTHING };
  for (const counts of all) for (const key of Object.keys(NOTHING) as (keyof Counts)[]) total[key] += counts[key];
  return total;
}
