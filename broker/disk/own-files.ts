/** The files of the broker's directory that a standby needs too, and that change while the broker works. Its settings are its own. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { realpathSync } from "node:fs";
import { toHex, lpText } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { partyFile } from "../../shared/party/files.ts";
import { destroySecret, readPublicBytes, replaceFile } from "../../shared/party/key-files.ts";
import type { OwnFiles } from "../journal/file-look.ts";
import { JOURNAL_KEY } from "./journal-keys.ts";

const PLAIN = ["enrolment", "chain", "freshness", "certificate", "roots", "credentials"] as const;
/** Directories of secrets; `next`: of the signing key to come. */
const SECRETS = ["keys", join("next", "keys")];
const NEXT_ENROLMENT = join("next", "enrolment.json");
const SECRET = /^[a-z0-9][a-z0-9.-]*$/;

export function ownFilesOnDisk(dir: string): OwnFiles {
  const plain = PLAIN.map((file) => partyFile("", file));
  const isSecret = (name: string): boolean => SECRETS.includes(dirname(name));
  const names = (): string[] => [
    ...[...plain, NEXT_ENROLMENT].filter((name) => existsSync(join(dir, name))),
    ...SECRETS.flatMap((folder) => secretsIn(dir, folder)),
  ];
  const assertKnown = (name: string): void => {
    const isKnown =
      [...plain, NEXT_ENROLMENT].includes(name) ||
      (isSecret(name) && isSecretName(name.slice(dirname(name).length + 1)));
    // Sealed by a broker of this federation, and still no way to write anywhere else.
    if (!isKnown) throw new CausewayError("ENVIRONMENT", "the journal names a file that no broker has");
  };
  return {
    list: () => new Map(names().map((name) => [name, stampOf(join(dir, name))])),
    read: (name) => (existsSync(join(dir, name)) ? readPublicBytes(join(dir, name)) : undefined),
    write(name, bytes) {
      assertKnown(name);
      mkdirSync(dirname(join(dir, name)), { recursive: true, mode: 0o700 });
      replaceFile(join(dir, name), bytes, isSecret(name) || name === partyFile("", "credentials") ? 0o600 : 0o644);
    },
    remove(name) {
      assertKnown(name);
      const path = join(dir, name);
      if (isSecret(name) && existsSync(path)) destroySecret(path, statSync(path).size);
      else rmSync(path, { force: true });
    },
  };
}

/** Of a directory on this machine: a copy of it, here or elsewhere, has another one. */
export function placeOf(dir: string): string {
  const { dev, ino } = statSync(dir);
  return toHex(blake2b(16, ...[hostname(), realpathSync(dir), `${dev}`, `${ino}`].map(lpText)));
}

function secretsIn(dir: string, folder: string): string[] {
  const path = join(dir, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => isSecretName(name) && statSync(join(path, name)).isFile())
    .map((name) => join(folder, name));
}

/** Journal keys travel by themselves. */
function isSecretName(name: string): boolean {
  return SECRET.test(name) && !JOURNAL_KEY.test(name) && !name.endsWith(".destroyed");
}

function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return `${stats?.ino} ${stats?.mtimeMs} ${stats?.size}`;
}
