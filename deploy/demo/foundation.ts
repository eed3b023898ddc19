/** Founds the demonstration's federation with the administrators' own tool: keys, directives, salts, bundles. */
import { join, relative } from "node:path";
import { writeFileSync } from "node:fs";
import { foundFederation } from "../../agency-node/admin/found.ts";
import type { Founded } from "../../agency-node/admin/found.ts";
import { SCHEME } from "../../agency-node/linkage/scheme.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { makePrivateDirectory } from "../../shared/party/key-files.ts";
import { installBundle } from "../../shared/party/install.ts";
import { initAdministrator, initBroker, initEvaluator, initNats, initNode } from "../../shared/party/new-party.ts";
import { writeNatsConfig } from "../nats/write-config.ts";
import { ADMINISTRATORS, FEDERATION_NAME, MEMBERS, QUORUM, TERMS } from "./plan.ts";
import type { MemberSlug } from "./plan.ts";
import { freePorts } from "./ports.ts";

const HOST = "127.0.0.1";
const EVALUATOR_NAME = "key-office";

export type Foundation = {
  readonly fingerprint: string;
  readonly brokerDir: string;
  readonly evaluatorDir: string;
  readonly registrarDir: string;
  readonly administratorDirs: readonly string[];
  /** Where units without a certificate reach the broker. */
  readonly enrolmentAddress: string;
  readonly consoleUrl: string;
  readonly natsConfig: string;
  readonly nodeDirs: Readonly<Record<MemberSlug, string>>;
};

type Ports = {
  readonly broker: number;
  readonly enrolment: number;
  readonly console: number;
  readonly evaluator: number;
  readonly nats: number;
};

/** Everything that is done once, before any program runs. `dir` is an empty private directory. */
export async function layFoundation(dir: string, nowMs: number): Promise<Foundation> {
  const [broker = 0, enrolment = 0, webConsole = 0, evaluator = 0, nats = 0] = await freePorts(5);
  const ports: Ports = { broker, enrolment, console: webConsole, evaluator, nats };
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
    administratorDirs: administratorDirs(dir),
    enrolmentAddress: `${HOST}:${ports.enrolment}`,
    consoleUrl: `http://localhost:${ports.console}`,
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
  const boardDirs = administratorDirs(dir);
  makePrivateDirectory(join(dir, "board"));
  for (const [i, name] of ADMINISTRATORS.entries()) await initAdministrator(boardDirs[i] as string, { name });
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
    administratorDirs: boardDirs,
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

function administratorDirs(dir: string): string[] {
  return ADMINISTRATORS.map((_, i) => join(dir, "board", String(i + 1)));
}

function nodeDirs(dir: string): Record<MemberSlug, string> {
  return Object.fromEntries(MEMBERS.map((member) => [member, join(dir, member)])) as Record<MemberSlug, string>;
}

function writeSettings(dir: string, foundation: Foundation, ports: Ports, founded: Founded): void {
  const natsUrl = `tls://${HOST}:${ports.nats}`;
  writeJson(join(foundation.brokerDir, "broker.json"), {
    natsUrl,
    listen: `${HOST}:${ports.broker}`,
    enrolment: { listen: foundation.enrolmentAddress },
    console: { listen: `${HOST}:${ports.console}`, origin: foundation.consoleUrl },
  });
  const natsServerDir = relative(foundation.registrarDir, join(dir, "nats"));
  writeJson(join(foundation.registrarDir, "registrar.json"), { natsUrl, natsServerDir });
  writeJson(join(foundation.evaluatorDir, "evaluator.json"), { listen: `${HOST}:${ports.evaluator}` });
  for (const member of MEMBERS) writeJson(join(foundation.nodeDirs[member], "node.json"), { natsUrl });
  const bundleDir = founded.bundles.get("nats") as string;
  writeNatsConfig({ dir: join(dir, "nats"), bundleDir, name: "demonstration", host: HOST, port: ports.nats });
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}
