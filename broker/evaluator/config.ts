/** What the operator of an evaluator can set: `evaluator.json` in its directory. Keys, chain and certificate lie beside it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CausewayError } from "../../shared/core/errors.ts";
import { check, hostPort } from "../../shared/wire/checks.ts";

const schema = z.strictObject({
  /** host:port of the gRPC service. */
  listen: hostPort,
  /** Worker processes; 0 is one a core. */
  workers: z.int().min(0).max(256).default(0),
});

export type EvaluatorConfig = z.infer<typeof schema> & {
  /** The evaluator's directory. Its database of budgets lies there too. */
  readonly dir: string;
};

/** Checks settings. Throws INVALID with every bad field. */
export function toEvaluatorConfig(dir: string, settings: unknown): EvaluatorConfig {
  return { dir, ...check(schema, settings, "evaluator.json") };
}

/** Reads `evaluator.json`. Throws ENVIRONMENT if it is missing or not JSON, INVALID with every bad field. */
export function readEvaluatorConfig(dir: string): EvaluatorConfig {
  const path = join(dir, "evaluator.json");
  try {
    return toEvaluatorConfig(dir, JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    if (cause instanceof CausewayError) throw cause;
    throw new CausewayError("ENVIRONMENT", `${path} is missing or not JSON`, { cause });
  }
}
