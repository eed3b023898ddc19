/** The registrar's own certificate, which it renews itself: for the same key, from the request that was made with it. */
import { readFileSync } from "node:fs";
import { CausewayError } from "../../../shared/core/errors.ts";
import type { Clock } from "../../../shared/platform/clock.ts";
import { replaceFile } from "../../../shared/platform/key-files.ts";
import type { Log } from "../../../shared/platform/log.ts";
import { partyFile, readTls } from "../../../shared/platform/party.ts";
import { pause } from "../../../shared/platform/retry.ts";
import { certificateLife, issueCertificate } from "../../../shared/platform/tls.ts";
import { renewalDueMs } from "../../../shared/core/renewal.ts";
import type { IssuingKeys } from "./keys.ts";

export type OwnCertificateParts = {
  readonly dir: string;
  readonly keys: IssuingKeys;
  readonly lifeMs: number;
  readonly clock: Clock;
  readonly log: Log;
};

const LOOK_MS_MAX = 3_600_000;

/** Until the signal aborts. Throws ENVIRONMENT. */
export async function keepOwnCertificate(parts: OwnCertificateParts, signal: AbortSignal): Promise<void> {
  const { dir, clock } = parts;
  while (!signal.aborted) {
    const dueMs = renewalDueMs(certificateLife(readTls(dir).certificatePem));
    if (clock() >= dueMs) await renew(parts);
    else await pause(Math.min(dueMs - clock(), LOOK_MS_MAX), signal);
  }
}

async function renew({ dir, keys, lifeMs, clock, log }: OwnCertificateParts): Promise<void> {
  const certificate = await issueCertificate({
    authority: keys.authority,
    requestPem: readRequest(dir),
    identity: { kind: "registrar" },
    hosts: [],
    nowMs: clock(),
    lifeMs,
  });
  replaceFile(partyFile(dir, "certificate"), certificate, 0o644);
  log.info("registrar.renewedItself");
}

function readRequest(dir: string): string {
  const path = partyFile(dir, "request");
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new CausewayError("ENVIRONMENT", `${path} is missing or cannot be read`, { cause: error });
  }
}
