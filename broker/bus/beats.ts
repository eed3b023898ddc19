/**
 * Tells members what is due, at fixed beats that are the same for all (protocol section 7): one signed and sealed message for each member, with
 * receipts, answers and notices in it. What a crash or an outage of NATS keeps back leaves at a later beat. Nothing leaves before it is in both
 * copies of the ledger. Members that do not understand beats are sent single notices by the outlet, at the same beats.
 */
import type { Beat, DigestAnswer, SequenceRange, Submission } from "../../shared/core/data-plane.ts";
import type { Admit, Federation } from "../../shared/core/directive.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { Incarnation, MemberId } from "../../shared/core/ids.ts";
import { pause } from "../../shared/world/wait.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import {
  BATCHES_PER_BEAT_MAX,
  BEAT_AGAIN_MS,
  BEAT_MS,
  BEAT_NOTICE_BYTES_MAX,
  LOOK_AGAIN_MS,
  REJECTIONS_AGAIN_SUBMISSIONS,
} from "../core/limits.ts";
import type { Applied, Ledger } from "../store/ledger.ts";
import type { StoredBatch } from "../store/notice-lines.ts";
import { DueBeat } from "./due-beat.ts";
import type { AppliedHead } from "./due-beat.ts";
import type { Outlet } from "./outlet.ts";

export type BeatsParts = {
  readonly ledger: Ledger;
  readonly outlet: Pick<Outlet, "send" | "sendNotices">;
  readonly federation: () => Federation;
  readonly world: Pick<World, "after" | "clock">;
};

type Place = Pick<Submission, "member" | "incarnation" | "sequence">;

const NO_HASH = new Uint8Array(32);

export class Beats {
  readonly #parts: BeatsParts;
  readonly #wake: Wake;
  readonly #due = new Map<MemberId, DueBeat>();
  /** Members to whom something is to be sent at the next beat. */
  readonly #waiting = new Set<MemberId>();
  /** Members to whom a beat is under way. */
  readonly #busy = new Set<MemberId>();
  /** Number of the last batch of notices sent since the start, or since the member has stated what it holds. */
  readonly #sent = new Map<MemberId, number>();
  readonly #failed = Promise.withResolvers<never>();

  constructor(parts: BeatsParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
    // Whoever runs it gets its failure.
    this.#failed.promise.catch(() => undefined);
  }

  /** Whether the member is told in beats. */
  has(member: MemberId): boolean {
    return this.#parts.ledger.lines.has(member);
  }

  /** There is something for the member. */
  tell(member: MemberId): void {
    this.#waiting.add(member);
    this.#wake.set();
  }

  /** The member is served from now on: what it was not told is due, and its node is to compare what it has published. */
  greet(member: MemberId): void {
    if (this.has(member)) {
      this.#again(member, undefined);
      this.#of(member).compare();
    }
    this.tell(member);
  }

  /** The member's streams may have lost something: its node is to compare. */
  compare(member: MemberId): void {
    if (!this.has(member)) return;
    this.#of(member).compare();
    this.tell(member);
  }

  /** As `compare`, after so long: its node states then again what it holds. */
  compareAfter(member: MemberId, ms: number): void {
    this.#parts.world.after(ms, () => this.compare(member));
  }

  applied({ member, incarnation, sequence }: Place, of: Pick<Applied, "hash" | "appliedAtMs" | "rejections">): void {
    const { hash: submissionHash, appliedAtMs, rejections } = of;
    this.#of(member).applied({ incarnation, sequence, submissionHash, appliedAtMs }, rejections);
    this.tell(member);
  }

  /** It was applied before, and its owner may not know. */
  appliedBefore({ member, incarnation, sequence }: Place): void {
    this.#again(member, { incarnation, sequence });
    this.tell(member);
  }

  /** What is missing before something that has arrived. */
  lacking({ member, incarnation }: Place, missing: readonly SequenceRange[]): void {
    this.#of(member).lacking(this.#headAt(member, incarnation), missing);
    this.tell(member);
  }

  answer(member: MemberId, answer: DigestAnswer): void {
    this.#of(member).answer(answer);
    this.tell(member);
  }

  /** The member holds its batches of notices up to this number: those after it are due again. */
  resume(member: MemberId, number: number): void {
    this.#sent.set(member, number);
    this.tell(member);
  }

