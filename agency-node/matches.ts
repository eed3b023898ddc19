/** The matches of this node: notices carried out, and what an officer is shown. */
import { isDeepStrictEqual } from "node:util";
import { TOKEN_CLASSES } from "../shared/core/data-plane.ts";
import type { Disclosure, Handling, Meeting, NoticeEvent } from "../shared/core/data-plane.ts";
import type { Domain } from "../shared/core/domain.ts";
import type { Federation } from "../shared/core/directive.ts";
import { isCausewayError } from "../shared/core/errors.ts";
import { fromHex } from "../shared/core/bytes.ts";
import type { Handle, MatchId } from "../shared/core/ids.ts";
import { signPayload } from "../shared/crypto/sign.ts";
import type { SigningKeyPair } from "../shared/crypto/sign.ts";
import { confirmer, meetingPayload, tagger, tokenizer } from "../shared/crypto/token.ts";
import { say } from "../shared/words/say.ts";
import { NODE_ITSELF } from "./core/actor.ts";
import type { Asking } from "./core/actor.ts";
import { counterpartIn, namedCounterpart } from "./core/counterpart.ts";
import type { Counterpart, Met, NamedCounterpart } from "./core/counterpart.ts";
import { disclosureIn } from "./core/disclosed.ts";
import { gradeOf } from "./core/grade.ts";
import type { Grading } from "./core/grade.ts";
import { ENDED_UNPROVEN_SHOWN_MS } from "./core/limits.ts";
import { doubtOf, endedUnproven, evolveMatch, readAgain, secondLook } from "./core/match.ts";
import type { MatchContext, MatchState, Pairing, Reading } from "./core/match.ts";
import { identifiersAt } from "./core/publication.ts";
import type { HardenedIdentifier, Layout } from "./core/publication.ts";
import { domainOf } from "./core/record.ts";
import { findTags, layoutByTags, provesKnowledge } from "./core/tags.ts";
import type { TagsFound } from "./core/tags.ts";
import { SCHEME } from "./linkage/scheme.ts";
import type { EpochTerms } from "./publishing/terms.ts";
import { about, askedBy } from "./store/activity.ts";
import type { Activity, ActivityLog } from "./store/activity.ts";
import type { Database } from "../shared/store/database.ts";
import type { World } from "../shared/world/world.ts";
import type { Inbox } from "./store/inbox.ts";
import type { HardenedStore } from "./store/hardened.ts";
import type { RecordStore } from "./store/records.ts";
import type { Publication } from "./store/publications.ts";
import type { StandingStore } from "./store/standings.ts";
import { events } from "./events.ts";

export type MatchesParts = {
  readonly db: Database;
  readonly records: RecordStore;
  readonly standings: StandingStore;
  readonly hardened: HardenedStore;
  readonly inbox: Inbox;
  readonly activity: ActivityLog;
  readonly world: World;
  readonly signer: SigningKeyPair;
  /** As the chain has it now. */
  federation(): Federation;
  /** Of the open epochs whose salts this node has. */
  terms(): readonly EpochTerms[];
  /** Of an own record, see `binderOf`. */
  binder(handle: Handle): Uint8Array;
  /** Whose matches go their way like all others, and are shown to nobody. */
  readonly canaries: { isCanary(handle: Handle): boolean; onMatch(match: MatchState): void };
  /** A statement is to be sent, on disk. */
  onStatement(): void;
};

/**
 * Shown when this node cannot read the version that met: its database was restored from a backup, its scheme has changed, or the epoch
 * in which it met has ended. What an officer was told before stays.
 */
function versionUnknown(): Grading {
  return { grade: "possible", kind: "identity", score: 0, reasons: [say("match.versionUnknown")] };
}

/** No tag held: whatever would agree is the claim of somebody who may know nothing. */
function nothingProven(): Grading {
  return { grade: "none", kind: "identity", score: 0, reasons: [say("match.copied")] };
}

