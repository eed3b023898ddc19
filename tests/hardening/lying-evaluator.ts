/** An evaluator under the control of an attacker: it holds the real keys and changes what goes out. */
import type { Server } from "nice-grpc";
import { STATEMENT_TYPE } from "../../shared/core/evaluation.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { signPayload } from "../../shared/crypto/sign.ts";
import type { GrpcService } from "../../shared/platform/grpc.ts";
import {
  readEvaluationResponse,
  readStatement,
  statementPayload,
  toWireResponse,
} from "../../shared/wire/evaluation.ts";
import type {
  EvaluateResponse,
  EvaluationServiceImplementation,
} from "../../shared/wire/gen/causeway/v1/evaluation.ts";
import type { EvaluatorKeys } from "./evaluators.ts";

export type Lies = {
  /** Every how many elements one is replaced by another valid element. */
  tamperEvery?: number;
  /** Fills one element with this byte, which makes it none. */
  fill?: number;
  /** Whether the statement is signed anew for what is sent; default true. */
  resign?: boolean;
  /** Breaks the stream in place of each proof. */
  dropProofs?: boolean;
};

export function lyingService(service: GrpcService, keys: EvaluatorKeys, lies: Lies): GrpcService {
  return {
    name: service.name,
    addTo(server) {
      const add = (definition: never, honest: EvaluationServiceImplementation): void =>
        server.add(definition, {
          ...honest,
          async *evaluate(requests: never, context: never) {
            for await (const response of honest.evaluate(requests, context)) {
              yield distort(response as EvaluateResponse, keys, lies);
            }
          },
        } as never);
      service.addTo({ add } as unknown as Server);
    },
  };
}

function distort(message: EvaluateResponse, keys: EvaluatorKeys, lies: Lies): EvaluateResponse {
  const response = readEvaluationResponse(message);
  if (response.kind === "proof" && lies.dropProofs === true) throw new CausewayError("UNAVAILABLE", "gone");
  if (response.kind !== "evaluated") return message;
  const evaluated = Uint8Array.from(response.evaluated);
  const step = lies.tamperEvery ?? Number.POSITIVE_INFINITY;
  for (let last = step - 1; last < evaluated.length / 32; last += step) {
    evaluated.copyWithin(last * 32, (last - 1) * 32, last * 32);
  }
  if (lies.fill !== undefined) evaluated.fill(lies.fill, 32 * 17, 32 * 18);
  if (lies.resign === false) return toWireResponse({ ...response, evaluated });
  const payload = statementPayload({
    ...readStatement(response.statement.payload),
    evaluatedHash: blake2b(32, evaluated),
  });
  const { secretKey } = keys.signing;
  const signature = signPayload({ type: STATEMENT_TYPE, federation: keys.federation, payload, secretKey });
  return toWireResponse({ ...response, evaluated, statement: { ...response.statement, payload, signature } });
}
