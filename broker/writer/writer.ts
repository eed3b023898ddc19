/**
 * The one writer: takes submissions one after the other and turns each into one transaction of the ledger. It is
 * synchronous from end to end, so nothing can come between a look-up and what is recorded because of it.
 *
 * Memory is changed before the ledger commits. If a transaction fails, memory may be ahead of the ledger: the error goes
 * to the caller, which must stop this process; the next one rebuilds memory from streams and ledger.
 */
import type { MeetingStatement, Receipt, Submission } from "../../shared/core/data-plane.ts";
import type { Federation } from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import type { Log } from "../../shared/world/log.ts";
import { decideSubmission } from "../core/submission.ts";
import type { Received, Reply, Verdict } from "../core/submission.ts";
import type { Applied, Ledger, Rejections } from "../store/ledger.ts";
import { understoodOf } from "../../shared/core/capabilities.ts";
import type { BeatBook } from "../bus/beats.ts";
import { LINE_ANEW_MS } from "../core/limits.ts";
import { HeldSubmissions } from "./held.ts";
import type { NoticeBook } from "./notice-book.ts";
import type { Proofs } from "./proofs.ts";
import type { Publications } from "./publications.ts";
import type { Watch } from "./watch.ts";
import { events } from "../events.ts";

export type WriterParts = {
  readonly ledger: Ledger;
  readonly publications: Publications;
  readonly proofs: Proofs;
  readonly notices: NoticeBook;
  readonly federation: () => Federation;
  readonly watch: Watch;
  readonly log: Log;
  /** The member wants its single notices again from the one after this. */
  readonly onConnected: (member: MemberId, noticeNumber: number) => void;
  /** What members are told that understand beats. */
  readonly beats: BeatBook;
  /** A digest of the member agreed with what the broker holds. */
  readonly onAgreed: (member: MemberId, epoch: number) => void;
  /** What the member's clock shows, by its own signature. */
  readonly onClock: (member: MemberId, theirMs: number) => void;
  /** All that is open is to be told anew to somebody. */
  readonly onRetelling: () => void;
};

export class Writer {
  readonly #parts: WriterParts;
  readonly #held = new HeldSubmissions();
  #isWhole = true;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** Applies what has arrived in one transaction, in this order. The replies may be sent once it is in both copies of the ledger. */
  receiveAll(arrived: readonly Received[], nowMs: number): Reply[] {
    this.#isWhole = false;
    const replies = this.#parts.ledger.transaction(() => arrived.flatMap((received) => this.receive(received, nowMs)));
    this.#isWhole = true;
    return replies;
  }

  /** Applies a submission and those that have waited for it. Replies to members in beats are gathered there. */
  receive(received: Received, nowMs: number): Reply[] {
    const replies: Reply[] = [];
    let next: Received | undefined = received;
    while (next !== undefined) {
      const verdict: Verdict = this.#judge(next);
      for (const body of this.#act(next, verdict, nowMs)) replies.push({ to: next.submission.member, body });
      next = verdict.kind === "apply" ? this.#held.takeNext(next.submission) : undefined;
    }
    return replies;
  }

  /** Whether memory is what the ledger knows: not after a transaction that failed. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Whether submissions of the member wait for one before them. */
  holds(member: MemberId): boolean {
    return this.#held.has(member);
  }

  /** Whether a submission may still become applicable, or has been settled for good. */
  isSettled(received: Received): boolean {
    const { kind } = this.#judge(received);
    return kind === "duplicate" || kind === "refused";
  }

  #judge({ submission, hash }: Received): Verdict {
    const { ledger } = this.#parts;
    const { member, incarnation, sequence } = submission;
    const view = {
      current: ledger.currentHead(member),
      own: ledger.headOf(member, incarnation),
      appliedHash: ledger.applied(member, incarnation, sequence)?.hash,
    };
    return decideSubmission(view, { incarnation, sequence, prevHash: submission.prevHash, hash });
  }

  #act(received: Received, verdict: Verdict, nowMs: number): Reply["body"][] {
    const { submission } = received;
    switch (verdict.kind) {
      case "apply":
        return this.#apply(received, nowMs);
      case "duplicate":
        return this.#receiptAgain(submission);
      case "ahead":
        return this.#hold(received, verdict.expectedSequence, nowMs);
      case "refused":
        events.alarm.submissionRefused(this.#log(submission.member), { refusal: verdict.refusal });
        this.#parts.watch.raise("submissionRefused", submission.member, nowMs);
        return [];
    }
  }

