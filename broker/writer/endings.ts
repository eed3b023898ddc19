/**
 * The end of an epoch, retired or aborted (protocol section 4): its tokens leave memory, snapshots, ledger and streams, and the broker's sealing key of
 * it is destroyed, so that no backup of the streams can be opened either. A signed attestation says so.
 *
 * Every step may be done twice. Before the ledger forgets the epoch, what has to outlive it is written down: records that stand nowhere
 * else, and meetings that unproven matches must be told anew. Only then is anything destroyed; a process that dies on the way brings the
 * epoch's records back from the streams, with the key that is still there, and begins again.
 *
 * Known weakness: memory that was freed is not overwritten, and holds tokens of messages long read. Whoever runs the broker replaces the
 * process once this is done, see `Assembled.restartNeeded`.
 */
import type { PurgeAttestation } from "../../shared/core/board.ts";
import { isOpen, openEpochs } from "../../shared/core/decisions.ts";
import type { Directive, Federation } from "../../shared/core/directive.ts";
import type { MatchId, MemberId } from "../../shared/core/ids.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import type { World } from "../../shared/world/world.ts";
import { signPurgeAttestation } from "../../shared/wire/board.ts";
import type { EpochSpace } from "../core/epoch-space.ts";
import { SLICE_MATCHES, SLICE_RECORDS } from "../core/limits.ts";
import type { LiveRecord } from "../core/records.ts";
import type { Spaces } from "../core/spaces.ts";
import type { Ledger } from "../store/ledger.ts";
import type { Publications } from "./publications.ts";
import { events } from "../events.ts";

export type EndingsParts = {
  readonly ledger: Ledger;
  readonly publications: Publications;
  readonly spaces: Spaces;
  readonly federation: () => Federation;
  /** All of the chain. */
  readonly directives: () => readonly Directive[];
  /** Purges the member's submissions of the epoch, however long NATS is away; how many there were. */
  readonly purge: (member: MemberId, epoch: number) => Promise<number>;
  /** Removes what a snapshot holds of it. */
  readonly forgetSnapshot: (epoch: number) => Promise<void>;
  readonly destroyKey: (epoch: number) => void;
  /** Nothing that the ledger's copy at NATS held before can be opened any more once it resolves; however long NATS is away. */
  readonly beginJournalAnew: () => Promise<void>;
  readonly signer: SigningKeyPair;
  readonly world: Pick<World, "clock" | "log" | "nextTurn">;
  readonly signal: AbortSignal;
};

export class Endings {
  readonly #parts: EndingsParts;

  constructor(parts: EndingsParts) {
    this.#parts = parts;
  }

  /** Ends what has to be ended. True if this process has held tokens of an epoch that is gone now. */
  async settle(): Promise<boolean> {
    const { federation, ledger, signal } = this.#parts;
    let held = false;
    for (const epoch of federation().epochs.values()) {
      if (signal.aborted) return held;
      if (isOpen(epoch) || ledger.epochs.ended(epoch.epoch)?.isAttested === true) continue;
      held = (await this.#end(epoch.epoch)) || held;
    }
    return held;
  }

  async #end(epoch: number): Promise<boolean> {
    const { ledger, spaces, signal, world } = this.#parts;
    const held = spaces.find(epoch) !== undefined;
    if (ledger.epochs.ended(epoch) === undefined) await this.#writeDown(epoch);
    if (signal.aborted) return held;
    spaces.drop(epoch);
    const messages = await this.#purgeStreams(epoch);
    if (signal.aborted) return held;
    await this.#parts.forgetSnapshot(epoch);
    if (signal.aborted) return held;
    this.#parts.destroyKey(epoch);
    await this.#parts.beginJournalAnew();
    this.#attest(epoch, messages);
    events.epoch.purged(world.log, { epoch, messages });
    return held;
  }

  async #writeDown(epoch: number): Promise<void> {
    const { ledger, publications, spaces, world, signal } = this.#parts;
    const space = spaces.find(epoch);
    const records = space === undefined ? [] : [...space.records.all()];
    for (let at = 0; at < records.length; at += SLICE_RECORDS) {
      if (signal.aborted) return;
      const slice = records.slice(at, at + SLICE_RECORDS);
      ledger.transaction(() => slice.forEach((record) => this.#letLinger(space as EpochSpace, record)));
      await world.nextTurn();
    }
    let after: MatchId | "" | undefined = "";
    while (after !== undefined) {
      if (signal.aborted) return;
      const from: MatchId | "" = after;
      after = ledger.transaction(() => publications.matches.retellSome(epoch, from, SLICE_MATCHES, world.clock()));
      await world.nextTurn();
    }
    const counts = { records: space?.records.size ?? 0, tokens: space?.tokenCount ?? 0 };
    if (signal.aborted) return;
    ledger.transaction(() => {
      ledger.epochs.beginPurge(epoch, counts, world.clock());
      // The nodes have no salt of it any more, and what met is not kept longer than the epoch.
      ledger.proofs.lapseEpoch(epoch);
    });
  }

  /** Unless it stands in an epoch that is open, or its owner has taken it back meanwhile. */
  #letLinger(space: EpochSpace, { member, handle }: LiveRecord): void {
    const { spaces, federation, ledger } = this.#parts;
    const record = space.records.find(member, handle);
    const standing = openEpochs(federation()).some(({ epoch }) => {
      return spaces.find(epoch)?.records.find(member, handle) !== undefined;
    });
    if (record !== undefined && !standing) ledger.epochs.linger({ ...record, published: record.settled });
  }

  async #purgeStreams(epoch: number): Promise<number> {
    const { members, suspended } = this.#parts.federation();
    let messages = 0;
    for (const member of [...members.keys(), ...suspended.keys()]) {
      if (this.#parts.signal.aborted) return messages;
      messages += await this.#parts.purge(member, epoch);
    }
    return messages;
  }

  #attest(epoch: number, messages: number): void {
    const { ledger, federation, signer, world } = this.#parts;
    const { records = 0, tokens = 0 } = ledger.epochs.ended(epoch) ?? {};
    const purgedAtMs = world.clock();
    const directiveNumber = this.#endedBy(epoch);
    const attestation: PurgeAttestation = { epoch, directiveNumber, records, tokens, messages, purgedAtMs };
    const signed = signPurgeAttestation(attestation, { federation: federation().id, signer });
    ledger.epochs.attest(epoch, signed, purgedAtMs);
  }

  #endedBy(epoch: number): number {
    const ending = this.#parts.directives().findLast(({ body }) => {
      return (body.type === "epochRetire" || body.type === "epochAbort") && body.epoch === epoch;
    });
    return (ending as Directive).number;
  }
}
