/** The keys of the broker's journal, `keys/journal-1.key` and so on. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hashKey } from "../../shared/crypto/hash.ts";
import { keyFile } from "../../shared/party/files.ts";
import { destroySecret, readSecret, writeNewSecret } from "../../shared/party/key-files.ts";
import { randomBytes } from "../../shared/world/random.ts";
import type { JournalKeys } from "../journal/stream.ts";

const KEY_BYTES = 32;
/** Made by hand, in the broker's directory: no copy of the key is left anywhere. */
const GIVEN_UP = "journal-given-up";
export const JOURNAL_KEY = /^journal-([1-9][0-9]{0,8})\.key$/;

export function journalKeysOnDisk(dir: string): JournalKeys {
  const fileOf = (generation: number): string => keyFile(dir, `journal-${generation}.key`);
  const keep = (generation: number, key: Uint8Array): void => {
    if (!existsSync(fileOf(generation))) writeNewSecret(fileOf(generation), key);
  };
  const read: JournalKeys["read"] = (generation) => hashKey(readSecret(fileOf(generation), KEY_BYTES));
  return {
    generations: () =>
      readdirSync(join(dir, "keys")).flatMap((name) => {
        const generation = JOURNAL_KEY.exec(name)?.[1];
        return generation === undefined ? [] : [Number(generation)];
      }),
    read,
    isGivenUp: () => existsSync(join(dir, GIVEN_UP)),
    prepare(generation) {
      keep(generation, randomBytes(KEY_BYTES));
      rmSync(join(dir, GIVEN_UP), { force: true });
      return read(generation);
    },
    adopt: keep,
    destroy: (generation) => destroySecret(fileOf(generation), KEY_BYTES),
  };
}
