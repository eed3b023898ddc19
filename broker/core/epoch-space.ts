/**
 * Everything that is published in one epoch: its records and, per domain, the index of their tokens. Tokens of different
 * epochs or domains never meet (their salts differ), so each has an index of its own; an epoch that retires is dropped whole.
 */
import { compareBytes, concat, lpText, toHex, u8 } from "../../shared/core/bytes.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { Meeting, TokenClass, TokenSet } from "../../shared/core/data-plane.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { Handle, MemberId } from "../../shared/core/ids.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { TOKEN_BYTES } from "../../shared/crypto/token.ts";
import { tokenTexts } from "./entry.ts";
import type { Encounter, Party } from "./match.ts";
import { findCandidates, matchIdOf, recordKeyOf } from "./matching.ts";
import type { Candidate } from "./matching.ts";
import { RecordTable } from "./records.ts";
import type { LiveRecord } from "./records.ts";
import { TokenIndex } from "./token-index.ts";
import type { TokenHash } from "./token-index.ts";

export class EpochSpace {
  readonly epoch: number;
  readonly records = new RecordTable();
  readonly #indexes = new Map<Domain, TokenIndex>();
  readonly #hash: TokenHash;

  constructor(epoch: number, hash: TokenHash) {
    this.epoch = epoch;
    this.#hash = hash;
  }

  /** Tokens held, padding included. */
  get tokenCount(): number {
    let count = 0;
    for (const index of this.#indexes.values()) count += index.size;
    return count;
  }

  /** Makes this the record's version and these its tokens. */
  put(version: Omit<LiveRecord, "number">, tokens: TokenSet): LiveRecord {
    const before = this.records.find(version.member, version.handle);
    if (before !== undefined && before.domain !== version.domain) this.#index(before.domain).remove(before.number);
    const record = this.records.put(version);
    this.#index(record.domain).put(record.number, this.records.memberNumber(record.member), tokens);
    return record;
  }

  remove(record: LiveRecord): void {
    this.#index(record.domain).remove(record.number);
    this.records.remove(record);
  }

  /** How many of `tokens` the member's record under `handle` does not hold yet, per class. */
  countNew(member: MemberId, handle: Handle, tokens: TokenSet): number {
    const record = this.records.find(member, handle);
    const held = record === undefined ? undefined : this.#index(record.domain).tokensOf(record.number);
    let fresh = 0;
    for (const tokenClass of TOKEN_CLASSES) {
      const known = held === undefined ? undefined : tokenTexts(held[tokenClass]);
      for (const text of tokenTexts(tokens[tokenClass]).keys()) if (known?.has(text) !== true) fresh += 1;
    }
    return fresh;
  }

  /** Everybody whom `record` meets now. `today`: days since 1970-01-01 UTC. */
  encounters(federation: Uint8Array, record: LiveRecord, today: number): Encounter[] {
    const index = this.#index(record.domain);
    const { candidates } = findCandidates(index, record.number, (number) => this.records.at(number), today);
    return candidates.map((candidate) => this.#toEncounter(federation, index, candidate));
  }

  /** Whether two records share any token, also one that became too common to open a match. */
  stillMeet(one: Party, other: Party): boolean {
    const a = this.records.find(one.member, one.handle);
    const b = this.records.find(other.member, other.handle);
    if (a === undefined || b === undefined || a.domain !== b.domain) return false;
    const index = this.#index(a.domain);
    const [tokensA, tokensB] = [index.tokensOf(a.number), index.tokensOf(b.number)];
    return TOKEN_CLASSES.some((tokenClass) => {
      const texts = tokenTexts(tokensA[tokenClass]);
      return [...tokenTexts(tokensB[tokenClass]).keys()].some((text) => texts.has(text));
    });
  }

  #toEncounter(federation: Uint8Array, index: TokenIndex, candidate: Candidate): Encounter {
    const a = this.records.at(candidate.a) as LiveRecord;
    const b = this.records.at(candidate.b) as LiveRecord;
    return {
      matchId: matchIdOf(federation, recordKeyOf(a), recordKeyOf(b)),
      domain: a.domain,
      parties: [
        { member: a.member, handle: a.handle },
        { member: b.member, handle: b.handle },
      ],
      meetings: [meetingOf(a, candidate, "positionA"), meetingOf(b, candidate, "positionB")],
      metHash: metHashOf(index.tokensOf(a.number), candidate),
    };
  }

  #index(domain: Domain): TokenIndex {
    const known = this.#indexes.get(domain);
    if (known !== undefined) return known;
    const index = new TokenIndex(this.#hash);
    this.#indexes.set(domain, index);
    return index;
  }
}

function meetingOf(record: LiveRecord, candidate: Candidate, side: "positionA" | "positionB"): Meeting {
  const positions: Record<TokenClass, number[]> = { single: [], dateLevel: [], yearLevel: [] };
  for (const token of candidate.met) positions[token.tokenClass].push(token[side]);
  // Each side's in an order of its own: the common order would show how the other side has arranged its record.
  for (const tokenClass of TOKEN_CLASSES) positions[tokenClass].sort((a, b) => a - b);
  return { incarnation: record.incarnation, sequence: record.sequence, positions };
}

/** Hash of the set of tokens that met, in an order that does not depend on where they stand. */
function metHashOf(tokens: TokenSet, candidate: Candidate): string {
  const met = candidate.met.map(({ tokenClass, positionA }) => {
    const token = tokens[tokenClass].subarray(positionA * TOKEN_BYTES, (positionA + 1) * TOKEN_BYTES);
    return concat(u8(TOKEN_CLASSES.indexOf(tokenClass)), token);
  });
  return toHex(blake2b(16, lpText("causeway/met/v1"), ...met.toSorted(compareBytes)));
}
