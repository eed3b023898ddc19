/** Snapshots of the index as files in one directory, for their owner only. Each is written under another name first. */
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { makePrivateDirectory, readPublicText, replaceFile } from "../../shared/party/key-files.ts";
import { fileFault } from "../../shared/platform/file-faults.ts";
import type { KeptSnapshots } from "../ports.ts";

const MANIFEST = "manifest.json";
const UNFINISHED = ".unfinished";

export function snapshotsOnDisk(dir: string): KeptSnapshots {
  makePrivateDirectory(dir);
  const at = (name: string): string => join(dir, name);
  return {
    manifest: () => (existsSync(at(MANIFEST)) ? readPublicText(at(MANIFEST)) : undefined),
    keepManifest: (text) => replaceFile(at(MANIFEST), text, 0o600),
    removeManifest: () => rmSync(at(MANIFEST), { force: true }),
    files: () => readdirSync(dir).filter((name) => name !== MANIFEST),
    remove: (name) => rmSync(at(name), { force: true }),
    async begin(name) {
      const path = at(name);
      const file = await open(`${path}${UNFINISHED}`, "wx", 0o600).catch((error: unknown) => {
        throw fileFault(path, "cannot be made", error);
      });
      return {
        async append(bytes) {
          for (let from = 0; from < bytes.length;) from += (await file.write(bytes, from)).bytesWritten;
        },
        async finish() {
          await file.sync();
          await file.close();
          renameSync(`${path}${UNFINISHED}`, path);
        },
        async abandon() {
          await file.close();
          rmSync(`${path}${UNFINISHED}`, { force: true });
        },
      };
    },
    async open(name) {
      const file = await open(at(name), "r").catch((error: unknown) => {
        throw fileFault(at(name), "cannot be read", error);
      });
      return {
        async read(length) {
          const bytes = new Uint8Array(length);
          let filled = 0;
          while (filled < length) {
            const { bytesRead } = await file.read(bytes, filled, length - filled);
            if (bytesRead === 0) break;
            filled += bytesRead;
          }
          return bytes.subarray(0, filled);
        },
        close: () => file.close(),
      };
    },
  };
}
