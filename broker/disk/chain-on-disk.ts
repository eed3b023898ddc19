/** The chain of directives and the freshness statement in the broker's directory, where its operator may replace them. */
import { readFileSync, statSync } from "node:fs";
import { CausewayError } from "../../shared/core/errors.ts";
import { readDirectives, writeChain } from "../../shared/party/chain-file.ts";
import { replaceFile } from "../../shared/party/key-files.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readPin } from "../../shared/party/pin.ts";
import type { KeptChain } from "../ports.ts";

/** Throws ENVIRONMENT without a pin. */
export function chainOnDisk(dir: string): KeptChain {
  const pinnedFingerprint = readPin(dir);
  const chainPath = partyFile(dir, "chain");
  const freshnessPath = partyFile(dir, "freshness");
  return {
    pinnedFingerprint,
    stampOf(what) {
      const stats = statSync(what === "chain" ? chainPath : freshnessPath, { throwIfNoEntry: false });
      return `${stats?.ino} ${stats?.mtimeMs} ${stats?.size}`;
    },
    directives: () => readDirectives(chainPath),
    keep: (chain, nowMs) => void writeChain(chainPath, chain, { pinnedFingerprint, nowMs }),
    freshness: () => readIfPresent(freshnessPath),
    keepFreshness: (statement) => replaceFile(freshnessPath, statement, 0o644),
  };
}

function readIfPresent(path: string): Uint8Array | undefined {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CausewayError("ENVIRONMENT", `${path} cannot be read`, { cause: error });
  }
}
