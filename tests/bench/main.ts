/**
 * `node tests/bench/main.ts NAME [--quick] [--json] [--part PART] [--profile] [--count N]`: lines for people as it goes; with --json these go to standard
 * error, and one JSON object to standard output. NAME is one of the table below, or `all`.
 */
import { parseArgs } from "node:util";

import type { Bench, BenchOptions, BenchResult } from "./measure.ts";

/** Loaded on demand: a benchmark pays, in memory and start-up, for its own imports only. */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  index: async () => (await import("./index-bench.ts")).benchIndex,
  link: async () => (await import("./link-bench.ts")).benchLink,
  harden: async () => (await import("./harden-bench.ts")).benchHarden,
  psi: async () => (await import("./psi-bench.ts")).benchPsi,
  rotate: async () => (await import("./rotate-bench.ts")).benchRotate,
  match: async () => (await import("./match-bench.ts")).benchMatch,
  federation: async () => (await import("./federation-bench.ts")).benchFederation,
  seal: async () => (await import("./seal-bench.ts")).benchSeal,
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    part: { type: "string" },
    profile: { type: "boolean", default: false },
    count: { type: "string" },
  },
});

const name = positionals[0] ?? "";
if (positionals.length !== 1 || !(name === "all" || Object.hasOwn(BENCHES, name))) {
  console.error(
    `usage: main.ts NAME [--quick] [--json] [--part PART] [--profile] [--count N]\nNAME: ${Object.keys(BENCHES).join(", ")}, all`,
  );
  process.exitCode = 2;
} else {
  const say = (line: string): void => (values.json ? console.error(line) : console.log(line));
  const { quick, part, profile } = values;
  const count = values.count === undefined ? undefined : Number(values.count);
  const result = await run(name, { quick, say, part, profile, count });
  if (values.json) console.log(JSON.stringify(result));
}

async function run(name: string, options: BenchOptions): Promise<BenchResult> {
  if (name !== "all") return (await (BENCHES[name] as () => Promise<Bench>)())(options);
  const results: BenchResult[] = [];
  for (const each of Object.keys(BENCHES)) results.push(await run(each, options));
  return { bench: "all", results };
}
