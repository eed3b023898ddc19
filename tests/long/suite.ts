/** The tests, run once under circumstances that somebody chose. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { capture } from "../../deploy/bootstrap/processes.mjs";
import { countTests, type TestCounts } from "../tools/test-counts.ts";

export type Circumstances = {
  readonly label: string;
  /** The checkout. */
  readonly root: string;
  /** Where the result may be written. */
  readonly scratch: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A program that runs ours, with its arguments. */
  readonly under?: readonly string[];
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly umask?: number;
};

export type Outcome = TestCounts & { readonly label: string; readonly faults: readonly string[] };

const TIMEOUT_MS = 3_600_000;

/** Runs vitest with `args`; says what failed, test by test. */
export async function runSuite(how: Circumstances, args: readonly string[]): Promise<Outcome> {
  const results = join(how.scratch, "results.json");
  rmSync(results, { force: true });
  const vitest = join(how.root, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=json", `--outputFile=${results}`];
  const [command = "", ...rest] = [...(how.under ?? []), process.execPath, vitest, "run", ...reporters, ...args];
  const options = { cwd: how.root, env: { ...process.env, ...how.env }, timeoutMs: TIMEOUT_MS, ...how.user };
  const { code, stderr } = await withUmask(how.umask, () => capture(command, rest, options));
  const { label } = how;
  try {
    const found = JSON.parse(readFileSync(results, "utf8")) as Results;
    return { label, ...countTests(found), faults: faultsOf(found) };
  } catch {
    return {
      label,
      passed: 0,
      failed: 1,
      skipped: 0,
      ran: 0,
      faults: [`no result (${code}): ${stderr.slice(-2_000)}`],
    };
  }
}

/** The part of vitest's JSON result that is told. */
type Results = {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
};

function faultsOf({ testResults }: Results): string[] {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === "failed");
    if (failed.length === 0) return status === "failed" ? [`${name}: ${message}`] : [];
    return failed.map(
      ({ fullName, failureMessages }) => `${name}: ${fullName}: ${failureMessages?.[0]?.slice(0, 300)}`,
    );
  });
}

/** What `start` starts at once inherits `umask`. */
function withUmask<T>(umask: number | undefined, start: () => T): T {
  if (umask === undefined) return start();
  const before = process.umask(umask);
  try {
    return start();
  } finally {
    process.umask(before);
  }
}