/** Of an own identifier, and what whoever knows it puts beside the other record's binder. */
type Expected = { readonly token: Uint8Array; readonly tag: Uint8Array };

/** Notices that the log calls a combination, and how. */
const COMBINED: Readonly<Partial<Record<NoticeEvent["type"], string>>> = {
  matchOpened: "opened",
  matchAmended: "amended",
};

/** What a batch does to one match. */
type Change = {
  readonly before: MatchState | undefined;
  readonly after?: MatchState;
  readonly isStated: boolean;
  readonly combined: string | undefined;
};

export class Matches {
  readonly #parts: MatchesParts;
  readonly #watchers = new Set<(match: MatchState) => void>();

  constructor(parts: MatchesParts) {
    this.#parts = parts;
  }

  /**
   * Carries out what a batch of notices says, in order; call it inside the transaction that stores that it has come. Each match is written, logged
   * and shown once, as it stands after all of them: what is told again and changes nothing is no news.
   */
  apply(told: readonly NoticeEvent[]): void {
    const { inbox, world } = this.#parts;
    const changes = new Map<MatchId, Change>();
    const context = this.#context();
    for (const event of told) {
      const { matchId } = event;
      const change = changes.get(matchId) ?? { before: inbox.match(matchId), isStated: false, combined: undefined };
      const known = change.after ?? change.before;
      const step = evolveMatch(known, event, context);
      if (step === undefined) {
        events.notice.matchUnknown(world.log);
        continue;
      }
      this.#noteMet(known, step.state, event);
      const isStated = change.isStated || step.isStated;
      changes.set(matchId, {
        ...change,
        after: step.state,
        isStated,
        combined: COMBINED[event.type] ?? change.combined,
      });
    }
    for (const { before, after, isStated, combined } of changes.values()) {
      if (after !== undefined) this.#take(before, after, { isStated, combined });
    }
  }

