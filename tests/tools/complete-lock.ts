/**
 * Puts back into package-lock.json the optional packages of other platforms that npm leaves out when the registry it
 * talked to does not serve them. With such a lock file `npm install` still works and `npm ci` refuses, on every
 * platform ("Missing: … from lock file"). Run after adding or updating a dependency: `npm run lock:complete`.
 *
 * An entry made here has a version and no checksum, because its package was not to be had: on that platform npm checks
 * it against what the registry says, not against this repository. Where npm did write an entry, it stays as it is.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

type LockEntry = {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

export type Lock = { packages: Record<string, LockEntry> };

/** Optional dependencies that no entry of the lock file answers, as `name@version`. */
export function missingOptional(lock: Lock): string[] {
  return missing(lock).map(({ name, version }) => `${name}@${version}`);
}

/** The lock file with an entry for every optional dependency. Throws if one is not named by exact version. */
export function completeLock(lock: Lock): Lock {
  const added = missing(lock).map(({ name, version, parent }) => {
    if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${name}: ${version} is a range; npm has to resolve it`);
    const { cpu, libc, os } = platformOf(name);
    // In npm's own order of fields, so that its next rewrite changes nothing.
    const entry = { version, cpu, ...(parent.dev ? { dev: true } : {}), ...(libc ? { libc } : {}), optional: true, os };
    return [`node_modules/${name}`, entry] as const;
  });
  const [root, ...rest] = [...Object.entries(lock.packages), ...added];
  const sorted = rest.toSorted(([a], [b]) => a.localeCompare(b, "en"));
  return { ...lock, packages: Object.fromEntries([...(root ? [root] : []), ...sorted]) };
}

function missing(lock: Lock): { name: string; version: string; parent: LockEntry }[] {
  return Object.entries(lock.packages).flatMap(([path, parent]) =>
    Object.entries(parent.optionalDependencies ?? {})
      .filter(([name]) => !isAnswered(lock, path, name))
      .map(([name, version]) => ({ name, version, parent })),
  );
}

/** Node's own search: the dependent's node_modules, then those of the folders around it. */
function isAnswered(lock: Lock, dependent: string, name: string): boolean {
  for (let folder = dependent; ; folder = folder.slice(0, Math.max(folder.lastIndexOf("/node_modules/"), 0))) {
    if (lock.packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`]) return true;
    if (folder === "") return false;
  }
}

/** `{ os, cpu, libc }` from a platform package's name, such as `@oxlint/binding-linux-arm64-musl`. */
export function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } {
  const match = /\b(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-(gnu|musl)?[a-z]*)?$/.exec(name);
  if (!match?.[1] || !match[2]) throw new Error(`${name} does not name its platform`);
  const cpu = { aarch64: "arm64", armv7: "arm" }[match[2]] ?? match[2];
  const libc = { gnu: "glibc", musl: "musl" }[match[3] ?? ""];
  return { os: [match[1]], cpu: [cpu], ...(libc ? { libc: [libc] } : {}) };
}

function main(): void {
  const path = join(import.meta.dirname, "..", "..", "package-lock.json");
  const lock = JSON.parse(readFileSync(path, "utf8")) as Lock;
  const added = missingOptional(lock);
  if (added.length > 0) writeFileSync(path, `${JSON.stringify(completeLock(lock), null, 2)}\n`);
  console.log(`${added.length} entries put back`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main();
