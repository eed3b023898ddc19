/**
 * Whether an entry stands. The rules bind what a member may ask of the others: its mandate's domains, the life of a
 * record, the size and number of token sets. An entry that does not stand keeps its place with a reason; the others in
 * its batch stand. Everything in an entry is the member's choice.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { Entry, MalformedEntry, RejectionReason, Upsert } from "../../shared/core/data-plane.ts";
import type { Admit } from "../../shared/core/directive.ts";
import { monthEnd } from "../../shared/core/days.ts";
import type { Domain } from "../../shared/core/domain.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { binderOf, ownerOf, TOKEN_BYTES } from "../../shared/crypto/token.ts";
import { isX25519Key } from "../../shared/crypto/x25519.ts";
import { TOKENS_PER_CLASS_MAX, TOKENS_PER_CLASS_MIN } from "./limits.ts";

export type EntryContext = {
  readonly member: Pick<Admit, "member" | "domains" | "retentionDaysMax">;
  /** Whether the submission's epoch takes entries. */
  readonly epochOpen: boolean;
  /** Broker time, days since 1970-01-01 UTC. */
  readonly today: number;
  /** The live record under the entry's handle. */
  readonly record: { readonly domain: Domain; readonly reviewByDay: number } | undefined;
  /** How many of its tokens the record does not hold yet, each with this tag. */
  readonly countNew: (entry: Upsert) => number;
  /** New distinct tokens that the member may still publish. */
  readonly budget: number;
};

export type EntryVerdict =
  | { readonly stands: true; readonly newTokens: number }
  | { readonly stands: false; readonly reason: RejectionReason };

export function decideEntry(entry: Entry | MalformedEntry, context: EntryContext): EntryVerdict {
  if (entry.operation === "malformed") return rejected(entry.reason);
  // A withdrawal binds whatever the state of its epoch: it is the owner's right to take a record back.
  if (entry.operation === "withdraw") return context.record === undefined ? rejected("unknownHandle") : stands(0);
  if (!context.epochOpen) return rejected("epoch");
  if (entry.operation === "upsert") return decideUpsert(entry, context);
  if (context.record === undefined) return rejected("unknownHandle");
  return isReviewDay(entry.reviewByDay, context) ? stands(0) : rejected("reviewDay");
}

function decideUpsert(entry: Upsert, context: EntryContext): EntryVerdict {
  const { record } = context;
  if (!context.member.domains.includes(entry.domain)) return rejected("domain");
  // To move a handle between domains would tell the broker that a suspect is also a victim.
  if (record !== undefined && record.domain !== entry.domain) return rejected("domain");
  // Silent handling takes a second signature, which no message carries yet.
  if (entry.handling === "silent") return rejected("handling");
  if (!isX25519Key(entry.conversationKey)) return rejected("conversationKey");
  if (!isOwnBinder(entry, context.member.member)) return rejected("binder");
  if (!TOKEN_CLASSES.every((tokenClass) => isPaddedCount(entry.tokens[tokenClass]))) return rejected("tokenCount");
  if (!TOKEN_CLASSES.every((tokenClass) => isDistinct(entry.tokens[tokenClass]))) return rejected("malformed");
  if (!isReviewDay(entry.reviewByDay, context)) return rejected("reviewDay");
  if (record !== undefined && entry.reviewByDay > record.reviewByDay) return rejected("revalidationNeeded");
  const newTokens = context.countNew(entry);
  return newTokens > context.budget ? rejected("budget") : stands(newTokens);
}

/** A month's last day, not past, and within the retention cap rounded up to the month's end. */
function isReviewDay(day: number, { today, member }: EntryContext): boolean {
  return day >= today && day <= monthEnd(today + member.retentionDaysMax) && day === monthEnd(day);
}

function isPaddedCount(tokens: Uint8Array): boolean {
  const count = tokens.length / TOKEN_BYTES;
  const isPowerOfTwo = Number.isInteger(count) && (count & (count - 1)) === 0;
  return isPowerOfTwo && count >= TOKENS_PER_CLASS_MIN && count <= TOKENS_PER_CLASS_MAX;
}

function isDistinct(tokens: Uint8Array): boolean {
  const count = tokens.length / TOKEN_BYTES;
  const beginnings = new Set<number>();
  for (let at = 0; at < tokens.length; at += TOKEN_BYTES) beginnings.add(beginningOf(tokens, at));
  // Tokens that are equal begin alike. The other way round is rare, or somebody's doing, and looked at whole.
  return beginnings.size === count || tokenTexts(tokens).size === count;
}

/** The first six bytes of a token, as a number: to make a text of each costs more than all else that is asked of an entry. */
function beginningOf(tokens: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 6; i += 1) value = 256 * value + (tokens[i] as number);
  return value;
}

/** Each token of a class as text that compares by value; for look-up within one call, never kept. */
export function tokenTexts(tokens: Uint8Array): Map<string, number> {
  const positions = new Map<string, number>();
  for (let at = 0; at < tokens.length; at += TOKEN_BYTES) {
    const text = String.fromCharCode(...tokens.subarray(at, at + TOKEN_BYTES));
    if (!positions.has(text)) positions.set(text, at / TOKEN_BYTES);
  }
  return positions;
}

/** Otherwise tags that another record was published with, copied by somebody, would hold. */
function isOwnBinder({ handle, blind, conversationKey, binder }: Upsert, member: MemberId): boolean {
  const owner = ownerOf({ member, handle, blind });
  return equalBytes(binder, binderOf(conversationKey, owner));
}

function stands(newTokens: number): EntryVerdict {
  return { stands: true, newTokens };
}

function rejected(reason: RejectionReason): EntryVerdict {
  return { stands: false, reason };
}
