/** Founds the demonstration's federation with the administrators' own tool: keys, directives, salts, bundles. */
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { foundFederation } from "../../agency-node/admin/found.ts";
import type { Founded } from "../../agency-node/admin/found.ts";
import { SCHEME } from "../../agency-node/linkage/scheme.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { makePrivateDirectory } from "../../shared/platform/key-files.ts";
import {
  initAdministrator,
  initBroker,
  initEvaluator,
  initNats,
  initNode,
  installBundle,
} from "../../shared/platform/party.ts";
import { writeNatsConfig } from "../nats/command.ts";
import { ADMINISTRATORS, FEDERATION_NAME, MEMBERS, QUORUM, TERMS } from "./plan.ts";
import type { MemberSlug } from "./plan.ts";
import { freePorts } from "./workplace.ts";

const HOST = "127.0.0.1";
const EVALUATOR_NAME = "key-office";

export type Foundation = {
  readonly fingerprint: string;
  readonly brokerDir: string;
  readonly evaluatorDir: string;
  readonly registrarDir: string;
  readonly natsConfig: string;
  readonly nodeDirs: Readonly<Record<MemberSlug, string>>;
};

type Ports = {
  readonly broker: number;
  readonly evaluator: number;
  readonly nats: number;
  readonly nodes: readonly number[];
};

/** Everything that is done once, before any program runs. `dir` is an empty private directory. */
export async function layFoundation(dir: string, nowMs: number): Promise<Foundation> {
  const [broker = 0, evaluator = 0, nats = 0, ...nodes] = await freePorts(3 + MEMBERS.length);
  const ports: Ports = { broker, evaluator, nats, nodes };
  const founded = await found(dir, ports, nowMs);
  const install = (partyDir: string, bundle: string): void => {
    const bundleDir = founded.bundles.get(bundle) as string;
    installBundle({ partyDir, bundleDir, fingerprint: founded.fingerprint, nowMs });
  };
  const foundation: Foundation = {
    fingerprint: toHex(founded.fingerprint),
    brokerDir: join(dir, "broker"),
    evaluatorDir: join(dir, "evaluator"),
    registrarDir: founded.registrarDir,
    natsConfig: join(dir, "nats", "nats-server.conf"),
    nodeDirs: nodeDirs(dir),
  };
  install(foundation.brokerDir, "broker");
  install(foundation.evaluatorDir, EVALUATOR_NAME);
  install(join(dir, "nats"), "nats");
  for (const member of MEMBERS) install(foundation.nodeDirs[member], member);
  writeSettings(dir, foundation, ports, founded);
  return foundation;
}

async function found(dir: string, ports: Ports, nowMs: number): Promise<Founded> {
  const administratorDirs = ADMINISTRATORS.map((_, i) => boardDir(dir, i));
  makePrivateDirectory(join(dir, "board"));
  for (const [i, name] of ADMINISTRATORS.entries()) await initAdministrator(administratorDirs[i] as string, { name });
  const broker = await initBroker(join(dir, "broker"));
  const evaluator = await initEvaluator(join(dir, "evaluator"), { name: EVALUATOR_NAME });
  const nats = await initNats(join(dir, "nats"));
  const members = [];
  for (const member of MEMBERS) {
    const { name, mandate, contact } = TERMS[member];
    const { enrolment } = await initNode(nodeDirs(dir)[member], { name, mandate, contact });
    members.push({ enrolment, terms: TERMS[member] });
  }
  const brokerAddress = `${HOST}:${ports.broker}`;
  return await foundFederation({
    name: FEDERATION_NAME,
    administratorDirs,
    quorum: QUORUM,
    broker: { enrolment: broker.enrolment, address: brokerAddress },
    evaluators: [
      { enrolment: broker.enrolment, address: brokerAddress },
      { enrolment: evaluator.enrolment, address: `${HOST}:${ports.evaluator}` },
    ],
    members,
    nats: { enrolment: nats.enrolment, hosts: [HOST, "localhost"] },
    scheme: SCHEME.name,
    nowMs,
    outDir: join(dir, "founding"),
  });
}

function boardDir(dir: string, administrator: number): string {
  return join(dir, "board", String(administrator + 1));
}

function nodeDirs(dir: string): Record<MemberSlug, string> {
  return Object.fromEntries(MEMBERS.map((member) => [member, join(dir, member)])) as Record<MemberSlug, string>;
}

function writeSettings(dir: string, foundation: Foundation, ports: Ports, founded: Founded): void {
  const natsUrl = `tls://${HOST}:${ports.nats}`;
  writeJson(join(foundation.brokerDir, "broker.json"), { natsUrl, listen: `${HOST}:${ports.broker}` });
  writeJson(join(foundation.registrarDir, "registrar.json"), { natsUrl });
  writeJson(join(foundation.evaluatorDir, "evaluator.json"), { listen: `${HOST}:${ports.evaluator}` });
  for (const [i, member] of MEMBERS.entries()) {
    writeJson(join(foundation.nodeDirs[member], "node.json"), { natsUrl, listen: `${HOST}:${ports.nodes[i]}` });
  }
  const bundleDir = founded.bundles.get("nats") as string;
  writeNatsConfig({ dir: join(dir, "nats"), bundleDir, name: "demonstration", host: HOST, port: ports.nats });
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}
