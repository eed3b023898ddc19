/** What the operator of an evaluator can set: `evaluator.json` in its directory. Keys, chain and certificate lie beside it. */
import { z } from "zod";
import { settingsIn, toSettings } from "../../shared/settings/settings.ts";
import type { Environment, SettingsForm } from "../../shared/settings/settings.ts";
import { hostPort } from "../../shared/wire/checks.ts";

const schema = z.strictObject({
  /** host:port of the gRPC service. */
  listen: hostPort,
  /** Worker processes; 0 is one a core. */
  workers: z.int().min(0).max(256).default(0),
});

type EvaluatorSettings = z.infer<typeof schema>;

export type EvaluatorConfig = EvaluatorSettings & {
  /** The evaluator's directory. Its database of budgets lies there too. */
  readonly dir: string;
};

export const evaluatorSettings: SettingsForm<EvaluatorSettings> = { file: "evaluator.json", schema };

/** Checks settings. Throws INVALID with every bad field and why. */
export function toEvaluatorConfig(dir: string, settings: unknown): EvaluatorConfig {
  return { dir, ...toSettings(evaluatorSettings, settings) };
}

/** Reads `evaluator.json` and the environment. Throws ENVIRONMENT if the file cannot be read, INVALID with every bad field and why. */
export function readEvaluatorConfig(dir: string, environment: Environment = process.env): EvaluatorConfig {
  return { dir, ...settingsIn(dir, evaluatorSettings, environment) };
}
