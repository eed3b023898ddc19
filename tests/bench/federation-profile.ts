/** Where the main threads of all programs spent their time while something was measured: the functions at the top by their own time. */
import type { BenchOptions } from "./measure.ts";
import type { Parties } from "./federation-parties.ts";
import type { Profile } from "./profile-hook.ts";

const SHOWN = 40;
const ROOT = new URL("../..", import.meta.url).href;

/** Runs `work`, and with `--profile` says of each program where its time went. A profile costs some time itself. */
export async function profiled<T>(
  parties: Parties,
  { profile, say }: Pick<BenchOptions, "profile" | "say">,
  work: () => Promise<T>,
): Promise<T> {
  if (profile !== true) return await work();
  for (const program of parties.programs.values()) await program.begin();
  const result = await work();
  for (const [name, program] of parties.programs) show(name, await program.end(), say);
  return result;
}

function show(name: string, profile: Profile, say: BenchOptions["say"]): void {
  const { mainSeconds, allSeconds } = profile;
  say(`${name}: ${mainSeconds.toFixed(2)} s of processor time in its main thread, ${allSeconds.toFixed(2)} s in all`);
  const own = ownSeconds(profile);
  const busy = [...own.values()].reduce((sum, seconds) => sum + seconds, 0);
  for (const [place, seconds] of [...own].toSorted(([, a], [, b]) => b - a).slice(0, SHOWN)) {
    say(`  ${((100 * seconds) / busy).toFixed(1).padStart(5)} % ${seconds.toFixed(2).padStart(7)} s  ${place}`);
  }
}

/** Seconds by function, of the time in which the main thread was not idle. */
function ownSeconds({ profile }: Profile): ReadonlyMap<string, number> {
  const { nodes, samples = [], timeDeltas = [] } = profile;
  const places = placesOf(nodes);
  const seconds = new Map<string, number>();
  for (const [i, sample] of samples.entries()) {
    const place = places.get(sample) ?? "?";
    if (place === "(idle)") continue;
    // A sample stands for the time until the next one.
    seconds.set(place, (seconds.get(place) ?? 0) + (timeDeltas[i + 1] ?? 0) / 1e6);
  }
  return seconds;
}

type Node = Profile["profile"]["nodes"][number];

/** By node of the profile: the function, and for one that is not this repository's, or is the database's, who of it wanted it. */
function placesOf(nodes: readonly Node[]): ReadonlyMap<number, string> {
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)));
  const byId = nodes.map((node): readonly [number, string] => {
    let caller: Node | undefined = node;
    while (caller !== undefined && !isOwn(caller)) caller = parents.get(caller.id);
    const place = placeOf(node.callFrame);
    return [node.id, caller === undefined || caller === node ? place : `${place} < ${placeOf(caller.callFrame)}`];
  });
  return new Map(byId);
}

function isOwn({ callFrame: { url } }: Node): boolean {
  return url.startsWith(ROOT) && !url.includes("/node_modules/") && !url.endsWith("/shared/store/database.ts");
}

function placeOf(of: { readonly functionName: string; readonly url: string; readonly lineNumber: number }): string {
  const name = of.functionName === "" ? "(anonymous)" : of.functionName;
  return of.url === "" ? name : `${name} ${of.url.replace(ROOT, "")}:${of.lineNumber + 1}`;
}
