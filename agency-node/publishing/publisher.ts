/**
 * Sends what is prepared into every open epoch: tokens under the epoch's salts, laid out, padded, into the outbox (protocol sections
 * 2.3, 3 and 4). New content goes first, into all of them; what a new epoch is to take over follows at a pace that lets it through.
 * What is due stands in the database, so that a crash or a week off-line at any point costs nothing but time. What is sent next is drawn
 * among all that is due.
 */
import type { Upsert } from "../../shared/core/data-plane.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import { dayOf, monthEnd } from "../../shared/core/days.ts";
import { digestItem, digestKey } from "../../shared/core/digest.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import { binderOf, confirmer, ownerOf, TAG_BYTES, tagger, TOKEN_BYTES, tokenizer } from "../../shared/crypto/token.ts";
import type { SaltKey } from "../../shared/crypto/token.ts";
import { ROWS_MAX, SUBMISSION_BYTES } from "../core/limits.ts";
import { shuffled, Urn } from "../core/order.ts";
import { freePlaces, withLoans } from "../core/padding.ts";
import { layOut, paddingOf, tokensOfLayout } from "../core/publication.ts";
import type { Database } from "../../shared/store/database.ts";
import type { Outbox } from "../store/outbox.ts";
import type { Version } from "../store/publications.ts";
import type { Due, JoinedEpoch, StandingStore, Urgency } from "../store/standings.ts";
import { Wake } from "../../shared/world/wake.ts";
import type { World } from "../../shared/world/world.ts";
import type { EpochTerms } from "./terms.ts";
import { events } from "../events.ts";

export type PublisherParts = {
  readonly db: Database;
  readonly standings: StandingStore;
  readonly outbox: Outbox;
  readonly world: World;
  /** Names digests apart, see `digestKey`. */
  readonly federation: Uint8Array;
  readonly member: MemberId;
  /** Of the open epochs that this node can publish in. */
  terms(): readonly EpochTerms[];
  /** Secret, of one record, always the same. */
  paddingKey(handle: Handle): HashKey;
  /** As secret, until the record is disclosed. */
  blind(handle: Handle): Uint8Array;
  /** Everything that an epoch was to take over is on its way. */
  onCarried(epoch: number): void;
};

/** `news`: how much of that was known when it was filled. */
type Filled = { readonly urn: Urn<number>; readonly news: number };

const ENTRY_OVERHEAD_BYTES = 192;
const IDLE_MS = 60_000;
const RETRY_MS = 1_000;
/** Records read at once. */
const PAGE_RECORDS = 64;

