/**
 * Hardening, end to end over mutual TLS on loopback: a node in this process, one or two evaluators in another, each with a worker
 * process, batches of full size.
 *
 * Costs are processor time of whole processes with their workers, garbage collection, TLS, gRPC and the way to the workers included;
 * the limits are bare loops of libsodium's primitives (see `harden-limits.ts`) beside them, before and after. Their quotient is
 * the share of the limit; a neighbour on the machine slows both alike. The node's part is blinding, proofs of every evaluator, adding, unblinding and
 * hashing; the evaluator's is validation, evaluation, hashes, statement, proof and its database.
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { workerEngine } from "../../agency-node/hardening/worker-engine.ts";
import { createHardener } from "../../agency-node/hardening/hardener.ts";
import type { Hardener, HardenRequest } from "../../agency-node/hardening/hardener.ts";
import { memberCaller } from "../hardening/evaluators.ts";
import { workerEngines } from "../../broker/evaluator/doors.ts";
import type { Federation } from "../../shared/core/directive.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { HARDEN_BATCH_ELEMENTS_MAX } from "../../shared/core/limits.ts";
import { utf8 } from "../../shared/core/bytes.ts";
import { generateKeyShare, publicKeyOf } from "../../shared/crypto/oprf.ts";
import { randomBytes } from "../../shared/world/random.ts";
import type { GrpcTls } from "../../shared/platform/grpc.ts";
import { startWorkerPool } from "../../shared/platform/worker-pool.ts";
import type { LimitTask } from "./harden-limit-worker.ts";
import { nodeLimitSeconds, processSeconds } from "./harden-limits.ts";
import { median, rounded } from "./measure.ts";
import type { BenchOptions, BenchResult } from "./measure.ts";
import { grpcEvaluators } from "../../agency-node/hardening/rpc/grpc-evaluators.ts";
import { systemTimers } from "../../shared/world/world.ts";

/** Bytes of an invented input: as long as a name with a birth date. */
const INPUT_BYTES = 40;
const LIMIT_ELEMENTS = 4_000;
const SCALING_INPUTS = 8_192;

type Run = { readonly shareOfLimit: Sides; readonly elementsPerSecond: Sides; readonly endToEnd: number };

export async function benchHarden({ quick, say }: BenchOptions): Promise<BenchResult> {
  const runs = quick ? 1 : 3;
  const batches = quick ? 1 : 2;
  const two = await measure({ evaluators: 2, runs, batches });
  report(say, "two evaluators", two);
  const one = await measure({ evaluators: 1, runs: 1, batches });
  report(say, "one evaluator", one);
  const scaling = await measureScaling(quick ? 1 : 3);
  for (const { workers, elementsPerSecond, shareOfLimit } of scaling) {
    say(
      `${workers} worker(s), by the wall clock: node ${elementsPerSecond.node} elements/s (${shareOfLimit.node} of as many ` +
        `workers with bare primitives), evaluator ${elementsPerSecond.evaluator} (${shareOfLimit.evaluator})`,
    );
  }
  return {
    bench: "harden",
    ...two,
    workers: 1,
    batchElements: HARDEN_BATCH_ELEMENTS_MAX,
    evaluators: 2,
    oneEvaluator: one,
    scaling,
    limits: {
      node: "from_hash + 2 scalarmult per element",
      evaluator: "is_valid_point + scalarmult per element",
      elementsPerSecond: "per core",
    },
  };
}

function report(say: BenchOptions["say"], what: string, { shareOfLimit, elementsPerSecond, endToEnd }: Run): void {
  say(
    `harden, ${what}: node ${elementsPerSecond.node} elements/s and core (${shareOfLimit.node} of the primitives), ` +
      `each evaluator ${elementsPerSecond.evaluator} (${shareOfLimit.evaluator}), together ${endToEnd} by the wall clock`,
  );
}

/** What the child process tells of the federation that it runs. */
type Evaluating = {
  readonly federation: Federation;
  readonly nowMs: number;
  readonly member: MemberId;
  readonly tls: GrpcTls;
};

async function measure(of: { evaluators: number; runs: number; batches: number }): Promise<Run> {
  const child = fork(new URL("./harden-evaluators.ts", import.meta.url), [String(of.evaluators), "1"], {
    serialization: "advanced",
    execArgv: [],
  });
  try {
    const { federation, nowMs, member, tls } = await nextMessage<Evaluating>(child);
    const caller = memberCaller(federation, () => nowMs);
    const evidence: unknown[] = [];
    await using hardener = createHardener({
      federation: () => federation,
      member,
      evaluators: grpcEvaluators({ tls: () => tls, caller, world: systemTimers }),
      engine: workerEngine(1),
      onEvidence: (one) => evidence.push(one),
    });
    await hardenAll(hardener, inventedBatches(1, 2_048));
    const runs: Run[] = [];
    for (let i = 0; i < of.runs; i += 1) runs.push(await oneRun(hardener, child, of));
    const middle = (pick: (run: Run) => number): number => rounded(median(runs.map(pick)));
    return {
      shareOfLimit: {
        node: middle((run) => run.shareOfLimit.node),
        evaluator: middle((run) => run.shareOfLimit.evaluator),
      },
      elementsPerSecond: {
        node: middle((run) => run.elementsPerSecond.node),
        evaluator: middle((run) => run.elementsPerSecond.evaluator),
      },
      endToEnd: middle((run) => run.endToEnd),
    };
  } finally {
    child.disconnect();
    await once(child, "exit");
  }
}

type Cost = { readonly processSeconds: number; readonly limitSeconds: number; readonly after: number };

