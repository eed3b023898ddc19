/** `causeway node init` and `install`: from nothing to a node that the federation knows. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CausewayError } from "../../shared/core/errors.ts";
import { replaceFile } from "../../shared/party/key-files.ts";
import { partyFile } from "../../shared/party/files.ts";
import { installBundle } from "../../shared/party/install.ts";
import { initNode } from "../../shared/party/new-party.ts";
import { parsePin } from "../../shared/party/pin.ts";
import type { Proposal } from "../../shared/party/enrolment.ts";
import { readConfig } from "../config.ts";
import type { Output } from "../../shared/terminal/output.ts";
import { printable } from "../../shared/terminal/printable.ts";
import { say } from "../../shared/words/say.ts";

export type InitFlags = {
  readonly name: string;
  readonly mandate: string;
  readonly office?: string;
  readonly phone?: string;
  readonly email?: string;
  readonly hours?: string;
};

/** Makes the node's keys and its enrolment. Throws CONFLICT where there are keys. */
export async function initialise(dir: string, flags: InitFlags, output: Output): Promise<void> {
  const { fingerprint } = await initNode(dir, proposalOf(flags));
  const enrolment = partyFile(dir, "enrolment");
  output.json({ enrolment, fingerprint });
  output.say(say("keys.made", { dir: join(dir, "keys") }));
  output.say(say("keys.handOver", { file: enrolment }));
  output.say(`  ${fingerprint}`);
}

/** What the unit proposes about itself. */
export function proposalOf({ name, mandate, office, phone = "", email = "", hours = "" }: InitFlags): Proposal {
  return { name, mandate, ...(office === undefined ? {} : { contact: { office, phone, email, hours } }) };
}

export type InstallFlags = {
  readonly fingerprint: string;
  readonly natsUrl?: string;
};

/** Takes over the board's bundle, proven from the fingerprint. Writes node.json where an address is given. */
export function install(dir: string, bundleDir: string, flags: InstallFlags, output: Output): void {
  const fingerprint = parsePin(flags.fingerprint);
  const { federation, identity } = installBundle({ partyDir: dir, bundleDir, fingerprint, nowMs: Date.now() });
  writeConfig(dir, flags);
  const member = identity?.kind === "member" ? federation.members.get(identity.member) : undefined;
  if (member === undefined) throw new CausewayError("INVALID", "the bundle is not that of a member");
  output.json({ federation: federation.found.name, slug: member.slug, directive: federation.head.number });
  const { found, head } = federation;
  output.say(printable(say("keys.installed", { ...member, federation: found.name, directive: head.number })));
  output.say(say("enrol.start", { dir }));
}

/** Writes node.json, keeping what else stands there. Throws INVALID for a first one without a NATS server. */
export function writeConfig(dir: string, { natsUrl }: Pick<InstallFlags, "natsUrl">): void {
  const path = join(dir, "node.json");
  if (natsUrl === undefined) {
    if (!existsSync(path))
      throw new CausewayError("INVALID", "the first installation needs --nats-url", { fields: ["natsUrl"] });
    return;
  }
  const settings = existsSync(path) ? readConfig(dir, {}) : undefined;
  const { dir: _, ...kept } = settings ?? { dir };
  const changed = { ...kept, natsUrl };
  replaceFile(path, `${JSON.stringify(changed, undefined, 2)}\n`, 0o644);
  readConfig(dir, {});
}
