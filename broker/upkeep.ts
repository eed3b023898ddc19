/**
 * What directives ask of the broker besides believing them: to hide, bring back or forget members, to end epochs. What must happen before
 * anything else does happens in the step in which a directive is taken; the rest is carried through beside the daily work.
 */
import type { Directive } from "../shared/core/directive.ts";
import type { SigningKeyPair } from "../shared/crypto/sign.ts";
import type { Clock } from "../shared/world/clock.ts";
import type { Log } from "../shared/world/log.ts";
import { nextTurn, pause } from "../shared/platform/retry.ts";
import type { Plane } from "./bus/plane.ts";
import { DIGEST_PAUSE_MS, SLICE_DIGESTS } from "./core/limits.ts";
import type { Spaces } from "./core/spaces.ts";
import type { Directory } from "./store/directory.ts";
import type { Ledger } from "./store/ledger.ts";
import { Endings } from "./writer/endings.ts";
import type { Publications } from "./writer/publications.ts";
import { Standings } from "./writer/standings.ts";

export type UpkeepParts = {
  readonly ledger: Ledger;
  readonly publications: Publications;
  readonly spaces: Spaces;
  readonly directory: Directory;
  readonly plane: Plane;
  readonly destroyKey: (epoch: number) => void;
  readonly signer: SigningKeyPair;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #standings: Standings;
  readonly #endings: Endings;
  readonly #purged = Promise.withResolvers<void>();

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    const { directory, plane } = parts;
    const federation = () => directory.federation;
    this.#standings = new Standings({ ...parts, federation, deleteStreams: (member) => plane.deleteStreams(member) });
    this.#endings = new Endings({
      ...parts,
      federation,
      directives: (): readonly Directive[] => directory.chain.directives.map(({ directive }) => directive),
      purge: (member, epoch) => plane.purge(member, epoch),
    });
    this.note();
    directory.onGrown(() => this.note());
  }

  /** Resolves when an epoch has ended whose tokens this process has held. */
  get purged(): Promise<void> {
    return this.#purged.promise;
  }

  /** In the step in which directives are taken. */
  note(): void {
    if (this.#parts.signal.aborted) return;
    this.#parts.plane.stopOthers();
    this.#standings.note();
  }

  /** Until the signal aborts. Throws what this process cannot go on from. */
  async run(): Promise<void> {
    await Promise.all([this.#followDirectives(), this.#prepareDigests()]);
  }

  /** A digest of many records is answered at once: what goes into the answer is made while there is time. */
  async #prepareDigests(): Promise<void> {
    const { publications, signal } = this.#parts;
    while (!signal.aborted) {
      if (publications.prepareDigests(SLICE_DIGESTS)) await nextTurn();
      else await pause(DIGEST_PAUSE_MS, signal);
    }
  }

  async #followDirectives(): Promise<void> {
    const { directory, signal } = this.#parts;
    while (!signal.aborted) {
      const changed = directory.nextChange(signal);
      await this.#settle();
      await changed;
    }
  }

  async #settle(): Promise<void> {
    await this.#standings.settle();
    if (await this.#endings.settle()) this.#purged.resolve();
  }
}
