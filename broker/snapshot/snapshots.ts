/**
 * Snapshots of what memory holds, so that a start reads only what came after. One is written while everything goes on: all records first,
 * then again those that have changed meanwhile, until few are left, which are taken in one step together with the place that each member has
 * come to. It is a cache: whatever is wrong with one, memory is rebuilt from the streams.
 *
 * Whoever can write the directory can put an older snapshot back, of the same broker: then more is read from the streams. What a member has
 * withdrawn stays in the files until the next one is written; in the streams it stays until the epoch ends.
 */
import { toHex, utf8 } from "../../shared/core/bytes.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { isDomain } from "../../shared/core/domain.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { fromStoredJson, toStoredJson } from "../../shared/store/stored-json.ts";
import { pause } from "../../shared/world/wait.ts";
import type { World } from "../../shared/world/world.ts";
import type { Places } from "../bus/places.ts";
import type { EpochSpace, Room } from "../core/epoch-space.ts";
import { SLICE_IMAGES, SNAPSHOT_MS, SNAPSHOT_PASSES_MAX, SNAPSHOT_REST } from "../core/limits.ts";
import { imagesIn, toImageBytes } from "../core/record-image.ts";
import type { Spaces } from "../core/spaces.ts";
import { events } from "../events.ts";
import type { SealingKeys } from "../keys.ts";
import type { KeptSnapshots } from "../ports.ts";
import type { Ledger } from "../store/ledger.ts";
import { STORED_MANIFEST, STORED_ROOM } from "./manifest.ts";
import type { Manifest, SnapshotPlace } from "./manifest.ts";
import { chunksOf, newSnapshotId, SnapshotFile } from "./snapshot-file.ts";
import type { FileName } from "./snapshot-file.ts";

export type SnapshotsParts = {
  /** Undefined: none are kept. */
  readonly kept: KeptSnapshots | undefined;
  readonly spaces: Spaces;
  readonly ledger: Pick<Ledger, "lastApplied" | "isApplied" | "epochs">;
  readonly federation: () => Federation;
  readonly sealingKeys: () => SealingKeys;
  readonly places: Places;
  /** Whether memory is what the ledger knows: not after a transaction that failed. */
  readonly isWhole: () => boolean;
  readonly world: Pick<World, "after" | "clock" | "elapsedMs" | "log" | "nextTurn" | "randomBytes">;
};

type Part = { readonly space: EpochSpace; readonly file: SnapshotFile; readonly name: string };

export class Snapshots {
  readonly #parts: SnapshotsParts;
  /** What memory was when the last one was written. */
  #written = "";
  #writing: Promise<void> | undefined;
  /** Memory is back: before that there is nothing to write. */
  #isRunning = false;

  constructor(parts: SnapshotsParts) {
    this.#parts = parts;
  }

  /**
   * Brings back what the last snapshot holds, into memory that holds nothing. Answers with the place of each member that this is of;
   * undefined if there is none that can be used.
   */
  async load(): Promise<ReadonlyMap<MemberId, SnapshotPlace> | undefined> {
    const { kept, spaces, world } = this.#parts;
    const text = kept?.manifest();
    if (kept === undefined) return undefined;
    if (text === undefined) {
      events.snapshot.none(world.log);
      return undefined;
    }
    const beganMs = world.elapsedMs();
    try {
      const manifest = fromStoredJson(STORED_MANIFEST, text);
      this.#assertOfThisLedger(manifest);
      for (const epoch of manifest.epochs) await this.#loadEpoch(kept, epoch, manifest, text);
      this.#written = this.#state();
      events.snapshot.loaded(world.log, {
        records: recordsIn(spaces),
        tookMs: Math.round(world.elapsedMs() - beganMs),
      });
      return new Map(manifest.places.map((place) => [place.member, place]));
    } catch (error) {
      for (const { epoch } of spaces.all) spaces.drop(epoch);
      events.snapshot.unusable(world.log, error);
      return undefined;
    }
  }

