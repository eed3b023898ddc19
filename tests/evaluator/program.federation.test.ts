/** The evaluator's own program, out of a directory that a founding made. All units are invented. */
import { systemClock } from "../../shared/world/clock.ts";
import { callerIn } from "../support/callers.ts";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { foundFederation } from "../../agency-node/admin/found.ts";
import { readEvaluatorConfig, toEvaluatorConfig } from "../../broker/evaluator/config.ts";
import { startEvaluatorProgram } from "../../broker/evaluator/program.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { EVALUATION_REQUEST_BYTES_MAX, OPRF_BATCH_ELEMENTS_MAX } from "../../shared/core/limits.ts";
import { toWireRequest } from "../../shared/wire/evaluation.ts";
import { loadChain, encodeChain } from "../../shared/party/chain-file.ts";
import type { Chain } from "../../shared/party/chain-file.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { grpcClient, grpcService, startGrpcServer } from "../../shared/platform/grpc.ts";
import { silentLog } from "../../shared/world/log.ts";
import type { Log } from "../../shared/world/log.ts";
import { readTls } from "../../shared/party/tls.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { partyFile } from "../../shared/party/files.ts";
import { installBundle } from "../../shared/party/install.ts";
import * as newParty from "../../shared/party/new-party.ts";
import { evaluatorIdentity } from "../../shared/platform/standing.ts";
import { freePort } from "../../deploy/demo/ports.ts";
import { DirectoryServiceDefinition } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { EvaluationServiceDefinition } from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import { SOON } from "../support/patience.ts";

let root = "";
let open = new AsyncDisposableStack();
let chain: Chain;
const ports = { broker: 0, office: 0 };
const dir = (name: string): string => join(root, name);

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "causeway-evaluator-"));
  chmodSync(root, 0o700);
  ports.broker = await freePort();
  ports.office = await freePort();
  const administratorDirs = ["chair", "deputy", "clerk"].map(dir);
  for (const [i, each] of administratorDirs.entries())
    await newParty.initAdministrator(each, { name: `Administrator ${i}` });
  const broker = (await newParty.initBroker(dir("broker"))).enrolment;
  const office = (await newParty.initEvaluator(dir("key-office"), { name: "key-office" })).enrolment;
  const nats = (await newParty.initNats(dir("nats"))).enrolment;
  const { enrolment } = await newParty.initNode(dir("unit"), { name: "Invented unit" });
  const brokerAt = { enrolment: broker, address: `127.0.0.1:${ports.broker}` };
  const founded = await foundFederation({
    name: "Invented federation",
    administratorDirs,
    quorum: 2,
    broker: brokerAt,
    evaluators: [brokerAt, { enrolment: office, address: `127.0.0.1:${ports.office}` }],
    members: [{ enrolment, terms: TERMS }],
    nats: { enrolment: nats, hosts: ["127.0.0.1"] },
    scheme: "invented-scheme",
    nowMs: Date.now(),
    outDir: dir("out"),
  });
  for (const [name, bundleDir] of founded.bundles) {
    installBundle({ partyDir: dir(name), bundleDir, fingerprint: founded.fingerprint, nowMs: Date.now() });
  }
  const context = { pinnedFingerprint: founded.fingerprint, nowMs: Date.now() };
  chain = loadChain(partyFile(dir("key-office"), "chain"), context);
});
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
  rmSync(root, { recursive: true, force: true });
});

const TERMS = {
  slug: "unit",
  name: "Invented unit",
  mandate: "counter-trafficking",
  contact: { office: "Desk", phone: "", email: "", hours: "" },
  domains: ["target"],
  legalBasis: "Invented Act, section 1",
  purposes: ["deconfliction"],
  retentionDaysMax: 30,
  budget: { initial: 100, perDay: 10 },
} as const;

