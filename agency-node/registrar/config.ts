/** What the registrar's operator can set: `registrar.json` in its directory. Where the broker is stands in the chain. */
import { z } from "zod";
import { natsAddress } from "../../shared/settings/addresses.ts";
import { settingsIn, toSettings } from "../../shared/settings/settings.ts";
import type { Environment, SettingsForm } from "../../shared/settings/settings.ts";
import { CERTIFICATE_DAYS } from "../../shared/platform/certificates.ts";
import { NATS_USER_DAYS } from "./nats-accounts.ts";

const days = (most: number) => z.number().positive().max(most).default(most);

const schema = z.strictObject({
  /** The federation's NATS server. */
  natsUrl: natsAddress,
  /** How long a freshness statement holds; one is made every hour. So long can a broker hide a directive from a party. */
  freshnessHours: z.number().min(2).max(48).default(8),
  /** Lives of what the registrar issues. Parties renew theirs when a third is left. */
  certificateDays: days(CERTIFICATE_DAYS),
  /** The NATS server's directory, if it is on this machine, as seen from the registrar's: its next certificates are put there. */
  natsServerDir: z.string().min(1).optional(),
  natsUserDays: days(NATS_USER_DAYS),
});

type RegistrarSettings = z.infer<typeof schema>;

export type RegistrarConfig = RegistrarSettings & {
  /** The registrar's directory. */
  readonly dir: string;
};

export const registrarSettings: SettingsForm<RegistrarSettings> = { file: "registrar.json", schema };

/** Checks settings. Throws INVALID with every bad field and why. */
export function toRegistrarConfig(dir: string, settings: unknown): RegistrarConfig {
  return { dir, ...toSettings(registrarSettings, settings) };
}

/** Reads `registrar.json` and the environment. Throws ENVIRONMENT if the file cannot be read, INVALID with every bad field and why. */
export function readRegistrarConfig(dir: string, environment: Environment = process.env): RegistrarConfig {
  return { dir, ...settingsIn(dir, registrarSettings, environment) };
}
