/**
 * Brings memory back after a start, from a snapshot and what came after it, or from all that the streams hold. Nothing may be matched before all members' records are back, those of suspended ones included: they
 * meet nobody, and are there when their owner is reinstated. It needs the streams that stand, and no others.
 */
import type { Submission } from "../../shared/core/data-plane.ts";
import type { Bus } from "../../shared/bus/bus.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { submissionStream } from "../../shared/wire/subjects.ts";
import type { World } from "../../shared/world/world.ts";
import type { Snapshots } from "../snapshot/snapshots.ts";
import type { Carried } from "../store/epoch-table.ts";
import type { Applied, Ledger } from "../store/ledger.ts";
import type { Publications } from "../writer/publications.ts";
import type { Watch } from "../writer/watch.ts";
import type { Writer } from "../writer/writer.ts";
import { insist } from "./insist.ts";
import type { Intake } from "./intake.ts";
import type { Places } from "./places.ts";
import { Rebuild } from "./rebuild.ts";
import { events } from "../events.ts";

export type RecallParts = {
  readonly bus: Pick<Bus, "replay" | "streamState">;
  readonly intake: Intake;
  readonly ledger: Ledger;
  readonly publications: Publications;
  readonly writer: Pick<Writer, "isSettled">;
  readonly watch: Pick<Watch, "raise">;
  /** Absent: everything is read from the streams. */
  readonly snapshots?: Pick<Snapshots, "load">;
  /** Is told how far each stream was read. */
  readonly places?: Pick<Places, "note">;
  /** Suspended ones included. */
  readonly members: () => readonly MemberId[];
  readonly slugOf: (member: MemberId) => string | undefined;
  readonly world: Pick<World, "after" | "clock" | "log">;
  readonly signal: AbortSignal;
};

/** How far a member's stream has been read. */
type Reading = {
  readonly rebuild: Rebuild;
  /** What submissions of other epochs did, and is still to be done again, in order. */
  carried: Carried[];
  /** Place in the order of application up to which that is done. */
  carriedUpTo: number;
  /** The last message of the stream up to which all is decided. */
  sequence: number;
  /** The first message that is still to be decided. */
  undecided?: number | undefined;
};

/** Memory as the ledger knows it. A standby reads on again and again; whoever takes the work on finishes. */
export class Recall {
  readonly #parts: RecallParts;
  readonly #readings = new Map<MemberId, Reading>();
  #loaded: Awaited<ReturnType<Snapshots["load"]>>;

  constructor(parts: RecallParts) {
    this.#parts = parts;
  }

  /** First, once, with nothing in memory: what a snapshot brings back. */
  async begin(): Promise<void> {
    this.#loaded = await this.#parts.snapshots?.load();
  }

  /** Reads on in all streams what the ledger knows by now. When the signal aborts it is left unfinished. */
  async catchUp(): Promise<void> {
    const { members, signal } = this.#parts;
    for (const member of members()) {
      if (signal.aborted) return;
      const reading = this.#readingOf(member);
      await insist(this.#parts, () => this.#read(member, reading));
    }
  }

  /**
   * Reads on, and gives up what the streams lack. Answers, for each member of whom there is one, with the place in its stream of the first
   * submission that is still to be decided. When the signal aborts it is left unfinished.
   */
  async finish(): Promise<Map<MemberId, number>> {
    const { places, signal } = this.#parts;
    const undecided = new Map<MemberId, number>();
    await this.catchUp();
    // It ends the replays too: what was not read then is not missing.
    if (signal.aborted) return undecided;
    for (const [member, reading] of this.#readings) {
      const { rebuild, sequence } = reading;
      rebuild.finish();
      this.#carryUpTo(Infinity, reading);
      if (rebuild.missing > 0) noteMissing(this.#parts, member, rebuild.missing);
      places?.note(member, sequence);
      if (reading.undecided !== undefined) undecided.set(member, reading.undecided);
    }
    return undecided;
  }

  #readingOf(member: MemberId): Reading {
    const known = this.#readings.get(member);
    if (known !== undefined) return known;
    const { ledger, publications } = this.#parts;
    const restore = (submission: Submission, applied: Applied): void => {
      this.#carryUpTo(applied.position, reading);
      if (submission.body.kind === "publication") publications.restore(submission, submission.body.entries, applied);
    };
    const { position, sequence } = this.#loaded?.get(member) ?? { position: 0, sequence: 0 };
    const rebuild = new Rebuild(member, { ledger, restore }, position);
    const reading: Reading = { rebuild, carried: [], carriedUpTo: position, sequence };
    this.#readings.set(member, reading);
    return reading;
  }

  /** Before a submission is restored: a later one may say otherwise of the same record. */
  #carryUpTo(position: number, reading: Reading): void {
    const { carried } = reading;
    const due = carried.findIndex((each) => each.position >= position);
    for (const each of carried.splice(0, due === -1 ? carried.length : due)) {
      this.#parts.publications.restoreCarried(each);
      reading.carriedUpTo = each.position;
    }
  }

  async #read(member: MemberId, reading: Reading): Promise<void> {
    const { bus, intake, publications, writer, signal } = this.#parts;
    reading.carried = publications.carriedOf(member, reading.carriedUpTo);
    const stream = submissionStream(member);
    // A stream that was made anew counts from 1 again.
    const isShorter = reading.sequence > 0 && ((await bus.streamState(stream))?.lastSequence ?? 0) < reading.sequence;
    if (isShorter) reading.sequence = 0;
    reading.undecided = undefined;
    for await (const message of bus.replay(stream, { from: reading.sequence + 1 })) {
      if (signal.aborted) return;
      const received = intake.openAgain(member, message);
      const isDecided = received === undefined || reading.rebuild.take(received) || writer.isSettled(received);
      if (!isDecided) reading.undecided ??= message.streamSequence;
      if (reading.undecided === undefined) reading.sequence = message.streamSequence;
    }
  }
}

/** All of it in one go, see `Recall.finish`. */
export async function recall(parts: RecallParts): Promise<Map<MemberId, number>> {
  const all = new Recall(parts);
  await all.begin();
  return await all.finish();
}

function noteMissing({ watch, slugOf, world }: RecallParts, member: MemberId, missing: number): void {
  events.alarm.streamIncomplete(world.log, { member: slugOf(member), missing });
  watch.raise("streamIncomplete", member, world.clock());
}
