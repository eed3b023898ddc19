/**
 * Renewal of a party's certificate and NATS user, by itself: when a third of a life is left it asks the registrar, through the broker, for
 * new ones under the same keys, proves what comes and puts it in place. Programs use it at their next connection, without a restart.
 *
 * The broker passes on and may withhold or repeat: then the party goes on asking, and says so in its log, until the old ones end. What
 * is older than what is here already is not taken.
 */
import type { Credentials } from "../core/board.ts";
import type { Federation } from "../core/directive.ts";
import { isCausewayError } from "../core/errors.ts";
import { renewalDueMs } from "../core/renewal.ts";
import { installedLives, issuedLives } from "../party/credentials.ts";
import { readEnrolment } from "../party/enrolment.ts";
import { installCredentials } from "../party/install.ts";
import { readSigningKeys } from "../party/keys.ts";
import { pause } from "../world/wait.ts";
import type { World } from "../world/world.ts";
import { signCredentialsRequest } from "../wire/board.ts";
import { sharedEvents } from "../world/shared-events.ts";

/** The way to the registrar. Both throw FORBIDDEN for a party that the chain no longer lists, UNAVAILABLE. */
export type RenewalPort = {
  /** `Signed` bytes of type "credentials-request". */
  request(signed: Uint8Array, signal: AbortSignal): Promise<void>;
  /** The last that were issued to this party. */
  issued(signal: AbortSignal): Promise<Credentials | undefined>;
};

export type RenewalParts = {
  /** The party's directory. */
  readonly dir: string;
  readonly port: RenewalPort;
  readonly federation: () => Federation;
  readonly world: Pick<World, "clock" | "log" | "after">;
  /** New ones are in place: servers that have been told of the old ones must be told. */
  readonly onRenewed: () => void;
};

/** The longest wait between two looks at the clock: a machine may sleep. */
const LOOK_MS_MAX = 3_600_000;
const ASK_AGAIN_MS = 60_000;
const POLL_MS = 1_000;

/** Until the signal aborts. Throws only what is wrong with the party's own directory. */
export async function keepRenewed(parts: RenewalParts, signal: AbortSignal): Promise<void> {
  const { dir, world } = parts;
  let outcome = "";
  while (!signal.aborted) {
    const waitMs = dueMs(installedLives(dir)) - world.clock();
    if (waitMs > 0) {
      outcome = "";
      await pause(world, Math.min(waitMs, LOOK_MS_MAX), signal);
      continue;
    }
    const code = await renew(parts, signal);
    if (signal.aborted || code === "renewed") continue;
    // Once for each change: an outage of days is not a line every minute.
    if (code !== outcome) sharedEvents.credentials.notRenewed(world.log, { outcome: code });
    outcome = code;
    await pause(world, code === "UNAVAILABLE" || code === "unanswered" ? POLL_MS : ASK_AGAIN_MS, signal);
  }
}

/**
 * Once, if it is due, waiting for the answer until the signal aborts: for programs that run for a moment. False if it is due still. Throws
 * as `RenewalPort` does.
 */
export async function renewIfDue(parts: RenewalParts, signal: AbortSignal): Promise<boolean> {
  const { dir, world } = parts;
  return dueMs(installedLives(dir)) > world.clock() || (await renewOnce(parts, signal));
}

async function renew(parts: RenewalParts, signal: AbortSignal): Promise<string> {
  try {
    if (await renewOnce(parts, signal)) return "renewed";
    return "unanswered";
  } catch (error) {
    if (isCausewayError(error, "ENVIRONMENT")) throw error;
    // Its client has classes of its own: none of them may end the program.
    return isCausewayError(error) ? error.code : "UNAVAILABLE";
  }
}

/** Asks, and waits a while for the answer. */
async function renewOnce(parts: RenewalParts, signal: AbortSignal): Promise<boolean> {
  const { port, world } = parts;
  // Issued when it was asked for before, perhaps by this program's last run.
  if (takeIfBetter(parts, await port.issued(signal))) return true;
  await port.request(requestOf(parts), signal);
  for (
    const untilMs = world.clock() + ASK_AGAIN_MS;
    world.clock() < untilMs && !signal.aborted;
    await pause(world, POLL_MS, signal)
  ) {
    if (takeIfBetter(parts, await port.issued(signal))) return true;
  }
  return false;
}

function takeIfBetter(parts: RenewalParts, issued: Credentials | undefined): boolean {
  const { dir, federation, world, onRenewed } = parts;
  if (issued === undefined || dueMs(issuedLives(issued)) <= Math.max(world.clock(), dueMs(installedLives(dir))))
    return false;
  installCredentials(dir, issued, federation());
  sharedEvents.credentials.renewed(world.log);
  onRenewed();
  return true;
}

function dueMs(lives: Parameters<typeof renewalDueMs>[0][]): number {
  return Math.min(...lives.map(renewalDueMs));
}

function requestOf({ dir, federation, world }: RenewalParts): Uint8Array {
  const { tlsRequestPem = "", natsKey = "" } = readEnrolment(dir).enrolment;
  const scope = { federation: federation().id, signer: readSigningKeys(dir) };
  return signCredentialsRequest({ tlsRequestPem, natsKey, requestedAtMs: world.clock() }, scope);
}
