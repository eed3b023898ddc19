/** The tests elsewhere: in a path with spaces and letters beyond ASCII, under other umasks, another user, a read-only HOME. */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FAST_LEVELS } from "../tools/levels.ts";
import { runSuite, type Circumstances, type Outcome } from "./suite.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const NOBODY = { uid: 65_534, gid: 65_534 };

export async function* elsewhere(args: readonly string[]): AsyncGenerator<Outcome | string> {
  const top = mkdtempSync(join(tmpdir(), "causeway-elsewhere-"));
  try {
    const place = copyTo(join(top, "Prüfung «два» 調べ"));
    const base = { ...place, env: { TMPDIR: place.scratch } };
    const suite = (label: string, how: Partial<Circumstances> = {}): Promise<Outcome> =>
      runSuite({ ...base, label, ...how }, [...FAST_LEVELS, ...args]);
    yield await suite("path with spaces and letters beyond ASCII");
    yield await suite("umask 077", { umask: 0o077 });
    yield await suite("umask 000", { umask: 0 });
    const home = join(top, "home");
    mkdirSync(home, { mode: 0o555 });
    const env = { ...base.env, HOME: home };
    if (process.getuid?.() === 0) {
      chownSync(place.scratch, NOBODY.uid, NOBODY.gid);
      yield await suite("another user, read-only HOME", { env, user: NOBODY });
    } else {
      yield await suite("read-only HOME", { env });
      yield "another user: only root can become one";
    }
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

/** The checkout's files as they are now, and its packages by hard links. */
function copyTo(top: string): { readonly root: string; readonly scratch: string } {
  const [root, scratch] = [join(top, "checkout"), join(top, "temporary files")];
  for (const dir of [root, scratch]) mkdirSync(dir, { recursive: true });
  for (const dir of [dirname(top), top, root]) chmodSync(dir, 0o755);
  chmodSync(scratch, 0o700);
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  const files = String(listed)
    .split("\0")
    .filter((file) => file !== "" && existsSync(join(ROOT, file)));
  for (const file of files) cpSync(join(ROOT, file), join(root, file));
  execFileSync("cp", ["-a", "--link", join(ROOT, "node_modules"), root]);
  mkdirSync(join(root, ".causeway"), { mode: 0o777 });
  return { root, scratch };
}
