/**
 * What makes records of one unit look alike from outside: how many places each class has, and padding that stands in several records.
 *
 * Two records of one unit that hold the same identifier share its token, and whoever has the index and a public list looks for the pairs
 * that share so many tokens in the list. So records share padding too: each borrows some from others, drawn at random when it is first
 * made ready, and a real link is one among several that look like it. It costs no tokens and no match: padding meets nobody else's.
 *
 * Loans never change, whatever epoch, generation or content comes: a link that stays while others go would be a real one. How many there
 * are is geometric and how much is lent with each has a heavy tail, so that one link more or one token more says little. What is lent may
 * be borrowed itself: so some padding stands in many records, as a telephone number of a whole group does.
 */
import { byClass, TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { TokenClass } from "../../shared/core/data-plane.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { TOKEN_BYTES } from "../../shared/crypto/token.ts";
import { below, fraction } from "./order.ts";
import type { RandomBytes } from "./order.ts";

/** The least places of each class: half of the records of two public lists need no more, and each has room to lend and to borrow. */
const PLACES_MIN: Readonly<Record<TokenClass, number>> = { single: 8, opening: 32, support: 16 };

/** How often a class is lent in, among all: about as often as real tokens of it are shared. */
const LENT_WEIGHTS: Readonly<Record<TokenClass, number>> = { single: 2, opening: 5, support: 4 };
const LENT_WEIGHT = TOKEN_CLASSES.reduce((sum, tokenClass) => sum + LENT_WEIGHTS[tokenClass], 0);

/** Chance of one more lender: three on average. */
const LENDER_CHANCE = 0.75;
/** A lender lends `k` tokens or more with a chance of about k^(-1 / 1.3). */
const TAIL = 1.3;
const LENT_MAX = 64;
/** Chance that what is lent is borrowed: the number of records that hold it has a heavy tail then (Simon, 1955). */
const PASSED_ON_CHANCE = 0.5;

/** The power of two that `count` tokens of a class are padded to. */
export function paddedCount(tokenClass: TokenClass, count: number): number {
  let places = PLACES_MIN[tokenClass];
  while (places < count) places *= 2;
  return places;
}

/** How many places of each class hold padding. */
export type Free = Readonly<Record<TokenClass, number>>;

export function freePlaces(identifiers: readonly { readonly class: TokenClass }[]): Free {
  return byClass((tokenClass) => {
    const count = identifiers.filter((identifier) => identifier.class === tokenClass).length;
    return paddedCount(tokenClass, count) - count;
  });
}

export type Lender = { readonly handle: Handle; readonly free: Free; readonly loans: readonly Loan[] };

/** In place of its own padding under `number`, a record has what `lender` has under `lent`. */
export type Loan = {
  readonly tokenClass: TokenClass;
  readonly number: number;
  readonly lender: Handle;
  readonly lent: number;
};

/**
 * What a record borrows. `nextLender`: another record, any of them as likely as any other. Padding under even numbers is lent and what is
 * under odd ones is replaced, so that what is lent is still there.
 */
export function drawLoans(
  { handle, free }: Omit<Lender, "loans">,
  nextLender: () => Lender | undefined,
  random: RandomBytes,
): Loan[] {
  const loans: Loan[] = [];
  const borrowed: Record<TokenClass, number> = { single: 0, opening: 0, support: 0 };
  while (fraction(random) < LENDER_CHANCE) {
    const lender = nextLender();
    if (lender === undefined) continue;
    const count = Math.min(LENT_MAX, Math.floor((1 - fraction(random)) ** -TAIL));
    for (let i = 0; i < count; i += 1) {
      const tokenClass = drawClass(random);
      const number = 2 * borrowed[tokenClass] + 1;
      const offer = offerOf(lender, tokenClass, random);
      if (number >= free[tokenClass] || offer === undefined || offer.lender === handle) continue;
      if (loans.some((loan) => isSame(loan, offer))) continue;
      borrowed[tokenClass] += 1;
      loans.push({ ...offer, number });
    }
  }
  return loans;
}

type Offer = Omit<Loan, "number">;

/** Of a lender's own padding, or of what it has borrowed. */
function offerOf({ handle, free, loans }: Lender, tokenClass: TokenClass, random: RandomBytes): Offer | undefined {
  const borrowed = loans.filter((loan) => loan.tokenClass === tokenClass);
  if (borrowed.length > 0 && fraction(random) < PASSED_ON_CHANCE) return borrowed[below(random, borrowed.length)];
  const lendable = Math.ceil(free[tokenClass] / 2);
  return lendable === 0 ? undefined : { tokenClass, lender: handle, lent: 2 * below(random, lendable) };
}

function isSame(a: Offer, b: Offer): boolean {
  return a.lender === b.lender && a.tokenClass === b.tokenClass && a.lent === b.lent;
}

function drawClass(random: RandomBytes): TokenClass {
  let at = below(random, LENT_WEIGHT);
  for (const tokenClass of TOKEN_CLASSES) {
    if (at < LENT_WEIGHTS[tokenClass]) return tokenClass;
    at -= LENT_WEIGHTS[tokenClass];
  }
  throw new RangeError("weights do not add up");
}

/** The token and the tag, 24 bytes, that pad a class under a number from 0. */
export type Padding = (tokenClass: TokenClass, number: number) => Uint8Array;

/** A record's padding with what it has borrowed; `paddingOf`: that of another, without its loans. */
export function withLoans(own: Padding, loans: readonly Loan[], paddingOf: (lender: Handle) => Padding): Padding {
  if (loans.length === 0) return own;
  const lenders = new Map(loans.map(({ lender }) => [lender, paddingOf(lender)]));
  const borrowed = byClass(() => new Map<number, Loan>());
  for (const loan of loans) borrowed[loan.tokenClass].set(loan.number, loan);
  return (tokenClass, number) => {
    const loan = borrowed[tokenClass].get(number);
    const padding = loan && lenders.get(loan.lender);
    if (loan === undefined || padding === undefined) return own(tokenClass, number);
    // As with a real token: equal in both records, under a tag of each.
    const place = own(tokenClass, number).slice();
    place.set(padding(tokenClass, loan.lent).subarray(0, TOKEN_BYTES));
    return place;
  };
}
