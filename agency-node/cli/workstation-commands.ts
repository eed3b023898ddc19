/** `causeway node workstation …`: the unit's other machines, and the keys by which they and the node know each other. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CausewayError } from "../../shared/core/errors.ts";
import { makePrivateDirectory, replaceFile } from "../../shared/party/key-files.ts";
import { toSettings } from "../../shared/settings/settings.ts";
import { table } from "../../shared/terminal/output.ts";
import type { Output } from "../../shared/terminal/output.ts";
import { printable } from "../../shared/terminal/printable.ts";
import { say } from "../../shared/words/say.ts";
import { nodeSettings, readConfig, workstationSettings } from "../config.ts";
import { ensureLocalKey, hasLocalKey, localFingerprint } from "../disk/local-key.ts";
import { addWorkstation, readWorkstations, removeWorkstation } from "../disk/pinned-workstations.ts";
import { parseFingerprint, parseWorkstationName } from "../workstation.ts";

export type WorkstationFlags = { readonly node: string; readonly nodeKey: string };

/**
 * (workstation) Makes the directory, its key unless there is one, and writes down which node it is for. Throws INVALID with every bad
 * field, CONFLICT in a node's directory.
 */
export async function initialiseWorkstation(dir: string, flags: WorkstationFlags, output: Output): Promise<void> {
  const settings = toSettings(workstationSettings, { node: flags.node, nodeKey: flags.nodeKey });
  if (existsSync(join(dir, nodeSettings.file))) {
    throw new CausewayError("CONFLICT", `${dir} is the node's own directory: no key is needed there`);
  }
  makePrivateDirectory(dir);
  await ensureLocalKey(dir, Date.now());
  replaceFile(join(dir, workstationSettings.file), `${JSON.stringify(settings, undefined, 2)}\n`, 0o644);
  const fingerprint = localFingerprint(dir);
  output.json({ fingerprint });
  output.say(printable(say("workstation.made", settings)));
  output.say(`  ${fingerprint}`);
}

/** (node) Throws INVALID, CONFLICT for a name or a key that is there. */
export function pinWorkstation(dir: string, name: string, flags: { readonly key: string }, output: Output): void {
  const { workstations } = readConfig(dir);
  const pinned = parseWorkstationName(name);
  addWorkstation(dir, pinned, parseFingerprint(flags.key, "key"));
  output.json({ added: pinned });
  output.say(say("workstation.added", { name: pinned }));
  if (workstations === undefined) output.say(say("workstation.off"));
}

/** (node) Throws INVALID, NOT_FOUND. */
export function unpinWorkstation(dir: string, name: string, output: Output): void {
  readConfig(dir);
  const removed = parseWorkstationName(name);
  removeWorkstation(dir, removed);
  output.json({ removed });
  output.say(say("workstation.removed", { name: removed }));
}

/** (node) Who is let in, and what a new one must know. */
export function listWorkstations(dir: string, output: Output): void {
  const { workstations } = readConfig(dir);
  const pinned = Object.entries(readWorkstations(dir));
  for (const [name, key] of pinned) output.json({ name, key });
  for (const row of table(pinned)) output.say(row);
  if (pinned.length === 0) output.say(say("workstation.none"));
  if (workstations === undefined) return output.say(say("workstation.off"));
  if (!hasLocalKey(dir)) return output.say(say("workstation.noKey"));
  const nodeKey = localFingerprint(dir);
  output.json({ listen: workstations.listen, nodeKey });
  output.say(printable(say("workstation.listens", workstations)));
  output.say(`  ${nodeKey}`);
}
