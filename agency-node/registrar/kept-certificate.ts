/**
 * Certificates of those who cannot ask for their next one: the registrar's own, and the NATS server's. The next one is for the same key
 * and name; it is due when a third of the life is left, and when it is issued under another TLS root.
 */
import { CausewayError } from "../../shared/core/errors.ts";
import { renewalDueMs } from "../../shared/core/renewal.ts";
import { issueCertificate } from "../../shared/platform/certificates.ts";
import {
  certificateDer,
  certificateHosts,
  certificateLife,
  identityOfCertificate,
  isIssuedUnder,
} from "../../shared/platform/tls.ts";
import { keepGoing } from "../../shared/world/loop.ts";
import { pause } from "../../shared/world/wait.ts";
import type { World } from "../../shared/world/world.ts";
import type { IssuingKeys } from "./keys.ts";
import type { CertificatePlace } from "./ports.ts";
import { events } from "./events.ts";

export type KeptCertificateParts = {
  readonly place: CertificatePlace;
  readonly authority: () => IssuingKeys["authority"];
  /** Under which the holder is reached besides those that its certificate names. */
  readonly hosts?: () => readonly string[];
  readonly lifeMs: number;
  readonly world: Pick<World, "after" | "clock" | "log">;
};

/** The board may have named another root. */
const LOOK_MS_MAX = 10_000;
const RETRY_MS = 60_000;

/** Until the signal aborts. */
export async function keepCertificate(parts: KeptCertificateParts, signal: AbortSignal): Promise<void> {
  const { place, world } = parts;
  const round = async (): Promise<void> => {
    const present = place.present();
    const isUnderRoot = isIssuedUnder(certificateDer(parts.authority().certificatePem), present);
    const dueMs = isUnderRoot ? renewalDueMs(certificateLife(present)) : 0;
    if (world.clock() >= dueMs) await renew(parts, present);
    else await pause(world, Math.min(dueMs - world.clock(), LOOK_MS_MAX), signal);
  };
  const afterFailure = () => ({ failed: events.registrar.notRenewed, retryMs: RETRY_MS });
  await keepGoing(world, signal, { round, afterFailure });
}

async function renew(
  { place, authority, hosts = () => [], lifeMs, world }: KeptCertificateParts,
  present: string,
): Promise<void> {
  const identity = identityOfCertificate(certificateDer(present));
  if (identity === undefined) throw new CausewayError("ENVIRONMENT", "a certificate that is kept names no party");
  const certificate = await issueCertificate({
    authority: authority(),
    requestPem: place.request(),
    identity,
    hosts: [...new Set([...certificateHosts(present), ...hosts()])],
    nowMs: world.clock(),
    lifeMs,
  });
  place.replace(certificate);
  events.registrar.renewed(world.log, { party: identity.kind });
}
