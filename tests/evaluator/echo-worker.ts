/** A worker for the tests of the pool. */
import { CausewayError } from "../../shared/core/errors.ts";
import { serveTasks } from "../../shared/platform/worker-pool.ts";

export type EchoTask =
  | { readonly kind: "echo"; readonly value: unknown }
  | { readonly kind: "surroundings" }
  | { readonly kind: "refuse" }
  | { readonly kind: "fault" }
  | { readonly kind: "long" }
  | { readonly kind: "die" };

export type Surroundings = {
  readonly pid: number;
  readonly data: unknown;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
};

const LONG_MS = 20_000;

serveTasks((task: EchoTask, data: unknown): unknown => {
  switch (task.kind) {
    case "echo":
      return task.value;
    case "surroundings":
      return {
        pid: process.pid,
        data,
        argv: [...process.execArgv, ...process.argv],
        env: process.env,
      } satisfies Surroundings;
    case "refuse":
      throw new CausewayError("INVALID", "refused", { fields: ["place"] });
    case "fault":
      throw new Error("secret 4711");
    case "long":
      // No longer than a test: nothing can end it where its owner has been killed.
      for (const end = Date.now() + LONG_MS; Date.now() < end;);
      return undefined;
    case "die":
      return process.exit(3);
  }
});
