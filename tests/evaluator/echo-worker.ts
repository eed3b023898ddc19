/** A worker for the tests of the pool. */
import { CausewayError } from "../../shared/core/errors.ts";
import { serveTasks } from "../../shared/platform/worker-pool.ts";

export type EchoTask =
  | { readonly kind: "echo"; readonly value: number }
  | { readonly kind: "refuse" }
  | { readonly kind: "fault" }
  | { readonly kind: "die" };

serveTasks((task: EchoTask): number => {
  switch (task.kind) {
    case "echo":
      return task.value;
    case "refuse":
      throw new CausewayError("INVALID", "refused", { fields: ["place"] });
    case "fault":
      throw new Error("secret 4711");
    case "die":
      return process.exit(3);
  }
});
