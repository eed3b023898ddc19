/** `causeway node enrol`: joins a running federation with an invitation. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CausewayError } from "../../shared/core/errors.ts";
import { systemClock } from "../../shared/world/clock.ts";
import { systemTimers } from "../../shared/world/world.ts";
import { shutdownSignal } from "../../shared/platform/lifecycle.ts";
import { readEnrolment } from "../../shared/party/enrolment.ts";
import { initNode } from "../../shared/party/new-party.ts";
import { decodeInvitationCode } from "../../shared/wire/invitation-code.ts";
import { handIn, waitToCollect } from "../../shared/rpc/joining.ts";
import type { Asking, Collected } from "../../shared/rpc/joining.ts";
import { proposalOf, writeConfig } from "./keys-commands.ts";
import type { InitFlags } from "./keys-commands.ts";
import type { Output } from "../../shared/terminal/output.ts";
import { printable } from "../../shared/terminal/printable.ts";
import { say } from "../../shared/words/say.ts";

export type EnrolFlags = Partial<InitFlags> & {
  readonly invitation?: string;
  readonly collect?: boolean;
  readonly wait?: boolean;
};

/** Makes the keys unless there are some, hands them in, and waits to be admitted. With `collect` it only waits. */
export async function enrol(dir: string, flags: EnrolFlags, output: Output): Promise<void> {
  const asking: Asking = { dir, world: { clock: systemClock, ...systemTimers }, signal: shutdownSignal() };
  if (flags.collect !== true) {
    await begin(asking, flags, output);
    if (flags.wait === false) return output.say(say("enrol.later"));
    output.say(say("enrol.waiting"));
  }
  finish(dir, await waitToCollect(asking), output);
}

async function begin(asking: Asking, flags: EnrolFlags, output: Output): Promise<void> {
  const { dir } = asking;
  if (flags.invitation === undefined) {
    throw new CausewayError("INVALID", "give --invitation, or --collect to go on", { fields: ["invitation"] });
  }
  const code = decodeInvitationCode(flags.invitation);
  await makeKeys(dir, flags, output);
  const federation = await handIn(asking, code);
  const { fingerprint } = readEnrolment(dir);
  output.json({ handedIn: true, federation, fingerprint });
  output.say(printable(say("enrol.handedIn", { federation })));
  output.say(`  ${fingerprint}`);
}

async function makeKeys(dir: string, flags: EnrolFlags, output: Output): Promise<void> {
  if (existsSync(join(dir, "keys"))) return;
  const { name, mandate } = flags;
  if (name === undefined || mandate === undefined) {
    const fields = [...(name === undefined ? ["name"] : []), ...(mandate === undefined ? ["mandate"] : [])];
    throw new CausewayError("INVALID", "there are no keys yet: give --name and --mandate", { fields });
  }
  await initNode(dir, proposalOf({ ...flags, name, mandate }));
  output.say(say("keys.made", { dir: join(dir, "keys") }));
}

function finish(dir: string, { federation, identity, natsUrl }: Collected, output: Output): void {
  const member = identity.kind === "member" ? federation.members.get(identity.member) : undefined;
  if (member === undefined) throw new CausewayError("INVALID", "this is not the directory of a unit");
  writeConfig(dir, { natsUrl });
  output.json({ federation: federation.found.name, slug: member.slug, directive: federation.head.number });
  const { found, head } = federation;
  output.say(printable(say("enrol.admitted", { ...member, federation: found.name, directive: head.number })));
  output.say(say("enrol.start", { dir }));
}