async function oneRun(
  hardener: Hardener,
  child: ChildProcess,
  of: { evaluators: number; batches: number },
): Promise<Run> {
  const elements = of.batches * HARDEN_BATCH_ELEMENTS_MAX;
  const batches = inventedBatches(of.batches, HARDEN_BATCH_ELEMENTS_MAX);
  const evaluatorBefore = await costOf(child);
  const limitBefore = nodeLimitSeconds(LIMIT_ELEMENTS);
  const nodeBefore = processSeconds();
  const startMs = performance.now();
  await hardenAll(hardener, batches);
  const wallSeconds = (performance.now() - startMs) / 1_000;
  const nodeSeconds = (processSeconds() - nodeBefore) / elements;
  const nodeLimit = (limitBefore + nodeLimitSeconds(LIMIT_ELEMENTS)) / 2;
  const evaluatorAfter = await costOf(child);
  const evaluatorSeconds = (evaluatorAfter.processSeconds - evaluatorBefore.after) / (elements * of.evaluators);
  const evaluatorLimit = (evaluatorBefore.limitSeconds + evaluatorAfter.limitSeconds) / 2;
  return {
    shareOfLimit: { node: nodeLimit / nodeSeconds, evaluator: evaluatorLimit / evaluatorSeconds },
    elementsPerSecond: { node: 1 / nodeSeconds, evaluator: 1 / evaluatorSeconds },
    endToEnd: elements / wallSeconds,
  };
}

function inventedBatches(batches: number, elements: number): HardenRequest[] {
  return Array.from({ length: batches }, () => ({
    batchId: randomBytes(16),
    seed: randomBytes(32),
    generation: 1,
    inputs: inventedInputs(elements),
  }));
}

function inventedInputs(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => utf8(`invented identifier ${i}`.padEnd(INPUT_BYTES)));
}

async function hardenAll(hardener: Hardener, batches: readonly HardenRequest[]): Promise<void> {
  await Promise.all(batches.map((batch) => hardener.hardenBatch(batch)));
}

async function costOf(child: ChildProcess): Promise<Cost> {
  const answer = nextMessage<Cost>(child);
  child.send({});
  return await answer;
}

async function nextMessage<Message>(child: ChildProcess): Promise<Message> {
  const [message] = (await once(child, "message")) as [Message];
  return message;
}

type Sides = { readonly node: number; readonly evaluator: number };
type ScalingPoint = {
  readonly workers: number;
  /** Elements a second by the wall clock: blinding and unblinding; validation and evaluation. */
  readonly elementsPerSecond: Sides;
  /** The same over what bare primitives did in as many workers, just before. */
  readonly shareOfLimit: Sides;
};

/** One worker and two, in turns. Shares hold on a busy machine too; elements a second do not. */
async function measureScaling(runs: number): Promise<ScalingPoint[]> {
  const points: ScalingPoint[] = [];
  for (let i = 0; i < runs; i += 1) points.push(await scalingPoint(1), await scalingPoint(2));
  return [1, 2].map((workers) => {
    const own = points.filter((point) => point.workers === workers);
    const sides = (pick: (point: ScalingPoint) => Sides): Sides => ({
      node: rounded(median(own.map((point) => pick(point).node))),
      evaluator: rounded(median(own.map((point) => pick(point).evaluator))),
    });
    return {
      workers,
      elementsPerSecond: sides((point) => point.elementsPerSecond),
      shareOfLimit: sides((point) => point.shareOfLimit),
    };
  });
}

async function scalingPoint(workers: number): Promise<ScalingPoint> {
  const keyShare = generateKeyShare(randomBytes(64));
  await using node = workerEngine(workers);
  await using evaluator = workerEngines({ randomBytes }, workers)({ keyShare, publicKey: publicKeyOf(keyShare) });
  const inputs = inventedInputs(SCALING_INPUTS);
  const key = randomBytes(32);
  // The workers load their code before a clock starts.
  const warm = await node.blind(inputs.slice(0, 2_048), key);
  await evaluator.badElements(warm.blinded, "");

  const nodeLimit = await limitPerSecond("node", workers);
  const start = performance.now();
  const { blinded, blinds } = await node.blind(inputs, key);
  const blindingMs = performance.now() - start;
  const evaluatorLimit = await limitPerSecond("evaluator", workers);
  const evaluationStart = performance.now();
  await evaluator.badElements(blinded, "");
  const evaluated = await evaluator.evaluate(blinded, "");
  const evaluationMs = performance.now() - evaluationStart;
  const unblindingStart = performance.now();
  await node.finalise(inputs, blinds, [evaluated]);
  const nodeMs = performance.now() - unblindingStart + blindingMs;
  const elementsPerSecond = {
    node: (SCALING_INPUTS * 1_000) / nodeMs,
    evaluator: (SCALING_INPUTS * 1_000) / evaluationMs,
  };
  const shareOfLimit = {
    node: elementsPerSecond.node / nodeLimit,
    evaluator: elementsPerSecond.evaluator / evaluatorLimit,
  };
  return { workers, elementsPerSecond, shareOfLimit };
}

async function limitPerSecond(side: LimitTask["side"], workers: number): Promise<number> {
  const module = new URL("./harden-limit-worker.ts", import.meta.url);
  await using pool = startWorkerPool<LimitTask, number>({ module, workers });
  const elements = 512;
  const round = async (tasks: number): Promise<unknown> =>
    await Promise.all(Array.from({ length: tasks }, () => pool.run({ side, elements })));
  await round(2 * workers);
  const start = performance.now();
  await round(SCALING_INPUTS / elements);
  return (SCALING_INPUTS * 1_000) / (performance.now() - start);
}
