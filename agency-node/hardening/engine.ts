/**
 * A node's hardening arithmetic, in pieces. Who does a piece is given: worker processes (`worker-engine.ts`), among which batches take turns,
 * or this process between other work.
 */
import { concat } from "../../shared/core/bytes.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { OUTPUT_BYTES } from "../../shared/crypto/oprf.ts";
import { ELEMENT_BYTES, SCALAR_BYTES } from "../../shared/crypto/ristretto.ts";
import type { World } from "../../shared/world/world.ts";
import { workOn } from "./harden-arithmetic.ts";
import { packInputs } from "./harden-task.ts";
import type { HardenAnswer, HardenTask } from "./harden-task.ts";

/** Inputs in one task: about a tenth of a second. */
const PIECE_INPUTS = 512;

export type Blinded = { readonly blinded: Uint8Array; readonly blinds: Uint8Array };

export type Engine = AsyncDisposable & {
  blind(inputs: readonly Uint8Array[], key: Uint8Array): Promise<Blinded>;
  /** Whether the proof holds for all these pairs. */
  verify(pairs: Omit<Extract<HardenTask, { kind: "verify" }>, "kind">): Promise<boolean>;
  /** y of each input. Throws `UnusableAnswers`. */
  finalise(inputs: readonly Uint8Array[], blinds: Uint8Array, answers: readonly Uint8Array[]): Promise<Uint8Array[]>;
};

/** The evaluators' answers do not give a result. */
export class UnusableAnswers extends CausewayError {
  /** The place of an answer that holds what is no element; undefined if each is good, and they cancel out. */
  readonly culprit: number | undefined;

  constructor(culprit: number | undefined) {
    super("INVALID", "the evaluators' answers cannot be used");
    this.culprit = culprit;
  }
}

/** Does one piece of work. Rejects with UNAVAILABLE after disposal. */
export type Workers = AsyncDisposable & { run(task: HardenTask): Promise<HardenAnswer> };

/** Without worker processes: for tests, simulators, and units that harden little. */
export function inProcessEngine({ nextTurn }: Pick<World, "nextTurn">): Engine {
  let closed = false;
  return engineOver({
    async run(task) {
      await nextTurn();
      if (closed) throw new CausewayError("UNAVAILABLE", "the node's engine is closed");
      return workOn(task);
    },
    async [Symbol.asyncDispose]() {
      closed = true;
    },
  });
}

export function engineOver(workers: Workers): Engine {
  const run = async <Kind extends HardenAnswer["kind"]>(task: HardenTask, kind: Kind) => {
    const answer = await workers.run(task);
    if (answer.kind === "unusable") throw new UnusableAnswers(answer.culprit);
    if (answer.kind !== kind) throw new CausewayError("INTERNAL", "worker answered another task");
    return answer as Extract<HardenAnswer, { kind: Kind }>;
  };
  return {
    async blind(inputs, key) {
      const done = await Promise.all(
        pieces(inputs.length).map(([from, to]) =>
          run({ kind: "blind", key, first: from, inputs: packInputs(inputs.slice(from, to)) }, "blinded"),
        ),
      );
      return { blinded: concat(...done.map((one) => one.blinded)), blinds: concat(...done.map((one) => one.blinds)) };
    },
    verify: async (pairs) => (await run({ kind: "verify", ...pairs }, "verified")).holds,
    async finalise(inputs, blinds, answers) {
      const done = await Promise.all(
        pieces(inputs.length).map(([from, to]) => {
          // Plain arrays: what gRPC hands over are Buffers, which would be Buffers in the worker too.
          const part = (batch: Uint8Array, size: number) => new Uint8Array(batch.subarray(from * size, to * size));
          const task: HardenTask = {
            kind: "finalise",
            inputs: packInputs(inputs.slice(from, to)),
            blinds: part(blinds, SCALAR_BYTES),
            answers: answers.map((answer) => part(answer, ELEMENT_BYTES)),
          };
          return run(task, "finalised");
        }),
      );
      return done.flatMap(({ outputs }) => split(outputs, OUTPUT_BYTES));
    },
    [Symbol.asyncDispose]: () => workers[Symbol.asyncDispose](),
  };
}

function pieces(count: number): [from: number, to: number][] {
  return Array.from({ length: Math.ceil(count / PIECE_INPUTS) }, (_, i) => [
    i * PIECE_INPUTS,
    Math.min(count, (i + 1) * PIECE_INPUTS),
  ]);
}

function split(joined: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: joined.length / size }, (_, i) => joined.slice(i * size, (i + 1) * size));
}
