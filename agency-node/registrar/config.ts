/** What the registrar's operator can set: `registrar.json` in its directory. Where the broker is stands in the chain. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CausewayError } from "../../shared/core/errors.ts";
import { CERTIFICATE_DAYS } from "../../shared/platform/certificates.ts";
import { check } from "../../shared/wire/checks.ts";
import { NATS_USER_DAYS } from "./nats-accounts.ts";

const days = (most: number) => z.number().positive().max(most).default(most);

const schema = z.strictObject({
  /** The federation's NATS server. */
  natsUrl: z.string().regex(/^tls:\/\/[^/\s]+:\d{1,5}$/),
  /** How long a freshness statement holds; one is made every hour. So long can a broker hide a directive from a party. */
  freshnessHours: z.number().min(2).max(48).default(8),
  /** Lives of what the registrar issues. Parties renew theirs when a third is left. */
  certificateDays: days(CERTIFICATE_DAYS),
  /** The NATS server's directory, if it is on this machine, as seen from the registrar's: its next certificates are put there. */
  natsServerDir: z.string().min(1).optional(),
  natsUserDays: days(NATS_USER_DAYS),
});

export type RegistrarConfig = z.infer<typeof schema> & {
  /** The registrar's directory. */
  readonly dir: string;
};

/** Checks settings. Throws INVALID with every bad field. */
export function toRegistrarConfig(dir: string, settings: unknown): RegistrarConfig {
  return { dir, ...check(schema, settings, "registrar.json") };
}

/** Reads `registrar.json`. Throws ENVIRONMENT if it is missing or not JSON, INVALID with every bad field. */
export function readRegistrarConfig(dir: string): RegistrarConfig {
  const path = join(dir, "registrar.json");
  let settings: unknown;
  try {
    settings = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new CausewayError("ENVIRONMENT", `${path} is missing or not JSON`, { cause });
  }
  return toRegistrarConfig(dir, settings);
}
