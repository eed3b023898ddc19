/** What the stream holds of each database: read in order, checked against its chain of hashes. */
import { equalBytes } from "../../../shared/core/bytes.ts";
import { hashAfter } from "./record.ts";
import type { Change, Head, Image, JournalRecord } from "./record.ts";

/** A database as the stream has it: an image, and the changes since. */
export type DatabaseCopy = { readonly image: Image; readonly changes: readonly Change[] };

export class StreamCopy {
  readonly #databases = new Map<string, { image: Image; changes: Change[] }>();
  readonly #files = new Map<string, Uint8Array | "gone">();
  readonly #broken = new Set<string>();

  /** The records of the next batch. */
  take(records: readonly JournalRecord[]): void {
    for (const record of records) {
      if (record.kind === "image") this.#begin(record);
      if (record.kind === "change") this.#append(record);
      if (record.kind === "file") this.#files.set(record.name, record.bytes);
      if (record.kind === "fileGone") this.#files.set(record.name, "gone");
    }
  }

  /** Of which it holds something. */
  get names(): string[] {
    return [...new Set([...this.#databases.keys(), ...this.#broken])];
  }

  /** Undefined if it holds nothing of it, "broken" if what it holds does not follow from an image. */
  of(name: string): DatabaseCopy | "broken" | undefined {
    return this.#broken.has(name) ? "broken" : this.#databases.get(name);
  }

  get files(): ReadonlyMap<string, Uint8Array | "gone"> {
    return this.#files;
  }

  #begin(image: Image): void {
    this.#broken.delete(image.name);
    this.#databases.set(image.name, { image, changes: [] });
  }

  #append(change: Change): void {
    const { name } = change;
    const copy = this.#databases.get(name);
    // What was before the first image is superseded by it: such as the rest of an older base that is being purged.
    if (copy !== undefined && follows(headOf(copy), change)) copy.changes.push(change);
    else this.#broken.add(name);
  }
}

export function headOf({ image, changes }: DatabaseCopy): Head {
  return changes.at(-1) ?? image;
}

/** The head at a position, if this copy still tells. */
export function headAt({ image, changes }: DatabaseCopy, position: number): Head | undefined {
  if (position === image.position) return image;
  return changes[position - image.position - 1];
}

/** Whether a change is the next one after `head`, and is what its hash says. */
export function follows(head: Head, { name, position, hash, bytes }: Change): boolean {
  return position === head.position + 1 && equalBytes(hash, hashAfter(head, name, bytes));
}
