/** What a unit's status says of its place in the federation: membership, rotation, budgets, what was noticed. */
import { ownObstacleWords } from "../../shared/words/hindrance.ts";
import { say, wordFor } from "../../shared/words/say.ts";
import type { EpochRow, NodeStatus, SpendRow } from "./rpc/node-client.ts";

type Time = (ms: number) => string;

/** Below this a certificate's end is worth a line: renewal should have happened by then. */
const CERTIFICATE_WARN_MS = 14 * 86_400_000;

export function membershipRows({ membershipEnd }: Pick<NodeStatus, "membershipEnd">): string[][] {
  return membershipEnd === "" ? [] : [[say("status.membership"), wordFor("membershipEnd", membershipEnd)]];
}

/** One line for each epoch while there are two, or while something hinders the only one. */
export function rotationRows({ epochs }: Pick<NodeStatus, "epochs">, timeOf: Time): string[][] {
  const isQuiet = epochs.length < 2 && epochs.every(({ obstacle }) => obstacle === "");
  return isQuiet ? [] : epochs.map((epoch) => [say("status.epoch", epoch), progressOf(epoch, timeOf)]);
}

function progressOf({ state, records, published, digestAgreedMs, obstacle }: EpochRow, timeOf: Time): string {
  const stage = wordFor("epochState", state);
  if (obstacle !== "") return say("status.epochHindered", { stage, obstacle: ownObstacleWords(obstacle) });
  const agreed =
    digestAgreedMs === 0 ? say("status.digestOpen") : say("status.digestAgreed", { at: timeOf(digestAgreedMs) });
  return say("status.epochProgress", { stage, published, records, agreed });
}

export function spendRows({ budgets }: Pick<NodeStatus, "budgets">): string[][] {
  return budgets.map((spend) => [say("status.budget"), spendOf(spend)]);
}

function spendOf({ at, used, perDay, available }: SpendRow): string {
  const what = at === "" ? say("status.budgetTokens") : say("status.budgetEvaluator", { name: at });
  return say("status.budgetOf", { what, available, used, perDay });
}

export function noticedRows({ alarms }: Pick<NodeStatus, "alarms">): string[][] {
  return alarms.map((alarm) => [say("status.noticed"), say("status.noticedIs", { alarm })]);
}

export function certificateRows(
  status: Pick<NodeStatus, "certificateUntilMs">,
  nowMs: number,
  timeOf: Time,
): string[][] {
  const { certificateUntilMs } = status;
  if (certificateUntilMs - nowMs > CERTIFICATE_WARN_MS) return [];
  return [[say("status.certificate"), say("status.certificateEnds", { at: timeOf(certificateUntilMs) })]];
}

/** What the broker says and this version cannot read. */
export function skippedRows({ skippedNotices }: Pick<NodeStatus, "skippedNotices">): string[][] {
  return skippedNotices === 0 ? [] : [[say("status.skipped"), skippedOf(skippedNotices)]];
}

export function skippedOf(notices: number): string {
  return say("status.skippedNotices", { count: notices });
}
