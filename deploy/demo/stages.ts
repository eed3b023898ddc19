/**
 * How far the federation is, and how long each stage took. Records stream through: the first match may come while the last record is
 * still being hardened, so a stage ends when the last record has left it, and the times add up.
 */
import type { DemoState } from "./state.ts";
import { MEMBERS } from "./plan.ts";

/** Nothing has come for so long: it is quiet. Notices leave every 250 ms. */
const QUIET_MS = 2_000;
/** A proof waits for another party; if nothing moves for so long it will not end by itself. */
const STALLED_MS = 30_000;

const AFTER_IMPORT = ["harden", "publish", "match"] as const;
export type Stage = "found" | "start" | "import" | (typeof AFTER_IMPORT)[number];

export class Stages {
  readonly #clock: () => number;
  readonly #seconds = new Map<Stage, number>();
  readonly #startedMs: number;
  #stageStartedMs: number;
  #importedMs = Number.POSITIVE_INFINITY;
  #movedMs: number;
  #fingerprint = "";

  constructor(clock: () => number) {
    this.#clock = clock;
    this.#startedMs = this.#stageStartedMs = this.#movedMs = clock();
  }

  /** Ends a stage before the records flow. */
  end(stage: "found" | "start" | "import"): void {
    this.#record(stage, this.#clock());
    if (stage === "import") this.#importedMs = this.#clock();
    this.#movedMs = this.#clock();
  }

  /** Something came that no status shows. */
  moved(): void {
    this.#movedMs = this.#clock();
  }

  /** Looks at a state as of `askedMs`: what was asked before the last record was in says nothing about it. */
  update(state: DemoState, askedMs: number): void {
    const { hardening, outbox, fingerprint } = backlogOf(state);
    if (fingerprint !== this.#fingerprint) this.#movedMs = this.#clock();
    this.#fingerprint = fingerprint;
    if (askedMs < this.#importedMs) return;
    if (!this.#seconds.has("harden") && hardening === 0) this.#record("harden", this.#clock());
    if (this.#seconds.has("harden") && !this.#seconds.has("publish") && outbox === 0)
      this.#record("publish", this.#clock());
  }

  /** Nothing is left to do and nothing has come for a while, or nothing has moved for a long while. */
  isQuiet(state: DemoState): boolean {
    const { hardening, outbox, proofs } = backlogOf(state);
    if (!this.#seconds.has("publish")) return false;
    const stillMs = this.#clock() - this.#movedMs;
    if (stillMs < QUIET_MS || hardening > 0) return false;
    const quiet = (outbox === 0 && proofs === 0) || stillMs >= STALLED_MS;
    if (quiet && !this.#seconds.has("match")) this.#record("match", Math.max(this.#movedMs, this.#stageStartedMs));
    return quiet;
  }

  /** Seconds by stage, and `total` without the silence at the end. */
  get seconds(): Readonly<Record<string, number>> {
    return { ...Object.fromEntries(this.#seconds), total: rounded(this.#stageStartedMs - this.#startedMs) };
  }

  #record(stage: Stage, nowMs: number): void {
    this.#seconds.set(stage, rounded(nowMs - this.#stageStartedMs));
    this.#stageStartedMs = nowMs;
  }
}

function backlogOf(state: DemoState) {
  const statuses = MEMBERS.map((member) => state[member].status);
  const sum = (pick: "hardening" | "outbox" | "unprovenMatches"): number =>
    statuses.reduce((total, status) => total + (status?.[pick] ?? 1), 0);
  const fingerprint = JSON.stringify(
    statuses.map((status) => [
      status?.hardened,
      status?.tokens,
      status?.outbox,
      status?.notices,
      status?.unprovenMatches,
    ]),
  );
  return { hardening: sum("hardening"), outbox: sum("outbox"), proofs: sum("unprovenMatches"), fingerprint };
}

function rounded(ms: number): number {
  return Math.round(ms / 10) / 100;
}
