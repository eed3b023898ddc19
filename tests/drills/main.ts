/**
 * `node tests/drills/main.ts NAME [--runs N] [--seed N] [--json]`: faults on purpose. Lines for people as it goes; with --json one
 * JSON object as the last line. Fails when anything was lost.
 */
import { parseArgs } from "node:util";
import { isFlawless } from "./judge.ts";
import { killBroker } from "./kill-broker.ts";

type DrillOptions = { readonly runs: number | undefined; readonly seed: number; readonly say: (line: string) => void };
type Outcome = { readonly report: object; readonly passed: boolean };

const DRILLS: Readonly<Record<string, (options: DrillOptions) => Promise<Outcome>>> = {
  "kill-broker": async ({ runs = 50, seed, say }) => {
    const report = await killBroker({ runs, seed, natsEvery: 10, say });
    const {
      drill: _,
      runs: _runs,
      natsKills: _nats,
      records: _records,
      runsWithMatches: _with,
      seconds: _seconds,
      seed: _seed,
      ...verdict
    } = report;
    return { report, passed: isFlawless(verdict) };
  },
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: "string" }, seed: { type: "string" }, json: { type: "boolean", default: false } },
});

const [name = ""] = positionals;
const drill = Object.hasOwn(DRILLS, name) ? DRILLS[name] : undefined;
const runs = values.runs === undefined ? undefined : Number(values.runs);
if (drill === undefined || positionals.length !== 1 || !(runs === undefined || (Number.isInteger(runs) && runs > 0))) {
  console.error(`usage: main.ts NAME [--runs N] [--seed N] [--json]\nNAME: ${Object.keys(DRILLS).join(", ")}`);
  process.exitCode = 2;
} else {
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  console.log(`${name}, seed ${seed}`);
  const { report, passed } = await drill({ runs, seed, say: (line) => console.log(line) });
  console.log(
    values.json
      ? JSON.stringify(report)
      : Object.entries(report)
          .map(([key, value]) => `${key} ${value}`)
          .join("\n"),
  );
  if (!passed) process.exitCode = 1;
}
