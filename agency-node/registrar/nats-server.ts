/**
 * Has the NATS servers serve the certificates that the registrar keeps for them. What they serve is asked of the servers themselves, so that
 * a copy that failed halfway, or went where a server does not look, is noticed.
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
  /** What the registrar keeps for each server. */
  readonly kept: readonly Pick<CertificatePlace, "present">[];
  /** The directory of the one server, or of the first, if it is on this machine. */
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
  let compared = { certificates: "", untilMs: 0 };
  const round = async (): Promise<void> => {
    const kept = parts.kept.map((place) => place.present());
    const certificates = kept.join("");
    if (certificates !== compared.certificates || world.clock() >= compared.untilMs) {
      await compare(parts, kept, signal);
      compared = { certificates, untilMs: world.clock() + COMPARE_MS };
    }
    await pause(world, LOOK_MS, signal);
  };
  const afterFailure = () => ({ failed: events.registrar.natsServerFailed, retryMs: RETRY_MS });
  await keepGoing(world, signal, { round, afterFailure });
}

async function compare(
  { connect, authority, server, world }: NatsServerParts,
  certificates: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { log } = world;
  // Before connecting: a server whose certificate has run out can only be helped by its next start. Looked at also while nothing has to be
  // done: a directory that is wrong shows at the registrar's first start.
  const [first = ""] = certificates;
  if (server !== undefined && server.present() !== first) server.replace(first);
  const credentials = await issueSystemCredentials(authority, world.clock() + CREDENTIALS_MS);
  const connecting = connect({ creds: () => credentials, signal });
  await using system = await unlessAborted(connecting, signal, (late) => late[Symbol.asyncDispose]());
  const serves = async (): Promise<boolean> => {
    const endsMs = await within(world, CALL_MS, signal, () => system.certificateEndsMs());
    const keptMs = new Set(certificates.map((certificate) => certificateLife(certificate).untilMs));
    return endsMs.every((each) => keptMs.has(each));
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
