/** What the board's services work with, and what they need of the rest of the broker. */
import type { Clock } from "../../shared/world/clock.ts";
import type { Log } from "../../shared/world/log.ts";
import type { Oversight } from "../oversight.ts";
import type { Directory } from "../store/directory.ts";
import type { BoardStore } from "./store/board-store.ts";

/** The broker's own keys for an epoch or generation to come. */
export type KeyMaker = {
  /** The public half of its sealing key of the epoch. Makes it the first time. */
  sealingKeyOf(epoch: number): Uint8Array;
  /** Whether this is it. Makes nothing. */
  holdsSealingKey(epoch: number, publicKey: Uint8Array): boolean;
  /** `Signed` bytes of type "evaluator-offer", its share made the first time; undefined if this broker hosts no evaluator. */
  shareOfferOf(generation: number): Uint8Array | undefined;
};

export type SignInCode = { readonly code: string; readonly validUntilMs: number; readonly consoleUrl: string };

/** Who may use the web console: a seat of the board, by its key id in hexadecimal, or an auditor, who only reads. */
export type ConsoleUser =
  | { readonly role: "administrator"; readonly keyId: string }
  | { readonly role: "auditor"; readonly name: string };

/** Gives somebody a code for the web console. Throws INVALID for an auditor's name of a bad form, UNAVAILABLE where there is no console. */
export type IssueSignInCode = (user: ConsoleUser) => SignInCode;

export type BoardParts = {
  readonly directory: Directory;
  readonly store: BoardStore;
  readonly keys: KeyMaker;
  readonly oversight: Pick<Oversight, "members" | "budgetOf" | "openAlarmsOf">;
  readonly issueSignInCode: IssueSignInCode;
  readonly clock: Clock;
  readonly log: Log;
};