export class Publisher {
  readonly #parts: PublisherParts;
  readonly #wake: Wake;
  /** What was found to be due and is not sent yet, by epoch and urgency. */
  readonly #urns = new Map<string, Filled>();
  /** How often there was more to be found. */
  #news = 1;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.world);
  }

  /** There are records to send. */
  wake(): void {
    this.#news += 1;
    this.#wake.set();
  }

  /** Receipts have made room for more. */
  onRoom(): void {
    this.#wake.set();
  }

  /** Publishes until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#publishAll(signal);
        // A day may have begun, or a refusal be tried again, without a word.
        if (!(await this.#wake.wait(IDLE_MS, signal))) this.#news += 1;
      } catch (error) {
        if (!isCausewayError(error)) throw error;
        // What was drawn and not sent is due as before.
        this.#urns.clear();
        events.publishing.waiting(this.#parts.world.log, error, { delayMs: RETRY_MS });
        await this.#wake.wait(RETRY_MS, signal);
      }
    }
  }

  async #publishAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const sent = (await this.#sendNext("fresh")) || (await this.#sendNext("carried"));
      if (!sent) return;
      await this.#parts.world.nextTurn();
    }
  }

  /** What is still to be drawn in an epoch; when that is nothing, and there may be more, all that is due by now. */
  async #urnOf(joined: JoinedEpoch, urgency: Urgency): Promise<Urn<number>> {
    const { standings, world } = this.#parts;
    const key = `${joined.epoch} ${urgency}`;
    const known = this.#urns.get(key);
    if (known !== undefined && (known.urn.size > 0 || known.news === this.#news)) return known.urn;
    const filled = { urn: new Urn<number>(world.randomBytes), news: this.#news };
    for (const numbers of standings.numbersDue(joined, { urgency, today: dayOf(world.clock()) })) {
      filled.urn.add(numbers);
      await world.nextTurn();
    }
    this.#urns.set(key, filled);
    return filled.urn;
  }

  /** One submission of what is due, in the newest epoch that has some. False if there is nothing, or the outbox is to empty first. */
  async #sendNext(urgency: Urgency): Promise<boolean> {
    const joined = this.#parts.standings.joined();
    const hasRoom = this.#parts.outbox.length < ROWS_MAX[urgency];
    for (const terms of this.#parts.terms()) {
      const epoch = joined.find((each) => each.epoch === terms.epoch);
      if (epoch === undefined) continue;
      const urgent = urgency === "fresh" ? this.#urgentIn(epoch) : [];
      if (!hasRoom && urgent.length === 0) continue;
      const urn = await this.#urnOf(epoch, urgency);
      if (this.#sendOne(urn, { joined: epoch, terms, urgency, urgent })) return true;
    }
    return false;
  }

  /** In an order of their own; those that do not fit wait in front of all others. */
  #urgentIn(joined: JoinedEpoch): number[] {
    const { standings, world } = this.#parts;
    return shuffled(standings.urgentDue(joined, dayOf(world.clock())), world.randomBytes);
  }

  #sendOne(
    urn: Urn<number>,
    of: {
      readonly joined: JoinedEpoch;
      readonly terms: EpochTerms;
      readonly urgency: Urgency;
      readonly urgent: readonly number[];
    },
  ): boolean {
    const { joined, terms, urgency } = of;
    const { db, standings, world, onCarried } = this.#parts;
    const today = dayOf(world.clock());
    if (of.urgent.length + urn.size === 0) return false;
    const urgent = [...of.urgent];
    const taken = db.transaction(() => {
      const due: Due[] = [];
      for (let bytes = 0; bytes < SUBMISSION_BYTES && urgent.length + urn.size > 0;) {
        const numbers = urgent.length > 0 ? urgent.splice(0, PAGE_RECORDS) : urn.take(PAGE_RECORDS);
        for (const each of standings.due(joined, { urgency, today, numbers })) {
          if (bytes >= SUBMISSION_BYTES) urn.add([each.number]);
          else due.push(each);
          bytes += bytesOf(each);
        }
      }
      // Among the others that go with them nobody sees which were urgent.
      this.#append(of.urgent.length > 0 ? shuffled(due, world.randomBytes) : due, terms);
      if (of.urgent.length > 0) standings.endUrgency();
      return due.length;
    });
    if (taken > 0 && urgency === "carried" && !standings.isDue(terms.epoch, "carried")) onCarried(terms.epoch);
    return taken > 0;
  }

  /** One submission: outbox row, layouts and states, inside one transaction. */
  #append(due: readonly Due[], terms: EpochTerms): void {
    const { outbox, standings, federation, member } = this.#parts;
    if (due.length === 0) return;
    const version = outbox.next();
    const key = digestKey(federation, member, terms.epoch);
    const entries: Upsert[] = [];
    for (const each of due) {
      const salt = terms.salts.get(each.prepared.domain);
      // The mandate does not include the record's domain: the broker would refuse it for the same reason.
      if (salt === undefined) standings.refuse(each, terms.epoch, "domain");
      else entries.push(this.#upsert(each, { epoch: terms.epoch, salt, key, version }));
    }
    if (entries.length === 0) return;
    const handles = entries.map(({ handle }) => handle);
    outbox.append({ kind: "publication", entries }, handles, terms.epoch);
  }

  #upsert(
    due: Due,
    of: { readonly epoch: number; readonly salt: SaltKey; readonly key: HashKey; readonly version: Version },
  ): Upsert {
    const { handle, prepared } = due;
    const { domain, handling, conversationKey, identifiers } = prepared;
    const { epoch, version } = of;
    const { federation, member } = this.#parts;
    const blind = this.#parts.blind(handle);
    const binder = binderOf(conversationKey, ownerOf({ member, handle, blind }));
    const layout = layOut(identifiers, this.#parts.world.randomBytes);
    const token = tokenizer(of.salt, domain);
    const confirm = confirmer(of.salt, domain);
    const tag = tagger({ federation, epoch, binder });
    const ownPadding = (of: Handle) => paddingOf(this.#parts.paddingKey(of), epoch);
    const { tokens, tags } = tokensOfLayout(layout, {
      token: ({ y }) => token(y),
      tag: ({ y }) => tag(confirm(y)),
      padding: withLoans(ownPadding(handle), due.loans, ownPadding),
    });
    const item = digestItem(of.key, { handle, sequence: version.sequence }, tokens);
    const reviewByDay = reviewDayToPublish(due);
    this.#parts.standings.setWaiting({ due, version, publication: { epoch, domain, layout }, item, day: reviewByDay });
    const content = { handle, domain, handling, reviewByDay, conversationKey };
    return { operation: "upsert", ...content, tokens, tags, binder, blind };
  }
}

function bytesOf({ prepared }: Due): number {
  const free = freePlaces(prepared.identifiers);
  const places = TOKEN_CLASSES.reduce((sum, tokenClass) => sum + free[tokenClass], prepared.identifiers.length);
  return ENTRY_OVERHEAD_BYTES + (TOKEN_BYTES + TAG_BYTES) * places;
}

/** Rounded to its month; an upsert never moves it later than what the broker has (protocol section 3). */
function reviewDayToPublish({ reviewByDay, sentDay }: Due): number {
  const day = monthEnd(reviewByDay);
  return sentDay === null ? day : Math.min(day, sentDay);
}
