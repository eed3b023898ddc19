/** What `npm start -- …` and `causeway demo …` take. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { withExamples } from "../../shared/terminal/command.ts";
import { MEMBERS } from "./plan.ts";
import type { MemberSlug } from "./plan.ts";

export type DemoOptions = {
  /** The federation's directory; made afresh. */
  readonly dir: string;
  /** End when quiet. */
  readonly exit: boolean;
  /** One JSON summary as the last line. */
  readonly json: boolean;
  /** Leave the directory when the demonstration ends. */
  readonly keep: boolean;
  /** The file of each member that has records. */
  readonly records: ReadonlyMap<MemberSlug, string>;
};

const ROOT = resolve(import.meta.dirname, "..", "..");
const SAMPLES: Readonly<Record<MemberSlug, string>> = { ct: "ct.ftm.jsonl", thb: "thb.csv", wcu: "wcu.csv" };

type Flags = {
  readonly dir: string;
  readonly exit?: boolean;
  readonly json?: boolean;
  readonly keep?: boolean;
  readonly records: ReadonlyMap<MemberSlug, string>;
};

export function demoCommand(run: (options: DemoOptions) => Promise<void>): Command {
  const command = new Command("demo")
    .description("a whole federation on this machine: three invented units, their records, their overlaps")
    .option("--exit", "end when everything is published and nothing moves any more")
    .option("--json", "print one JSON summary as the last line of standard output; progress goes to standard error")
    .addOption(
      new Option(
        "--records <member=file>",
        `records instead of the samples (repeatable); members: ${MEMBERS.join(", ")}`,
      )
        .argParser(addFile)
        .default(new Map(), "the samples, all invented"),
    )
    .option("--dir <directory>", "where the federation lives; made afresh", join(ROOT, ".causeway", "demo"))
    .option("--keep", "leave that directory when the demonstration ends")
    .action((flags: Flags) => run(toOptions(flags)));
  return withExamples(
    command,
    "causeway demo",
    "causeway demo --exit --json",
    "causeway demo --records ct=cases.csv --keep",
  );
}

function toOptions({ dir, exit = false, json = false, keep = false, records }: Flags): DemoOptions {
  return { dir: resolve(dir), exit, json, keep, records: records.size > 0 ? records : sampleFiles() };
}

function sampleFiles(): ReadonlyMap<MemberSlug, string> {
  return new Map(MEMBERS.map((member) => [member, join(import.meta.dirname, "records", SAMPLES[member])]));
}

function addFile(value: string, earlier: ReadonlyMap<MemberSlug, string>): ReadonlyMap<MemberSlug, string> {
  const [slug = "", ...rest] = value.split("=");
  const member = MEMBERS.find((each) => each === slug);
  if (member === undefined || rest.length === 0)
    throw new InvalidArgumentError(`write member=file; members: ${MEMBERS.join(", ")}`);
  if (earlier.has(member)) throw new InvalidArgumentError(`${member} has a file already`);
  const path = findFile(rest.join("="));
  if (path === undefined) throw new InvalidArgumentError("there is no such file");
  return new Map([...earlier, [member, path]]);
}

/** npm changes to the package's directory and says in INIT_CWD where the user stood. */
function findFile(path: string): string | undefined {
  const bases = [process.cwd(), process.env["INIT_CWD"] ?? process.cwd()];
  return bases.map((base) => resolve(base, path)).find((candidate) => existsSync(candidate));
}
