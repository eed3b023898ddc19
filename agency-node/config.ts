/** What an operator of a node can set: `node.json` in the node's directory. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CausewayError } from "../shared/core/errors.ts";
import { check, hostPort } from "../shared/wire/checks.ts";

const schema = z.strictObject({
  /** host:port of the node's own gRPC services. Loopback unless the unit's people work from other machines. */
  listen: hostPort.default("127.0.0.1:7440"),
  /** The federation's NATS server. */
  natsUrl: z.string().regex(/^tls:\/\/[^/\s]+:\d{1,5}$/),
  /** Worker processes for hardening; 0 is one a core. */
  workers: z.int().min(0).max(256).default(0),
  /** Test records that prove silence; "off" where every record is to be counted, as in tests. */
  canaries: z.enum(["on", "off"]).default("on"),
});

export type NodeConfig = z.infer<typeof schema> & {
  /** The node's directory: keys, certificate, chain, database. */
  readonly dir: string;
};

/** Reads and checks the file. Throws ENVIRONMENT when it is missing or not JSON, INVALID with every bad field. */
export function readConfig(dir: string): NodeConfig {
  const path = join(dir, "node.json");
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new CausewayError("ENVIRONMENT", `${path} is missing or not JSON`, { cause });
  }
  return { dir, ...check(schema, json, "node.json") };
}