  /** Until the signal aborts. Throws what this process cannot go on from. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#failed.promise, this.#beat(signal)]);
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { world } = this.#parts;
    while (!signal.aborted) {
      await this.#wake.wait(LOOK_AGAIN_MS, signal);
      await pause(world, BEAT_MS - (world.clock() % BEAT_MS), signal);
      if (signal.aborted) return;
      const members = [...this.#waiting].filter((member) => !this.#busy.has(member));
      // One whose deliveries NATS has no room for holds up nobody else.
      for (const member of members) void this.#tellNow(member, signal).catch(this.#failed.reject);
    }
  }

  async #tellNow(member: MemberId, signal: AbortSignal): Promise<void> {
    const admit = this.#parts.federation().members.get(member);
    this.#waiting.delete(member);
    if (admit === undefined) return;
    this.#busy.add(member);
    const isSent = await (this.has(member) ? this.#sendBeat(admit, signal) : this.#sendSingle(member));
    this.#busy.delete(member);
    if (!isSent) this.#parts.world.after(BEAT_AGAIN_MS, () => this.tell(member));
    // What has come meanwhile did not find it waiting, or has.
    else if (this.#waiting.has(member)) this.#wake.set();
  }

  async #sendSingle(member: MemberId): Promise<boolean> {
    const { ledger, outlet } = this.#parts;
    await ledger.kept();
    for (;;) {
      const sent = await outlet.sendNotices(member);
      if (sent !== "more") return sent === "all";
    }
  }

  /** One beat, and one more if not everything fitted. False if it could not be sent. */
  async #sendBeat(admit: Admit, signal: AbortSignal): Promise<boolean> {
    const { ledger, outlet, world } = this.#parts;
    const { member } = admit;
    const due = this.#of(member);
    const line = ledger.lines.line(member);
    const sent = Math.min(this.#sent.get(member) ?? line?.held ?? 0, line?.number ?? 0);
    const batches = fitting(ledger.lines.after(member, sent, BATCHES_PER_BEAT_MAX));
    if (due.isEmpty && batches.length === 0) return true;
    const rest = due.take((incarnation, sequence) => this.#headAt(member, incarnation, sequence));
    const beat: Beat = { kind: "beat", issuedAtMs: world.clock(), ...rest, notices: batches.map(({ batch }) => batch) };
    const last = batches.at(-1)?.number ?? sent;
    this.#sent.set(member, last);
    try {
      await ledger.kept();
      await outlet.send(admit, beat);
    } catch (error) {
      if (!isCausewayError(error, "UNAVAILABLE")) throw error;
      due.putBack(beat);
      // Unless it has stated meanwhile that it wants them from another one on.
      if (this.#sent.get(member) === last) this.#sent.set(member, sent);
      return signal.aborted;
    }
    if (!due.isEmpty || last < (ledger.lines.line(member)?.number ?? 0)) this.tell(member);
    return true;
  }

  /** A receipt of all up to the last applied one, and of what did not stand from `of` on. */
  #again(member: MemberId, of: { readonly incarnation: Incarnation; readonly sequence: number } | undefined): void {
    const { ledger } = this.#parts;
    const current = ledger.currentHead(member);
    if (current === undefined || (of !== undefined && of.incarnation !== current.incarnation)) return;
    const from = of?.sequence ?? current.sequence - REJECTIONS_AGAIN_SUBMISSIONS;
    const rejections = ledger.rejectionsAfter(member, current.incarnation, from - 1);
    this.#of(member).again(this.#headAt(member, current.incarnation), rejections);
  }

  /** `sequence`: default the last one applied. */
  #headAt(member: MemberId, incarnation: Incarnation, sequence?: number): AppliedHead {
    const { ledger } = this.#parts;
    const last = sequence ?? ledger.headOf(member, incarnation)?.sequence ?? 0;
    const applied = ledger.applied(member, incarnation, last);
    const { hash: submissionHash = NO_HASH, appliedAtMs = 0 } = applied ?? {};
    return { incarnation, sequence: applied === undefined ? 0 : last, submissionHash, appliedAtMs };
  }

  #of(member: MemberId): DueBeat {
    const known = this.#due.get(member);
    if (known !== undefined) return known;
    const due = new DueBeat();
    this.#due.set(member, due);
    return due;
  }
}

/** At least one, however large. */
function fitting(batches: readonly StoredBatch[]): StoredBatch[] {
  let bytes = 0;
  return batches.filter(({ batch }, i) => {
    bytes += batch.length;
    return i === 0 || bytes <= BEAT_NOTICE_BYTES_MAX;
  });
}

export type BeatBook = Pick<
  Beats,
  "has" | "applied" | "appliedBefore" | "compareAfter" | "lacking" | "answer" | "resume"
>;
