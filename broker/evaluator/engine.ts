/**
 * An evaluator's arithmetic, in pieces, so that a long batch holds up nobody else's short one. Who does a piece is given: worker processes
 * (`doors.ts`), or this process between other work.
 */
import { concat } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import type { Randomness, Timers, World } from "../../shared/world/world.ts";
import { workOn } from "./arithmetic.ts";
import type { EngineKeys, EvaluatorAnswer, EvaluatorTask } from "./evaluator-task.ts";

const ELEMENT_BYTES = 32;
/** Elements in one task: about a tenth of a second. */
const PIECE_ELEMENTS = 1_024;
const NONCE_HEDGE_BYTES = 32;

/** The lane is the member: members take turns. Every call rejects with UNAVAILABLE after disposal. */
export type Engine = AsyncDisposable & {
  /** Indices of all elements that are none, in order. */
  badElements(blinded: Uint8Array, lane: string): Promise<number[]>;
  /** Elements times the key share. All must be valid. */
  evaluate(blinded: Uint8Array, lane: string): Promise<Uint8Array>;
  /** RFC 9497 proof over the pairs at these indices, 64 bytes. */
  prove(pairs: Pairs, indices: readonly number[], lane: string): Promise<Uint8Array>;
};

/** One for each key share. */
export type StartEngine = (keys: EngineKeys) => Engine;

export type Pairs = { readonly blinded: Uint8Array; readonly evaluated: Uint8Array };

/** Does a task with the key share, in the turn of its lane. */
export type Workers = AsyncDisposable & { run(task: EvaluatorTask, lane: string): Promise<EvaluatorAnswer> };

export function engineOver(workers: Workers, { randomBytes }: Randomness): Engine {
  const bytesOf = async (task: EvaluatorTask, lane: string): Promise<Uint8Array> => {
    const answer = await workers.run(task, lane);
    if (answer.kind !== "bytes") throw new CausewayError("INTERNAL", "worker answered another task");
    return answer.bytes;
  };
  return {
    async badElements(blinded, lane) {
      const answers = await Promise.all(
        pieces(blinded).map((piece) => workers.run({ kind: "validate", blinded: piece }, lane)),
      );
      return answers.flatMap((answer, i) =>
        answer.kind === "validated" ? answer.bad.map((index) => i * PIECE_ELEMENTS + index) : [],
      );
    },
    async evaluate(blinded, lane) {
      const tasks = pieces(blinded).map((piece) => bytesOf({ kind: "evaluate", blinded: piece }, lane));
      return concat(...(await Promise.all(tasks)));
    },
    prove: ({ blinded, evaluated }, indices, lane) => {
      const pairs = { blinded: pick(blinded, indices), evaluated: pick(evaluated, indices) };
      return bytesOf({ kind: "prove", ...pairs, hedge: randomBytes(NONCE_HEDGE_BYTES) }, lane);
    },
    [Symbol.asyncDispose]: () => workers[Symbol.asyncDispose](),
  };
}

/** Without worker processes: for tests, simulators, and federations that harden little. */
export function inProcessEngines(world: Pick<World, "randomBytes" | "nextTurn">): StartEngine {
  return (keys) => engineOver(ownWork(keys, world), world);
}

function ownWork(keys: EngineKeys, { nextTurn }: Pick<Timers, "nextTurn">): Workers {
  let closed = false;
  return {
    async run(task) {
      await nextTurn();
      if (closed) throw new CausewayError("UNAVAILABLE", "the evaluator's engine is closed");
      return workOn(task, keys);
    },
    async [Symbol.asyncDispose]() {
      closed = true;
    },
  };
}

/** Consecutive pieces, as plain arrays: what gRPC hands over are Buffers, which would be Buffers in a worker too. */
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
