/** What a unit asks its running node: records, withdrawals, matches, status. */
import {
  certificateRows,
  membershipRows,
  noticedRows,
  rotationRows,
  skippedOf,
  skippedRows,
  spendRows,
} from "./standing-rows.ts";
import { comparedRows, comparedSentence, statusExit, withoutRecordSentence } from "./compared-rows.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { table } from "../../shared/terminal/output.ts";
import type { Output } from "../../shared/terminal/output.ts";
import type { MatchView, NodeClient, NodeStatus, Silence } from "./rpc/node-client.ts";
import { printable } from "../../shared/terminal/printable.ts";
import { sentenceOf } from "./wording.ts";
import { say, wordFor } from "../../shared/words/say.ts";
import { minuteOf } from "../../shared/words/times.ts";

export async function listRecords(node: NodeClient, reason: string, output: Output): Promise<void> {
  const columns = ["reference", "kind", "role", "case", "handling", "reviewBy", "state", "tokens"] as const;
  const rows = [columns.map((column) => say(`records.${column}`))];
  for await (const record of node.records(reason)) {
    output.json(record);
    const { reference, subjectKind, role, caseReference, handling, reviewBy, state, tokens, reason } = record;
    const shown = reason === "" ? state : say("records.stateWithReason", { state, reason });
    rows.push([reference, subjectKind, role, caseReference, handling, reviewBy, shown, String(tokens)]);
  }
  if (rows.length === 1) return output.say(say("records.none"));
  for (const line of table(rows)) output.say(line);
}

export async function withdraw(node: NodeClient, reference: string, reason: string, output: Output): Promise<void> {
  await node.withdraw(reference, reason);
  output.json({ withdrawn: reference });
  output.say(printable(say("records.withdrawn", { reference })));
}

export async function revalidate(
  node: NodeClient,
  reference: string,
  flags: { readonly reviewBy: string; readonly reason: string },
  output: Output,
): Promise<void> {
  await node.revalidate(reference, flags.reviewBy, flags.reason);
  output.json({ revalidated: reference, reviewBy: flags.reviewBy });
  output.say(printable(say("records.reviewed", { reference, reviewBy: flags.reviewBy })));
}

