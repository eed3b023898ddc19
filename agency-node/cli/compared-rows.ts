/** What a unit is told of how far silence can be relied on: in words, and as the exit code of `status`. */
import { duration, listed } from "../../shared/words/figures.ts";
import { say, wordFor } from "../../shared/words/say.ts";
import { EXIT } from "../../shared/terminal/exit.ts";
import type { NodeStatus, NotComparedRow, Silence } from "./rpc/node-client.ts";

type Time = (ms: number) => string;

/** What stands in the way and needs nobody: it passes by itself, as what is on its way does. */
const PASSING = ["", "noticesMissing", "digestAwaited", "digestDiffers", "canariesUnproven"];
const REFUSED = "refused:";
/** Of clocks that agree as far as anybody can tell. */
const SKEW_MS_SHOWN = 1_000;

/** A sentence on the records that are not compared; `undefined` when all are. */
export function comparedSentence({ liveRecords: records, notCompared }: Silence): string | undefined {
  const count = countOf(notCompared);
  if (count === 0) return undefined;
  const [only] = notCompared;
  if (count === records && notCompared.length === 1 && only !== undefined) {
    return say("inbox.noneCompared", { records, why: reasonWords(only.reason) });
  }
  return say("inbox.notCompared", { count, records, why: whyOf(notCompared) });
}

export function withoutRecordSentence({ overlapsWithoutRecord: count }: Silence): string | undefined {
  return count === 0 ? undefined : say("inbox.withoutRecord", { count });
}

export function comparedRows(status: NodeStatus, timeOf: Time): string[][] {
  const { liveRecords: records, notCompared, hindrance, heldStrays, overlapsWithoutRecord, clockSkewMs } = status;
  const compared = records - countOf(notCompared);
  const rows = [
    [
      say("status.compared"),
      compared === records
        ? say("status.comparedAll", { records })
        : say("status.comparedSome", { compared, records, why: whyOf(notCompared) }),
    ],
  ];
  if (hindrance !== "") rows.push([say("status.inTheWay"), reasonWords(hindrance)]);
  if (heldStrays > 0) rows.push([say("status.held"), say("status.heldAre", { count: heldStrays })]);
  if (overlapsWithoutRecord > 0) {
    rows.push([say("status.overlaps"), say("status.withoutRecord", { count: overlapsWithoutRecord })]);
  }
  if (Math.abs(clockSkewMs) >= SKEW_MS_SHOWN) {
    const span = duration(Math.abs(clockSkewMs));
    rows.push([say("status.clock"), say(clockSkewMs > 0 ? "status.clockAhead" : "status.clockBehind", { span })]);
  }
  for (const { what, code, sinceMs, attempts } of status.retries) {
    const told = { what: wordFor("retry", what), attempts, since: timeOf(sinceMs), code };
    rows.push([say("status.retried"), say("status.retriedIs", told)]);
  }
  return rows;
}

/**
 * `ok` only if every record is compared and nothing waits for a person. `failure`: something is in the way that does not pass by itself.
 * `unsure`: some records are not compared yet, or not known here.
 */
export function statusExit(status: NodeStatus): number {
  const { membershipEnd, brokerConnected, policyUnprovenSinceMs, hindrance } = status;
  const isCutOff = membershipEnd !== "" || !brokerConnected || policyUnprovenSinceMs > 0;
  if (isCutOff || !PASSING.includes(hindrance)) return EXIT.failure;
  const open = countOf(status.notCompared) + status.heldStrays + status.overlapsWithoutRecord;
  return open > 0 || hindrance !== "" ? EXIT.unsure : EXIT.ok;
}

function countOf(rows: readonly NotComparedRow[]): number {
  return rows.reduce((sum, { records }) => sum + records, 0);
}

function whyOf(rows: readonly NotComparedRow[]): string {
  return listed(rows.map(({ reason, records: count }) => say("inbox.group", { count, reason: reasonWords(reason) })));
}

function reasonWords(reason: string): string {
  if (!reason.startsWith(REFUSED)) return wordFor("notCompared", reason);
  return say("notCompared.refusedBecause", { reason: reason.slice(REFUSED.length) });
}
