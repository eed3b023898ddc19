/** Parts of the registrar's tests: asking until something is so, raw NATS connections, starting a registrar. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect, credsAuthenticator } from "nats";
import type { NatsConnection } from "nats";
import { toRegistrarConfig } from "../../agency-node/registrar/config.ts";
import { startRegistrar } from "../../agency-node/registrar/program.ts";
import type { Registrar } from "../../agency-node/registrar/program.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import { memberInboxPrefix } from "../../shared/wire/subjects.ts";
import type { TestFederation, UnitName } from "../support/federation.ts";
import { SOON } from "../support/patience.ts";

const ASK_MS = 20;

/** What `look` gives once it gives something; fails after `withinMs`. */
export async function eventually<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = SOON.timeout,
): Promise<T> {
  for (const deadline = Date.now() + withinMs; ; await sleep(ASK_MS)) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`not so within ${withinMs} ms: ${String(look)}`);
  }
}

export function registrarOf(federation: TestFederation, settings: Record<string, unknown> = {}): Registrar {
  const config = toRegistrarConfig(federation.founded.registrarDir, { natsUrl: federation.natsUrl, ...settings });
  return startRegistrar(config, systemWorld(federation.log.for("registrar")));
}

/** A unit's raw connection, with the credentials that it has now. Rejects if the server refuses them. */
export async function natsAs(
  federation: TestFederation,
  unit: UnitName,
  credentials = readNatsCredentials(federation.dir(unit)),
): Promise<NatsConnection> {
  return await connect({
    servers: federation.natsUrl,
    authenticator: credsAuthenticator(new TextEncoder().encode(credentials)),
    tls: { ca: readTls(federation.dir("nats")).rootsPem },
    inboxPrefix: memberInboxPrefix(federation.member(unit)),
    timeout: SOON.timeout,
    reconnect: false,
  });
}

/** Whether the server lets the unit in now. */
export async function isLetIn(federation: TestFederation, unit: UnitName, credentials?: string): Promise<boolean> {
  try {
    await (await natsAs(federation, unit, credentials)).close();
    return true;
  } catch {
    return false;
  }
}
