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
import { EXIT } from "../../shared/terminal/exit.ts";
import { table } from "../../shared/terminal/output.ts";
import type { Output } from "../../shared/terminal/output.ts";
import type { MatchView, NodeClient, NodeStatus, Silence } from "./rpc/node-client.ts";
import { printable } from "../../shared/terminal/printable.ts";
import { sentenceOf } from "./wording.ts";
import { wordFor } from "../../shared/words/say.ts";

export async function listRecords(node: NodeClient, output: Output): Promise<void> {
  const rows = [["REFERENCE", "KIND", "ROLE", "CASE", "HANDLING", "REVIEW BY", "STATE", "TOKENS"]];
  for await (const record of node.records()) {
    output.json(record);
    const { reference, subjectKind, role, caseReference, handling, reviewBy, state, tokens, reason } = record;
    const shown = reason === "" ? state : `${state}: ${reason}`;
    rows.push([reference, subjectKind, role, caseReference, handling, reviewBy, shown, String(tokens)]);
  }
  if (rows.length === 1) return output.say("No records. Bring some with: causeway node import FILE");
  for (const line of table(rows)) output.say(line);
}

export async function withdraw(node: NodeClient, reference: string, reason: string, output: Output): Promise<void> {
  await node.withdraw(reference, reason);
  output.json({ withdrawn: reference });
  output.say(printable(`${reference} is withdrawn everywhere; open overlaps of it are closed on both sides.`));
}

export async function revalidate(
  node: NodeClient,
  reference: string,
  flags: { readonly reviewBy: string; readonly reason: string },
  output: Output,
): Promise<void> {
  await node.revalidate(reference, flags.reviewBy, flags.reason);
  output.json({ revalidated: reference, reviewBy: flags.reviewBy });
  output.say(printable(`${reference} was reviewed; the next review is due by ${flags.reviewBy}.`));
}

/** Lists open matches, then with a signal shows each change until it aborts. One that was shown is shown to its end. */
export async function inbox(
  node: NodeClient,
  flags: { readonly all: boolean; readonly signal?: AbortSignal },
  output: Output,
): Promise<void> {
  const { signal } = flags;
  if (signal === undefined) {
    const { matches, ...silence } = await node.matches(flags);
    return showAll(matches, silence, output);
  }
  output.say("Waiting for overlaps; Ctrl-C ends this.");
  const shown = new Set<string>();
  let toldMs = 0;
  let toldSkipped = 0;
  try {
    for await (const { match, silenceUnprovenSinceMs, skippedNotices } of node.watch(signal)) {
      if (silenceUnprovenSinceMs !== toldMs) tellSilence(silenceUnprovenSinceMs, output);
      toldMs = silenceUnprovenSinceMs;
      if (skippedNotices > toldSkipped) tellSkipped(skippedNotices, output);
      toldSkipped = skippedNotices;
      if (match === undefined) continue;
      if (!flags.all && (match.state === "closed" || match.state === "dropped") && !shown.has(match.id)) continue;
      shown.add(match.id);
      output.json(match);
      output.say(`${timeOf(match.updatedAtMs)}  ${sentenceOf(match)}`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function showAll(matches: readonly MatchView[], silence: Silence, output: Output): void {
  for (const match of matches) {
    output.json(match);
    output.say(`${timeOf(match.updatedAtMs)}  ${sentenceOf(match)}`);
    const { caseReference, handling, reviewBy, reasons } = match;
    output.say(printable(`          case ${caseReference}, ${handling}, review by ${reviewBy}; ${reasons.join("; ")}`));
  }
  if (matches.length === 0) output.say("No overlaps.");
  if (silence.silenceUnprovenSinceMs > 0) tellSilence(silence.silenceUnprovenSinceMs, output);
  if (silence.skippedNotices > 0) tellSkipped(silence.skippedNotices, output);
}

function tellSkipped(skippedNotices: number, output: Output): void {
  output.json({ skippedNotices });
  output.say(`Skipped: ${skippedOf(skippedNotices)}.`);
}

/** What it means now that there are no overlaps, or no others. */
function tellSilence(silenceUnprovenSinceMs: number, output: Output): void {
  output.json({ silenceUnprovenSinceMs });
  output.say(
    silenceUnprovenSinceMs === 0
      ? "That there are no others is proven now."
      : `That there are no others is unproven since ${timeOf(silenceUnprovenSinceMs)}: test records have not met, or are switched off.`,
  );
}

/** Local date and minute: officers write them down. */
function timeOf(ms: number): string {
  return new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short" }).format(ms);
}

export async function showStatus(node: NodeClient, output: Output): Promise<void> {
  const status = await node.status();
  output.json(status);
  for (const line of table(statusRows(status))) output.say(line);
  if (status.policyUnprovenSinceMs > 0 || !status.brokerConnected || status.membershipEnd !== "")
    process.exitCode = EXIT.failure;
}

function statusRows(status: NodeStatus): string[][] {
  const provenOr = (sinceMs: number): string => (sinceMs === 0 ? "proven" : `unproven since ${timeOf(sinceMs)}`);
  return [
    ["Unit", `${status.memberName} (${status.slug}), ${status.mandate}`],
    ...membershipRows(status),
    ["Broker", status.brokerConnected ? "connected" : "not reachable: what you publish waits here"],
    [
      "Policy",
      `${provenOr(status.policyUnprovenSinceMs)}, directive ${status.directiveNumber}, epoch ${status.epoch}, scheme ${status.scheme}`,
    ],
    [
      "Records",
      `${status.records} published, ${status.hardening} being hardened, ${status.waiting} sent, ${status.rejected} refused by the broker`,
    ],
    ...rotationRows(status, timeOf),
    ...haltRows(status),
    ["Published", `${status.tokens} tokens; ${status.outbox} messages wait for the broker's receipt`],
    ["Hardened", `${status.hardened} identifiers in ${status.hardeningSeconds.toFixed(1)} s`],
    ["Overlaps", `${status.openMatches} open, ${status.unprovenMatches} being proven, ${status.notices} notices`],
    ["Silence", `that there are no others is ${provenOr(status.silenceUnprovenSinceMs)}`],
    ...spendRows(status),
    ...noticedRows(status),
    ...faultRows(status),
    ...skippedRows(status),
    ...certificateRows(status, Date.now(), timeOf),
    ["Version", status.version],
  ];
}

/** Why nothing is published, by error code; the node's log says more. */
function haltRows({ publishingHalt, publishingResumesMs }: NodeStatus): string[][] {
  // Why a member that is not in good standing publishes nothing stands above.
  if (publishingHalt === "" || publishingHalt === "FORBIDDEN") return [];
  const reason = wordFor("halt", publishingHalt);
  return [["Publishing", `held up: ${reason}; tried again at ${timeOf(publishingResumesMs)}`]];
}

/** Neither happens with an intact broker. */
function faultRows({ lostSubmissions, brokenNotices }: NodeStatus): string[][] {
  if (lostSubmissions + brokenNotices === 0) return [];
  return [["Broker faults", `${lostSubmissions} submissions lost, ${brokenNotices} notices out of their chain`]];
}
