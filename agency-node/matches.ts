/** The matches of this node: notices carried out, and what an officer is shown. */
import { TOKEN_CLASSES } from "../shared/core/data-plane.ts";
import type { Handling, Meeting, Notice, NoticeEvent } from "../shared/core/data-plane.ts";
import type { Domain } from "../shared/core/domain.ts";
import { isCausewayError } from "../shared/core/errors.ts";
import type { Handle, MatchId } from "../shared/core/ids.ts";
import { NODE_ITSELF } from "./core/actor.ts";
import type { Asking } from "./core/actor.ts";
import { disclosureIn } from "./core/disclosed.ts";
import { gradeOf } from "./core/grade.ts";
import type { Grading } from "./core/grade.ts";
import { evolveMatch } from "./core/match.ts";
import type { MatchContext, MatchState } from "./core/match.ts";
import { identifiersAt } from "./core/publication.ts";
import { domainOf } from "./core/record.ts";
import { SCHEME } from "./linkage/scheme.ts";
import type { Publisher } from "./publishing/publisher.ts";
import { about, askedBy } from "./store/activity.ts";
import type { Activity, ActivityLog } from "./store/activity.ts";
import type { Database } from "../shared/store/database.ts";
import type { World } from "../shared/world/world.ts";
import type { Inbox } from "./store/inbox.ts";
import type { Outbox } from "./store/outbox.ts";
import type { RecordStore } from "./store/records.ts";
import type { StandingStore } from "./store/standings.ts";
import { events } from "./events.ts";

export type MatchesParts = {
  readonly db: Database;
  readonly records: RecordStore;
  readonly standings: StandingStore;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly publisher: Publisher;
  readonly activity: ActivityLog;
  readonly world: World;
  /** 32 secret bytes, always the same for a match. */
  proofNonce(matchId: MatchId): Uint8Array;
  /** Whose matches go their way like all others, and are shown to nobody. */
  readonly canaries: { isCanary(handle: Handle): boolean; onMatch(match: MatchState): void };
};

/**
 * Shown when this node cannot read the version that met: its database was restored from a backup, its scheme has changed, or the epoch
 * in which it met has ended. What an officer was told before stays.
 */
const VERSION_UNKNOWN: Grading = {
  grade: "possible",
  kind: "identity",
  score: 0,
  reasons: ["A version of the record that this node no longer holds met another unit's; import the record again"],
};

export class Matches {
  readonly #parts: MatchesParts;
  readonly #watchers = new Set<(match: MatchState) => void>();

  constructor(parts: MatchesParts) {
    this.#parts = parts;
  }

  /** Carries a notice out; call it inside the transaction that stores the notice. */
  apply(notice: Notice): void {
    const { db, inbox, outbox, canaries, world } = this.#parts;
    const before = inbox.match(notice.event.matchId);
    const step = evolveMatch(before, notice.event, this.#context());
    if (step === undefined) return events.notice.matchUnknown(world.log, { number: notice.number });
    const isCanary = canaries.isCanary(step.state.handle);
    inbox.save(step.state, isCanary);
    for (const body of step.send) outbox.append(body);
    if (isCanary) return canaries.onMatch(step.state);
    this.#enter(before, step.state, notice.event.type);
    if (step.state.status === "dropped") return;
    db.afterCommit(() => {
      for (const watcher of this.#watchers) watcher(step.state);
    });
  }

  /** What an officer is shown, in the order in which the matches were opened; in the log before it is returned. */
  list(of: { readonly all: boolean }, by: Asking): MatchState[] {
    const matches = this.#parts.inbox.matches().filter(({ status }) => of.all || status !== "closed");
    if (matches.length > 0) this.#consult(matches, { ...askedBy(by), detail: "listed" });
    return matches;
  }

  /** Enters that these matches are about to be shown, one by one as they come. */
  show(matches: readonly MatchState[], by: Asking): void {
    this.#parts.db.transaction(() => {
      for (const match of matches) this.#consult([match], { ...askedBy(by), detail: "shown" });
    });
  }

  #consult(matches: readonly MatchState[], activity: Activity): void {
    this.#parts.activity.append(this.#parts.world.clock(), "consultation", { ...activity, ...this.#about(matches) });
  }

  /** What a notice has done to a match, as far as the law wants it known. */
  #enter(before: MatchState | undefined, after: MatchState, event: NoticeEvent["type"]): void {
    const { activity, world } = this.#parts;
    const of = { actor: NODE_ITSELF, ...this.#about([after]) };
    if (event === "matchOpened" || event === "matchAmended") {
      activity.append(world.clock(), "combination", { ...of, detail: event === "matchOpened" ? "opened" : "amended" });
    }
    const disclosure = disclosureIn(before, after, this.#handlingOf(after));
    if (disclosure !== undefined) activity.append(world.clock(), "disclosure", { ...of, ...disclosure });
  }

  #about(matches: readonly MatchState[]): Pick<Activity, "matches" | "references" | "cases"> {
    const records = matches.flatMap(({ handle }) => this.#parts.records.byHandle(handle)?.record ?? []);
    return { matches: matches.map(({ matchId }) => matchId), ...about(records) };
  }

  #handlingOf({ handle }: MatchState): Handling | undefined {
    return this.#parts.records.byHandle(handle)?.record.handling;
  }

  /** Calls `watcher` with every change from now on; returns how to stop. */
  watch(watcher: (match: MatchState) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #context(): MatchContext {
    return {
      nowMs: this.#parts.world.clock(),
      nonce: (matchId) => this.#parts.proofNonce(matchId),
      domain: (handle, meeting) => this.#domain(handle, meeting),
      grade: (handle, meeting, told) => this.#grade(handle, meeting, told),
      epoch: (handle, meeting) => this.#parts.standings.publication(handle, meeting)?.epoch,
      confirmKey: (handle, meeting) => this.#confirmKey(handle, meeting),
    };
  }

  #domain(handle: Handle, meeting: Meeting): Domain {
    const { records, standings } = this.#parts;
    const role = records.byHandle(handle)?.record.role;
    return standings.publication(handle, meeting)?.domain ?? (role === undefined ? "target" : domainOf(role));
  }

  #grade(handle: Handle, meeting: Meeting, told?: Grading): Grading {
    const publication = this.#parts.standings.publication(handle, meeting);
    if (publication === undefined) return told === undefined || told.grade === "none" ? VERSION_UNKNOWN : told;
    const kinds = identifiersAt(publication.layout, meeting.positions).map(({ kind }) => kind);
    const own = TOKEN_CLASSES.flatMap((tokenClass) => publication.layout[tokenClass]);
    try {
      return gradeOf(
        kinds,
        SCHEME,
        own.flatMap((identifier) => (identifier === null ? [] : [identifier.kind])),
      );
    } catch (error) {
      // Laid out under another scheme. The notice must not hold up those behind it.
      if (!isCausewayError(error, "INVALID")) throw error;
      return VERSION_UNKNOWN;
    }
  }

  #confirmKey(handle: Handle, meeting: Meeting): Uint8Array | undefined {
    const publication = this.#parts.standings.publication(handle, meeting);
    if (publication === undefined) return undefined;
    const { epoch, domain, layout } = publication;
    return this.#parts.publisher.confirmKey(epoch, domain, identifiersAt(layout, meeting.positions));
  }
}
