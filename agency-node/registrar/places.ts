/** The registrar's ports on a machine: files in its directory, and the NATS server over the network. */
import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import { fileFault } from "../../shared/platform/file-faults.ts";
import { partyFile } from "../../shared/party/files.ts";
import { readPublicText, replaceFile } from "../../shared/party/key-files.ts";
import { readTls } from "../../shared/party/tls.ts";
import { NatsSystem } from "../../shared/platform/nats-system.ts";
import type { World } from "../../shared/world/world.ts";
import { freshnessSeedOf } from "./keys.ts";
import { SYSTEM_INBOX_PREFIX } from "./nats-accounts.ts";
import type { CertificatePlace, ConnectNats, FreshnessPlace } from "./ports.ts";

/** A directory holds the certificate (`tls.crt`) and the request that was made with its key (`tls.csr`). */
export function certificateIn(dir: string): CertificatePlace {
  return {
    present: () => readPublicText(partyFile(dir, "certificate")),
    request: () => readPublicText(partyFile(dir, "request")),
    replace: (certificatePem) => replaceFile(partyFile(dir, "certificate"), certificatePem, 0o644),
  };
}

/** The NATS server's directory, as `registrar.json` names it. Also to read it throws ENVIRONMENT where it cannot be written. */
export function servedCertificateIn(dir: string, natsServerDir: string): CertificatePlace {
  const serverDir = resolve(dir, natsServerDir);
  const place = certificateIn(serverDir);
  return {
    ...place,
    present() {
      assertWritable(serverDir);
      return place.present();
    },
  };
}

function assertWritable(serverDir: string): void {
  try {
    accessSync(serverDir, constants.W_OK);
  } catch (cause) {
    throw fileFault(serverDir, "(natsServerDir) cannot be written", cause);
  }
}

export function freshnessIn(dir: string): FreshnessPlace {
  return {
    seedOf: (publicKey) => freshnessSeedOf(dir, publicKey),
    keep: (statement) => replaceFile(partyFile(dir, "freshness"), statement, 0o644),
  };
}

/** To the NATS server at `url`, which is asked again and again, proven by the roots in the registrar's directory. */
export function natsAt(url: () => string, dir: string, world: World): ConnectNats {
  return async (of) =>
    await NatsSystem.connect({
      ...of,
      url,
      roots: () => readTls(dir).rootsPem,
      inboxPrefix: SYSTEM_INBOX_PREFIX,
      name: "causeway-registrar",
      log: world.log,
    });
}
