/**
 * Certificates of those who cannot ask for their next one: the registrar's own, and the NATS server's. A directory holds the certificate
 * (`tls.crt`) and the request that was made with its key (`tls.csr`); the next one is for the same key, name and hosts.
 */
import { renewalDueMs } from "../../shared/core/renewal.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { Clock } from "../../shared/world/clock.ts";
import { readPublicText, replaceFile } from "../../shared/party/key-files.ts";
import type { Log } from "../../shared/world/log.ts";
import { partyFile } from "../../shared/party/files.ts";
import { pause } from "../../shared/platform/retry.ts";
import { certificateDer, certificateHosts, certificateLife, identityOfCertificate } from "../../shared/platform/tls.ts";
import { issueCertificate } from "../../shared/platform/certificates.ts";
import type { IssuingKeys } from "./keys.ts";

export type KeptCertificateParts = {
  readonly dir: string;
  readonly keys: IssuingKeys;
  readonly lifeMs: number;
  readonly clock: Clock;
  readonly log: Log;
};

const LOOK_MS_MAX = 3_600_000;

/** Until the signal aborts. Throws ENVIRONMENT. */
export async function keepCertificate(parts: KeptCertificateParts, signal: AbortSignal): Promise<void> {
  const { dir, clock } = parts;
  while (!signal.aborted) {
    const present = readCertificate(dir);
    const dueMs = renewalDueMs(certificateLife(present));
    if (clock() >= dueMs) await renew(parts, present);
    else await pause(Math.min(dueMs - clock(), LOOK_MS_MAX), signal);
  }
}

/** PEM. Throws ENVIRONMENT. */
export function readCertificate(dir: string): string {
  return readPublicText(partyFile(dir, "certificate"));
}

async function renew({ dir, keys, lifeMs, clock, log }: KeptCertificateParts, present: string): Promise<void> {
  const identity = identityOfCertificate(certificateDer(present));
  if (identity === undefined) throw new CausewayError("ENVIRONMENT", `the certificate in ${dir} names no party`);
  const certificate = await issueCertificate({
    authority: keys.authority,
    requestPem: readPublicText(partyFile(dir, "request")),
    identity,
    hosts: certificateHosts(present),
    nowMs: clock(),
    lifeMs,
  });
  replaceFile(partyFile(dir, "certificate"), certificate, 0o644);
  log.info("registrar.renewed", { party: identity.kind });
}
