/** Both copies of the databases of a broker's directory, found by its own settings and keys. */
import { join, resolve } from "node:path";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { loadChain } from "../../shared/party/chain-file.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readPin } from "../../shared/party/pin.ts";
import { readTls } from "../../shared/party/tls.ts";
import { connectNats } from "../../shared/platform/nats.ts";
import { natsUrlIn } from "../../shared/settings/addresses.ts";
import { BROKER_INBOX_PREFIX } from "../../shared/wire/subjects.ts";
import { systemClock } from "../../shared/world/clock.ts";
import { silentLog } from "../../shared/world/log.ts";
import { within } from "../../shared/world/wait.ts";
import { systemTimers } from "../../shared/world/world.ts";
import { readBrokerConfig } from "../config.ts";
import { journalKeysOnDisk } from "../disk/journal-keys.ts";
import { verifyCopies } from "./verify.ts";
import type { Verification } from "./verify.ts";

const NATS_MS = 10_000;

/** Throws UNAVAILABLE if NATS does not answer, ENVIRONMENT if this is no broker's directory. */
export async function verifyDirectory(dir: string): Promise<Verification> {
  const { natsUrl, dataDir } = readBrokerConfig(dir);
  const context = { pinnedFingerprint: readPin(dir), nowMs: systemClock() };
  const { federation } = loadChain(partyFile(dir, "chain"), context);
  const end = new AbortController();
  const bus = await within(systemTimers, NATS_MS, end.signal, (signal) =>
    connectNats({
      url: natsUrlIn(federation, natsUrl),
      creds: readNatsCredentials(dir),
      roots: readTls(dir).rootsPem,
      inboxPrefix: BROKER_INBOX_PREFIX,
      name: "causeway-verify",
      signal,
      log: silentLog,
    }),
  );
  await using connected = bus;
  const databases = (name: string): string => join(resolve(dir, dataDir), `${name}.sqlite`);
  return await verifyCopies({ bus: connected, keys: journalKeysOnDisk(dir), federation: federation.id, databases });
}
