/** What `GetStatus` says of a node. */
import type { GetStatusResponse } from "../../shared/wire/gen/causeway/v1/records.ts";
import { VERSION } from "../../shared/platform/version.ts";
import { SCHEME } from "../linkage/scheme.ts";
import type { NodeParts } from "../parts.ts";

export function statusOf(parts: NodeParts): GetStatusResponse {
  const { trust, directory, store, outbox, inbox, publisher, link, faults } = parts;
  const { slug, name, mandate } = trust.admit;
  const records = store.counts();
  const matches = inbox.counts();
  const { federation } = trust;
  const active = [...federation.epochs.values()].find(({ state }) => state === "active");
  return {
    slug,
    memberName: name,
    mandate,
    epoch: active?.epoch ?? 0,
    scheme: SCHEME.name,
    directiveNumber: BigInt(federation.head.number),
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
    hardened: BigInt(publisher.work.hardened),
    hardeningSeconds: publisher.work.seconds,
    waiting: BigInt(records.waiting),
    publishingHalt: publisher.halt?.code ?? "",
    publishingResumesMs: BigInt(publisher.halt?.resumesAtMs ?? 0),
    lostSubmissions: BigInt(faults.lostSubmissions),
    brokenNotices: BigInt(faults.brokenNotices),
    silenceUnprovenSinceMs: 0n,
    epochs: [],
    budgets: [],
    alarms: [],
    certificateUntilMs: 0n,
  };
}