/** Lists open matches and those that ended unproven, then with a signal shows each change until it aborts. One that was shown is shown to its end. */
export async function inbox(
  node: NodeClient,
  flags: { readonly all: boolean; readonly reason: string; readonly signal?: AbortSignal },
  output: Output,
): Promise<void> {
  const { signal } = flags;
  if (signal === undefined) {
    const { matches, ...silence } = await node.matches(flags);
    return showAll(matches, silence, output);
  }
  output.say(say("inbox.waiting"));
  const shown = new Set<string>();
  let toldMs = 0;
  let toldSkipped = 0;
  let toldCompared: string | undefined;
  let toldUnknown: string | undefined;
  try {
    for await (const { match, ...silence } of node.watch(flags.reason, signal)) {
      const { silenceUnprovenSinceMs, skippedNotices } = silence;
      if (silenceUnprovenSinceMs !== toldMs) tellSilence(silenceUnprovenSinceMs, output);
      toldMs = silenceUnprovenSinceMs;
      if (skippedNotices > toldSkipped) tellSkipped(skippedNotices, output);
      toldSkipped = skippedNotices;
      const [compared, unknown] = [comparedSentence(silence), withoutRecordSentence(silence)];
      if (compared !== toldCompared || unknown !== toldUnknown) tellCompared(silence, output);
      [toldCompared, toldUnknown] = [compared, unknown];
      if (match === undefined) continue;
      if (!flags.all && match.state === "closed" && !match.endedUnproven && !shown.has(match.id)) continue;
      shown.add(match.id);
      output.json(match);
      output.say(`${minuteOf(match.updatedAtMs)}  ${sentenceOf(match)}`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function showAll(matches: readonly MatchView[], silence: Silence, output: Output): void {
  for (const match of matches) {
    output.json(match);
    output.say(`${minuteOf(match.updatedAtMs)}  ${sentenceOf(match)}`);
    output.say(printable(`          ${recordLine(match)}`));
  }
  const compared = comparedSentence(silence);
  const { liveRecords, notCompared, overlapsWithoutRecord } = silence;
  output.json({ liveRecords, notCompared, overlapsWithoutRecord });
  const none = matches.length === 0 ? [say("inbox.none")] : [];
  const told = [...none, ...(compared === undefined ? [] : [compared])];
  if (told.length > 0) output.say(told.join(" "));
  const unknown = withoutRecordSentence(silence);
  if (unknown !== undefined) output.say(unknown);
  if (silence.silenceUnprovenSinceMs > 0) tellSilence(silence.silenceUnprovenSinceMs, output);
  if (silence.skippedNotices > 0) tellSkipped(silence.skippedNotices, output);
}

/** Of the own record, and why it met. */
function recordLine({ caseReference, handling, reviewBy, reasons }: MatchView): string {
  const known = { caseReference, handling: wordFor("handling", handling), reviewBy };
  return say("match.record", { ...known, reasons: reasons.join("; ") });
}

/** How far what is shown is all, when that has changed. */
function tellCompared(silence: Silence, output: Output): void {
  const { liveRecords, notCompared, overlapsWithoutRecord } = silence;
  output.json({ liveRecords, notCompared, overlapsWithoutRecord });
  output.say(comparedSentence(silence) ?? say("inbox.allCompared"));
  const unknown = withoutRecordSentence(silence);
  if (unknown !== undefined) output.say(unknown);
}

/** Records that only the broker knows. */
export async function listStrays(node: NodeClient, reason: string, output: Output): Promise<void> {
  const strays = await node.strays(reason);
  for (const stray of strays) output.json(stray);
  if (strays.length === 0) return output.say(say("strays.none"));
  const rows = strays.map(({ handle, sinceMs, overlaps }) => [handle, minuteOf(sinceMs), String(overlaps)]);
  for (const line of table([[say("strays.handle"), say("strays.since"), say("strays.overlaps")], ...rows])) {
    output.say(line);
  }
  output.say(say("strays.hint"));
}

export async function withdrawStrays(
  node: NodeClient,
  handles: readonly string[],
  flags: { readonly all: boolean; readonly reason: string },
  output: Output,
): Promise<void> {
  if (flags.all === handles.length > 0) {
    throw new CausewayError("INVALID", say("strays.which"), { fields: ["handles"] });
  }
  const withdrawn = await node.withdrawStrays(flags.all ? "all" : handles, flags.reason);
  output.json({ withdrawn });
  output.say(say("strays.withdrawn", { count: withdrawn }));
}

function tellSkipped(skippedNotices: number, output: Output): void {
  output.json({ skippedNotices });
  output.say(say("inbox.skipped", { notices: skippedOf(skippedNotices) }));
}

/** What it means now that there are no overlaps, or no others. */
function tellSilence(silenceUnprovenSinceMs: number, output: Output): void {
  output.json({ silenceUnprovenSinceMs });
  output.say(
    silenceUnprovenSinceMs === 0
      ? say("inbox.silenceProven")
      : say("inbox.silenceUnproven", { since: minuteOf(silenceUnprovenSinceMs) }),
  );
}

export async function showStatus(node: NodeClient, output: Output): Promise<void> {
  const status = await node.status();
  output.json(status);
  for (const line of table(statusRows(status))) output.say(line);
  process.exitCode = statusExit(status);
}

function statusRows(status: NodeStatus): string[][] {
  const { memberName: name, slug, mandate, directiveNumber: directive, epoch, scheme } = status;
  const { records: published, hardening, waiting: sent, rejected: refused } = status;
  const { openMatches: open, unprovenMatches: proving, notices } = status;
  return [
    [say("status.unit"), say("status.unitNamed", { name, slug, mandate })],
    ...membershipRows(status),
    [say("status.broker"), say(status.brokerConnected ? "status.brokerConnected" : "status.brokerAway")],
    [
      say("status.policy"),
      say("status.policyIs", { proven: provenOr(status.policyUnprovenSinceMs), directive, epoch, scheme }),
    ],
    [say("status.records"), say("status.recordsAre", { published, hardening, sent, refused })],
    ...comparedRows(status, minuteOf),
    ...rotationRows(status, minuteOf),
    ...haltRows(status),
    [say("status.published"), say("status.publishedIs", status)],
    [
      say("status.hardened"),
      say("status.hardenedIn", { identifiers: status.hardened, seconds: status.hardeningSeconds.toFixed(1) }),
    ],
    [say("status.overlaps"), say("status.overlapsAre", { open, proving, notices })],
    [say("status.silence"), say("status.silenceIs", { proven: provenOr(status.silenceUnprovenSinceMs) })],
    ...spendRows(status),
    ...noticedRows(status),
    ...faultRows(status),
    ...skippedRows(status),
    ...certificateRows(status, Date.now(), minuteOf),
    [say("status.version"), status.version],
  ];
}

function provenOr(sinceMs: number): string {
  return sinceMs === 0 ? say("status.proven") : say("status.unprovenSince", { since: minuteOf(sinceMs) });
}

/** Why nothing is published, by error code; the node's log says more. */
function haltRows({ publishingHalt, publishingResumesMs }: NodeStatus): string[][] {
  // Why a member that is not in good standing publishes nothing stands above.
  if (publishingHalt === "" || publishingHalt === "FORBIDDEN") return [];
  const reason = wordFor("halt", publishingHalt);
  return [[say("status.publishing"), say("status.publishingHeld", { reason, at: minuteOf(publishingResumesMs) })]];
}

/** Neither happens with an intact broker. */
function faultRows({ lostSubmissions, brokenNotices }: NodeStatus): string[][] {
  if (lostSubmissions + brokenNotices === 0) return [];
  return [[say("status.faults"), say("status.faultsAre", { lost: lostSubmissions, broken: brokenNotices })]];
}
