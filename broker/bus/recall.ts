/**
 * Brings memory back after a start. Nothing may be matched before all members' records are back, those of suspended ones included: they
 * meet nobody, and are there when their owner is reinstated. It needs the streams that stand, and no others.
 */
import type { Bus } from "../../shared/bus/bus.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { submissionStream } from "../../shared/wire/subjects.ts";
import type { World } from "../../shared/world/world.ts";
import type { Ledger } from "../store/ledger.ts";
import type { Publications } from "../writer/publications.ts";
import type { Watch } from "../writer/watch.ts";
import type { Writer } from "../writer/writer.ts";
import { insist } from "./insist.ts";
import type { Intake } from "./intake.ts";
import { Rebuild } from "./rebuild.ts";
import { events } from "../events.ts";

export type RecallParts = {
  readonly bus: Pick<Bus, "replay">;
  readonly intake: Intake;
  readonly ledger: Ledger;
  readonly publications: Publications;
  readonly writer: Pick<Writer, "isSettled">;
  readonly watch: Pick<Watch, "raise">;
  /** Suspended ones included. */
  readonly members: () => readonly MemberId[];
  readonly slugOf: (member: MemberId) => string | undefined;
  readonly world: Pick<World, "after" | "clock" | "log">;
  readonly signal: AbortSignal;
};

/**
 * Memory as the ledger knows it. Answers, for each member of whom there is one, with the place in its stream of the first submission that
 * is still to be decided. When the signal aborts it is left unfinished.
 */
export async function recall(parts: RecallParts): Promise<Map<MemberId, number>> {
  const { members, signal } = parts;
  const undecided = new Map<MemberId, number>();
  for (const member of members()) {
    const first = await insist(parts, () => recallMember(parts, member));
    if (signal.aborted) return undecided;
    if (first !== undefined) undecided.set(member, first);
  }
  return undecided;
}

async function recallMember(parts: RecallParts, member: MemberId): Promise<number | undefined> {
  const { bus, intake, ledger, publications, writer, signal } = parts;
  let first: number | undefined;
  const rebuild = new Rebuild(member, {
    ledger,
    restore: (submission, applied) => {
      if (submission.body.kind === "publication") publications.restore(submission, submission.body.entries, applied);
    },
  });
  for await (const message of bus.replay(submissionStream(member))) {
    if (signal.aborted) return undefined;
    const received = intake.openAgain(member, message);
    if (received === undefined || rebuild.take(received) || writer.isSettled(received)) continue;
    first ??= message.streamSequence;
  }
  // It ends the replay too: what was not read then is not missing.
  if (signal.aborted) return undefined;
  rebuild.finish();
  publications.restoreCarried(member);
  if (rebuild.missing > 0) noteMissing(parts, member, rebuild.missing);
  return first;
}

function noteMissing({ watch, slugOf, world }: RecallParts, member: MemberId, missing: number): void {
  events.alarm.streamIncomplete(world.log, { member: slugOf(member), missing });
  watch.raise("streamIncomplete", member, world.clock());
}
