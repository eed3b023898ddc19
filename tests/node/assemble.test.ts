/** A whole node in this process, without a server, a timer or a file, in a world that a seed decides. */
import { describe, expect, it, vi } from "vitest";
import { assemble, run } from "../../agency-node/assemble.ts";
import { inProcessEngine } from "../../agency-node/hardening/engine.ts";
import { SCHEME } from "../../agency-node/linkage/scheme.ts";
import type { ImportReceipt } from "../../agency-node/records.ts";
import { submissionStreamSettings } from "../../broker/bus/streams.ts";
import { inProcessEngines } from "../../broker/evaluator/engine.ts";
import { createEvaluator } from "../../broker/evaluator/evaluator.ts";
import { toHex, utf8 } from "../../shared/core/bytes.ts";
import type { Admit, Epoch, Evaluator, Federation } from "../../shared/core/directive.ts";
import { toId } from "../../shared/core/ids.ts";
import { MachineFault } from "../../shared/core/machine-fault.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { generateKeyShare, publicKeyOf } from "../../shared/crypto/oprf.ts";
import { encodeSaltBox } from "../../shared/crypto/salt.ts";
import { recipientKeyOf, sealingKeyPair, sealTo } from "../../shared/crypto/seal.ts";
import { keyId, signingKeyPair } from "../../shared/crypto/sign.ts";
import { saltCommitment, saltKey } from "../../shared/crypto/token.ts";
import { memberIdentity } from "../../shared/platform/standing.ts";
import { openSubmission } from "../../shared/wire/data-plane.ts";
import { admit, AMPLE, emptyFederation } from "../hardening/evaluators.ts";
import { SimWorld } from "../sim/world.ts";
import { evaluatorsInProcess } from "../support/evaluators-in-process.ts";
import { MemoryBusServer } from "../support/memory-bus.ts";
import { memoryKeys } from "../support/memory-keys.ts";
import { OFFICER } from "./support.ts";

const RECORD = `${JSON.stringify({ id: "R-1", schema: "Person", properties: { name: ["Arvo Quilbrand"], birthDate: ["1984-03-12"] } })}\n`;
const DEFAULTS = {
  role: "suspect",
  legalBasis: "Invented Act, section 1",
  caseReference: "CASE-INVENTED-1",
  handling: "open",
  reviewBy: "2026-09-30",
};

