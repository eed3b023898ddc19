/**
 * What a member may still use: an initial grant, spent once and first, then an allowance over sliding 24 hours. The
 * initial grant goes first so that it cannot be saved up for a burst later.
 *
 * The window slides in steps of an hour. A charge stays in it until the hour in which it was made is wholly 24 hours old,
 * that is for 24 to 25 hours: never less than promised to those who fear a member's guesses.
 */
import type { Budget } from "./directive.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const WINDOW_HOURS = 24;

/** What was used so far. */
export type Account = {
  /** Out of the initial grant. */
  readonly initialUsed: number;
  /** Out of the allowance, by the hour (hours since 1970-01-01 UTC) of the charge. */
  readonly hours: ReadonlyMap<number, number>;
};

export type Balance = {
  readonly available: number;
  readonly usedInWindow: number;
  readonly perDay: number;
  /** Of the initial grant. */
  readonly initialLeft: number;
};

export type ChargeResult =
  | { readonly kind: "charged"; readonly account: Account }
  /** `retryAtMs` is when the same charge would pass if nothing else is charged; null if it never can. */
  | { readonly kind: "exhausted"; readonly retryAtMs: number | null };

export const emptyAccount: Account = { initialUsed: 0, hours: new Map() };

/** The hour number of an instant. */
function hourOf(instantMs: number): number {
  return Math.floor(instantMs / HOUR_MS);
}

/** The first hour that still counts. Later ones all do, also those of a clock that has since been set back. */
export function firstHourInWindow(nowMs: number): number {
  return hourOf(nowMs) - WINDOW_HOURS;
}

/** What may be charged now. */
export function balanceOf(account: Account, budget: Budget, nowMs: number): Balance {
  const usedInWindow = usedSince(account, firstHourInWindow(nowMs));
  const left = initialLeft(account, budget);
  const available = left + Math.max(0, budget.perDay - usedInWindow);
  return { available, usedInWindow, perDay: budget.perDay, initialLeft: left };
}

/** Charges `amount`, all or nothing. Hours that have left the window are left out of the new account. */
export function charge(account: Account, budget: Budget, amount: number, nowMs: number): ChargeResult {
  if (amount > balanceOf(account, budget, nowMs).available) {
    return { kind: "exhausted", retryAtMs: retryAt(account, budget, amount, nowMs) };
  }
  const fromInitial = Math.min(amount, initialLeft(account, budget));
  const first = firstHourInWindow(nowMs);
  const hours = new Map([...account.hours].filter(([hour]) => hour >= first));
  const now = hourOf(nowMs);
  if (amount > fromInitial) hours.set(now, (hours.get(now) ?? 0) + amount - fromInitial);
  return { kind: "charged", account: { initialUsed: account.initialUsed + fromInitial, hours } };
}

/**
 * The account without a charge of `amount` that was made at `chargedAtMs`: what went out of the allowance of that hour goes back first,
 * as the grant was spent first. Charges made since stay.
 */
export function refund(account: Account, amount: number, chargedAtMs: number): Account {
  const hour = hourOf(chargedAtMs);
  const charged = account.hours.get(hour) ?? 0;
  const fromAllowance = Math.min(amount, charged);
  const hours = new Map(account.hours).set(hour, charged - fromAllowance);
  return { initialUsed: account.initialUsed - (amount - fromAllowance), hours };
}

function retryAt(account: Account, budget: Budget, amount: number, nowMs: number): number | null {
  const fromAllowance = amount - initialLeft(account, budget);
  if (fromAllowance > budget.perDay) return null;
  const first = firstHourInWindow(nowMs);
  let used = usedSince(account, first);
  for (const hour of [...account.hours.keys()].filter((hour) => hour >= first).toSorted((a, b) => a - b)) {
    used -= account.hours.get(hour) ?? 0;
    if (used + fromAllowance <= budget.perDay) return (hour + WINDOW_HOURS + 1) * HOUR_MS;
  }
  return null;
}

function initialLeft(account: Account, budget: Budget): number {
  return Math.max(0, budget.initial - account.initialUsed);
}

function usedSince(account: Account, firstHour: number): number {
  let used = 0;
  for (const [hour, amount] of account.hours) if (hour >= firstHour) used += amount;
  return used;
}
