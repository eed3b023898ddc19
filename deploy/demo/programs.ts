/** Starts the federation's programs, each a process of its own, in the order in which they need each other. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connectToNode } from "../../agency-node/cli/rpc/node-client.ts";
import type { NodeClient } from "../../agency-node/cli/rpc/node-client.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type { Children, Program } from "./children.ts";
import type { Foundation } from "./foundation.ts";
import { MEMBERS } from "./plan.ts";
import type { MemberSlug } from "./plan.ts";

const ROOT = resolve(import.meta.dirname, "..", "..");
/** For the nodes' logs. */
const DEMONSTRATION = { kind: "program", name: "causeway demo" } as const;
const READY_MS_MAX = 60_000;
const ASK_MS = 150;

/** Path of nats-server. Throws ENVIRONMENT when set-up has not provided one. */
export function natsServerPath(): string {
  const path = process.env["CAUSEWAY_NATS_SERVER"] ?? join(ROOT, ".causeway", "bin", "nats-server");
  if (existsSync(path)) return path;
  throw new CausewayError("ENVIRONMENT", "nats-server is missing; npm start fetches it");
}

/** Starts everything and resolves once every node is connected to the broker. */
export async function startPrograms(
  children: Children,
  foundation: Foundation,
): Promise<ReadonlyMap<MemberSlug, NodeClient>> {
  const nats = { name: "nats-server", command: natsServerPath(), args: ["-c", foundation.natsConfig] };
  await children.start(nats, (line) => line.includes("Server is ready"));
  await Promise.all([
    children.start(ours("evaluator", "broker/evaluator/main.ts", foundation.evaluatorDir), saysReady),
    children.start(ours("broker", "broker/main.ts", foundation.brokerDir), saysReady),
  ]);
  await children.start(ours("registrar", "agency-node/registrar/main.ts", foundation.registrarDir));
  await Promise.all(
    MEMBERS.map((member) => children.start(ours(member, "agency-node/main.ts", foundation.nodeDirs[member]))),
  );
  const clients = new Map(MEMBERS.map((member) => [member, connectToNode(foundation.nodeDirs[member], DEMONSTRATION)]));
  const connected = Promise.all([...clients].map(([member, client]) => untilConnected(member, client)));
  await Promise.race([connected, children.failed]);
  return clients;
}

function ours(name: string, module: string, dir: string): Program {
  return { name, command: process.execPath, args: [join(ROOT, module), dir] };
}

/** Our programs log one JSON object a line. */
function saysReady(line: string): boolean {
  return /"event":"[a-z]+\.ready"/.test(line);
}

async function untilConnected(member: MemberSlug, client: NodeClient): Promise<void> {
  const deadline = Date.now() + READY_MS_MAX;
  for (;;) {
    const status = await client.status().catch((error: unknown) => {
      if (isCausewayError(error, "UNAVAILABLE") && Date.now() < deadline) return undefined;
      throw error;
    });
    if (status?.brokerConnected === true) return;
    if (Date.now() > deadline) throw new CausewayError("UNAVAILABLE", `node ${member} does not reach the broker`);
    await pause(ASK_MS);
  }
}
