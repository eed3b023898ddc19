/**
 * A federation of real processes, measured from outside. `--part NAME` runs one part, such as `--part burst`; `--profile` says where the
 * programs' time went in the parts `burst`, `bulk` and `latency`. The canaries are off: they would be counted as well.
 */
import { burstOf } from "./federation-burst.ts";
import { bulkOf } from "./federation-bulk.ts";
import { directoryOf } from "./federation-directory.ts";
import { inboxOf } from "./federation-inbox.ts";
import { latencyOf } from "./federation-latency.ts";
import { startsOf } from "./federation-start.ts";
import type { BenchOptions, BenchResult } from "./measure.ts";

type Part = (options: BenchOptions) => Promise<Readonly<Record<string, unknown>>>;

const MATCHES = 5_000;
const QUICK_MATCHES = 300;

const PARTS: Readonly<Record<string, Part>> = {
  burst: async (options) => ({
    burst: await burstOf(options.count ?? (options.quick ? QUICK_MATCHES : MATCHES), options),
  }),
  latency: async (options) => await latencyOf(options),
  bulk: async (options) => await bulkOf(options),
  start: async (options) => await startsOf(options),
  directory: async (options) => await directoryOf(options),
  inbox: async (options) => await inboxOf(options),
};

export async function benchFederation(options: BenchOptions): Promise<BenchResult> {
  const { part, say } = options;
  if (part !== undefined && !Object.hasOwn(PARTS, part)) {
    throw new Error(`no part of that name: ${Object.keys(PARTS).join(", ")}`);
  }
  const results: Record<string, unknown> = {};
  for (const [name, run] of Object.entries(PARTS)) {
    if (part !== undefined && part !== name) continue;
    const result = await run(options);
    say(`${name}: ${JSON.stringify(result)}`);
    Object.assign(results, result);
  }
  return { bench: "federation", ...results };
}
