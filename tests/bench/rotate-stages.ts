/**
 * Where the time of a rotation goes, from samples of what the main threads of node and broker were doing: a sample belongs to the stage
 * whose function is nearest on its stack. Samples go by the wall clock, so a neighbour's work is in them: they give the shares, and the
 * processor time of the thread what there is to share.
 */
import type { Profiler } from "node:inspector/promises";
import type { Profile } from "./profile-hook.ts";

/** Stage of a function: the end of its file's path, and its name unless all of the file is meant. */
type Rule = readonly [stage: string, file: string, name?: string];

/**
 * Seconds by stage. `idle`: nothing to do. `held up`: something to do, and no processor or no disk for it. All together are the time
 * that passed.
 */
export type Stages = Readonly<Record<string, number>>;

export const NODE_STAGES: readonly Rule[] = [
  ["read and open what is prepared", "agency-node/store/standings.ts", "due"],
  ["salt again", "shared/crypto/token.ts"],
  ["lay out and pad", "agency-node/core/publication.ts"],
  ["digest items", "shared/core/digest.ts", "digestItem"],
  ["write down what was sent", "agency-node/store/standings.ts", "setWaiting"],
  ["encode, sign, seal, queue", "agency-node/store/outbox.ts", "#insert"],
  ["commit", "shared/store/database.ts", "transaction"],
  ["hand over to NATS", "agency-node/bus/sender.ts"],
  ["hand over to NATS", "shared/platform/nats.ts"],
  ["receipts", "agency-node/bus/receiver.ts"],
  ["digest", "agency-node/publishing/digests.ts"],
  ["join the epoch", "agency-node/publishing/epochs.ts"],
  ["status", "agency-node/rpc/status.ts"],
  ["publish", "agency-node/publishing/publisher.ts"],
];

export const BROKER_STAGES: readonly Rule[] = [
  ["open, verify, decode", "broker/bus/intake.ts"],
  ["judge entries", "broker/core/entry.ts"],
  ["index", "broker/core/epoch-space.ts", "put"],
  ["match", "broker/writer/matches.ts", "meet"],
  ["apply", "broker/writer/publications.ts", "apply"],
  ["ledger", "broker/store/ledger.ts"],
  ["commit", "shared/store/database.ts", "transaction"],
  ["digest items", "broker/core/epoch-space.ts", "prepareDigests"],
  ["digest", "broker/writer/publications.ts", "answerDigest"],
  ["receipts", "broker/bus/outlet.ts"],
  ["take from NATS", "shared/platform/nats.ts"],
];

const IDLE = "idle";
const HELD_UP = "held up";
const TRANSPORT = "NATS and TLS";
const COLLECTION = "collect garbage";
const REST = "rest";

export type Span = { readonly fromMs: number; readonly toMs: number };

/** Of a span that the profile covers. */
export function stagesOf(of: Profile, rules: readonly Rule[], span: Span): Stages {
  const seconds = (span.toMs - span.fromMs) / 1_000;
  const { mainSeconds } = of;
  const sampled = sampledSeconds(of, rules, span);
  const idle = sampled.get(IDLE) ?? 0;
  sampled.delete(IDLE);
  const busy = [...sampled.values()].reduce((sum, one) => sum + one, 0);
  const stages = [...sampled].map(([stage, of]) => [stage, (of / busy) * mainSeconds] as const);
  // What a processor was not at: both are left over from clocks that do not agree to the last millisecond.
  const waiting = Math.max(0, seconds - mainSeconds);
  const idleSeconds = Math.min(idle, waiting);
  return Object.fromEntries([...stages, [IDLE, idleSeconds], [HELD_UP, waiting - idleSeconds]]);
}

function sampledSeconds({ profile, startedMs }: Profile, rules: readonly Rule[], span: Span): Map<string, number> {
  const { nodes, samples = [], timeDeltas = [] } = profile;
  const stageOf = stagesOfNodes(nodes, rules);
  const stages = [...rules.map(([stage]) => stage), TRANSPORT, COLLECTION, REST, IDLE];
  const sums = new Map(stages.map((stage) => [stage, 0]));
  let [fromMs, toMs] = [startedMs, startedMs];
  for (const [i, sample] of samples.entries()) {
    // A sample stands for the time until the next one.
    [fromMs, toMs] = [toMs, toMs + (timeDeltas[i + 1] ?? 0) / 1_000];
    const lastsMs = Math.min(toMs, span.toMs) - Math.max(fromMs, span.fromMs);
    const stage = stageOf.get(sample) ?? REST;
    if (lastsMs > 0) sums.set(stage, (sums.get(stage) ?? 0) + lastsMs / 1_000);
  }
  return sums;
}

function stagesOfNodes(nodes: readonly Profiler.ProfileNode[], rules: readonly Rule[]): Map<number, string> {
  const stages = new Map<number, string>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const visit = (node: Profiler.ProfileNode, above: string): void => {
    const stage = stageOfFrame(node.callFrame, rules) ?? above;
    stages.set(node.id, stage);
    for (const child of node.children ?? []) visit(byId.get(child) as Profiler.ProfileNode, stage);
  };
  const [root] = nodes;
  if (root !== undefined) visit(root, REST);
  return stages;
}

function stageOfFrame({ functionName, url }: Profiler.ProfileNode["callFrame"], rules: readonly Rule[]) {
  if (functionName === "(idle)") return IDLE;
  if (functionName === "(garbage collector)") return COLLECTION;
  const found = rules.find(
    ([, file, name]) => url.endsWith(`/${file}`) && (name === undefined || name === functionName),
  );
  if (found !== undefined) return found[0];
  return /node_modules\/nats\/|^node:(?:_?tls|net|internal\/(?:stream|js_stream))/.test(url)
    ? "NATS and TLS"
    : undefined;
}
