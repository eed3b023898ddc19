/**
 * One evaluator's answer to one batch, from question to proof (protocol section 2.2).
 *
 * The evaluator is not trusted: it could answer some elements with another key and so split or mark identifiers. It first signs what
 * it answered, under the key that the board pinned, and only then learns which pairs it must prove. What it signed wrongly or cannot
 * prove is kept as evidence, and nothing of the batch is used.
 */
import { equalBytes } from "../../shared/core/bytes.ts";
import type { Evaluator, Federation } from "../../shared/core/directive.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import type {
  EvaluationResponse,
  EvaluationStatement,
  Refusal,
  SignedStatement,
} from "../../shared/core/evaluation.ts";
import { STATEMENT_TYPE } from "../../shared/core/evaluation.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import type { HashKey } from "../../shared/crypto/hash.ts";
import { at, ELEMENT_BYTES } from "../../shared/crypto/ristretto.ts";
import { keyId, verifyPayload } from "../../shared/crypto/sign.ts";
import { readStatement } from "../../shared/wire/evaluation.ts";
import { proofIndices } from "./batch-secrets.ts";
import type { Engine } from "./engine.ts";
import type { EvaluatorClient } from "./evaluators.ts";

/** What the board is shown when an evaluator fails. Blinded and evaluated elements tell nothing about identifiers. */
export type Evidence = {
  readonly evaluator: string;
  readonly batchId: Uint8Array;
  readonly fault:
    /** What it signed is not what it sent, or not for this batch and member, or not signed by its key. */
    | "statement"
    /** Two signed answers to one batch differ, where only one can be right. */
    | "equivocation"
    /** The proof does not hold, or an answer is no element. */
    | "disproved"
    /** It was told which pairs to prove and did not. */
    | "unanswered"
    /** It refused as bad what is a valid element. */
    | "refusal";
  readonly blinded: Uint8Array;
  readonly evaluated?: Uint8Array;
  readonly statements: readonly SignedStatement[];
  readonly indices?: readonly number[];
  readonly proof?: Uint8Array;
};

/** A batch as every evaluator gets it. */
export type SentBatch = {
  readonly batchId: Uint8Array;
  readonly key: HashKey;
  readonly generation: number;
  readonly blinded: Uint8Array;
  readonly blindedHash: Uint8Array;
};

export type Asking = {
  readonly federation: Federation;
  readonly member: MemberId;
  readonly evaluator: Evaluator;
  readonly client: EvaluatorClient;
  readonly engine: Engine;
  readonly onEvidence: (evidence: Evidence) => void;
};

/** Over budget at an evaluator. Nothing is lost: the same batch passes later. */
export class BudgetError extends CausewayError {
  readonly evaluator: string;
  /** When the batch would pass, null if it is larger than the allowance. */
  readonly retryAtMs: number | null;

  constructor(evaluator: string, retryAtMs: number | null) {
    super("EXHAUSTED", "the budget of evaluations is used up");
    this.evaluator = evaluator;
    this.retryAtMs = retryAtMs;
  }
}

type Answer = { readonly evaluated: Uint8Array; readonly statement: SignedStatement };

/**
 * The evaluated elements, proved. `earlier` is what this evaluator has signed for the batch before; `onStatement` is told what it
 * signs now, before it learns the pairs.
 *
 * Throws UNPROVEN for any fault of the evaluator, `BudgetError`, UNAVAILABLE, FORBIDDEN, OUT_OF_SEQUENCE (generation), CONFLICT
 * (the id is used up: a new one is needed).
 */
export async function provedAnswer(
  asking: Asking,
  batch: SentBatch,
  earlier: SignedStatement | undefined,
  onStatement: (statement: SignedStatement) => void,
): Promise<Uint8Array> {
  const answer = await askForAnswer(asking, batch);
  const stated = checkStatement(asking, batch, answer);
  if (earlier !== undefined && !equalBytes(readStatement(earlier.payload).evaluatedHash, stated.evaluatedHash)) {
    fail(asking, batch, "equivocation", { evaluated: answer.evaluated, statements: [earlier, answer.statement] });
  }
  onStatement(answer.statement);
  await checkProof(asking, batch, answer, stated);
  return answer.evaluated;
}

async function askForAnswer(asking: Asking, batch: SentBatch): Promise<Answer> {
  const { batchId, generation, blinded } = batch;
  const response = await asking.client.ask({ kind: "batch", batchId, generation, blinded }).catch(orUnavailable);
  if (response.kind === "refused") return refused(asking, batch, response);
  if (response.kind !== "evaluated") return fail(asking, batch, "statement", { statements: [] });
  return response;
}

