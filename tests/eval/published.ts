/**
 * What a broker has after one member has published a file: every entry, in the order in which it came, from the code that publishes. Only
 * the evaluators are others: they answer with a hash, which is as good where nobody asks what an identifier was.
 */
import { hashKey } from "../../shared/crypto/hash.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { saltKey } from "../../shared/crypto/token.ts";
import { isoDay, dayOf } from "../../shared/core/days.ts";
import type { Entry, Upsert } from "../../shared/core/data-plane.ts";
import { silentLog } from "../../shared/world/log.ts";
import { pause } from "../../shared/world/wait.ts";
import { systemWorld } from "../../shared/world/world.ts";
import type { DeconflictionRecord, Subject } from "../../agency-node/core/record.ts";
import { Preparer } from "../../agency-node/publishing/preparer.ts";
import { Publisher } from "../../agency-node/publishing/publisher.ts";
import { invented } from "../crypto/support.ts";
import { FEDERATION, MEMBER, TestNode } from "../node/support.ts";

/** One entry as it came, and which record of the file it is, which the broker does not know. */
export type Published = { readonly entry: Upsert; readonly record: number };

const POLL_MS = 20;

export async function publishFile(subjects: readonly Subject[]): Promise<Published[]> {
  const node = new TestNode();
  const stop = new AbortController();
  const running: Promise<void>[] = [];
  try {
    const records = new Map<string, number>();
    node.db.transaction(() => {
      for (const [i, subject] of subjects.entries()) records.set(node.put(recordOf(subject, i, node.nowMs)), i);
    });
    running.push(...start(node, stop.signal));
    const world = systemWorld(silentLog);
    while (node.hardening().length > 0 || node.standings.isDue(1, "fresh")) await pause(world, POLL_MS, stop.signal);
    return node
      .sent()
      .flatMap(({ submission: { body } }) => (body.kind === "publication" ? (body.entries as Entry[]) : []))
      .flatMap((entry) => (entry.operation === "upsert" ? [{ entry, record: records.get(entry.handle) ?? -1 }] : []));
  } finally {
    stop.abort();
    await Promise.all(running);
    node[Symbol.dispose]();
  }
}

function start(node: TestNode, signal: AbortSignal): Promise<void>[] {
  const world = systemWorld(silentLog);
  const { db, records, standings, hardened, loans, outbox } = node;
  const terms = () => [
    { epoch: 1, generation: 1, salts: new Map([["target", saltKey(invented("salt", 32))]] as const) },
  ];
  const common = { db, records, standings, hardened, loans, outbox, world, terms };
  const publisher = new Publisher({
    ...common,
    federation: FEDERATION,
    member: MEMBER,
    paddingKey: (handle) => hashKey(invented(`padding of ${handle}`, 32)),
    blind: (handle) => invented(`blind of ${handle}`, 32),
    onCarried: () => undefined,
  });
  const preparer = new Preparer({
    ...common,
    harden: async ({ inputs }) => inputs.map((input) => blake2b(64, input)),
    conversationKey: () => invented("conversation", 32),
    isArriving: () => false,
    beatMs: 0,
    onReady: () => publisher.wake(),
  });
  return [preparer.run(signal), publisher.run(signal)];
}

function recordOf(subject: Subject, i: number, nowMs: number): DeconflictionRecord {
  return {
    reference: `R-${i}`,
    subject,
    role: "suspect",
    handling: "open",
    legalBasis: "invented",
    caseReference: "",
    reviewBy: isoDay(dayOf(nowMs) + 90),
  };
}
