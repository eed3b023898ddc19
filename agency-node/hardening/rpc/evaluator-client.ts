/**
 * (node) One stream to one evaluator, over which batches and proofs run side by side. The evaluator controls what comes back and in
 * which order; answers find their question by batch id.
 */
import { toHex } from "../../../shared/core/bytes.ts";
import { CausewayError, isCausewayError } from "../../../shared/core/errors.ts";
import type { EvaluationRequest, EvaluationResponse } from "../../../shared/core/evaluation.ts";
import { EVALUATION_ANSWER_MS_MAX } from "../../../shared/core/limits.ts";
import { grpcClient } from "../../../shared/platform/grpc.ts";
import type { GrpcTls } from "../../../shared/platform/grpc.ts";
import type { Caller } from "../../../shared/platform/party-calls.ts";
import type { PeerIdentity } from "../../../shared/platform/tls.ts";
import { readEvaluationResponse, toWireRequest } from "../../../shared/wire/evaluation.ts";
import type { World } from "../../../shared/world/world.ts";
import { NoAnswer } from "../evaluators.ts";
import type { EvaluatorClient } from "../evaluators.ts";
import { EvaluationServiceDefinition } from "../../../shared/wire/gen/causeway/v1/evaluation.ts";
import type { EvaluateRequest } from "../../../shared/wire/gen/causeway/v1/evaluation.ts";

type Question = { readonly resolve: (response: EvaluationResponse) => void; readonly reject: (error: unknown) => void };
type Stream = { readonly questions: Map<string, Question>; send(request: EvaluateRequest): void; end(): void };

/** Connects at the first question, and again at the next one after a loss. */
export function evaluatorClient(to: {
  readonly address: string;
  readonly tls: GrpcTls | (() => GrpcTls);
  readonly expected: PeerIdentity;
  readonly caller: Caller;
  readonly world: Pick<World, "after">;
}): EvaluatorClient {
  const { world, ...peer } = to;
  const connection = grpcClient(EvaluationServiceDefinition, peer);
  const disposal = new AbortController();
  let stream: Stream | undefined;

  const open = (): Stream => {
    const outgoing = queue<EvaluateRequest>();
    const opened: Stream = { questions: new Map(), send: outgoing.push, end: outgoing.end };
    const responses = connection.client.evaluate(outgoing.items(), { signal: disposal.signal });
    const close = (error: unknown): void => {
      if (stream === opened) stream = undefined;
      outgoing.end();
      for (const question of opened.questions.values()) question.reject(error);
    };
    const receive = async (): Promise<never> => {
      for await (const message of responses) settle(opened.questions, readEvaluationResponse(message));
      throw new CausewayError("UNAVAILABLE", "the evaluator ended the stream");
    };
    receive().catch((error: unknown) => close(orNotTaken(error)));
    return opened;
  };

  return {
    ask(request) {
      stream ??= open();
      return askOn(world, stream, request);
    },
    [Symbol.dispose]() {
      stream?.end();
      // A call to a silent evaluator would outlive its channel and hold up the end of the program.
      disposal.abort();
      connection[Symbol.dispose]();
    },
  };
}

async function askOn(
  world: Pick<World, "after">,
  stream: Stream,
  request: EvaluationRequest,
): Promise<EvaluationResponse> {
  const key = toHex(request.batchId);
  if (stream.questions.has(key)) throw new CausewayError("CONFLICT", "this batch is on its way already");
  const { promise, resolve, reject } = Promise.withResolvers<EvaluationResponse>();
  stream.questions.set(key, { resolve, reject });
  const callOff = world.after(EVALUATION_ANSWER_MS_MAX, () => reject(new NoAnswer("no answer in time")));
  stream.send(toWireRequest(request));
  try {
    return await promise;
  } finally {
    callOff();
    stream.questions.delete(key);
  }
}

/**
 * A request that was not taken says nothing of the evaluator's key: our clock may be wrong, or the evaluator was started a moment ago. Told
 * apart from a refusal, which comes as an answer.
 */
function orNotTaken(error: unknown): unknown {
  const notTaken = (["OUT_OF_SEQUENCE", "UNAUTHENTICATED", "CONFLICT"] as const).some((code) =>
    isCausewayError(error, code),
  );
  if (!notTaken || !isCausewayError(error)) return error;
  const { code, fields } = error;
  return new CausewayError("UNAVAILABLE", `the evaluator did not take the request: ${code}`, { fields, cause: error });
}

function settle(questions: ReadonlyMap<string, Question>, response: EvaluationResponse): void {
  questions.get(toHex(response.batchId))?.resolve(response);
}

/** Items pushed on one side and read, in order, on the other. */
function queue<Item>() {
  const waiting: Item[] = [];
  let wake: (() => void) | undefined;
  let ended = false;
  const stir = (): void => {
    wake?.();
    wake = undefined;
  };
  return {
    push(item: Item): void {
      waiting.push(item);
      stir();
    },
    end(): void {
      ended = true;
      stir();
    },
    async *items(): AsyncGenerator<Item, void, undefined> {
      for (;;) {
        for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) yield item;
        if (ended) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
