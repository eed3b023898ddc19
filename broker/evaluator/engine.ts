/** An evaluator's arithmetic, spread over its worker processes in pieces. The lane is the member, so that members take turns. */
import { concat } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { startWorkerPool } from "../../shared/platform/worker-pool.ts";
import type { EvaluatorAnswer, EvaluatorTask, EvaluatorWorkerData } from "./evaluator-task.ts";

const ELEMENT_BYTES = 32;
/** Elements in one task: about a tenth of a second. */
const PIECE_ELEMENTS = 1_024;

export type Engine = AsyncDisposable & {
  /** Indices of all elements that are none, in order. */
  badElements(blinded: Uint8Array, lane: string): Promise<number[]>;
  /** Elements times the key share. All must be valid. */
  evaluate(blinded: Uint8Array, lane: string): Promise<Uint8Array>;
  /** RFC 9497 proof over the pairs at these indices, 64 bytes. */
  prove(pairs: Pairs, indices: readonly number[], lane: string): Promise<Uint8Array>;
};

export type Pairs = { readonly blinded: Uint8Array; readonly evaluated: Uint8Array };

/** `workers` defaults to one for each core. */
export function startEngine(data: EvaluatorWorkerData, workers?: number): Engine {
  const pool = startWorkerPool<EvaluatorTask, EvaluatorAnswer>({
    module: new URL("./evaluator-worker.ts", import.meta.url),
    data,
    ...(workers === undefined ? {} : { workers }),
  });
  const bytesOf = async (task: EvaluatorTask, lane: string): Promise<Uint8Array> => {
    const answer = await pool.run(task, lane);
    if (answer.kind !== "bytes") throw new CausewayError("INTERNAL", "worker answered another task");
    return answer.bytes;
  };
  return {
    async badElements(blinded, lane) {
      const answers = await Promise.all(
        pieces(blinded).map((piece) => pool.run({ kind: "validate", blinded: piece }, lane)),
      );
      return answers.flatMap((answer, i) =>
        answer.kind === "validated" ? answer.bad.map((index) => i * PIECE_ELEMENTS + index) : [],
      );
    },
    async evaluate(blinded, lane) {
      const tasks = pieces(blinded).map((piece) => bytesOf({ kind: "evaluate", blinded: piece }, lane));
      return concat(...(await Promise.all(tasks)));
    },
    prove: (pairs, indices, lane) =>
      bytesOf(
        { kind: "prove", blinded: pick(pairs.blinded, indices), evaluated: pick(pairs.evaluated, indices) },
        lane,
      ),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** Consecutive pieces, as plain arrays: what gRPC hands over are Buffers, which would be Buffers in the worker too. */
function pieces(batch: Uint8Array): Uint8Array[] {
  const size = PIECE_ELEMENTS * ELEMENT_BYTES;
  return Array.from(
    { length: Math.ceil(batch.length / size) },
    (_, i) => new Uint8Array(batch.subarray(i * size, (i + 1) * size)),
  );
}

function pick(batch: Uint8Array, indices: readonly number[]): Uint8Array {
  return concat(...indices.map((index) => batch.subarray(index * ELEMENT_BYTES, (index + 1) * ELEMENT_BYTES)));
}
