/**
 * Everything that is published in one epoch: its records and, per domain, the index of their tokens. Tokens of different
 * epochs or domains never meet (their salts differ), so each has an index of its own; an epoch that retires is dropped whole.
 */
import { equalBytes, toHex } from "../../shared/core/bytes.ts";
import { OPENING_CLASSES, TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { Digest, TokenSet } from "../../shared/core/data-plane.ts";
import { digestItem, digestKey } from "../../shared/core/digest.ts";
import type { DigestItem } from "../../shared/core/digest.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import { TAG_BYTES, TOKEN_BYTES } from "../../shared/crypto/token.ts";
import { DigestBook } from "./digest-book.ts";
import { encounterOf, itemAt } from "./encounter.ts";
import type { HeldRecord } from "./encounter.ts";
import { tokenTexts } from "./entry.ts";
import type { Encounter, Party } from "./match.ts";
import { findCandidates, opens } from "./matching.ts";
import type { Candidate, RecordView } from "./matching.ts";
import type { RecordImage } from "./record-image.ts";
import { RecordTable } from "./records.ts";
import type { LiveRecord } from "./records.ts";
import type { TokenHash } from "./token-hash.ts";
import { TokenIndex } from "./token-index.ts";
import type { TaggedTokens } from "./token-index.ts";

/** A record as its owner has published it now. */
export type Version = Omit<LiveRecord, "number" | "tokens" | "published" | "settled" | "sinceMs">;

/** What matching must know besides records and tokens. */
export type MatchingScope = {
  readonly federation: Uint8Array;
  /** Days since 1970-01-01 UTC. */
  readonly today: number;
  /** Whose records meet nobody now, in which domain. */
  readonly isHidden: (member: MemberId, domain: Domain) => boolean;
  /** Tokens of the domain that the board has listed, in hexadecimal: they open no match. */
  readonly neverCorrelate: (domain: Domain) => ReadonlySet<string> | undefined;
};

/** Records that have changed, by number, and records that are gone; these come first, since numbers and handles are used again. */
export type Touched = {
  readonly numbers: Set<number>;
  readonly gone: Pick<LiveRecord, "member" | "handle">[];
};

export type Room = ReadonlyMap<Domain, readonly number[]>;

export class EpochSpace {
  readonly epoch: number;
  readonly #records: RecordTable;
  /** Changed here only: index and digests go along. */
  readonly records: Omit<RecordTable, "put" | "remove">;
  readonly #indexes = new Map<Domain, TokenIndex>();
  readonly #hash: TokenHash;
  /** Its items are made when there is time, or when asked for. */
  readonly #digests = new DigestBook();
  readonly #digestKeys = new Map<MemberId, HashKey>();
  readonly #tokensOfMember = new Map<MemberId, number>();
  #changes = 0;
  /** While a snapshot is made: what has changed since it began, or since it last asked. */
  #touched: Touched | undefined;

  constructor(epoch: number, hash: TokenHash) {
    this.epoch = epoch;
    this.#hash = hash;
    this.#records = new RecordTable(hash);
    this.records = this.#records;
  }

  /** As long as this stands still, records and tokens do. */
  get changeCount(): number {
    return this.#changes;
  }

  /** Tokens held, padding included. */
  get tokenCount(): number {
    let count = 0;
    for (const index of this.#indexes.values()) count += index.size;
    return count;
  }

  /** Tokens held of a member, padding included. */
  tokensOfMember(member: MemberId): number {
    return this.#tokensOfMember.get(member) ?? 0;
  }

  /** Makes this the record's version and these its tokens. `isLatest`: no later epoch was open then. */
  put(version: Version, content: TaggedTokens, nowMs: number, isLatest = true): LiveRecord {
    const { member, handle } = version;
    const before = this.records.find(member, handle);
    const fresh = this.countNew(version, content);
    if (before !== undefined && before.domain !== version.domain) this.#index(before.domain).remove(before.number);
    const count = countOf(content.tokens);
    const published = (before?.published ?? 0) + fresh;
    const settled = isLatest ? published : (before?.settled ?? 0);
    const sinceMs = before?.sinceMs ?? nowMs;
    const record = this.#records.put({ ...version, tokens: count, published, settled, sinceMs });
    this.#note(record);
    this.#index(record.domain).put(record.number, this.records.memberNumber(member), content);
    if (before !== undefined) this.#digests.strike(before);
    this.#digests.await(record);
    this.#tokensOfMember.set(member, this.tokensOfMember(member) + count - (before?.tokens ?? 0));
    return record;
  }

  /** Gives a record that stands here another review day. */
  revalidate(record: LiveRecord, reviewByDay: number): void {
    const revalidated = this.#records.put({ ...record, reviewByDay });
    this.#note(revalidated);
    const item = this.#digests.strike(record);
    if (item === undefined) this.#digests.await(revalidated);
    else this.#digests.enter(revalidated, item);
  }

  remove(record: LiveRecord): void {
    this.#index(record.domain).remove(record.number);
    this.#records.remove(record);
    this.#touched?.gone.push({ member: record.member, handle: record.handle });
    this.#changes += 1;
    this.#digests.strike(record);
    this.#tokensOfMember.set(record.member, this.tokensOfMember(record.member) - record.tokens);
  }

  /** Notes from now on what changes, for a snapshot; answers with what has changed since this was last asked. */
  touched(): Touched {
    const touched = this.#touched ?? { numbers: new Set(), gone: [] };
    this.#touched = { numbers: new Set(), gone: [] };
    return touched;
  }

  /** Notes no longer what changes. */
  untouch(): void {
    this.#touched = undefined;
  }

  /** The record of a number as it stands now; undefined if there is none. */
  imageAt(number: number): RecordImage | undefined {
    const record = this.records.at(number);
    if (record === undefined) return undefined;
    const { member, handle } = record;
    const { tokens, tags } = this.#holding(number);
    return { member, handle, standing: { record, tokens, tags, sum: this.#digests.item(number)?.sum } };
  }

  /** Makes the record what a snapshot says. */
  restore({ member, handle, standing }: RecordImage): void {
    const before = this.records.find(member, handle);
    if (before !== undefined) this.remove(before);
    if (standing === undefined) return;
    const tokens = countOf(standing.tokens);
    const record = this.#records.put({ ...standing.record, tokens });
    this.#note(record);
    this.#index(record.domain).put(record.number, this.records.memberNumber(member), standing);
    this.#tokensOfMember.set(member, this.tokensOfMember(member) + tokens);
    if (standing.sum === undefined) this.#digests.await(record);
    else this.#digests.enter(record, { count: tokens, sum: standing.sum });
  }

  /** How many different tokens each domain has, by class number. */
  get room(): Room {
    return new Map([...this.#indexes].map(([domain, index]) => [domain, index.room]));
  }

  /** Makes room for so much ahead. */
  reserve(room: Room): void {
    for (const [domain, counts] of room) this.#index(domain).reserve(counts);
  }

  /** Overwrites all tokens. The space cannot be used afterwards. */
  wipe(): void {
    for (const index of this.#indexes.values()) index.wipe();
  }

  /** What the member holds here, less what is past its review day on `day`. */
  digest(federation: Uint8Array, member: MemberId, day: number): Digest {
    for (const number of this.#digests.awaitedOf(member)) this.#enterDigest(federation, number);
    return this.#digests.digest(member, day);
  }

  /** Records that a bucket of such a digest is of, and what each comes to; `max` at most. */
  itemsIn(...of: Parameters<DigestBook["recordsIn"]>): (readonly [Handle, DigestItem])[] {
    return this.#digests.recordsIn(...of).map((number) => {
      return [(this.records.viewAt(number) as RecordView).handle, this.#digests.item(number) as DigestItem];
    });
  }

  /** Makes up to `max` items of digests ahead of time. False if none was missing. */
  prepareDigests(federation: Uint8Array, max: number): boolean {
    const awaited = this.#digests.awaited(max);
    for (const number of awaited) this.#enterDigest(federation, number);
    return awaited.length > 0;
  }

  /**
   * How many tokens the record does not hold yet, each under this tag and binder. What proves a token is told to whoever it meets, as a token
   * is; an honest node never changes it within an epoch.
   */
  countNew(version: Pick<Version, "member" | "handle" | "conversationKey" | "blind">, content: TaggedTokens): number {
    const record = this.records.find(version.member, version.handle);
    if (record === undefined || !isBoundAlike(record, version)) return countOf(content.tokens);
    const held = this.#holding(record.number);
    let fresh = 0;
    for (const tokenClass of TOKEN_CLASSES) {
      const known = tokenTexts(held.tokens[tokenClass]);
      const tagAt = ({ tags }: TaggedTokens, at: number): Uint8Array => itemAt(tags, tokenClass, at, TAG_BYTES);
      for (const [text, position] of tokenTexts(content.tokens[tokenClass])) {
        const heldAt = known.get(text);
        if (heldAt === undefined || !equalBytes(tagAt(held, heldAt), tagAt(content, position))) fresh += 1;
      }
    }
    return fresh;
  }

  /** Everybody whom `record` meets now. */
  encounters(record: LiveRecord, scope: MatchingScope): Encounter[] {
    const index = this.#index(record.domain);
    const lookup = (number: number): RecordView | undefined => {
      const found = this.records.viewAt(number);
      return found === undefined || scope.isHidden(found.member, record.domain) ? undefined : found;
    };
    const { candidates } = findCandidates(index, record.number, lookup, scope.today);
    const listed = scope.neverCorrelate(record.domain);
    const tokens = index.tokensOf(record.number);
    return candidates
      .map((candidate) => withoutListed(candidate, record.number, tokens, listed))
      .filter(({ met }) => opens(met))
      .map(({ a, b, met }) => encounterOf([this.#holding(a), this.#holding(b)], met, { ...scope, epoch: this.epoch }));
  }

  /** Whether both records are here. */
  holdsBoth(one: Party, other: Party): boolean {
    return (
      this.records.find(one.member, one.handle) !== undefined &&
      this.records.find(other.member, other.handle) !== undefined
    );
  }

  /** Whether two records share a token of an opening class, also one that became too common to open a match. */
  stillMeet(one: Party, other: Party): boolean {
    const a = this.records.find(one.member, one.handle);
    const b = this.records.find(other.member, other.handle);
    if (a === undefined || b === undefined || a.domain !== b.domain) return false;
    const index = this.#index(a.domain);
    const [tokensA, tokensB] = [index.tokensOf(a.number), index.tokensOf(b.number)];
    return OPENING_CLASSES.some((tokenClass) => {
      const texts = tokenTexts(tokensA[tokenClass]);
      return [...tokenTexts(tokensB[tokenClass]).keys()].some((text) => texts.has(text));
    });
  }

  #note({ number }: LiveRecord): void {
    this.#touched?.numbers.add(number);
    this.#changes += 1;
  }

  #holding(number: number): HeldRecord {
    const record = this.records.at(number) as LiveRecord;
    const index = this.#index(record.domain);
    return { record, tokens: index.tokensOf(number), tags: index.tagsOf(number) };
  }

  #enterDigest(federation: Uint8Array, number: number): void {
    const record = this.records.at(number) as LiveRecord;
    const { member } = record;
    const key = this.#digestKeys.get(member) ?? digestKey(federation, member, this.epoch);
    this.#digestKeys.set(member, key);
    this.#digests.enter(record, digestItem(key, record, this.#index(record.domain).tokensOf(record.number)));
  }

  #index(domain: Domain): TokenIndex {
    const known = this.#indexes.get(domain);
    if (known !== undefined) return known;
    const index = new TokenIndex(this.#hash);
    this.#indexes.set(domain, index);
    return index;
  }
}

function isBoundAlike(record: LiveRecord, { conversationKey, blind }: Pick<Version, "conversationKey" | "blind">) {
  return equalBytes(record.conversationKey, conversationKey) && equalBytes(record.blind, blind);
}

function withoutListed(
  candidate: Candidate,
  own: number,
  tokens: TokenSet,
  listed: ReadonlySet<string> | undefined,
): Candidate {
  if (listed === undefined || listed.size === 0) return candidate;
  const isOwnA = candidate.a === own;
  const met = candidate.met.filter(({ tokenClass, positionA, positionB }) => {
    return !listed.has(toHex(itemAt(tokens, tokenClass, isOwnA ? positionA : positionB)));
  });
  return { ...candidate, met };
}

/** Tokens of a set in which each stands once in its class. */
export function countOf(tokens: TokenSet): number {
  return TOKEN_CLASSES.reduce((count, tokenClass) => count + tokens[tokenClass].length / TOKEN_BYTES, 0);
}
