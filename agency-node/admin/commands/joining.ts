/** `causeway admin enrol`, `next-key`: keys that the board is to name, handed in by invitation and used once it has. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { toHex } from "../../../shared/core/bytes.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { keyId } from "../../../shared/crypto/sign.ts";
import { readEnrolment } from "../../../shared/party/enrolment.ts";
import type { Enrolled } from "../../../shared/party/enrolment.ts";
import { partyFile } from "../../../shared/party/files.ts";
import { initAdministrator, initEvaluator } from "../../../shared/party/new-party.ts";
import { nextKeyDirectory, prepareNextKey, takeNextKey } from "../../../shared/party/next-key.ts";
import { shutdownSignal } from "../../../shared/platform/lifecycle.ts";
import { identityUri } from "../../../shared/platform/tls.ts";
import type { Output } from "../../../shared/terminal/output.ts";
import { printable } from "../../../shared/terminal/printable.ts";
import { decodeInvitationCode } from "../../../shared/wire/invitation-code.ts";
import { groups } from "../../../shared/words/figures.ts";
import { say } from "../../../shared/words/say.ts";
import { systemClock } from "../../../shared/world/clock.ts";
import { systemTimers } from "../../../shared/world/world.ts";
import { handIn, isJoining, waitToCollect } from "../../../shared/rpc/joining.ts";
import type { Asking } from "../../../shared/rpc/joining.ts";

export type EnrolFlags = {
  readonly invitation?: string;
  readonly collect?: boolean;
  readonly wait?: boolean;
  readonly kind: "administrator" | "evaluator";
  readonly name?: string;
};
export type NextKeyFlags = { readonly invitation?: string };

/** Makes the keys unless there are some, hands them in, and waits to be admitted. With `collect` it only waits. */
export async function enrol(dir: string, flags: EnrolFlags, output: Output): Promise<void> {
  const asking = askingFrom(dir);
  if (flags.collect !== true) {
    if (flags.invitation === undefined) {
      throw new CausewayError("INVALID", "give --invitation, or --collect to go on", { fields: ["invitation"] });
    }
    if (!existsSync(join(dir, "keys"))) await makeKeys(dir, flags);
    await handInTo(asking, flags.invitation, readEnrolment(dir), output);
    if (flags.wait === false)
      return output.say(say("joining.later", { command: "causeway admin enrol DIR --collect" }));
  }
  output.say(say("joining.waits"));
  const { federation, identity } = await waitToCollect(asking);
  const { found, head } = federation;
  const installed = { identity: identityUri(identity), federation: found.name, directive: head.number };
  output.json(installed);
  output.say(printable(say("party.installed", installed)));
}

/** The fingerprint is the enrolment's, and the id the key's: the one is compared before the board proposes, the other in the proposal. */
export async function nextKey(dir: string, { invitation }: NextKeyFlags, output: Output): Promise<void> {
  const enrolled = await prepareNextKey(dir);
  const next = nextKeyDirectory(dir);
  const asking = askingFrom(next);
  if (enrolled.enrolment.kind === "broker") {
    if (invitation !== undefined) {
      throw new CausewayError("INVALID", "a broker takes its next key by itself, without an invitation", {
        fields: ["invitation"],
      });
    }
    return sayEnrolment(enrolled, partyFile(next, "enrolment"), output);
  }
  if (invitation !== undefined) await handInTo(asking, invitation, enrolled, output);
  if (!isJoining(next)) return sayEnrolment(enrolled, partyFile(next, "enrolment"), output);
  output.say(say("joining.waits"));
  const { federation } = await waitToCollect(asking);
  takeNextKey(dir, federation, systemClock());
  output.json({ taken: toHex(keyId(enrolled.enrolment.signingKey)), directive: federation.head.number });
  output.say(say("joining.keyTaken"));
}

async function makeKeys(dir: string, { kind, name }: EnrolFlags): Promise<void> {
  if (name === undefined) {
    throw new CausewayError("INVALID", "there are no keys yet: give --name", { fields: ["name"] });
  }
  await (kind === "administrator" ? initAdministrator : initEvaluator)(dir, { name });
}

async function handInTo(asking: Asking, invitation: string, enrolled: Enrolled, output: Output): Promise<void> {
  const federation = await handIn(asking, decodeInvitationCode(invitation));
  output.say(printable(say("enrol.handedIn", { federation })));
  sayFingerprint(enrolled, output);
}

function sayEnrolment(enrolled: Enrolled, file: string, output: Output): void {
  output.say(say("keys.handOver", { file }));
  sayFingerprint(enrolled, output);
}

function sayFingerprint({ enrolment: { signingKey }, fingerprint }: Enrolled, output: Output): void {
  const key = toHex(keyId(signingKey));
  output.json({ fingerprint, keyId: key });
  output.say(`  ${fingerprint}`);
  output.say(say("party.keyId"));
  output.say(`  ${groups(key)}`);
}

function askingFrom(dir: string): Asking {
  return { dir, world: { clock: systemClock, ...systemTimers }, signal: shutdownSignal() };
}
