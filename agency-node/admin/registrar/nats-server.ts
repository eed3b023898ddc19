/**
 * Has the NATS server serve the certificate that the registrar keeps for it (`nats-server/` in its directory). What the server serves is
 * asked of the server itself, so that a copy that failed halfway is noticed at the next look.
 */
import { join } from "node:path";
import { isCausewayError } from "../../../shared/core/errors.ts";
import type { Clock } from "../../../shared/platform/clock.ts";
import { replaceFile } from "../../../shared/platform/key-files.ts";
import type { Log } from "../../../shared/platform/log.ts";
import { NatsSystem } from "../../../shared/platform/nats-system.ts";
import { partyFile } from "../../../shared/platform/party.ts";
import { pause } from "../../../shared/platform/retry.ts";
import { certificateLife } from "../../../shared/platform/tls.ts";
import { issueSystemCredentials, SYSTEM_INBOX_PREFIX } from "../nats-accounts.ts";
import type { NatsAuthority } from "../nats-accounts.ts";
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

/** Where the NATS server's request and certificate lie in the registrar's directory. */
export function natsServerDirectory(dir: string): string {
  return join(dir, "nats-server");
}

/** Until the signal aborts; waits for NATS as long as it takes. */
export async function keepNatsServer(parts: NatsServerParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await compare(parts, signal);
      await pause(LOOK_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!isCausewayError(error, "UNAVAILABLE") && !isCausewayError(error, "UNAUTHENTICATED")) throw error;
      parts.log.error("registrar.natsServer", error);
      await pause(RETRY_MS, signal);
    }
  }
}

async function compare(parts: NatsServerParts, signal: AbortSignal): Promise<void> {
  const { dir, url, roots, authority, serverDir, clock, log } = parts;
  const credentials = await issueSystemCredentials(authority, clock() + CREDENTIALS_MS);
  await using system = await NatsSystem.connect({
    url,
    creds: () => credentials,
    roots: roots(),
    inboxPrefix: SYSTEM_INBOX_PREFIX,
    name: "causeway-registrar",
    signal,
    log,
  });
  const kept = readCertificate(natsServerDirectory(dir));
  const endsMs = await system.certificateEndsMs();
  if (endsMs === certificateLife(kept).untilMs) return;
  if (serverDir === undefined) {
    log.warn("registrar.natsCertificateWaits");
    return;
  }
  replaceFile(partyFile(serverDir, "certificate"), kept, 0o644);
  await system.reload();
  log.info("registrar.natsCertificate");
}