/** A broker's directory that hands out the whole chain, or what `distort` makes of each directive's payload. */
async function serveDirectory(distort = (payload: Uint8Array): Uint8Array => payload) {
  const service = grpcService(DirectoryServiceDefinition, {
    async *listDirectives({ fromNumber }) {
      for (const { directive, payload, signatures } of chain.directives) {
        if (BigInt(directive.number) < fromNumber) continue;
        yield { directive: { payload: distort(payload), signatures: [...signatures] } };
      }
    },
    async getFreshness() {
      return {};
    },
  });
  const address = `127.0.0.1:${ports.broker}`;
  const server = await startGrpcServer({
    address,
    tls: readTls(dir("broker")),
    services: [service],
    recipient: { identity: { kind: "broker" }, federation: () => chain.federation, clock: systemClock },
    world: systemWorld(silentLog),
    graceMs: 0,
  });
  open.use(server);
}

/** Leaves the evaluator with the founding directive only: it has never heard of the unit. */
function forgetMembers(): void {
  writeFileSync(partyFile(dir("key-office"), "chain"), encodeChain(chain.directives.slice(0, 1)));
}

async function start(log: Log = silentLog): Promise<void> {
  const config = toEvaluatorConfig(dir("key-office"), { listen: `127.0.0.1:${ports.office}`, workers: 1 });
  open.use(await startEvaluatorProgram(config, systemWorld(log)));
}

function connectUnit() {
  const to = {
    address: `127.0.0.1:${ports.office}`,
    tls: readTls(dir("unit")),
    expected: evaluatorIdentity({ name: "key-office", signingKey: readSigningKeys(dir("key-office")).publicKey }),
    caller: callerIn(dir("unit"), chain.federation),
  };
  return grpcClient(EvaluationServiceDefinition, to);
}

async function budgetOfUnit(): Promise<bigint> {
  using connection = connectUnit();
  return (await connection.client.getBudget({})).available;
}

/** What a batch of so many bytes is answered with. */
async function answerTo(bytes: number): Promise<string | undefined> {
  using connection = connectUnit();
  const request = {
    kind: "batch",
    batchId: new Uint8Array(16),
    generation: 1,
    blinded: new Uint8Array(bytes),
  } as const;
  const requests = async function* () {
    yield toWireRequest(request);
  };
  for await (const { response } of connection.client.evaluate(requests())) return response?.$case;
  return undefined;
}

describe("the evaluator's program", () => {
  it("serves the members that stand in its chain, also while the broker cannot be reached", async () => {
    await start();
    expect(await budgetOfUnit()).toBe(110n);
  });

  it("takes the largest batch that there is, and reads nothing that is much larger", async () => {
    await start();
    expect(await answerTo(32 * OPRF_BATCH_ELEMENTS_MAX)).toBe("refused");
    await expect(answerTo(EVALUATION_REQUEST_BYTES_MAX + 1)).rejects.toThrow(CausewayError);
  });

  it("learns of a new member from the broker's directory", async () => {
    forgetMembers();
    await serveDirectory();
    await start();
    await expect.poll(() => budgetOfUnit().catch(() => 0n), SOON).toBe(110n);
  });

  it("does not believe the broker: a directive that the board did not sign changes nothing", async () => {
    forgetMembers();
    const forged = (payload: Uint8Array): Uint8Array => {
      const copy = Uint8Array.from(payload);
      // The last byte is that of the daily allowance.
      copy[copy.length - 1] = 99;
      return copy;
    };
    await serveDirectory(forged);
    const outcomes: unknown[] = [];
    const warn: Log["warn"] = (event, fields) => {
      if (event === "policy.unproven") outcomes.push(fields?.["outcome"]);
    };
    const log: Log = { ...silentLog, warn };
    await start(log);
    await expect.poll(() => outcomes[0], SOON).toBe("UNPROVEN");
    await expect(budgetOfUnit()).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("refuses to start with another party's keys", async () => {
    const config = toEvaluatorConfig(dir("unit"), { listen: `127.0.0.1:${ports.office}` });
    await expect(startEvaluatorProgram(config, systemWorld(silentLog))).rejects.toMatchObject({
      code: "UNPROVEN",
    });
  });

  it("names every bad setting", () => {
    writeFileSync(join(dir("key-office"), "evaluator.json"), JSON.stringify({ listen: "nowhere", workers: -1 }));
    const attempt = (): unknown => readEvaluatorConfig(dir("key-office"));
    expect(attempt).toThrow(expect.objectContaining({ code: "INVALID", fields: ["listen", "workers"] }));
  });
});
