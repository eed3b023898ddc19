/** What an operator of a node can set: `node.json` in the node's directory. */
import { z } from "zod";
import { natsAddress } from "../shared/settings/addresses.ts";
import { settingsIn } from "../shared/settings/settings.ts";
import type { Environment, SettingsForm } from "../shared/settings/settings.ts";
import { hostPort } from "../shared/wire/checks.ts";

const schema = z.strictObject({
  /** host:port of the node's own gRPC services. Loopback unless the unit's people work from other machines. */
  listen: hostPort.default("127.0.0.1:7440"),
  /** The federation's NATS server. */
  natsUrl: natsAddress,
  /** Worker processes for hardening; 0 is one a core. */
  workers: z.int().min(0).max(256).default(0),
  /** Test records that prove silence; "off" where every record is to be counted, as in tests. */
  canaries: z.enum(["on", "off"]).default("on"),
  /** Few changes wait for the next multiple of it, in ms, so that what an officer enters one by one goes out in no order; 0: no waiting. */
  beatMs: z.int().min(0).max(600_000).default(2_000),
});

type NodeSettings = z.infer<typeof schema>;

export type NodeConfig = NodeSettings & {
  /** The node's directory: keys, certificate, chain, database. */
  readonly dir: string;
};

export const nodeSettings: SettingsForm<NodeSettings> = { file: "node.json", schema };

/** Reads `node.json` and the environment. Throws ENVIRONMENT if the file cannot be read, INVALID with every bad field and why. */
export function readConfig(dir: string, environment: Environment = process.env): NodeConfig {
  return { dir, ...settingsIn(dir, nodeSettings, environment) };
}
