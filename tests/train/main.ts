/**
 * Learns what the scheme freezes: `node tests/train/main.ts DIR…` reads the evaluation sets in each DIR and prints
 * `weights.ts`; with `--keys` it prints `common-keys.ts`. Repeatable: counting only, no random numbers, and `--date DAY`
 * is what the provenance names. With `--half 0` or `--half 1` only every second true pair is counted.
 */
import { parseArgs } from "node:util";
import { keysModule } from "./keys.ts";
import { readSet } from "./sets.ts";
import { weightsModule } from "./weights.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    keys: { type: "boolean", default: false },
    date: { type: "string", default: "undated" },
    half: { type: "string" },
  },
});

if (positionals.length === 0) {
  console.error("usage: node tests/train/main.ts [--keys] [--date DAY] [--half 0|1] DIR…");
  process.exitCode = 2;
} else {
  const half = values.half === undefined ? undefined : Number(values.half);
  const sets = positionals.map((directory) => readSet(directory, half));
  process.stdout.write(values.keys ? keysModule(sets, values.date) : weightsModule(sets, values.date, half));
}
