/**
 * What one match costs all parties together: messages, bytes and processor time, between two nodes and a broker in one process, with all
 * of their cryptography. The same records are published twice, so that they meet and so that they do not; the difference is the match.
 * Alone: each record is published when the one before has settled. In bulk: all of them are one file.
 */
import { foundInMemory } from "../sim/federation.ts";
import type { MemoryFederation } from "../sim/federation.ts";
import { collectGarbage, median, rounded } from "./measure.ts";
import type { BenchOptions, BenchResult } from "./measure.ts";

/** Comes and goes with time, whether anybody meets or not. */
const BACKGROUND = new Set(["connected", "health", "digest", "digestAnswer"]);

type Cost = { readonly messages: number; readonly bytes: number; readonly processorMs: number };
type Manner = "alone" | "inBulk";

export async function benchMatch({ quick, say }: BenchOptions): Promise<BenchResult> {
  const runs = quick ? 1 : 5;
  const counts: Readonly<Record<Manner, number>> = quick ? { alone: 5, inBulk: 50 } : { alone: 20, inBulk: 300 };
  const result: Record<string, Cost> = {};
  for (const [manner, count] of Object.entries(counts) as [Manner, number][]) {
    const costs: Cost[] = [];
    for (let run = 0; run < runs; run += 1) costs.push(await costOfMatch(manner, count, run));
    const middle = (of: keyof Cost): number => rounded(median(costs.map((cost) => cost[of])));
    const cost = { messages: middle("messages"), bytes: middle("bytes"), processorMs: middle("processorMs") };
    say(`${manner}, ${count} matches: ${cost.messages} messages, ${cost.bytes} bytes, ${cost.processorMs} ms a match`);
    result[manner] = cost;
  }
  return { bench: "match", runs, ...result };
}

async function costOfMatch(manner: Manner, count: number, run: number): Promise<Cost> {
  const meeting = await costOf(manner, { count, from: 0, run });
  const apart = await costOf(manner, { count, from: count, run });
  const each = (of: keyof Cost): number => (meeting[of] - apart[of]) / count;
  return { messages: each("messages"), bytes: each("bytes"), processorMs: each("processorMs") };
}

/** Of publishing records at one unit while another has the first `count` persons already. */
async function costOf(
  manner: Manner,
  of: { readonly count: number; readonly from: number; readonly run: number },
): Promise<Cost> {
  const { count, from, run } = of;
  const seed = `match ${run}`;
  await using federation = await foundInMemory({ seed, units: { ct: ["target"], wcu: ["target"] } });
  await federation.import("ct", persons("CT", 0, count));
  // All code has run once before it is measured.
  await federation.import("wcu", persons("WCU", 2 * count, 1));
  await federation.settled();
  const before = federation.messages.length;
  collectGarbage();
  const began = process.cpuUsage();
  if (manner === "inBulk") await publish(federation, persons("WCU", from, count));
  else for (let i = from; i < from + count; i += 1) await publish(federation, persons("WCU", i, 1));
  const { user, system } = process.cpuUsage(began);
  const met = federation.inbox("wcu").filter(({ state }) => state === "proven").length;
  if (met !== (from === 0 ? count : 0)) throw new Error(`${met} matches are proven`);
  const said = federation.messages.slice(before).filter(({ kind }) => !BACKGROUND.has(kind));
  const bytes = said.reduce((sum, message) => sum + message.bytes.length, 0);
  return { messages: said.length, bytes, processorMs: (user + system) / 1_000 };
}

async function publish(federation: MemoryFederation, rows: ReturnType<typeof persons>): Promise<void> {
  await federation.import("wcu", rows);
  await federation.settled();
}

/** Invented, of whom no two have a word or a number in common. */
function persons(unit: string, from: number, count: number) {
  return Array.from({ length: count }, (_, k) => {
    const i = from + k;
    return {
      reference: `${unit}-${i}`,
      kind: "person",
      name: `${word(2 * i)} ${word(2 * i + 1)}`,
      birthDate: `${1950 + (i % 50)}-0${1 + (i % 9)}-${10 + (i % 19)}`,
      passportNumber: `N${4_000_000 + i}`,
      documentCountry: "Jordan",
    };
  });
}

const CONSONANTS = "bdfgklmnprtvz";

function word(number: number): string {
  const base = CONSONANTS.length;
  const letters = [0, 1, 2, 3].map((place) => CONSONANTS[Math.floor(number / base ** place) % base]);
  return `Q${letters.join("a")}an`;
}