  /** From when memory is back: writes one when something has changed, again and again, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { kept, world } = this.#parts;
    if (kept === undefined) return;
    this.#isRunning = true;
    let restMs = SNAPSHOT_MS;
    while (!signal.aborted) {
      await pause(world, restMs, signal);
      if (signal.aborted) return;
      const beganMs = world.elapsedMs();
      await this.save(signal);
      restMs = Math.max(SNAPSHOT_MS, (world.elapsedMs() - beganMs) * SNAPSHOT_REST);
    }
  }

  /** Writes one if memory has changed since the last. What goes wrong is told; the one before stays. */
  async save(signal?: AbortSignal): Promise<void> {
    // One that is under way may be given up, or be of a moment before.
    while (this.#writing !== undefined) await this.#writing;
    this.#writing = this.#save(signal).finally(() => (this.#writing = undefined));
    await this.#writing;
  }

  /** Removes what there is of an epoch, or all there is: nothing of it is to stay on the disk. */
  async forget(epoch?: number): Promise<void> {
    const { kept } = this.#parts;
    // What is being written ends soon: an epoch that has ended is out of memory.
    await this.#writing;
    if (epoch === undefined) kept?.removeManifest();
    const prefix = epoch === undefined ? "" : `epoch-${epoch}-`;
    for (const name of kept?.files() ?? []) if (name.startsWith(prefix)) kept?.remove(name);
    this.#written = "";
  }

  async #save(signal: AbortSignal | undefined): Promise<void> {
    const { kept, world, isWhole } = this.#parts;
    if (kept === undefined || !this.#isRunning || !isWhole() || this.#state() === this.#written) return;
    const beganMs = world.elapsedMs();
    const id = newSnapshotId(world.randomBytes);
    const parts: Part[] = [];
    try {
      for (const space of this.#openSpaces()) parts.push(await this.#begin(kept, space, id));
      const text = await this.#write(parts, id, signal);
      if (text === undefined) return;
      for (const { file } of parts) await file.finish();
      kept.keepManifest(text);
      const names = new Set(parts.map(({ name }) => name));
      for (const name of kept.files()) if (!names.has(name)) kept.remove(name);
      const records = parts.reduce((sum, { space }) => sum + space.records.size, 0);
      events.snapshot.written(world.log, { records, tookMs: Math.round(world.elapsedMs() - beganMs) });
    } catch (error) {
      events.snapshot.notWritten(world.log, error);
      this.#written = "";
    } finally {
      for (const { space, file } of parts) {
        space.untouch();
        await file.abandon().catch(() => undefined);
      }
    }
  }

  async #begin(kept: KeptSnapshots, space: EpochSpace, id: Uint8Array): Promise<Part> {
    const { federation, sealingKeys } = this.#parts;
    const { epoch } = space;
    const keyPair = sealingKeys().get(epoch);
    if (keyPair === undefined) throw new CausewayError("ENVIRONMENT", `there is no sealing key of epoch ${epoch}`);
    const name = fileNameOf(epoch, id);
    const sink = await kept.begin(name);
    const room = utf8(toStoredJson(STORED_ROOM, [...space.room]));
    return { space, file: new SnapshotFile(sink, keyPair, { federation: federation().id, epoch, id }, room), name };
  }

  /** The manifest's text; undefined if the epochs have changed meanwhile, or the signal has aborted: then nothing is kept. */
  async #write(parts: readonly Part[], id: Uint8Array, signal: AbortSignal | undefined): Promise<string | undefined> {
    const { world, spaces, isWhole } = this.#parts;
    const isOver = (): boolean =>
      signal?.aborted === true || !isWhole() || parts.some(({ space }) => spaces.find(space.epoch) !== space);
    for (const { space, file } of parts) {
      space.touched();
      for (let number = 0; number < space.records.reached; number += 1) {
        addImage(space, file, number);
        if (number % SLICE_IMAGES !== 0) continue;
        await file.flush();
        await world.nextTurn();
        if (isOver()) return undefined;
      }
    }
    for (let pass = 0; pass < SNAPSHOT_PASSES_MAX; pass += 1) {
      let again = 0;
      for (const { space, file } of parts) again += await this.#addTouched(space, file);
      if (again < SLICE_IMAGES) break;
    }
    if (isOver()) return undefined;
    // From here on in one step: what was touched since, and the places that go with it.
    for (const { space, file } of parts) addAll(space, file);
    this.#written = this.#state();
    const epochs = parts.map(({ space }) => space.epoch);
    const text = toStoredJson(STORED_MANIFEST, { id, takenAtMs: world.clock(), epochs, places: this.#places() });
    for (const { file } of parts) file.complete(text);
    return text;
  }

  async #addTouched(space: EpochSpace, file: SnapshotFile): Promise<number> {
    const added = addAll(space, file);
    await file.flush();
    await this.#parts.world.nextTurn();
    return added;
  }

  #places(): SnapshotPlace[] {
    const { ledger, places } = this.#parts;
    return this.#members().flatMap((member) => {
      const last = ledger.lastApplied(member);
      return last === undefined ? [] : [{ member, ...last, sequence: places.of(member) }];
    });
  }

  #assertOfThisLedger({ places }: Manifest): void {
    const { ledger } = this.#parts;
    const members = new Set(this.#members());
    const unknown = places.some(({ member, position, hash }) => {
      return members.has(member) && !ledger.isApplied(member, position, hash);
    });
    if (unknown) throw new CausewayError("OUT_OF_SEQUENCE", "the snapshot knows submissions that the ledger does not");
  }

  async #loadEpoch(kept: KeptSnapshots, epoch: number, { id }: Manifest, text: string): Promise<void> {
    const { spaces, federation, sealingKeys, ledger, world } = this.#parts;
    // Purged since, or about to be.
    if (ledger.epochs.ended(epoch) !== undefined) return;
    const keyPair = sealingKeys().get(epoch);
    if (keyPair === undefined) throw new CausewayError("ENVIRONMENT", `there is no sealing key of epoch ${epoch}`);
    const name: FileName = { federation: federation().id, epoch, id };
    const source = await kept.open(fileNameOf(epoch, id));
    try {
      const members = new Set(this.#members());
      const space = spaces.of(epoch);
      let isFirst = true;
      for await (const chunk of chunksOf(source, keyPair, name, text)) {
        if (isFirst) space.reserve(roomIn(chunk));
        else for (const image of imagesIn(chunk)) if (members.has(image.member)) space.restore(image);
        isFirst = false;
        await world.nextTurn();
      }
    } finally {
      await source.close();
    }
  }

  #openSpaces(): EpochSpace[] {
    const { spaces, ledger } = this.#parts;
    return spaces.all.filter(({ epoch }) => ledger.epochs.ended(epoch) === undefined);
  }

  /** Suspended ones included. */
  #members(): MemberId[] {
    const { members, suspended } = this.#parts.federation();
    return [...members.keys(), ...suspended.keys()];
  }

  /** Another text whenever memory may have changed. */
  #state(): string {
    return this.#openSpaces()
      .map(({ epoch, changeCount }) => `${epoch}:${changeCount}`)
      .join(" ");
  }
}

function addImage(space: EpochSpace, file: SnapshotFile, number: number): void {
  const image = space.imageAt(number);
  if (image !== undefined) file.add(toImageBytes(image));
}

/** What was touched since this was last asked. */
function addAll(space: EpochSpace, file: SnapshotFile): number {
  const { numbers, gone } = space.touched();
  for (const each of gone) file.add(toImageBytes({ ...each, standing: undefined }));
  for (const number of numbers) addImage(space, file, number);
  return numbers.size + gone.length;
}

function fileNameOf(epoch: number, id: Uint8Array): string {
  return `epoch-${epoch}-${toHex(id)}`;
}

function roomIn(chunk: Uint8Array): Room {
  const room = fromStoredJson(STORED_ROOM, new TextDecoder().decode(chunk));
  return new Map(room.flatMap(([domain, counts]) => (isDomain(domain) ? [[domain, counts] as const] : [])));
}

function recordsIn({ all }: Spaces): number {
  return all.reduce((sum, { records }) => sum + records.size, 0);
}
