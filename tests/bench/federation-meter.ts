/**
 * What programs cost, seen from outside: Linux counts processor time, disk writes and memory of each process, nats-server its messages.
 * A program's own child processes belong to it, those that have ended too.
 */
import { readdirSync, readFileSync } from "node:fs";

/** So far. */
export type Cost = {
  readonly processorMs: number;
  /** That a process caused to be sent to the disk, by the kernel's account. */
  readonly diskBytes: number;
};

export const NO_COST: Cost = { processorMs: 0, diskBytes: 0 };

/** `in`: handed to the server by all parties, what JetStream needs of them for itself included; `stored`: kept in streams. */
export type Messages = {
  readonly in: number;
  readonly out: number;
  readonly inBytes: number;
  readonly outBytes: number;
  readonly stored: number;
};

const TICK_MS = 10;
const KIB = 1_024;

/** Of a process and all of its descendants. */
export function costOf(root: number): Cost {
  return treeOf(root).map(ownCost).reduce(plus, NO_COST);
}

export function plus(a: Cost, b: Cost): Cost {
  return { processorMs: a.processorMs + b.processorMs, diskBytes: a.diskBytes + b.diskBytes };
}

export function minus<Counts extends Readonly<Record<string, number>>>(a: Counts, b: Counts): Counts {
  return Object.fromEntries(Object.entries(a).map(([name, value]) => [name, value - (b[name] as number)])) as Counts;
}

/** Bytes of memory that the process has resident, its descendants left out. */
export function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * KIB;
}

/** `monitor`: where nats-server shows its counters, such as `http://127.0.0.1:8222`. */
export async function messagesAt(monitor: string): Promise<Messages> {
  type Varz = Readonly<Record<"in_msgs" | "out_msgs" | "in_bytes" | "out_bytes", number>>;
  const varz = (await json(`${monitor}/varz`)) as Varz;
  const streams = await streamsAt(monitor);
  const stored = streams.reduce((sum, stream) => sum + stream.last, 0);
  return { in: varz.in_msgs, out: varz.out_msgs, inBytes: varz.in_bytes, outBytes: varz.out_bytes, stored };
}

/** Each stream's last sequence: as many messages as it was ever given. */
async function streamsAt(monitor: string): Promise<readonly { readonly name: string; readonly last: number }[]> {
  type Stream = { readonly name: string; readonly state: { readonly last_seq: number } };
  type Jsz = { readonly account_details?: readonly { readonly stream_detail?: readonly Stream[] }[] };
  const { account_details: accounts = [] } = (await json(`${monitor}/jsz?accounts=true&streams=true`)) as Jsz;
  return accounts
    .flatMap(({ stream_detail: streams = [] }) => streams)
    .map(({ name, state }) => ({ name, last: state.last_seq }));
}

async function json(url: string): Promise<unknown> {
  return await (await fetch(url)).json();
}

function treeOf(root: number): number[] {
  const parents = new Map(processes().map((pid) => [pid, parentOf(pid)]));
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return pid === root || (parent !== undefined && parent > 1 && isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow);
}

function processes(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

function parentOf(pid: number): number | undefined {
  const fields = statOf(pid);
  return fields === undefined ? undefined : Number(fields[1]);
}

/** From the third field on, the state; the second one is a name, which may hold spaces. Undefined once the process is gone. */
function statOf(pid: number): readonly string[] | undefined {
  return textOf(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, "")
    .split(" ");
}

/** Children that have ended and been waited for are in both counts. */
function ownCost(pid: number): Cost {
  const fields = statOf(pid);
  const written = /^write_bytes: (\d+)$/m.exec(textOf(`/proc/${pid}/io`) ?? "")?.[1];
  if (fields === undefined || written === undefined) return NO_COST;
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { processorMs: ticks * TICK_MS, diskBytes: Number(written) };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
