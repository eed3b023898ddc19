/**
 * What directives do to members that cannot be done in one step (protocol section 5). A suspended member's records meet nobody from the
 * directive on; when it is reinstated all of them are looked up again, because others have published meanwhile. So are those of a member
 * whose quarantine has ended (see `proofs.ts`). Of a removed member nothing is kept but what others have been told.
 *
 * The ledger knows how far this has come, so that whatever happens to this process, or happened while it was away, is carried through.
 */
import { openEpochs } from "../../shared/core/decisions.ts";
import type { Federation } from "../../shared/core/directive.ts";
import type { Handle, MatchId, MemberId } from "../../shared/core/ids.ts";
import type { World } from "../../shared/world/world.ts";
import { SLICE_MATCHES, SLICE_RECORDS } from "../core/limits.ts";
import type { Spaces } from "../core/spaces.ts";
import type { Ledger } from "../store/ledger.ts";
import type { Publications } from "./publications.ts";
import { events } from "../events.ts";

export type StandingsParts = {
  readonly ledger: Ledger;
  readonly publications: Publications;
  readonly spaces: Spaces;
  readonly federation: () => Federation;
  /** Removes the snapshots, which hold records of members that are gone. */
  readonly forgetSnapshots: () => Promise<void>;
  /** Deletes the streams of a removed member, however long NATS is away. */
  readonly deleteStreams: (member: MemberId) => Promise<void>;
  readonly world: Pick<World, "clock" | "log" | "nextTurn">;
  readonly signal: AbortSignal;
};

export class Standings {
  readonly #parts: StandingsParts;

  constructor(parts: StandingsParts) {
    this.#parts = parts;
  }

  /** In the step in which directives are taken: writes down who is suspended, before anything is matched without them. */
  note(): void {
    const { members, suspended } = this.#parts.federation();
    const table = this.#parts.ledger.members;
    for (const member of suspended.keys()) {
      if (table.standing(member) !== "suspended") table.setStanding(member, "suspended");
    }
    for (const member of members.keys()) {
      const known = table.standing(member);
      if (known === "suspended") {
        table.setStanding(member, "returning");
        this.#parts.ledger.proofs.askAgain(member, this.#parts.world.clock());
      }
      if (known === undefined) table.setStanding(member, "member");
    }
  }

  /** Carries through what is left to do, in slices, so that other work gets its turn. */
  async settle(): Promise<void> {
    const { federation, ledger, signal } = this.#parts;
    for (const member of federation().removed.keys()) {
      if (!signal.aborted && ledger.members.standing(member) !== "removed") await this.#remove(member);
    }
    for (const member of federation().members.keys()) {
      if (!signal.aborted && ledger.members.standing(member) === "returning") await this.#matchAgain(member);
    }
  }

  async #matchAgain(member: MemberId): Promise<void> {
    const { federation, ledger, world, signal } = this.#parts;
    const handles = this.#handlesOf(member);
    for (let at = 0; at < handles.length; at += SLICE_RECORDS) {
      // Suspended again, or removed: the next directive's business.
      if (signal.aborted || !federation().members.has(member)) return;
      const slice = handles.slice(at, at + SLICE_RECORDS);
      ledger.transaction(() => slice.forEach((handle) => this.#lookUp(member, handle)));
      await world.nextTurn();
    }
    if (!federation().members.has(member)) return;
    ledger.members.setStanding(member, "member");
    events.member.reinstated(world.log, { records: handles.length });
  }

  #handlesOf(member: MemberId): Handle[] {
    const handles = this.#parts.spaces.all.flatMap(({ records }) =>
      [...records.ofMember(member)].map((each) => each.handle),
    );
    return [...new Set(handles)];
  }

  #lookUp(member: MemberId, handle: Handle): void {
    const { spaces, publications, federation, world } = this.#parts;
    for (const { epoch } of openEpochs(federation())) {
      const space = spaces.find(epoch);
      const record = space?.records.find(member, handle);
      // Nobody has changed it: what it meets for the first time in this epoch it may have met all along.
      if (space !== undefined && record !== undefined) publications.matches.meet(space, record, true, world.clock());
    }
  }

  async #remove(member: MemberId): Promise<void> {
    const { ledger, publications, deleteStreams, world, signal } = this.#parts;
    for (const handle of this.#handlesOf(member)) publications.forget(member, handle);
    // Whoever withdraws a record goes on owing its statement; of a member that is gone nothing can be had.
    ledger.transaction(() => ledger.proofs.lapseMember(member));
    let after: MatchId | "" | undefined = "";
    while (after !== undefined) {
      if (signal.aborted) return;
      const from: MatchId | "" = after;
      after = ledger.transaction(() => publications.matches.closeSome(member, from, SLICE_MATCHES, world.clock()));
      await world.nextTurn();
    }
    await this.#parts.forgetSnapshots();
    await deleteStreams(member);
    if (signal.aborted) return;
    ledger.transaction(() => {
      ledger.epochs.forgetLingeringOf(member);
      ledger.members.forgetHealth(member);
      ledger.members.setStanding(member, "removed");
    });
    events.member.removed(world.log);
  }
}
