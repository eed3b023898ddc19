/**
 * Loaded into a program that is to be measured, ahead of it (`node --import`): its parent says when measuring begins and ends, and is
 * told where the program's time went. Nothing of the program itself knows of it.
 */
import { Session } from "node:inspector/promises";
import type { Profiler } from "node:inspector/promises";

/** Seconds of processor time. */
type Processor = { readonly mainSeconds: number; readonly allSeconds: number };

export type Profile = Processor & {
  /** Samples of the main thread, the first of them at `startedMs`. */
  readonly profile: Profiler.Profile;
  readonly startedMs: number;
};

const SAMPLE_MICROSECONDS = 1_000;

const session = new Session();
session.connect();
let before: (Processor & { readonly startedMs: number }) | undefined;

process.on("message", (order) => void (order === "begin" ? begin() : end()));
// The parent that listens must not keep the program from ending.
process.channel?.unref();
// Whoever measures is gone, and nobody else would end what it has started.
process.on("disconnect", () => process.exit());

async function begin(): Promise<void> {
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: SAMPLE_MICROSECONDS });
  await session.post("Profiler.start");
  before = { ...processorTime(), startedMs: Date.now() };
  process.send?.("begun");
}

async function end(): Promise<void> {
  const after = processorTime();
  const { profile } = await session.post("Profiler.stop");
  if (before === undefined) throw new Error("the end of what was not begun");
  process.send?.({
    profile,
    startedMs: before.startedMs,
    mainSeconds: after.mainSeconds - before.mainSeconds,
    allSeconds: after.allSeconds - before.allSeconds,
  } satisfies Profile);
}

function processorTime(): Processor {
  return { mainSeconds: inSeconds(process.threadCpuUsage()), allSeconds: inSeconds(process.cpuUsage()) };
}

function inSeconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000_000;
}
