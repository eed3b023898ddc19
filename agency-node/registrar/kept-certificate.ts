/**
 * Certificates of those who cannot ask for their next one: the registrar's own, and the NATS server's. The next one is for the same key,
 * name and hosts.
 */
import { CausewayError } from "../../shared/core/errors.ts";
import { renewalDueMs } from "../../shared/core/renewal.ts";
import { issueCertificate } from "../../shared/platform/certificates.ts";
import { certificateDer, certificateHosts, certificateLife, identityOfCertificate } from "../../shared/platform/tls.ts";
import { keepGoing } from "../../shared/world/loop.ts";
import { pause } from "../../shared/world/wait.ts";
import type { World } from "../../shared/world/world.ts";
import type { IssuingKeys } from "./keys.ts";
import type { CertificatePlace } from "./ports.ts";
import { events } from "./events.ts";

export type KeptCertificateParts = {
  readonly place: CertificatePlace;
  readonly authority: IssuingKeys["authority"];
  readonly lifeMs: number;
  readonly world: Pick<World, "after" | "clock" | "log">;
};

const LOOK_MS_MAX = 3_600_000;
const RETRY_MS = 60_000;

/** Until the signal aborts. */
export async function keepCertificate(parts: KeptCertificateParts, signal: AbortSignal): Promise<void> {
  const { place, world } = parts;
  const round = async (): Promise<void> => {
    const present = place.present();
    const dueMs = renewalDueMs(certificateLife(present));
    if (world.clock() >= dueMs) await renew(parts, present);
    else await pause(world, Math.min(dueMs - world.clock(), LOOK_MS_MAX), signal);
  };
  const afterFailure = () => ({ failed: events.registrar.notRenewed, retryMs: RETRY_MS });
  await keepGoing(world, signal, { round, afterFailure });
}

async function renew({ place, authority, lifeMs, world }: KeptCertificateParts, present: string): Promise<void> {
  const identity = identityOfCertificate(certificateDer(present));
  if (identity === undefined) throw new CausewayError("ENVIRONMENT", "a certificate that is kept names no party");
  const certificate = await issueCertificate({
    authority,
    requestPem: place.request(),
    identity,
    hosts: certificateHosts(present),
    nowMs: world.clock(),
    lifeMs,
  });
  place.replace(certificate);
  events.registrar.renewed(world.log, { party: identity.kind });
}
