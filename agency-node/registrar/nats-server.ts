/**
 * Has the NATS server serve the certificate that the registrar keeps for it. What the server serves is asked of the server itself, so that a
 * copy that failed halfway, or went where the server does not look, is noticed.
 */
import { certificateLife } from "../../shared/platform/tls.ts";
import { keepGoing } from "../../shared/world/loop.ts";
import { pause, unlessAborted, within } from "../../shared/world/wait.ts";
import type { World } from "../../shared/world/world.ts";
import { issueSystemCredentials } from "./nats-accounts.ts";
import type { NatsAuthority } from "./nats-accounts.ts";
import type { CertificatePlace, ConnectNats } from "./ports.ts";
import { events } from "./events.ts";

export type NatsServerParts = {
  readonly connect: ConnectNats;
  readonly authority: NatsAuthority;
  /** What the registrar keeps for the server. */
  readonly kept: Pick<CertificatePlace, "present">;
  /** The server's own directory, if it is on this machine. */
  readonly server: Pick<CertificatePlace, "present" | "replace"> | undefined;
  readonly world: Pick<World, "after" | "clock" | "log">;
};

/** How often is looked for another certificate. */
const LOOK_MS = 10_000;
/** How often what the server serves is asked of it, whatever is kept. */
const COMPARE_MS = 3_600_000;
const RETRY_MS = 60_000;
const CREDENTIALS_MS = 600_000;
const CALL_MS = 10_000;

/** Until the signal aborts; waits for NATS, and for a directory that can be written, as long as it takes. */
export async function keepNatsServer(parts: NatsServerParts, signal: AbortSignal): Promise<void> {
  const { world } = parts;
  let compared = { certificate: "", untilMs: 0 };
  const round = async (): Promise<void> => {
    const certificate = parts.kept.present();
    if (certificate !== compared.certificate || world.clock() >= compared.untilMs) {
      await compare(parts, certificate, signal);
      compared = { certificate, untilMs: world.clock() + COMPARE_MS };
    }
    await pause(world, LOOK_MS, signal);
  };
  const afterFailure = () => ({ failed: events.registrar.natsServerFailed, retryMs: RETRY_MS });
  await keepGoing(world, signal, { round, afterFailure });
}

async function compare(
  { connect, authority, server, world }: NatsServerParts,
  certificate: string,
  signal: AbortSignal,
): Promise<void> {
  const { log } = world;
  // Before connecting: a server whose certificate has run out can only be helped by its next start. Looked at also while nothing has to be
  // done: a directory that is wrong shows at the registrar's first start.
  if (server !== undefined && server.present() !== certificate) server.replace(certificate);
  const credentials = await issueSystemCredentials(authority, world.clock() + CREDENTIALS_MS);
  const connecting = connect({ creds: () => credentials, signal });
  await using system = await unlessAborted(connecting, signal, (late) => late[Symbol.asyncDispose]());
  const serves = async (): Promise<boolean> => {
    const endsMs = await within(world, CALL_MS, signal, () => system.certificateEndsMs());
    return endsMs === certificateLife(certificate).untilMs;
  };
  if (await serves()) return;
  if (server !== undefined) {
    await within(world, CALL_MS, signal, () => system.reload());
    if (await serves()) {
      events.registrar.natsCertificateTaken(log);
      return;
    }
  }
  events.registrar.natsCertificateWaits(log);
}