/** The signature is verified over the bytes as received before they are read. */
function checkStatement(asking: Asking, batch: SentBatch, answer: Answer): EvaluationStatement {
  const { evaluator, federation, member } = asking;
  const { statement, evaluated } = answer;
  const { payload, signature } = statement;
  const fault = (): never => fail(asking, batch, "statement", { evaluated, statements: [statement] });
  const signed =
    equalBytes(statement.keyId, keyId(evaluator.signingKey)) &&
    verifyPayload({
      type: STATEMENT_TYPE,
      federation: federation.id,
      payload,
      signature,
      publicKey: evaluator.signingKey,
    });
  if (!signed) return fault();
  const stated = readOrFault(payload, fault);
  const holds =
    equalBytes(stated.batchId, batch.batchId) &&
    stated.generation === batch.generation &&
    stated.member === member &&
    equalBytes(stated.blindedHash, batch.blindedHash) &&
    evaluated.length === batch.blinded.length &&
    equalBytes(stated.evaluatedHash, blake2b(32, evaluated));
  return holds ? stated : fault();
}

function readOrFault(payload: Uint8Array, fault: () => never): EvaluationStatement {
  try {
    return readStatement(payload);
  } catch {
    return fault();
  }
}

async function checkProof(
  asking: Asking,
  batch: SentBatch,
  answer: Answer,
  stated: EvaluationStatement,
): Promise<void> {
  const { evaluator, client, engine } = asking;
  const { evaluated } = answer;
  const count = batch.blinded.length / ELEMENT_BYTES;
  const indices = proofIndices(batch.key, count, evaluator.name, stated.evaluatedHash);
  const facts = { evaluated, statements: [answer.statement], indices };
  const response = await client.ask({ kind: "prove", batchId: batch.batchId, indices }).catch((error: unknown) => {
    // Whatever the reason, it knew the pairs and gave no proof.
    keepEvidence(asking, batch, "unanswered", facts);
    if (isCausewayError(error, "UNAVAILABLE") || isCausewayError(error, "FORBIDDEN")) throw error;
    throw unproven(evaluator);
  });
  if (response.kind === "refused" && response.reason === "unknownBatch") {
    keepEvidence(asking, batch, "unanswered", facts);
    throw new CausewayError("UNAVAILABLE", "the evaluator no longer has the batch");
  }
  if (response.kind !== "proof") return fail(asking, batch, "unanswered", facts);
  const { proof } = response;
  const pairs = { blinded: pick(batch.blinded, indices), evaluated: pick(evaluated, indices) };
  const holds = await engine.verify({ publicKey: evaluator.sharePublicKey, ...pairs, proof });
  if (!holds) return fail(asking, batch, "disproved", { ...facts, proof });
}

function refused(asking: Asking, batch: SentBatch, refusal: Refusal): never {
  switch (refusal.reason) {
    case "budget":
      throw new BudgetError(asking.evaluator.name, refusal.retryAtMs);
    case "generation":
      throw new CausewayError("OUT_OF_SEQUENCE", "the evaluator holds the key of another generation");
    case "conflict":
      throw new CausewayError("CONFLICT", "the evaluator has spent this batch id");
    case "badElement":
    case "malformed":
    case "unknownBatch":
      // We made every element by multiplication: none is bad.
      return fail(asking, batch, "refusal", { statements: [] });
  }
}

type Facts = Pick<Evidence, "evaluated" | "statements" | "indices" | "proof">;

function fail(asking: Asking, batch: SentBatch, fault: Evidence["fault"], facts: Facts): never {
  keepEvidence(asking, batch, fault, facts);
  throw unproven(asking.evaluator);
}

export function keepEvidence(asking: Asking, batch: SentBatch, fault: Evidence["fault"], facts: Facts): void {
  const { batchId, blinded } = batch;
  asking.onEvidence({ evaluator: asking.evaluator.name, batchId, fault, blinded, ...facts });
}

export function unproven(evaluator: Evaluator): CausewayError {
  return new CausewayError("UNPROVEN", `evaluator ${evaluator.name} could not prove its answer; the batch is dropped`);
}

/** Before it has signed anything, silence is an outage, and nonsense and what else its client throws too: nothing of it is used. */
function orUnavailable(error: unknown): EvaluationResponse {
  if (isCausewayError(error) && error.code !== "INVALID") throw error;
  throw new CausewayError("UNAVAILABLE", "the evaluator gave no usable answer", { cause: error });
}

function pick(batch: Uint8Array, indices: readonly number[]): Uint8Array {
  const picked = new Uint8Array(indices.length * ELEMENT_BYTES);
  indices.forEach((index, i) => picked.set(at(batch, index), i * ELEMENT_BYTES));
  return picked;
}
