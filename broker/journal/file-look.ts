/** The files of the broker's directory that a standby needs as well, and which of them have changed. */
import { equalBytes } from "../../shared/core/bytes.ts";
import type { JournalRecord } from "./core/record.ts";

/** Paths are relative to the directory. Every call throws ENVIRONMENT when the disk fails. */
export type OwnFiles = {
  /** With another stamp whenever one may have changed. */
  list(): ReadonlyMap<string, string>;
  /** Undefined if it is gone. */
  read(name: string): Uint8Array | undefined;
  /** Durable once it returns. */
  write(name: string, bytes: Uint8Array): void;
  /** For good, if it is there. */
  remove(name: string): void;
};

export class FileLook {
  readonly #files: OwnFiles;
  /** By name, the stamp of what the stream has. */
  #stamps: ReadonlyMap<string, string> = new Map();

  constructor(files: OwnFiles) {
    this.#files = files;
  }

  /** What the stream holds of them. */
  known(inStream: ReadonlyMap<string, Uint8Array | "gone">): void {
    const stamps = new Map(this.#files.list());
    for (const name of stamps.keys()) {
      const [there, here] = [inStream.get(name), this.#files.read(name)];
      if (!(there instanceof Uint8Array) || here === undefined || !equalBytes(there, here)) stamps.delete(name);
    }
    for (const [name, there] of inStream) if (there !== "gone" && !stamps.has(name)) stamps.set(name, "");
    this.#stamps = stamps;
  }

  hasNews(): boolean {
    const now = this.#files.list();
    return now.size !== this.#stamps.size || [...now].some(([name, stamp]) => this.#stamps.get(name) !== stamp);
  }

  /** What has changed since it was asked last, which counts as told. */
  changes(): JournalRecord[] {
    const before = this.#stamps;
    const now = this.#files.list();
    this.#stamps = now;
    const changed = [...now]
      .filter(([name, stamp]) => before.get(name) !== stamp)
      .map(([name]) => this.#recordOf(name));
    const gone = [...before.keys()].filter((name) => !now.has(name));
    return [...changed, ...gone.map((name): JournalRecord => ({ kind: "fileGone", name }))];
  }

  /** Every file, as it stands now. */
  all(): JournalRecord[] {
    this.#stamps = this.#files.list();
    return [...this.#stamps.keys()].map((name) => this.#recordOf(name));
  }

  #recordOf(name: string): JournalRecord {
    const bytes = this.#files.read(name);
    return bytes === undefined ? { kind: "fileGone", name } : { kind: "file", name, bytes };
  }
}
