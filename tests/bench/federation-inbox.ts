/** How long a full inbox takes to list: by the call that the command makes, and by the stream that the pages read. */
import { LiaisonServiceDefinition } from "../../agency-node/wire/gen/causeway/node/v1/liaison.ts";
import type { UnitName } from "../support/federation.ts";
import { BurstBench, SIDES } from "./federation-burst.ts";
import { costOf, minus, residentBytes } from "./federation-meter.ts";
import { Parties } from "./federation-parties.ts";
import { Importer } from "./federation-records.ts";
import { median, rounded } from "./measure.ts";
import type { BenchOptions } from "./measure.ts";

const MATCHES = 10_000;
const QUICK_MATCHES = 200;
const RUNS = 5;
const LOOK_MS = 500;
const UNIT: UnitName = SIDES[0];

export type Inbox = {
  readonly matches: number;
  /** The middle of several, as the caller sees it. */
  readonly listMs: number;
  /** Until the stream has shown what there was. */
  readonly watchMs: number;
  /** Of the node, for one listing and one stream. */
  readonly nodeCpuMs: number;
  /** For each of both: that somebody looked is kept. */
  readonly diskBytes: number;
  readonly statusMs: number;
  readonly residentBytes: number;
};

export async function inboxOf({ quick, count, say }: BenchOptions): Promise<{ readonly inbox: Inbox }> {
  const matches = count ?? (quick ? QUICK_MATCHES : MATCHES);
  await using parties = await Parties.start({ units: SIDES });
  using importer = new Importer(parties.federation, SIDES[1]);
  const bench = new BurstBench(parties, importer, LOOK_MS);
  await bench.hold(matches);
  await bench.meet(0, matches);
  say(`inbox: ${matches} matches are named at both sides`);
  const node = parties.pidOf(UNIT);
  const list = async (): Promise<void> => {
    const listed = await parties.federation.matches(UNIT);
    if (listed.length !== matches) throw new Error(`${listed.length} of ${matches} matches are listed`);
  };
  const before = costOf(node);
  const listMs = await middleMs(list);
  const watchMs = await middleMs(async () => await watchOnce(parties, matches));
  const { processorMs, diskBytes } = minus(costOf(node), before);
  const statusMs = await middleMs(async () => void (await parties.federation.status(UNIT)));
  const inbox = {
    matches,
    listMs,
    watchMs,
    nodeCpuMs: rounded(processorMs / RUNS),
    diskBytes: rounded(diskBytes / (2 * RUNS)),
    statusMs,
    residentBytes: residentBytes(node),
  };
  return { inbox };
}

async function middleMs(work: () => Promise<void>): Promise<number> {
  const took: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const began = performance.now();
    await work();
    took.push(performance.now() - began);
  }
  return rounded(median(took));
}

async function watchOnce(parties: Parties, matches: number): Promise<void> {
  const end = new AbortController();
  using liaison = parties.federation.connect(LiaisonServiceDefinition, UNIT);
  let shown = 0;
  for await (const { match } of liaison.client.watchMatches({}, { signal: end.signal })) {
    if (match === undefined) break;
    shown += 1;
  }
  end.abort();
  if (shown !== matches) throw new Error(`${shown} of ${matches} matches are shown`);
}
