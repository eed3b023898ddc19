/** What can be set of a node, in `node.json` of its directory, and of one of its unit's workstations, in `workstation.json` there. */
import { resolve } from "node:path";
import { z } from "zod";
import { CausewayError } from "../shared/core/errors.ts";
import { groupNumber } from "../shared/platform/groups.ts";
import type { SocketPlace } from "../shared/platform/grpc-socket.ts";
import { natsAddress } from "../shared/settings/addresses.ts";
import { settingsIn } from "../shared/settings/settings.ts";
import type { Environment, SettingsForm } from "../shared/settings/settings.ts";
import { hostPort } from "../shared/wire/checks.ts";
import { fingerprintText } from "./workstation.ts";

const schema = z.strictObject({
  /** The federation's NATS server. */
  natsUrl: natsAddress,
  /** Unix socket of the unit's own commands; a path below the node's directory unless absolute. */
  socket: z.string().min(1).default("node.sock"),
  /** A group whose members may use the socket, by its name in /etc/group or its number; default the node's own user only. */
  socketGroup: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, "must be the name or the number of a group")
    .optional(),
  /** The door for the unit's other workstations, whose keys the unit pins; none if it is left out. */
  workstations: z
    .strictObject({
      /** Where it listens, host:port. */
      listen: hostPort,
    })
    .optional(),
  /** Worker processes for hardening; 0 is one a core. */
  workers: z.int().min(0).max(256).default(0),
  /** Test records that prove silence; "off" where every record is to be counted, as in tests. */
  canaries: z.enum(["on", "off"]).default("on"),
  /** Few changes wait for the next multiple of it, in ms, so that what an officer enters one by one goes out in no order; 0: no waiting. */
  beatMs: z.int().min(0).max(600_000).default(2_000),
  /** A record that was withdrawn or has expired is erased after so many days; its handle and what the activity log says of it stay. */
  endedKeptDays: z.int().min(0).max(3_650).default(30),
});

const workstationSchema = z.strictObject({
  /** Where the node listens for workstations, host:port. */
  node: hostPort,
  /** Fingerprint of the node's key, as `causeway node workstation list` shows it at the node. */
  nodeKey: fingerprintText,
});

type NodeSettings = z.infer<typeof schema>;
export type WorkstationConfig = z.infer<typeof workstationSchema>;

export type NodeConfig = NodeSettings & {
  /** The node's directory: keys, certificate, chain, database. */
  readonly dir: string;
};

export const nodeSettings: SettingsForm<NodeSettings> = { file: "node.json", schema };
export const workstationSettings: SettingsForm<WorkstationConfig> = {
  file: "workstation.json",
  schema: workstationSchema,
};

/** Reads `node.json` and the environment. Throws ENVIRONMENT if the file cannot be read, INVALID with every bad field and why. */
export function readConfig(dir: string, environment: Environment = process.env): NodeConfig {
  return { dir, ...settingsIn(dir, nodeSettings, environment) };
}

/** Reads `workstation.json` and the environment. Throws as `readConfig`. */
export function readWorkstationConfig(dir: string, environment: Environment = process.env): WorkstationConfig {
  return settingsIn(dir, workstationSettings, environment);
}

/** Where the node's socket is, and whose. Throws INVALID for a group that this machine does not have. */
export function socketPlace({ dir, socket, socketGroup }: NodeConfig): SocketPlace {
  const path = resolve(dir, socket);
  if (socketGroup === undefined) return { path };
  const group = groupNumber(socketGroup);
  if (group !== undefined) return { path, group };
  throw new CausewayError("INVALID", "socketGroup is no group in /etc/group: give its number if it stands elsewhere", {
    fields: ["socketGroup"],
  });
}
