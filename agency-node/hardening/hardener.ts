/**
 * Hardening at the node: y = OPRF(sum of all evaluators' key shares, x), RFC 9497, for batches of canonical identifiers (protocol
 * section 2.2).
 *
 * An evaluator sees blinded elements in random order: how many, not which. The node learns y and nothing about a key. Inputs,
 * blinds, seeds and y stay here. Nothing is used before every evaluator of the list has proved its answer. Known weakness: the
 * proof samples at most 1,024 pairs, so a single wrong answer in a large batch is found with small probability only; it makes one
 * identifier fail to match.
 *
 * A batch is retried with the same id, seed and inputs: the same bytes go out, no evaluator charges twice, and evaluators that had
 * proved their answer are not asked again while this process lives.
 */
import { equalBytes, toHex } from "../../shared/core/bytes.ts";
import type { Evaluator, Federation } from "../../shared/core/directive.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import { BATCH_ID_BYTES } from "../../shared/core/evaluation.ts";
import type { SignedStatement } from "../../shared/core/evaluation.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import {
  HARDEN_BATCH_ELEMENTS_MAX,
  HARDEN_BATCHES_IN_FLIGHT_MAX,
  OPRF_INPUT_BYTES_MAX,
  UNFINISHED_BATCHES_MAX,
} from "../../shared/core/limits.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import type { EvaluatorClient, Evaluators } from "./evaluators.ts";
import { keepEvidence, provedAnswer, unproven } from "./answers.ts";
import type { Asking, Evidence, SentBatch } from "./answers.ts";
import { batchKey, batchOrder } from "./batch-secrets.ts";
import { UnusableAnswers } from "./engine.ts";
import type { Engine } from "./engine.ts";
import { turnstile } from "./turnstile.ts";
import type { Turnstile } from "./turnstile.ts";

export type HardenRequest = {
  /** 16 random bytes, kept until the batch is done. */
  readonly batchId: Uint8Array;
  /** 32 secret random bytes, kept encrypted until the batch is done, then destroyed. */
  readonly seed: Uint8Array;
  /** Of the evaluators' keys, as when the batch was begun. */
  readonly generation: number;
  /** Canonical identifiers, 1 to `HARDEN_BATCH_ELEMENTS_MAX`. Small batches pay the same for proofs as large ones. */
  readonly inputs: readonly Uint8Array[];
};

export type Hardener = AsyncDisposable & {
  /**
   * 64 bytes y for each input, in order. Two batches of a generation are worked on at once; more wait for their turn.
   *
   * Throws
   * - UNAVAILABLE: try the same batch again, with back-off;
   * - EXHAUSTED (`BudgetError`, with `retryAtMs`): try the same batch again then;
   * - UNPROVEN: an evaluator failed its proof. Evidence was kept; drop the batch, tell oversight;
   * - CONFLICT: the id is spent or used for other inputs. Begin a new batch;
   * - OUT_OF_SEQUENCE: of a generation that no open epoch uses. Drop the batch;
   * - FORBIDDEN: this member is suspended, or its certificate is another's;
   * - INVALID: `fields` names each input that is too long, or a wrong size of batch, id or seed. Nothing was sent.
   */
  readonly hardenBatch: (request: HardenRequest) => Promise<Uint8Array[]>;
};

export type HardenerOptions = {
  /** The federation as last folded from the chain. */
  readonly federation: () => Federation;
  readonly member: MemberId;
  readonly evaluators: Pick<Evaluators, "clientOf">;
  /** The hardener disposes of it. */
  readonly engine: Engine;
  /** Keeps evidence against an evaluator. Called before the batch fails; must not throw. */
  readonly onEvidence: (evidence: Evidence) => void;
};

/** What is known of a batch that is not done. */
type Unfinished = {
  readonly blindedHash: Uint8Array;
  /** Proved answers, by evaluator. */
  readonly answers: Map<string, Uint8Array>;
  /** The last signed answer, proved or not, by evaluator. */
  readonly statements: Map<string, SignedStatement>;
};

