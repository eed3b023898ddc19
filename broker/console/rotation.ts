/**
 * How far the members have come with an epoch. Who holds it up is judged by the rules that the administrators' tool and the
 * nodes share (`shared/core/rotation.ts`); here it is put beside names and figures.
 */
import type { EpochHealth } from "../../shared/core/data-plane.ts";
import type { Admit } from "../../shared/core/directive.ts";
import { readinessIn } from "../../shared/core/rotation.ts";
import type { Hindrance } from "../../shared/core/rotation.ts";
import type { ConsoleData } from "./console-data.ts";

export type MemberProgress = {
  readonly admit: Admit;
  /** Undefined as long as its node has said nothing about this epoch. */
  readonly told: EpochHealth | undefined;
  /** Why the others wait for it; empty if they do not. */
  readonly why: readonly Hindrance[];
};

/** Of every member in good standing, those first that are waited for. */
export function progressIn(
  epoch: number,
  data: Pick<ConsoleData, "chain" | "health">,
  nowMs: number,
): MemberProgress[] {
  const { federation } = data.chain();
  const reports = data.health();
  const all = readinessIn(epoch, { federation, reports, nowMs }).flatMap(({ member, why }): MemberProgress[] => {
    const admit = federation.members.get(member);
    const told = reports.get(member)?.statement?.epochs.find((each) => each.epoch === epoch);
    return admit === undefined ? [] : [{ admit, told, why }];
  });
  return all.sort((a, b) => Number(isWaitedFor(b)) - Number(isWaitedFor(a)) || byName(a, b));
}

export function isWaitedFor({ why }: MemberProgress): boolean {
  return why.length > 0;
}

/** On its way, so that nobody needs to ask: its node speaks, and records or test records are all that is missing. */
export function isMoving({ told, why }: MemberProgress): boolean {
  const underWay = why.every(({ kind }) => kind === "records" || kind === "digest" || kind === "canaries");
  return underWay && told !== undefined && told.published > 0;
}

function byName(a: MemberProgress, b: MemberProgress): number {
  return a.admit.name.localeCompare(b.admit.name, "en");
}

/** Of all members together. */
export function totals(progress: readonly MemberProgress[]): { readonly records: number; readonly published: number } {
  const sum = (pick: (told: EpochHealth) => number): number =>
    progress.reduce((total, { told }) => total + (told === undefined ? 0 : pick(told)), 0);
  return {
    records: sum(({ records }) => records),
    published: sum(({ published, records }) => Math.min(published, records)),
  };
}
