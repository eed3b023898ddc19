/** A directory on a file system of its own, which can be filled. Only where this user may mount one. */
import { spawnSync } from "node:child_process";
import { closeSync, cpSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FILLER = "filler";

export class SmallDisk implements Disposable {
  readonly #dir: string;

  /** What is in the directory stays in it. Undo before it is removed. */
  constructor(dir: string, megabytes: number) {
    this.#dir = dir;
    const kept = mkdtempSync(join(tmpdir(), "causeway-kept-"));
    cpSync(dir, kept, { recursive: true });
    if (!mount(dir, megabytes)) throw new Error("this user may not mount a file system");
    cpSync(kept, dir, { recursive: true });
    rmSync(kept, { recursive: true });
  }

  /** Whether this user may mount one. */
  static get isPossible(): boolean {
    if (process.platform !== "linux") return false;
    const dir = mkdtempSync(join(tmpdir(), "causeway-mount-"));
    const done = mount(dir, 1);
    if (done) unmount(dir);
    rmSync(dir, { recursive: true });
    return done;
  }

  /** Not a byte is left. */
  fill(): void {
    const file = openSync(join(this.#dir, FILLER), "w");
    for (const bytes of [1024 * 1024, 4_096, 1]) {
      const chunk = Buffer.alloc(bytes);
      try {
        for (;;) writeSync(file, chunk);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    }
    closeSync(file);
  }

  free(): void {
    rmSync(join(this.#dir, FILLER));
  }

  [Symbol.dispose](): void {
    unmount(this.#dir);
  }
}

function mount(dir: string, megabytes: number): boolean {
  return spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0700`, "invented", dir]).status === 0;
}

function unmount(dir: string): void {
  spawnSync("umount", ["-l", dir]);
}
