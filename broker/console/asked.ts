/** From a request to what a page is made of. */
import type { Context } from "hono";
import type { Clock } from "../../shared/world/clock.ts";
import type { ConsoleData } from "./console-data.ts";
import type { ConsoleEnvironment } from "./environment.ts";
import { Names } from "./names.ts";
import type { Asked } from "./page.ts";

export function askedOf(
  { data, clock }: { readonly data: ConsoleData; readonly clock: Clock },
  c: Context<ConsoleEnvironment>,
): Asked {
  return {
    ...c.var.signedIn,
    data,
    names: new Names(data.chain()),
    nowMs: clock(),
    parameter: (name) => c.req.param(name) ?? "",
    query: (name) => c.req.query(name),
  };
}
