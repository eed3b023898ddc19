/** What an evaluator needs of its surroundings, and what it tells them. */
import type { MemberId } from "../../shared/core/ids.ts";

/** Where an evaluator's key shares lie. */
export type KeyShares = {
  /** 32 bytes, secret. Throws ENVIRONMENT if there is none. */
  read(generation: number): Uint8Array;
  /** Those that there are. */
  generations(): readonly number[];
  destroy(generation: number): void;
};

export type ShareMaker = {
  /** Makes the share of a generation to come unless there is one, durably, and returns its public half. Throws ENVIRONMENT. */
  prepare(generation: number): Uint8Array;
};

/** The board's preparations at the broker. Every call rejects as its client does, or does not end. */
export type Preparations = {
  /** The generation of keys that is being prepared; 0 if none is. */
  generation(signal: AbortSignal): Promise<number>;
  /** `offer`: `Signed` bytes of type "evaluator-offer". */
  offer(offer: Uint8Array, signal: AbortSignal): Promise<void>;
};

/** What an operator should hear of. Counts only: elements never leave the engine. */
export type EvaluatorEvent =
  | { readonly kind: "evaluated"; readonly member: MemberId; readonly elements: number; readonly charged: boolean }
  | { readonly kind: "refused"; readonly member: MemberId; readonly elements: number; readonly reason: string }
  /** The share of a generation in use is not here: whatever is asked under it is refused. Told once, at the start. */
  | { readonly kind: "shareMissing"; readonly generation: number }
  /** A charge took the member over `ALARM_SHARE` of what it may use in a day. */
  | { readonly kind: "budgetAlarm"; readonly member: MemberId; readonly usedInWindow: number; readonly perDay: number };