async function assembled(seed: string) {
  const world = new SimWorld(seed);
  const { randomBytes } = world.party("board");
  const member = toId<MemberId>(toHex(randomBytes(16)));
  const keys = memoryKeys(member, world.party("keys"));
  const broker = { sealing: sealingKeyPair(randomBytes(32)), signing: signingKeyPair(randomBytes(32)) };
  const shares = new Map(["one", "two"].map((name) => [name, generateKeyShare(randomBytes(64))]));
  const signing = new Map([...shares.keys()].map((name) => [name, signingKeyPair(randomBytes(32))]));
  const listed = [...shares].map(([name, share]): Evaluator => ({
    name,
    address: "nowhere:1",
    signingKey: signing.get(name)!.publicKey,
    sharePublicKey: publicKeyOf(share),
  }));
  const empty = emptyFederation();
  const id = randomBytes(16);
  const sealingKey = keys.sealing.all()[0]!.keyPair.publicKey;
  const recipientKey = recipientKeyOf(sealingKey);
  const place = { federation: id, epoch: 1, domain: "target" as const };
  const salt = saltKey(randomBytes(32));
  const sealed = sealTo(sealingKey, encodeSaltBox({ ...place, recipientKey, salt }), randomBytes(32));
  const boxes = new Map([[member, { recipientKey, sealed }]]);
  const epoch = {
    epoch: 1,
    state: "active",
    generation: 1,
    scheme: SCHEME.name,
    brokerSealingKey: broker.sealing.publicKey,
    salts: [{ domain: "target", commitment: saltCommitment({ ...place, salt }), boxes }],
  } as unknown as Epoch;
  const own: Admit = {
    ...admit(member, AMPLE),
    domains: ["target"],
    retentionDaysMax: 365,
    signingKey: keys.signer.publicKey,
    sealingKey,
  };
  const federation: Federation = {
    ...empty,
    id,
    found: {
      ...empty.found,
      broker: { ...empty.found.broker, signingKey: broker.signing.publicKey },
      evaluators: listed,
    },
    members: new Map([[member, own]]),
    epochs: new Map([[1, epoch]]),
    generations: new Map([[1, listed]]),
  };
  const evaluatorWorld = world.party("evaluators");
  const evaluators = [...shares].map(([name, share]) => {
    const options = {
      name,
      federation: () => federation,
      shares: { read: () => share, generations: () => [1], destroy: () => undefined },
      signing: signing.get(name)!,
      databasePath: ":memory:",
      startEngine: inProcessEngines(evaluatorWorld),
      onEvent: () => undefined,
    };
    return [name, createEvaluator(options, evaluatorWorld)] as const;
  });
  const bus = new MemoryBusServer(world);
  const stop = new AbortController();
  const brokersBus = await world.until(bus.connect({ signal: stop.signal }));
  const sizes = { submissionBytesMax: 10_000_000, deliveryBytesMax: 10_000_000, replicas: 1 };
  await world.until(brokersBus.ensureStream(submissionStreamSettings(member, sizes)));
  const nodeWorld = world.party("node");
  const evidence: unknown[] = [];
  const node = assemble({
    world: nodeWorld,
    keys,
    directory: {
      federation,
      broker: new Set(),
      policyUnprovenSinceMs: 0,
      reached: true,
      refused: false,
      clockRefused: false,
      run: (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
    },
    connectBus: (connection) => bus.connect(connection),
    desk: {
      preparedEpoch: async () => 0,
      offerKey: async () => undefined,
      standing: async () => ({ used: 0, perDay: 1_000, available: 1_000, alarms: [] }),
    },
    evaluators: evaluatorsInProcess(
      new Map(evaluators),
      memberIdentity({ member, signingKey: keys.signer.publicKey }),
      nodeWorld,
    ),
    engine: inProcessEngine(nodeWorld),
    onEvidence: (one) => evidence.push(one),
    database: ":memory:",
    settings: { canaries: false, beatMs: 0, endedKeptDays: 30 },
  });
  return { world, node, stop, bus, broker, keys, id, evaluators, evidence };
}

/** What lies in the member's stream after a record was imported. */
async function published(seed: string) {
  const { world, node, stop, bus, broker, keys, id, evaluators, evidence } = await assembled(seed);
  const waitingBeforeRun = world.waiting;
  const running = run(node, stop.signal);
  const receipt = await world.until(imported(node.records));
  await world.pass(30_000);
  const budgets = node.spending.spends.map(({ at, used }) => [at, used]);
  const messages = bus.published.map(({ subject, data }) => `${subject} ${toHex(data)}`);
  const kinds = bus.published.map(({ data }) => {
    const signingKeyOf = (of: string) =>
      of === toHex(keyId(keys.signer.publicKey)) ? keys.signer.publicKey : undefined;
    const { submission } = openSubmission(data, { federation: id, keyPair: broker.sealing, signingKeyOf });
    return submission.body.kind;
  });
  stop.abort();
  await world.until(running);
  await node[Symbol.asyncDispose]();
  for (const [, evaluator] of evaluators) await evaluator[Symbol.asyncDispose]();
  return { receipt, kinds, messages, budgets, evidence, waitingBeforeRun };
}

async function imported(records: ReturnType<typeof assemble>["records"]): Promise<ImportReceipt> {
  async function* file() {
    yield utf8(RECORD);
  }
  const options = { format: "auto", dryRun: false, defaults: DEFAULTS, mapping: {} } as const;
  for await (const event of records.import(file(), options, OFFICER))
    if (event.kind === "receipt") return event.receipt;
  throw new Error("the import ended without a receipt");
}

describe("a node over ports", () => {
  it("imports a record, has it hardened and publishes it, on nobody's time but its world's", async () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    const { receipt, kinds, budgets, evidence, waitingBeforeRun } = await published("one");
    expect(receipt).toMatchObject({ rows: 1, added: 1, rejected: 0 });
    expect(kinds).toContain("connected");
    expect(kinds).toContain("publication");
    expect(budgets.map(([at]) => at)).toEqual(["one", "two", ""]);
    expect(evidence).toEqual([]);
    expect(waitingBeforeRun).toBe(0);
    expect(timers).not.toHaveBeenCalled();
    timers.mockRestore();
  });

  it("says the same, byte for byte, in the same world, and something else in another", async () => {
    const [once, again, elsewhere] = [await published("one"), await published("one"), await published("two")];
    expect(again.messages).toEqual(once.messages);
    expect(elsewhere.kinds).toEqual(once.kinds);
    for (const message of elsewhere.messages) expect(once.messages).not.toContain(message);
  });

  it("ends, and says why, when what a timer does finds the disk full", async () => {
    const { world, node, stop, evaluators } = await assembled("one");
    const running = run(node, stop.signal);
    node.world.after(1_000, () => {
      throw new MachineFault("node.sqlite", "cannot grow", { cause: undefined });
    });
    const outcome = running.then(
      () => "ended",
      (error: unknown) => String(error),
    );
    expect(await world.until(outcome)).toContain("node.sqlite cannot grow");
    await node[Symbol.asyncDispose]();
    for (const [, evaluator] of evaluators) await evaluator[Symbol.asyncDispose]();
  });
});
