/** What an operator can set: `broker.json` in the broker's directory. Keys, chain and certificates lie beside it (see `party.ts`). */
import { z } from "zod";
import { natsAddress } from "../shared/settings/addresses.ts";
import { settingsIn, toSettings } from "../shared/settings/settings.ts";
import type { Environment, SettingsForm } from "../shared/settings/settings.ts";
import { listenAddress, siteConfig } from "../shared/web/config.ts";

const MIB = 1024 * 1024;

const schema = z.strictObject({
  /** NATS server, such as `tls://127.0.0.1:4222`. */
  natsUrl: natsAddress,
  /** Where gRPC listens, host:port; port 0 takes a free one. */
  listen: listenAddress,
  /** Ledger and budgets; a path below the broker's directory unless absolute. */
  dataDir: z.string().min(1).default("data"),
  /** Worker processes of the hosted evaluator; default one a core. */
  evaluatorWorkers: z.int().min(1).max(64).optional(),
  /** The administrators' web console; none if it is left out. */
  console: siteConfig.optional(),
  /** The door for parties that have an invitation and no certificate yet; none if it is left out. */
  enrolment: z
    .strictObject({
      /** Where it listens, host:port; invitations name this address as seen from outside. */
      listen: listenAddress,
      /** The NATS server as members reach it; default `natsUrl`. */
      natsUrl: natsAddress.optional(),
    })
    .optional(),
  streams: z
    .strictObject({
      /** Bytes of one member's submissions that NATS keeps. Reserved on its disk. */
      submissionBytesMax: z
        .int()
        .min(MIB)
        .default(1024 * MIB),
      /** Bytes of one member's unread deliveries that NATS keeps. Reserved on its disk. */
      deliveryBytesMax: z
        .int()
        .min(MIB)
        .default(256 * MIB),
      /** Bytes of the ledger's copy that NATS keeps. Reserved on its disk. */
      journalBytesMax: z
        .int()
        .min(16 * MIB)
        .default(1024 * MIB),
      /** Copies of each stream over the servers of a NATS cluster. */
      replicas: z.int().min(1).max(5).default(1),
    })
    .prefault({}),
});

export type BrokerSettings = z.infer<typeof schema>;

export type BrokerConfig = BrokerSettings & {
  /** The broker's directory. */
  readonly dir: string;
};

export const brokerSettings: SettingsForm<BrokerSettings> = { file: "broker.json", schema };

/** Checks settings. Throws INVALID with every bad field and why. */
export function toBrokerConfig(dir: string, settings: unknown): BrokerConfig {
  return { dir, ...toSettings(brokerSettings, settings) };
}

/** Reads `broker.json` and the environment. Throws ENVIRONMENT if the file cannot be read, INVALID with every bad field and why. */
export function readBrokerConfig(dir: string, environment: Environment = process.env): BrokerConfig {
  return { dir, ...settingsIn(dir, brokerSettings, environment) };
}
