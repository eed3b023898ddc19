/** The demonstration's directory: fresh at every start, one demonstration at a time. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CausewayError } from "../../shared/core/errors.ts";
import { makePrivateDirectory } from "../../shared/party/key-files.ts";

/** In a directory that this program made: nothing else is ever removed. */
const MARK = "causeway-demonstration";

export type Workplace = { readonly dir: string; readonly logs: string; remove(): void };

/** Makes `dir`. Throws CONFLICT if another demonstration runs there or the directory is somebody else's. */
export function openWorkplace(dir: string): Workplace {
  clear(dir);
  mkdirSync(join(dir, ".."), { recursive: true });
  makePrivateDirectory(dir);
  writeFileSync(join(dir, MARK), `${process.pid}\n`);
  const logs = join(dir, "logs");
  makePrivateDirectory(logs);
  return { dir, logs, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

function clear(dir: string): void {
  if (!existsSync(dir)) return;
  const mark = join(dir, MARK);
  if (!existsSync(mark))
    throw new CausewayError("CONFLICT", `${dir} exists and is not a demonstration's; give another --dir`);
  const holder = Number(readFileSync(mark, "utf8"));
  if (isRunning(holder)) {
    throw new CausewayError(
      "CONFLICT",
      `a demonstration runs in ${dir} (process ${holder}); stop it, or give another --dir`,
    );
  }
  rmSync(dir, { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
