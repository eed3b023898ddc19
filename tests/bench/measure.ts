/** What every benchmark shares: options, a clock, medians, and the shape of a result. */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export type BenchOptions = {
  /** Small sizes only: for a machine that is busy with other things. */
  readonly quick: boolean;
  /** Writes a line for people. */
  readonly say: (line: string) => void;
  /** Of a benchmark with several parts, this one only. */
  readonly part?: string | undefined;
  /** Says where the time of the measured programs went, where the benchmark can. */
  readonly profile?: boolean;
  /** In place of the size that the part has by itself, such as how many matches. */
  readonly count?: number | undefined;
};

/** A result is one JSON object; `bench` is the name it was asked for by. */
export type BenchResult = { readonly bench: string } & Readonly<Record<string, unknown>>;

export type Bench = (options: BenchOptions) => Promise<BenchResult>;

/**
 * Seconds of a core that `work` takes: processor time of this thread, equal to the wall clock on an idle machine, and
 * not doubled by a neighbour on a busy one. What garbage collection does on other threads is not in it.
 */
export function coreSeconds(work: () => void): number {
  const start = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / 1_000_000;
}

/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("no values");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] as number) + (sorted[Math.floor(middle)] as number)) / 2;
}

/** The smallest value that `share` of all do not exceed, such as 0.99. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError("no values");
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}

/** To three significant digits: more would be noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** Collects garbage, so that what is measured next does not pay for what came before, and sizes are of live things. */
export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  // Array buffers are freed behind the first collection's back; the second one waits for that.
  collect();
}

/** Of a process, so far. Linux tells; elsewhere 0. Its clock ticks a hundred times a second. */
export function processorSecondsOf(pid: number): number {
  if (process.platform !== "linux") return 0;
  // Fields 14 and 15, user and system; the second one is a name, which may hold spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