  #take(before: MatchState | undefined, state: MatchState, of: Pick<Change, "isStated" | "combined">): void {
    const { db, inbox, canaries, world, onStatement } = this.#parts;
    const isNews = before === undefined || !showsTheSame(before, state);
    const kept = isNews ? state : { ...state, updatedAtMs: before.updatedAtMs };
    inbox.save(kept, { isCanary: canaries.isCanary(state.handle), isStated: of.isStated });
    if (of.isStated) db.afterCommit(onStatement);
    const isMisnamed = doubtOf(state) === "misnamed" && (before === undefined || doubtOf(before) !== "misnamed");
    if (isMisnamed) events.counterpart.refused(world.log, undefined, { match: state.matchId });
    if (isNews) this.#changed(before, kept, of.combined);
    // Two records were looked at together again: the law wants that known, an officer has nothing to see.
    else if (before.amendment !== kept.amendment) this.#log(before, kept, of.combined);
  }

  /** What is told again was found earlier, and says nothing of what was published since. */
  #noteMet(before: MatchState | undefined, { handle, amendment, statement }: MatchState, event: NoticeEvent): void {
    const { standings, world } = this.#parts;
    const isNews = before === undefined || amendment > before.amendment;
    if (!("meeting" in event) || !isNews || statement?.signature === undefined) return;
    standings.noteMet(handle, event.meeting, world.clock());
  }

  /** The chain may bear out now what it did not when it was told. */
  onDirective(): void {
    const { db, inbox, canaries } = this.#parts;
    for (const before of inbox.misnamed()) {
      const state = secondLook(before, this.#context());
      if (state === undefined) continue;
      db.transaction(() => {
        inbox.save(state, { isCanary: canaries.isCanary(state.handle), isStated: false });
        this.#changed(before, state);
      });
    }
  }

  /**
   * Looks again at what could not be read when it was told: the record may be here and prepared now, as after an import into an empty
   * database. Answers whether it can be read now.
   */
  readAgain(before: MatchState): boolean {
    const { db, inbox, canaries, onStatement } = this.#parts;
    const step = readAgain(before, this.#context());
    if (step === undefined) return false;
    const { state, isStated } = step;
    db.transaction(() => {
      inbox.save(state, { isCanary: canaries.isCanary(state.handle), isStated });
      this.#changed(before, state, before.unread?.isShown === true ? undefined : "opened");
    });
    onStatement();
    return true;
  }

  #log(before: MatchState, state: MatchState, combined: string | undefined): void {
    const { canaries, records } = this.#parts;
    if (!canaries.isCanary(state.handle) && records.has(state.handle)) this.#enter(before, state, combined);
  }

  /** Of a record that is not here nobody is told: an officer could not tell whom it is about. */
  #changed(before: MatchState | undefined, state: MatchState, combined?: string): void {
    const { db, canaries, records } = this.#parts;
    if (canaries.isCanary(state.handle)) return canaries.onMatch(state);
    if (!records.has(state.handle)) return;
    this.#enter(before, state, combined);
    db.afterCommit(() => {
      for (const watcher of this.#watchers) watcher(state);
    });
  }

  /** What an officer is shown, in the order in which the matches were opened; in the log before it is returned. */
  list(of: { readonly all: boolean }, by: Asking): MatchState[] {
    const isShown = (match: MatchState): boolean => of.all || match.status !== "closed" || this.endedUnproven(match);
    const matches = this.#parts.inbox.matches().filter(isShown);
    if (matches.length > 0) this.#consult(matches, { ...askedBy(by), detail: "listed" });
    return matches;
  }

  /** Ended, the other side never proved that it knows what met, and that is not long ago: still to be seen. */
  endedUnproven(match: MatchState): boolean {
    return endedUnproven(match) && this.#parts.world.clock() - match.updatedAtMs < ENDED_UNPROVEN_SHOWN_MS;
  }

  /** The other side, with what the chain says of it now. */
  counterpartOf({ counterpart }: MatchState): NamedCounterpart | undefined {
    return counterpart && namedCounterpart(counterpart, this.#parts.federation());
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

  /** What has become of a match, as far as the law wants it known. */
  #enter(before: MatchState | undefined, after: MatchState, combined: string | undefined): void {
    const { activity, world } = this.#parts;
    const of = { actor: NODE_ITSELF, ...this.#about([after]) };
    if (combined !== undefined) activity.append(world.clock(), "combination", { ...of, detail: combined });
    const disclosure = disclosureIn(before, after, {
      handling: this.#handlingOf(after),
      counterpart: this.counterpartOf(after),
    });
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
      domain: (handle, meeting) => this.#domain(handle, meeting),
      isHeld: (handle) => this.#parts.records.has(handle),
      read: (handle, meeting) => this.#read(handle, meeting),
      unread: (told) => (told === undefined || told.grade === "none" ? versionUnknown() : told),
      sign: (of, validHash) => this.#sign(of, validHash),
      counterpart: (of, disclosure) => this.#counterpart(of, disclosure),
    };
  }

  #domain(handle: Handle, meeting: Meeting): Domain {
    const { records, standings } = this.#parts;
    const role = records.byHandle(handle)?.record.role;
    return standings.publication(handle, meeting)?.domain ?? (role === undefined ? "target" : domainOf(role));
  }

  /** Both sides grade by what each has found valid: only a side that copied tokens makes the two differ. */
  #read(handle: Handle, meeting: Meeting): Reading | undefined {
    const publication = this.#parts.standings.publication(handle, meeting);
    const expected = publication && this.#expected(publication, meeting);
    if (publication === undefined || expected === undefined) return this.#readByTags(handle, meeting);
    const { layout } = publication;
    const found = findTags(layout, meeting, expected);
    if (!provesKnowledge(found)) return { found, grading: nothingProven() };
    return this.#graded(
      found,
      layout,
      TOKEN_CLASSES.flatMap((tokenClass) => layout[tokenClass]),
    );
  }

  /**
   * Of a version that this database does not know: its record has the same identifiers still, or some of them. If none of them proves
   * anything, that says nothing of the other side.
   */
  #readByTags(handle: Handle, meeting: Meeting): Reading | undefined {
    const prepared = this.#parts.records.preparedOf(handle);
    for (const { epoch, generation, salts } of this.#parts.terms()) {
      const { domain, identifiers } = prepared.get(generation) ?? { identifiers: [] };
      const salt = domain && salts.get(domain);
      if (domain === undefined || salt === undefined) continue;
      const [token, confirm] = [tokenizer(salt, domain), confirmer(salt, domain)];
      const tag = tagger({ federation: this.#parts.federation().id, epoch, binder: meeting.otherBinder });
      const made = new Map(
        identifiers.map((each): [HardenedIdentifier, Expected] => [
          each,
          { token: token(each.y), tag: tag(confirm(each.y)) },
        ]),
      );
      const expected = (identifier: HardenedIdentifier): Expected => made.get(identifier) as Expected;
      const layout = layoutByTags(identifiers, meeting, (identifier) => expected(identifier).tag);
      const found = findTags(layout, meeting, expected);
      if (provesKnowledge(found)) return this.#graded(found, layout, identifiers);
    }
    return undefined;
  }

  #graded(found: TagsFound, layout: Layout, own: readonly (HardenedIdentifier | null)[]): Reading | undefined {
    const kindsOf = (identifiers: readonly (HardenedIdentifier | null)[]): string[] =>
      identifiers.flatMap((identifier) => identifier?.kind ?? []);
    try {
      return { found, grading: gradeOf(kindsOf(identifiersAt(layout, found.valid)), SCHEME, kindsOf(own)) };
    } catch (error) {
      // Laid out under another scheme. The notice must not hold up those behind it.
      if (!isCausewayError(error, "INVALID")) throw error;
      return undefined;
    }
  }

  /** What whoever knows an identifier of this version puts beside the other record's binder; `undefined` once the salt is destroyed. */
  #expected({ epoch, domain, layout }: Publication, { positions, otherBinder }: Meeting) {
    const { hardened, terms, federation } = this.#parts;
    const salt = terms()
      .find((each) => each.epoch === epoch)
      ?.salts.get(domain);
    const met = identifiersAt(layout, positions);
    const ys = new Map(met.map((identifier) => [identifier, hardened.get(identifier.cacheKey)]));
    if (salt === undefined || [...ys.values()].includes(undefined)) return undefined;
    const [token, confirm] = [tokenizer(salt, domain), confirmer(salt, domain)];
    const tag = tagger({ federation: federation().id, epoch, binder: otherBinder });
    return (identifier: HardenedIdentifier) => {
      const y = ys.get(identifier) as Uint8Array;
      return { token: token(y), tag: tag(confirm(y)) };
    };
  }

  #met({ matchId, handle, otherBinder }: Pairing): Met {
    return { matchId, ownBinder: this.#parts.binder(handle), otherBinder };
  }

  #sign(of: Pairing, validHash: Uint8Array): Uint8Array {
    const { signer, federation } = this.#parts;
    const met = this.#met(of);
    const payload = meetingPayload({ ...met, matchId: fromHex(met.matchId), validHash });
    return signPayload({ type: "meeting", federation: federation().id, payload, secretKey: signer.secretKey });
  }

  #counterpart(of: Pairing, disclosure: Disclosure): Counterpart | undefined {
    return counterpartIn(disclosure, this.#met(of), this.#parts.federation());
  }
}

/** Whether an officer sees nothing new: what was only told again, or stated anew, is not. */
function showsTheSame(one: MatchState, other: MatchState): boolean {
  const shown = (state: MatchState): unknown => {
    const { amendment: _, updatedAtMs: _updatedAtMs, statement, ...rest } = state;
    return { ...rest, isSigned: statement?.signature !== undefined };
  };
  return isDeepStrictEqual(shown(one), shown(other));
}
