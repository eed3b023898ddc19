/**
 * Two parties find what they have in common: Causeway beside `@openmined/psi.js`, on the same invented items, one machine
 * doing everybody's work. First a match of everything, then a match again after a day on which each side took in 1 % new
 * items. Both must find exactly the items that were put into both sets.
 *
 * What differs: Causeway hardens at two evaluators, proves their answers, keeps what it has hardened, tells both sides, and uses
 * every core. psi.js has one key, no proofs, no increments (a match again is a whole match), tells the client only, and uses one
 * core. Processor seconds beside the wall clock's show what either costs on a machine that is busy with other things.
 */
import { availableParallelism, loadavg } from "node:os";
import { processSeconds } from "./harden-limits.ts";
import { rounded } from "./measure.ts";
import type { BenchOptions, BenchResult } from "./measure.ts";
import { startExchange } from "./psi-causeway.ts";
import { loadPsiJs } from "./psi-js.ts";
import type { PsiJs } from "./psi-js.ts";

const SIZES = [10_000, 100_000];
/** Of each side's items the other has this many. */
const OVERLAP = 0.1;
/** Of each side's items, new in a day; the overlap among them is the same. */
const NEW_IN_A_DAY = 0.01;
/** Enough for every worker to load and compile its code. */
const WARM_UP_ITEMS = 2_048;
/** psi.js needs minutes beyond this, and a match again takes it as long as the first. */
const PSI_JS_REMATCH_SIZE_MAX = 10_000;

type Sets = { readonly left: string[]; readonly right: string[]; readonly common: ReadonlySet<string> };
type Cost = { readonly seconds: number; readonly processorSeconds: number };
type CausewayCosts = { readonly first: Cost; readonly again: Cost };
type PsiJsCosts = { readonly first: Cost; readonly again: Cost | undefined };

export async function benchPsi({ quick, say }: BenchOptions): Promise<BenchResult> {
  const psiJs = await loadPsiJs().catch((error: unknown) => {
    say(`psi.js is left out: ${error instanceof Error ? error.message : "it cannot be loaded"}`);
    return undefined;
  });
  psiJs?.intersect(["warm-up"], ["warm-up"]);
  const points = [];
  for (const size of quick ? SIZES.slice(0, 1) : SIZES) {
    const load = rounded(loadavg()[0] as number);
    const first = inventedSets("first", size);
    const day = inventedSets("day", size * NEW_IN_A_DAY);
    const ours = await runCauseway(first, day);
    report(say, `Causeway, ${size} x ${size}`, ours);
    const theirs = psiJs && runPsiJs(psiJs, first, day);
    if (theirs) report(say, `psi.js, ${size} x ${size}`, theirs);
    points.push({ ...point(size, ours, theirs), loadBefore: load });
  }
  return { bench: "psi", points, overlap: OVERLAP, newInADay: NEW_IN_A_DAY, cores: availableParallelism() };
}

function point(size: number, ours: CausewayCosts, theirs: PsiJsCosts | undefined) {
  return {
    size,
    causewaySeconds: ours.first.seconds,
    rematchSeconds: ours.again.seconds,
    psiJsSeconds: theirs?.first.seconds ?? null,
    psiJsRematchSeconds: theirs?.again?.seconds ?? null,
    processorSeconds: {
      causeway: ours.first.processorSeconds,
      rematch: ours.again.processorSeconds,
      psiJs: theirs?.first.processorSeconds ?? null,
    },
  };
}

/** `size` items on each side, the common ones spread evenly over both. */
function inventedSets(name: string, size: number): Sets {
  const every = Math.round(1 / OVERLAP);
  const side = (own: string) =>
    Array.from({ length: size }, (_, i) => `invented item, ${name}, ${i % every === 0 ? "both" : own}, ${i}`);
  const left = side("left");
  const right = side("right").toReversed();
  return { left, right, common: new Set(left.filter((_, i) => i % every === 0)) };
}

async function runCauseway(first: Sets, day: Sets): Promise<CausewayCosts> {
  await using exchange = await startExchange(availableParallelism(), WARM_UP_ITEMS);
  const firstCost = await costOf(() => exchange.add(first.left, first.right));
  assertFound(exchange.met, [first]);
  const againCost = await costOf(() => exchange.add(day.left, day.right));
  assertFound(exchange.met, [first, day]);
  return { first: firstCost, again: againCost };
}

function runPsiJs(psiJs: PsiJs, first: Sets, day: Sets): PsiJsCosts {
  const run = (sets: readonly Sets[]): Cost => {
    let found: string[] = [];
    const cost = costOfSync(() => {
      found = psiJs.intersect(
        sets.flatMap(({ left }) => left),
        sets.flatMap(({ right }) => right),
      );
    });
    assertFound(new Set(found), sets);
    return cost;
  };
  const firstCost = run([first]);
  return { first: firstCost, again: first.left.length > PSI_JS_REMATCH_SIZE_MAX ? undefined : run([first, day]) };
}

function assertFound(found: ReadonlySet<string>, sets: readonly Sets[]): void {
  const common = sets.flatMap(({ common }) => [...common]);
  if (found.size !== common.length || common.some((item) => !found.has(item))) {
    throw new Error("the intersection found is not the one that was put in");
  }
}

async function costOf(work: () => Promise<void>): Promise<Cost> {
  const done = stopwatch();
  await work();
  return done();
}

function costOfSync(work: () => void): Cost {
  const done = stopwatch();
  work();
  return done();
}

function stopwatch(): () => Cost {
  const startMs = performance.now();
  const startSeconds = processSeconds();
  return () => ({
    seconds: rounded((performance.now() - startMs) / 1_000),
    processorSeconds: rounded(processSeconds() - startSeconds),
  });
}

function report(say: BenchOptions["say"], what: string, { first, again }: PsiJsCosts): void {
  const cost = ({ seconds, processorSeconds }: Cost) => `${seconds} s (${processorSeconds} s of processors)`;
  say(`${what}: first match ${cost(first)}${again ? `, again after a day ${cost(again)}` : ""}`);
}
