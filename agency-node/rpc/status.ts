/** What `GetStatus` says of a node. */
import type { EpochHealth } from "../../shared/core/data-plane.ts";
import type { Federation } from "../../shared/core/directive.ts";
import type { BudgetSpend, EpochProgress, GetStatusResponse } from "../wire/gen/causeway/node/v1/records.ts";
import { VERSION } from "../../shared/platform/version.ts";
import { SCHEME } from "../linkage/scheme.ts";
import type { Assembled } from "../assemble.ts";
import type { Spend } from "../spending.ts";

export function statusOf(parts: Assembled): GetStatusResponse {
  const { spending, trust, directory, outbox, inbox, preparer, link, faults, canaries, health } = parts;
  const admit = trust.lastAdmit;
  const records = parts.store.counts();
  const matches = inbox.counts();
  const halt = haltOf(parts);
  return {
    slug: admit?.slug ?? "",
    memberName: admit?.name ?? "",
    mandate: admit?.mandate ?? "",
    epoch: trust.currentEpoch?.epoch ?? 0,
    scheme: SCHEME.name,
    directiveNumber: BigInt(trust.federation.head.number),
    policyUnprovenSinceMs: BigInt(directory.policyUnprovenSinceMs),
    records: BigInt(records.published),
    tokens: BigInt(records.tokens),
    rejected: BigInt(records.rejected),
    hardening: BigInt(records.hardening),
    outbox: BigInt(outbox.length),
    notices: BigInt(inbox.head().number),
    openMatches: BigInt(matches.open),
    unprovenMatches: BigInt(matches.unfinished),
    // NATS may be up and carry nothing on, because nobody reads at the other end.
    brokerConnected: link.connected && directory.reached,
    version: VERSION,
    hardened: BigInt(preparer.work.hardened),
    hardeningSeconds: preparer.work.seconds,
    waiting: BigInt(records.waiting),
    publishingHalt: halt.code,
    publishingResumesMs: BigInt(halt.resumesAtMs),
    lostSubmissions: BigInt(faults.lostSubmissions),
    brokenNotices: BigInt(faults.brokenNotices),
    silenceUnprovenSinceMs: BigInt(canaries.unprovenSinceMs()),
    epochs: health.epochs().map((epoch) => toProgress(epoch, trust.federation)),
    budgets: spending.spends.map(toBudgetSpend),
    alarms: [...spending.alarms],
    certificateUntilMs: BigInt(trust.certificateUntilMs),
    membershipEnd: endOf(parts),
    skippedNotices: BigInt(inbox.skipped),
    ...comparedOf(parts),
    hindrance: parts.comparison.report.hindrance ?? "",
    heldStrays: BigInt(parts.strays.count),
    clockSkewMs: BigInt(parts.line.clockSkewMs),
    retries: parts.retries.all.map(({ sinceMs, ...rest }) => ({ sinceMs: BigInt(sinceMs), ...rest })),
  };
}

/** Whether what is shown is all that there is: also of the inbox. */
export function comparedOf({ comparison }: Pick<Assembled, "comparison">) {
  const { records, notCompared, overlapsWithoutRecord } = comparison.report;
  return {
    liveRecords: BigInt(records),
    notCompared: notCompared.map(({ reason, records: count }) => ({ reason, records: BigInt(count) })),
    overlapsWithoutRecord: BigInt(overlapsWithoutRecord),
  };
}

function toBudgetSpend({ at, used, perDay, available }: Spend): BudgetSpend {
  return { at, used: BigInt(used), perDay: BigInt(perDay), available: BigInt(available) };
}

function toProgress(of: EpochHealth, { epochs }: Federation): EpochProgress {
  const { epoch, records, published, digestAgreedMs, obstacle } = of;
  const state = epochs.get(epoch)?.state ?? "";
  return {
    epoch,
    state,
    records: BigInt(records),
    published: BigInt(published),
    digestAgreedMs: BigInt(digestAgreedMs),
    obstacle,
  };
}

/** A member that is not in good standing says so at once, not when it next tries to publish. */
function haltOf(parts: Assembled): { readonly code: string; readonly resumesAtMs: number } {
  if (endOf(parts) !== "") return { code: "FORBIDDEN", resumesAtMs: 0 };
  return parts.preparer.halt ?? { code: "", resumesAtMs: 0 };
}

/** The chain proves it; a broker that shows the chain no longer is at least a sign. */
function endOf({ trust, directory }: Assembled): string {
  return trust.membershipEnd === "" && directory.refused ? "refused" : trust.membershipEnd;
}
