/** What a unit's status says of its place in the federation: membership, rotation, budgets, what was noticed. */
import { ownObstacleWords } from "../../shared/words/hindrance.ts";
import { wordFor } from "../../shared/words/say.ts";
import type { EpochRow, NodeStatus, SpendRow } from "./rpc/node-client.ts";

type Time = (ms: number) => string;

/** Below this a certificate's end is worth a line: renewal should have happened by then. */
const CERTIFICATE_WARN_MS = 14 * 86_400_000;

export function membershipRows({ membershipEnd }: Pick<NodeStatus, "membershipEnd">): string[][] {
  return membershipEnd === "" ? [] : [["Membership", wordFor("membershipEnd", membershipEnd)]];
}

/** One line for each epoch while there are two, or while something hinders the only one. */
export function rotationRows({ epochs }: Pick<NodeStatus, "epochs">, timeOf: Time): string[][] {
  const isQuiet = epochs.length < 2 && epochs.every(({ obstacle }) => obstacle === "");
  return isQuiet ? [] : epochs.map((epoch) => [`Epoch ${epoch.epoch}`, progressOf(epoch, timeOf)]);
}

function progressOf({ state, records, published, digestAgreedMs, obstacle }: EpochRow, timeOf: Time): string {
  const stage = wordFor("epochState", state);
  if (obstacle !== "") return `${stage}; this unit takes no part: ${ownObstacleWords(obstacle)}`;
  const agreed =
    digestAgreedMs === 0 ? "not yet compared with the broker" : `agreed with the broker at ${timeOf(digestAgreedMs)}`;
  return `${stage}; ${published} of ${records} records stand in it, ${agreed}`;
}

export function spendRows({ budgets }: Pick<NodeStatus, "budgets">): string[][] {
  return budgets.map((spend) => ["Budget", spendOf(spend)]);
}

function spendOf({ at, used, perDay, available }: SpendRow): string {
  const what = at === "" ? "published tokens" : `evaluator ${at}`;
  return `${what}: ${available} left; ${used} of ${perDay} a day used`;
}

export function noticedRows({ alarms }: Pick<NodeStatus, "alarms">): string[][] {
  return alarms.map((alarm) => ["Noticed", `${alarm} (the board sees this too)`]);
}

export function certificateRows(
  status: Pick<NodeStatus, "certificateUntilMs">,
  nowMs: number,
  timeOf: Time,
): string[][] {
  const { certificateUntilMs } = status;
  if (certificateUntilMs - nowMs > CERTIFICATE_WARN_MS) return [];
  return [["Certificate", `ends at ${timeOf(certificateUntilMs)} and was not renewed: tell the board`]];
}

/** What the broker says and this version cannot read. */
export function skippedRows({ skippedNotices }: Pick<NodeStatus, "skippedNotices">): string[][] {
  return skippedNotices === 0 ? [] : [["Skipped", skippedOf(skippedNotices)]];
}

export function skippedOf(notices: number): string {
  return `${notices} ${notices === 1 ? "notice" : "notices"} of a kind that this version does not know: update the node`;
}
