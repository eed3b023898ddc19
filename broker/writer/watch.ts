/** Keeps the items for oversight: what is noticed in passing, and what the patterns of `core/fishing.ts` show. Stops nobody. */
import type { Federation } from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { Log } from "../../shared/world/log.ts";
import { ALARM_ENDINGS, ALARM_TEXTS } from "../core/alarm.ts";
import type { Sighting } from "../core/alarm.ts";
import { Activity, findingsOn, THRESHOLDS } from "../core/fishing.ts";
import { HOUR_MS } from "../../shared/core/quota.ts";
import type { Ledger } from "../store/ledger.ts";
import type { PublicationCounts } from "./publications.ts";
import { events } from "../events.ts";

export type WatchParts = { readonly ledger: Ledger; readonly federation: () => Federation; readonly log: Log };

export class Watch {
  readonly #parts: WatchParts;
  readonly #activity = new Activity();
  /** Members that have done something since they were last looked at. */
  readonly #active = new Set<MemberId>();
  #hour = 0;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Something that has its text in `ALARM_TEXTS`. Without a member: about this broker. */
  raise(kind: keyof typeof ALARM_TEXTS, member: MemberId | undefined, nowMs: number): void {
    this.#raise({ kind, member, text: ALARM_TEXTS[kind] }, nowMs);
  }

  /** What the item was about is mended. */
  end(kind: keyof typeof ALARM_ENDINGS, member: MemberId | undefined, nowMs: number): void {
    this.#parts.ledger.alarms.end(kind, member, ALARM_ENDINGS[kind], nowMs);
  }

  published(member: MemberId, counts: PublicationCounts, nowMs: number): void {
    const { newRecords, withdrawnSinceMs, opened, entries, tokens } = counts;
    const shortLived = withdrawnSinceMs.filter((sinceMs) => nowMs - sinceMs < THRESHOLDS.shortLifeMs).length;
    const singles = entries === 1 && newRecords === 1 ? 1 : 0;
    this.#note(member, { newRecords, shortLived, opened, singles, tokens }, nowMs);
  }

  /** So many statements on meetings that an honest node does not make. */
  misstated(member: MemberId, count: number, nowMs: number): void {
    this.#note(member, { misstated: count }, nowMs);
  }

  /** The hosted evaluator has charged so many elements. */
  evaluated(member: MemberId, elements: number, nowMs: number): void {
    this.#note(member, { evaluated: elements }, nowMs);
  }

  /** Looks at those who have done something; at all of them when another hour has begun, because some counts are judged late. */
  look(nowMs: number): void {
    const hour = Math.floor(nowMs / HOUR_MS);
    const due = hour === this.#hour ? [...this.#active] : this.#activity.members;
    this.#hour = hour;
    this.#active.clear();
    for (const member of due) this.#lookAt(member, nowMs);
  }

  #lookAt(member: MemberId, nowMs: number): void {
    const { members, policy } = this.#parts.federation();
    const budget = members.get(member)?.budget;
    if (budget === undefined) return;
    const account = this.#parts.ledger.account(member);
    const terms = { budget, account, budgetAlarmPercent: policy.budgetAlarmPercent };
    for (const finding of findingsOn(member, this.#activity, terms, nowMs)) this.#raise({ ...finding, member }, nowMs);
  }

  #note(member: MemberId, counts: Parameters<Activity["note"]>[1], nowMs: number): void {
    this.#activity.note(member, counts, nowMs);
    this.#active.add(member);
  }

  #raise(sighting: Sighting, nowMs: number): void {
    const { ledger, federation, log } = this.#parts;
    if (!ledger.alarms.raise(sighting, nowMs)) return;
    const { kind, member } = sighting;
    events.alarm.raised(log, { kind, member: member && federation().members.get(member)?.slug });
  }
}
