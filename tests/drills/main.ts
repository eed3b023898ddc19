/**
 * `node tests/drills/main.ts NAME [--runs N] [--records N] [--seed N] [--seconds N] [--only NAME,NAME] [--list FILE] [--json]`: faults, attacks
 * and loads on purpose. Lines for people as it goes; with --json these go to standard error, and one JSON object to standard output. Fails when
 * anything was lost or broken.
 */
import { parseArgs } from "node:util";
import { readSubjects } from "../eval/exposure.ts";
import { attackAll } from "./attacks/attacks.ts";
import { bigImport } from "./big-import.ts";
import { killBroker } from "./kill-broker.ts";
import { pauses, pausesNamed } from "./pauses.ts";
import { rotate } from "./rotate.ts";

type DrillOptions = {
  readonly runs: number;
  /** Default: what the drill is for. */
  readonly records: number | undefined;
  readonly seed: number;
  /** How long each pause lasts. */
  readonly seconds: number;
  /** Which pauses, in this order; default all. */
  readonly only: readonly string[] | undefined;
  /** A file of persons that somebody else knows as well, for attacks on names. */
  readonly list: string | undefined;
  readonly say: (line: string) => void;
};

type Outcome = { readonly report: object; readonly passed: boolean };

const DRILLS: Readonly<Record<string, (options: DrillOptions) => Promise<Outcome>>> = {
  "kill-broker": async ({ runs, seed, say }) => {
    const report = await killBroker({ runs, seed, natsEvery: 10, say });
    return { report, passed: report.flawless };
  },
  "big-import": async ({ records }) => {
    const report = await bigImport(records ?? 200_000);
    return { report, passed: report.rejected === 0 };
  },
  rotate: async ({ records, seed, say }) => {
    const report = await rotate({ records: records ?? 100_000, perSecond: 50, seed, say });
    return { report, passed: report.flawless };
  },
  pauses: async ({ seconds, only, say }) => {
    const report = await pauses({ seconds, say, ...(only === undefined ? {} : { which: pausesNamed(only) }) });
    return { report, passed: report.flawless };
  },
  attacks: async ({ list, say }) => {
    const subjects = list === undefined ? undefined : readSubjects(list).subjects;
    const report = await attackAll({ long: true, list: subjects }, say);
    return { report, passed: report.attacks.every(({ held }) => held) };
  },
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "50" },
    records: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    seconds: { type: "string", default: "60" },
    only: { type: "string" },
    list: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const [name = ""] = positionals;
const drill = Object.hasOwn(DRILLS, name) ? DRILLS[name] : undefined;
const numbers = {
  runs: Number(values.runs),
  records: values.records === undefined ? undefined : Number(values.records),
  seed: Number(values.seed),
  seconds: Number(values.seconds),
};
const isUsable = Object.values(numbers).every(
  (number) => number === undefined || (Number.isInteger(number) && number > 0),
);

if (drill === undefined || positionals.length !== 1 || !isUsable) {
  console.error(
    `usage: main.ts NAME [--runs N] [--records N] [--seed N] [--seconds N] [--only NAME,NAME] [--list FILE] [--json]\nNAME: ${Object.keys(DRILLS).join(", ")}`,
  );
  process.exitCode = 2;
} else {
  const say = (line: string): void => (values.json ? console.error(line) : console.log(line));
  say(`${name}, seed ${numbers.seed}`);
  const { report, passed } = await drill({ ...numbers, only: values.only?.split(","), list: values.list, say });
  // What lists of reports say has been said line by line.
  const isSaid = (value: unknown): boolean => Array.isArray(value) && typeof value[0] === "object";
  const plain = Object.entries(report).filter(([, value]) => !isSaid(value));
  const lines = plain.map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  console.log(values.json ? JSON.stringify(report) : lines.join("\n"));
  if (!passed) process.exitCode = 1;
}
