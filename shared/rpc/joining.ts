/**
 * How a party joins a running federation (protocol section 5): it makes its keys, hands in their public halves for an invitation, people
 * compare the fingerprint by telephone, the board admits the key, and the party collects what the registrar has issued to it. For a
 * node that was lost it is the same, and the board's directive is `rotate-key`.
 *
 * Between handing in and collecting, `joining.json` in the party's directory keeps the invitation: with its secret the chain is read.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { fromHex, toHex } from "../core/bytes.ts";
import { CausewayError, isCausewayError } from "../core/errors.ts";
import type { World } from "../world/world.ts";
import { readPublicBytes, replaceFile } from "../party/key-files.ts";
import { readJsonFile } from "../platform/json-file.ts";
import { readEnrolment } from "../party/enrolment.ts";
import { partyFile } from "../party/files.ts";
import { installParty } from "../party/install.ts";
import { readSigningKeys } from "../party/keys.ts";
import type { Installed } from "../party/install.ts";
import { pause } from "../world/wait.ts";
import { check, hostPorts } from "../wire/checks.ts";
import { INVITATION_SECRET_BYTES } from "../wire/invitation-code.ts";
import type { InvitationCode } from "../wire/invitation-code.ts";
import { EnrolmentDoor } from "./enrolment-door.ts";

/** Keeps within what the broker lets an address ask. */
const ASK_MS = 3_000;

const joiningSchema = z.strictObject({
  address: hostPorts,
  fingerprint: hexOf(32),
  secret: hexOf(INVITATION_SECRET_BYTES),
});

function hexOf(bytes: number) {
  return z
    .string()
    .regex(/^[0-9a-f]*$/)
    .length(2 * bytes)
    .transform((hex) => fromHex(hex));
}

export type Asking = {
  readonly dir: string;
  readonly world: Pick<World, "after" | "clock">;
  readonly signal: AbortSignal;
};

/**
 * Hands in the enrolment of a party's directory, and returns the federation's name. Throws UNPROVEN if whoever answers is not the
 * invitation's federation, NOT_FOUND if the invitation is unknown, out of date or used, UNAVAILABLE.
 */
export async function handIn({ dir, world, signal }: Asking, code: InvitationCode): Promise<string> {
  readEnrolment(dir);
  using door = await EnrolmentDoor.open(code, world, signal);
  // The file as it is: what is compared by telephone is what was signed.
  await door.enrol(code.secret, readPublicBytes(partyFile(dir, "enrolment")), signal);
  const joining = { address: code.address, fingerprint: toHex(code.fingerprint), secret: toHex(code.secret) };
  replaceFile(joiningFile(dir), `${JSON.stringify(joining, undefined, 2)}\n`, 0o600);
  return door.chain.federation.found.name;
}

export type Collected = Installed & { readonly natsUrl: string };

/**
 * Asks once for what was issued, and puts it in place. Undefined while the board has not admitted the party or the registrar has not
 * answered. Throws NOT_FOUND if nothing was handed in, UNPROVEN for what is not ours, UNAVAILABLE.
 */
export async function collect({ dir, world, signal }: Asking): Promise<Collected | undefined> {
  const joining = readJoining(dir);
  const { tlsRequestPem = "", natsKey = "" } = readEnrolment(dir).enrolment;
  using door = await EnrolmentDoor.open(joining, world, signal);
  const { directives, freshness } = door.chain;
  const request = { tlsRequestPem, natsKey, requestedAtMs: world.clock() };
  const issued = await unlessNotYet(door.collect(request, readSigningKeys(dir), signal));
  if (issued === undefined) return undefined;
  const { fingerprint } = joining;
  const { credentials, natsUrl } = issued;
  const installed = installParty({
    partyDir: dir,
    directives,
    freshness,
    ...credentials,
    fingerprint,
    nowMs: world.clock(),
  });
  rmSync(joiningFile(dir));
  return { ...installed, natsUrl };
}

/** Asks until there is something to collect. Throws as `collect`, but waits while nobody answers; UNAVAILABLE when the signal aborts. */
export async function waitToCollect(asking: Asking): Promise<Collected> {
  const { world, signal } = asking;
  while (!signal.aborted) {
    const collected = await collect(asking).catch(whileAway);
    if (collected !== undefined) return collected;
    await pause(world, ASK_MS, signal);
  }
  throw new CausewayError("UNAVAILABLE", "stopped before the board had admitted this party");
}

/** Whether something was handed in and not yet collected. */
export function isJoining(dir: string): boolean {
  return existsSync(joiningFile(dir));
}

function joiningFile(dir: string): string {
  return join(dir, "joining.json");
}

function readJoining(dir: string): InvitationCode {
  if (!isJoining(dir)) {
    throw new CausewayError("NOT_FOUND", "nothing was handed in from this directory; begin with --invitation");
  }
  return check(joiningSchema, readJsonFile(joiningFile(dir)), "joining.json");
}

async function unlessNotYet<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isCausewayError(error, "NOT_FOUND") || isCausewayError(error, "UNAVAILABLE")) return undefined;
    throw error;
  }
}

/** Also a chain that its registrar has just been slower than, and a door that is crowded. */
function whileAway(error: unknown): undefined {
  const passes = (["UNAVAILABLE", "OUT_OF_SEQUENCE", "EXHAUSTED"] as const).some((code) =>
    isCausewayError(error, code),
  );
  if (!passes) throw error;
  return undefined;
}
