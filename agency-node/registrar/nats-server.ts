/**
 * Has the NATS server serve the certificate that the registrar keeps for it (`nats-server/` in its directory). What the server serves is
 * asked of the server itself, so that a copy that failed halfway, or went where the server does not look, is noticed.
 */
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { Clock } from "../../shared/world/clock.ts";
import { replaceFile } from "../../shared/party/key-files.ts";
import type { Log } from "../../shared/world/log.ts";
import { NatsSystem } from "../../shared/platform/nats-system.ts";
import { partyFile } from "../../shared/party/files.ts";
import { pause } from "../../shared/platform/retry.ts";
import { certificateLife } from "../../shared/platform/tls.ts";
import { issueSystemCredentials, SYSTEM_INBOX_PREFIX } from "./nats-accounts.ts";
import type { NatsAuthority } from "./nats-accounts.ts";
import { readCertificate } from "./kept-certificate.ts";

export type NatsServerParts = {
  /** The registrar's directory. */
  readonly dir: string;
  readonly url: string;
  readonly roots: () => string;
  readonly authority: NatsAuthority;
  /** The NATS server's directory, if it is on this machine. */
  readonly serverDir: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
};

const LOOK_MS = 3_600_000;
const RETRY_MS = 60_000;
const CREDENTIALS_MS = 600_000;
/** None of them may end the registrar: it has more to do than this. */
const PASSING = ["UNAVAILABLE", "UNAUTHENTICATED", "ENVIRONMENT"] as const;

/** Where the NATS server's request and certificate lie in the registrar's directory. */
export function natsServerDirectory(dir: string): string {
  return join(dir, "nats-server");
}

/** Until the signal aborts; waits for NATS, and for a directory that can be written, as long as it takes. */
export async function keepNatsServer(parts: NatsServerParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await compare(parts, signal);
      await pause(LOOK_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!PASSING.some((code) => isCausewayError(error, code))) throw error;
      parts.log.error("registrar.natsServer", error);
      await pause(RETRY_MS, signal);
    }
  }
}

async function compare(parts: NatsServerParts, signal: AbortSignal): Promise<void> {
  const { dir, serverDir, log } = parts;
  const kept = readCertificate(natsServerDirectory(dir));
  // Before connecting: a server whose certificate has run out can only be helped by its next start.
  if (serverDir !== undefined) putInPlace(serverDir, kept);
  await using system = await connect(parts, signal);
  const serves = async (): Promise<boolean> => (await system.certificateEndsMs()) === certificateLife(kept).untilMs;
  if (await serves()) return;
  if (serverDir !== undefined) {
    await system.reload();
    if (await serves()) {
      log.info("registrar.natsCertificate");
      return;
    }
  }
  log.warn("registrar.natsCertificateWaits");
}

/** Throws ENVIRONMENT, also while nothing has to be done: a directory that is wrong shows at the registrar's first start. */
function putInPlace(serverDir: string, kept: string): void {
  try {
    accessSync(serverDir, constants.W_OK);
  } catch (cause) {
    throw new CausewayError("ENVIRONMENT", "natsServerDir is missing or cannot be written", { cause });
  }
  if (readCertificate(serverDir) !== kept) replaceFile(partyFile(serverDir, "certificate"), kept, 0o644);
}

async function connect(
  { url, roots, authority, clock, log }: NatsServerParts,
  signal: AbortSignal,
): Promise<NatsSystem> {
  const credentials = await issueSystemCredentials(authority, clock() + CREDENTIALS_MS);
  return await NatsSystem.connect({
    url,
    creds: () => credentials,
    roots: roots(),
    inboxPrefix: SYSTEM_INBOX_PREFIX,
    name: "causeway-registrar",
    signal,
    log,
  });
}