/** Connects when the first batch comes. */
export function createHardener(options: HardenerOptions): Hardener {
  const { engine } = options;
  const clients = new Map<string, EvaluatorClient>();
  const unfinished = new Map<string, Unfinished>();
  // By generation: an evaluator that is silent under the next one's keys must not hold up batches under these.
  const turns = new Map<number, Turnstile>();

  const clientOf = (evaluator: Evaluator): EvaluatorClient => {
    const federation = options.federation();
    // One that the broker hosts is reached as the broker: under another key of the broker it is another.
    const { broker } = federation.found;
    const key = [evaluator.name, evaluator.address, ...[evaluator.signingKey, broker.signingKey].map(toHex)].join(" ");
    const client = clients.get(key) ?? options.evaluators.clientOf(evaluator, federation);
    clients.set(key, client);
    return client;
  };
  const harden = async (request: HardenRequest): Promise<Uint8Array[]> => {
    const federation = options.federation();
    const evaluators = federation.generations.get(request.generation);
    if (evaluators === undefined) {
      throw new CausewayError("OUT_OF_SEQUENCE", "no open epoch uses this generation of evaluator keys");
    }
    const batch = await blind(engine, request);
    const known = unfinishedOf(unfinished, batch.sent);
    const { member, onEvidence } = options;
    const askings = evaluators.map((evaluator): Asking => ({
      federation,
      member,
      evaluator,
      client: clientOf(evaluator),
      engine,
      onEvidence,
    }));
    try {
      await collectAnswers(askings, batch.sent, known);
      const outputs = await finalise(engine, askings, batch, known);
      unfinished.delete(toHex(request.batchId));
      return restoreOrder(outputs, batch.order);
    } catch (error) {
      if (isCausewayError(error, "UNPROVEN")) unfinished.delete(toHex(request.batchId));
      throw error;
    }
  };
  return {
    async hardenBatch(request) {
      assertRequest(request);
      const { generation } = request;
      const turn = turns.get(generation) ?? turnstile(HARDEN_BATCHES_IN_FLIGHT_MAX);
      turns.set(generation, turn);
      return await turn.pass(() => harden(request));
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients.values()) client[Symbol.dispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

type BlindedBatch = {
  readonly sent: SentBatch;
  readonly order: Uint32Array;
  /** In the order sent, as the inputs. */
  readonly blinds: Uint8Array;
  readonly inputs: readonly Uint8Array[];
};

async function blind(engine: Engine, request: HardenRequest): Promise<BlindedBatch> {
  const { batchId, generation } = request;
  const key = batchKey(request.seed, batchId);
  const order = batchOrder(key, request.inputs.length);
  const inputs = Array.from(order, (place) => request.inputs[place] as Uint8Array);
  const { blinded, blinds } = await engine.blind(inputs, key);
  return { sent: { batchId, key, generation, blinded, blindedHash: blake2b(32, blinded) }, order, blinds, inputs };
}

/** Asks all evaluators at once; waits for all, so that what one has proved is not lost to another's outage. */
async function collectAnswers(askings: readonly Asking[], sent: SentBatch, known: Unfinished): Promise<void> {
  const results = await Promise.allSettled(
    askings.map(async (asking) => {
      const { name } = asking.evaluator;
      if (known.answers.has(name)) return;
      const onStatement = (statement: SignedStatement): void => void known.statements.set(name, statement);
      known.answers.set(name, await provedAnswer(asking, sent, known.statements.get(name), onStatement));
    }),
  );
  const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  // A failed proof must not hide behind another evaluator's outage.
  if (errors.length > 0) throw errors.find((error) => isCausewayError(error, "UNPROVEN")) ?? errors[0];
}

/** Elements outside the sample may still be none; that shows here. */
async function finalise(
  engine: Engine,
  askings: readonly Asking[],
  { sent, inputs, blinds }: BlindedBatch,
  known: Unfinished,
): Promise<Uint8Array[]> {
  const answers = askings.map(({ evaluator }) => known.answers.get(evaluator.name) as Uint8Array);
  try {
    return await engine.finalise(inputs, blinds, answers);
  } catch (error) {
    if (!(error instanceof UnusableAnswers)) throw error;
    const culprit = error.culprit === undefined ? undefined : askings[error.culprit];
    if (culprit === undefined) throw new CausewayError("UNPROVEN", "the evaluators' answers cancel out");
    const { name } = culprit.evaluator;
    const statements = [known.statements.get(name)].filter((statement) => statement !== undefined);
    keepEvidence(culprit, sent, "disproved", { evaluated: known.answers.get(name) as Uint8Array, statements });
    throw unproven(culprit.evaluator);
  }
}

function unfinishedOf(unfinished: Map<string, Unfinished>, sent: SentBatch): Unfinished {
  const key = toHex(sent.batchId);
  const known = unfinished.get(key) ?? { blindedHash: sent.blindedHash, answers: new Map(), statements: new Map() };
  if (!equalBytes(known.blindedHash, sent.blindedHash)) {
    throw new CausewayError("CONFLICT", "this batch id was used for other inputs or another seed");
  }
  unfinished.delete(key);
  unfinished.set(key, known);
  for (const oldest of [...unfinished.keys()].slice(0, -UNFINISHED_BATCHES_MAX)) unfinished.delete(oldest);
  return known;
}

function restoreOrder(outputs: readonly Uint8Array[], order: Uint32Array): Uint8Array[] {
  const restored: Uint8Array[] = [];
  order.forEach((place, i) => (restored[place] = outputs[i] as Uint8Array));
  return restored;
}

function assertRequest({ batchId, inputs }: HardenRequest): void {
  const fields: string[] = [];
  if (batchId.length !== BATCH_ID_BYTES) fields.push("batchId");
  if (inputs.length === 0 || inputs.length > HARDEN_BATCH_ELEMENTS_MAX) fields.push("inputs");
  inputs.forEach((input, i) => {
    if (input.length > OPRF_INPUT_BYTES_MAX) fields.push(`inputs[${i}]`);
  });
  if (fields.length > 0) throw new CausewayError("INVALID", "batch cannot be hardened", { fields });
}