  #hold(received: Received, expectedSequence: number, nowMs: number): Reply["body"][] {
    const { beats } = this.#parts;
    const { member, incarnation } = received.submission;
    if (!this.#held.hold(received, expectedSequence, nowMs)) return [];
    if (!beats.has(member)) return [{ kind: "gap", incarnation, expectedSequence }];
    beats.lacking(received.submission, this.#held.missing(member, incarnation, expectedSequence));
    return [];
  }

  #apply(received: Received, nowMs: number): Reply["body"][] {
    const { ledger, publications, beats } = this.#parts;
    const { submission, hash } = received;
    const { member, incarnation, sequence, epoch, body } = submission;
    const rejections = ledger.transaction(() => {
      const rejections = this.#applyBody(received, nowMs);
      ledger.recordSubmission(member, { incarnation, sequence, hash, epoch }, nowMs, rejections);
      return rejections;
    });
    this.#parts.proofs.heard(member, nowMs);
    if (body.kind === "connected") this.#resumeNotices(submission);
    const applied = { hash, appliedAtMs: nowMs, rejections };
    // As of its place in the member's chain: nothing of the member comes in between.
    const answer = body.kind === "digest" ? publications.answerDigest(submission, body) : undefined;
    if (answer?.differing.length === 0) this.#parts.onAgreed(member, epoch);
    if (!beats.has(member)) return [toReceipt(submission, applied), ...(answer === undefined ? [] : [answer])];
    beats.applied(submission, applied);
    if (answer !== undefined) beats.answer(member, answer);
    return [];
  }

  #applyBody({ submission, signed }: Received, nowMs: number): Rejections {
    const { publications, ledger, watch } = this.#parts;
    const { member, body } = submission;
    const log = this.#log(member);
    switch (body.kind) {
      case "publication": {
        const rejections = publications.apply(submission, body.entries, nowMs);
        events.publication.applied(log, { entries: body.entries.length, rejected: rejections.length });
        return rejections;
      }
      case "connected":
      case "noticeReceipt":
        if (this.#hearOfNotices(submission, nowMs)) return [];
        events.alarm.foreignNotices(log, { statement: body.kind });
        watch.raise("foreignNotices", member, nowMs);
        return [];
      case "statements":
        this.#takeStatements(member, body.statements, nowMs);
        return [];
      case "health":
        this.#parts.onClock(member, body.nodeTimeMs);
        if (signed !== undefined) ledger.members.saveHealth(member, { signed, receivedAtMs: nowMs });
        return [];
      case "digest":
        return [];
      case "unknown":
        events.submission.kindUnknown(log, { field: body.field });
        watch.raise("unknownKind", member, nowMs);
        return [{ index: 0, reason: "kind" }];
    }
  }

  /** One line for each way in which some were passed over, however many a member sends. */
  #takeStatements(member: MemberId, statements: readonly MeetingStatement[], nowMs: number): void {
    const { proofs, watch } = this.#parts;
    const outcomes = statements.map((statement) => proofs.take(member, statement, nowMs));
    const refusals = outcomes.flatMap((outcome) => (outcome.kind === "ignored" ? [outcome.refusal] : []));
    for (const refusal of new Set(refusals)) {
      const count = refusals.filter((each) => each === refusal).length;
      if (refusal === "wrong") {
        events.statement.wrong(this.#log(member), { count });
        watch.misstated(member, count, nowMs);
      } else {
        events.statement.notAwaited(this.#log(member), { refusal, count });
      }
    }
  }

  /** Inside a transaction: what the member states to hold of its notices. False if this broker has not told it so. */
  #hearOfNotices({ member, body }: Submission, nowMs: number): boolean {
    if (body.kind !== "connected" && body.kind !== "noticeReceipt") return true;
    const { notices, beats, onRetelling, ledger } = this.#parts;
    const understandsBeats = body.kind === "connected" && understoodOf(body.capabilities).has("beats");
    if (!beats.has(member) && !understandsBeats) return notices.confirm(member, body);
    const wasTold = (ledger.lines.line(member)?.number ?? 0) > 0;
    const verdict = notices.hear(member, body, nowMs);
    if (verdict === "anew") {
      beats.resume(member, 0);
      onRetelling();
      if (wasTold) events.member.toldAnew(this.#log(member));
      return !wasTold || body.noticeNumber === 0;
    }
    if (verdict === "foreign") beats.compareAfter(member, LINE_ANEW_MS);
    if (body.kind === "connected" && verdict !== "foreign") beats.resume(member, ledger.lines.line(member)?.held ?? 0);
    return verdict !== "foreign";
  }

  #resumeNotices({ member, body }: Submission): void {
    if (body.kind !== "connected") return;
    const { version, capabilities } = body;
    events.member.connected(this.#log(member), { version, capabilities: capabilities.join(" ") });
    if (!this.#parts.beats.has(member)) this.#parts.onConnected(member, this.#parts.ledger.confirmed(member));
  }

  #receiptAgain(submission: Submission): Receipt[] {
    const { ledger, beats } = this.#parts;
    const { member, incarnation, sequence } = submission;
    if (!beats.has(member)) return [toReceipt(submission, ledger.applied(member, incarnation, sequence) as Applied)];
    beats.appliedBefore(submission);
    return [];
  }

  #log(member: MemberId): Log {
    return this.#parts.log.with({ member: this.#parts.federation().members.get(member)?.slug });
  }
}

function toReceipt(submission: Submission, applied: Omit<Applied, "position">): Receipt {
  const { hash: submissionHash, appliedAtMs, rejections } = applied;
  const { incarnation, sequence } = submission;
  return { kind: "receipt", incarnation, sequence, submissionHash, appliedAtMs, rejections };
}
