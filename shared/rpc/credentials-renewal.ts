/**
 * Renewal of a party's certificate and NATS user, by itself: when a third of a life is left, or the registrar issues under another TLS root,
 * it asks the registrar, through the broker, for new ones under the same keys, proves what comes and puts it in place. TLS roots that the
 * board has changed are put in place too. Programs use it at their next connection, without a restart.
 *
 * The broker passes on and may withhold or repeat: then the party goes on asking, and says so in its log, until the old ones end. What
 * is older than what is here already is not taken.
 */
import type { Credentials } from "../core/board.ts";
import type { Federation } from "../core/directive.ts";
import { CausewayError, isCausewayError } from "../core/errors.ts";
import { renewalDueMs } from "../core/renewal.ts";
import { installedLives, issuedLives } from "../party/credentials.ts";
import { readEnrolment } from "../party/enrolment.ts";
import { installCredentials, installRoots } from "../party/install.ts";
import { readTls } from "../party/tls.ts";
import { isIssuedUnder } from "../platform/tls.ts";
import { readSigningKeys } from "../party/keys.ts";
import { keepGoing } from "../world/loop.ts";
import { pause, within } from "../world/wait.ts";
import type { World } from "../world/world.ts";
import { signCredentialsRequest } from "../wire/board.ts";
import { sharedEvents } from "../world/shared-events.ts";

/** The way to the registrar. Both reject with FORBIDDEN for a party that the chain no longer lists, else as their client does, or do not end. */
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
  /** New ones are in place: servers that have been told of the old ones must be told. Called again if it throws. */
  readonly onRenewed: () => void;
};

/** The longest wait between two looks at clock and chain. */
const LOOK_MS_MAX = 10_000;
const CALL_MS = 10_000;
const ASK_AGAIN_MS = 60_000;
const POLL_MS = 1_000;

/** Until the signal aborts. Whatever goes wrong, at the other side or in the party's own directory, is said and tried again. */
export async function keepRenewed(parts: RenewalParts, signal: AbortSignal): Promise<void> {
  const renewal = new Renewal(parts);
  await keepGoing(parts.world, signal, {
    round: async () => await renewal.round(signal),
    afterFailure: (error) => ({
      failed: sharedEvents.credentials.notRenewed,
      retryMs: isCausewayError(error, "UNAVAILABLE") ? POLL_MS : ASK_AGAIN_MS,
    }),
  });
}

/**
 * Once, if it is due, waiting for the answer until the signal aborts: for programs that run for a moment. False if it is due still. Throws
 * as `RenewalPort` does, UNAVAILABLE for a call that takes too long, and what is wrong with the party's own directory.
 */
export async function renewIfDue(parts: RenewalParts, signal: AbortSignal): Promise<boolean> {
  return await new Renewal(parts).onceIfDue(signal);
}

class Renewal {
  readonly #parts: RenewalParts;
  /** Something may have been put in place that servers have not been told of. */
  #untold = false;

  constructor(parts: RenewalParts) {
    this.#parts = parts;
  }

  /** Waits until it is due, or asks. */
  async round(signal: AbortSignal): Promise<void> {
    const { world } = this.#parts;
    if (this.#untold) this.#tell();
    this.#keepRoots();
    const waitMs = this.#dueMs() - world.clock();
    if (waitMs > 0) await pause(world, Math.min(waitMs, LOOK_MS_MAX), signal);
    else if (!(await this.once(signal))) throw new CausewayError("UNAVAILABLE", "the registrar has not answered");
  }

  async onceIfDue(signal: AbortSignal): Promise<boolean> {
    this.#keepRoots();
    return this.#dueMs() > this.#parts.world.clock() || (await this.once(signal));
  }

  /** Asks, and waits a while for the answer; whether it came. */
  async once(signal: AbortSignal): Promise<boolean> {
    const { port, world } = this.#parts;
    const issued = (): Promise<Credentials | undefined> =>
      within(world, CALL_MS, signal, (limited) => port.issued(limited));
    // Issued when it was asked for before, perhaps by this program's last run.
    if (this.#takeIfBetter(await issued())) return true;
    const request = requestOf(this.#parts);
    await within(world, CALL_MS, signal, (limited) => port.request(request, limited));
    const untilMs = world.clock() + ASK_AGAIN_MS;
    while (world.clock() < untilMs && !signal.aborted) {
      if (this.#takeIfBetter(await issued())) return true;
      await pause(world, POLL_MS, signal);
    }
    return false;
  }

  #takeIfBetter(issued: Credentials | undefined): boolean {
    const { dir, federation, world } = this.#parts;
    const presentDueMs = this.#dueMs();
    if (issued === undefined) return false;
    const dueMs = this.#isUnderLastRoot(issued.certificatePem) ? earliest(issuedLives(issued)) : 0;
    if (dueMs <= Math.max(world.clock(), presentDueMs)) return false;
    // Two files are replaced: a full disk may stop us between them.
    this.#untold = true;
    installCredentials(dir, issued, federation());
    sharedEvents.credentials.renewed(world.log);
    this.#tell();
    return true;
  }

  #dueMs(): number {
    const { dir } = this.#parts;
    return this.#isUnderLastRoot(readTls(dir).certificatePem) ? earliest(installedLives(dir)) : 0;
  }

  /** Under the one before, peers would still believe it, until the board takes that away. */
  #isUnderLastRoot(certificatePem: string): boolean {
    return isIssuedUnder(this.#parts.federation().found.tlsRoots.at(-1) as Uint8Array, certificatePem);
  }

  #keepRoots(): void {
    const { dir, federation, world } = this.#parts;
    if (!installRoots(dir, federation())) return;
    sharedEvents.credentials.rootsChanged(world.log);
    this.#untold = true;
    this.#tell();
  }

  #tell(): void {
    this.#parts.onRenewed();
    this.#untold = false;
  }
}

function earliest(lives: Parameters<typeof renewalDueMs>[0][]): number {
  return Math.min(...lives.map(renewalDueMs));
}

function requestOf({ dir, federation, world }: RenewalParts): Uint8Array {
  const { tlsRequestPem = "", natsKey = "" } = readEnrolment(dir).enrolment;
  const scope = { federation: federation().id, signer: readSigningKeys(dir) };
  return signCredentialsRequest({ tlsRequestPem, natsKey, requestedAtMs: world.clock() }, scope);
}
