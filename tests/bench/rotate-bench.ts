/**
 * A rotation of salts at one node: a million cached tokens salted again, published, and node and broker agreed on them. A real
 * nats-server, broker and node, each a process of its own, TLS and signatures and disks as they are; only the cache was filled without
 * evaluators (`rotate-cache.ts`). The clock starts when the board's directive lies in the broker's directory and stops when the node
 * has the broker's word that both hold the same in the new epoch.
 *
 * A neighbour on the machine lengthens the time; it does not lengthen processor time, nor the share of it that bare hashes would take:
 * three for each token at the node (token, confirmation key, tag), and one for each token and padding in the digests of both.
 */
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { paddedCount } from "../../agency-node/core/padding.ts";
import { TOKEN_CLASSES } from "../../shared/core/data-plane.ts";
import type { TokenClass } from "../../shared/core/data-plane.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { sodium } from "../../shared/crypto/sodium.ts";
import { sealingKeyEpochs } from "../../shared/party/keys.ts";
import type { EpochProgress, GetStatusResponse } from "../../agency-node/wire/gen/causeway/node/v1/records.ts";
import { TestFederation } from "../support/federation.ts";
import type { UnitName } from "../support/federation.ts";
import { coreSeconds, processorSecondsOf, rounded } from "./measure.ts";
import type { BenchOptions, BenchResult } from "./measure.ts";
import type { Profile } from "./profile-hook.ts";
import { ProfiledProgram } from "./profiled-program.ts";
import { CLASS_TOKENS, fillCache, TOKENS_PER_RECORD } from "./rotate-cache.ts";
import { BROKER_STAGES, NODE_STAGES, stagesOf } from "./rotate-stages.ts";
import type { Span, Stages } from "./rotate-stages.ts";

const TOKENS = 1_000_000;
const QUICK_TOKENS = 20_000;
const RUNS = 3;
const UNIT: UnitName = "ct";
const MIB = 1024 * 1024;
const STREAMS = { submissionBytesMax: 512 * MIB };
/** The first publication, which is not measured, and whatever else is waited for. */
const WAIT_MS_MAX = 30 * 60_000;
/** Telling its status costs a node some hundredths of a second, with so many records. */
const LOOK_MS = 2_000;

type Rotation = {
  readonly seconds: number;
  readonly parts: { readonly node: Stages; readonly broker: Stages; readonly nats: number };
  /** Of all threads of node, broker and nats-server. */
  readonly processorSeconds: number;
  /** What two cores that nobody else uses would need if nothing waited for a disk. */
  readonly freeCoresSeconds: number;
  readonly shareOfLimit: number;
  readonly load: number;
};

export type RotateResult = BenchResult & Rotation & { readonly bench: "rotate"; readonly tokens: number };

export async function benchRotate({ quick, say }: BenchOptions): Promise<RotateResult> {
  return await rotateTokens({ tokens: quick ? QUICK_TOKENS : TOKENS, runs: quick ? 1 : RUNS, say });
}

/** The run in the middle by its time. */
export async function rotateTokens(of: {
  readonly tokens: number;
  readonly runs: number;
  readonly say: (line: string) => void;
}): Promise<RotateResult> {
  await using bench = await RotateBench.start(Math.ceil(of.tokens / TOKENS_PER_RECORD));
  const rotations: Rotation[] = [];
  for (let run = 0; run < of.runs; run += 1) {
    const rotation = await bench.rotate();
    rotations.push(rotation);
    report(of.say, rotation);
  }
  const typical = rotations.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(of.runs / 2)] as Rotation;
  const { tokens } = bench;
  of.say(`rotate: ${tokens} tokens in ${typical.seconds} s, the middle of ${of.runs}`);
  return { bench: "rotate", tokens, ...typical };
}

class RotateBench implements AsyncDisposable {
  readonly #federation: TestFederation;
  readonly #records: number;
  /** The active one. */
  #epoch = 1;

  private constructor(federation: TestFederation, records: number) {
    this.#federation = federation;
    this.#records = records;
  }

  static async start(records: number): Promise<RotateBench> {
    const federation = await TestFederation.found();
    try {
      federation.configureBroker(STREAMS);
      federation.configureNode(UNIT);
      const { generation } = federation.board.federation.found;
      fillCache(federation.dir(UNIT), { records, epoch: 1, generation });
      await federation.nats.start();
    } catch (error) {
      await federation[Symbol.asyncDispose]();
      throw error;
    }
    return new RotateBench(federation, records);
  }

  get tokens(): number {
    return this.#records * TOKENS_PER_RECORD;
  }

  /** Into the next epoch, which is active when this returns and the only one. */
  async rotate(): Promise<Rotation> {
    const federation = this.#federation;
    await using broker = new ProfiledProgram("broker/main.ts", federation.dir("broker"));
    await using node = new ProfiledProgram("agency-node/main.ts", federation.dir(UNIT));
    const programs = { broker, node };
    await this.#agreed(this.#epoch, programs);
    const rotation = await this.#measure(this.#epoch + 1, programs);
    await this.#retire(programs);
    return rotation;
  }

  async #measure(epoch: number, programs: Programs): Promise<Rotation> {
    const { board, nats } = this.#federation;
    const opening = await board.opening(epoch);
    const limitBefore = limitSeconds(this.#records);
    const natsBefore = processorSecondsOf(nats.pid);
    for (const program of Object.values(programs)) await program.begin();
    const fromMs = Date.now();
    this.#federation.decide(opening);
    const span = { fromMs, toMs: await this.#agreed(epoch, programs) };
    const [broker, node] = [await programs.broker.end(), await programs.node.end()];
    const natsSeconds = processorSecondsOf(nats.pid) - natsBefore;
    const limit = (limitBefore + limitSeconds(this.#records)) / 2;
    return rotationOf({ span, broker, node, natsSeconds, limit });
  }

  async #retire(programs: Programs): Promise<void> {
    const federation = this.#federation;
    federation.activate(this.#epoch + 1);
    federation.retire(this.#epoch);
    await until(programs, async () => {
      const isPurged = !sealingKeyEpochs(federation.dir("broker")).includes(this.#epoch);
      const { epochs } = await federation.status(UNIT);
      return isPurged && epochs.length === 1 ? true : undefined;
    });
    this.#epoch += 1;
  }

  /** When node and broker agreed on all records in an epoch. */
  async #agreed(epoch: number, programs: Programs): Promise<number> {
    return await until(programs, async () => {
      const status = await this.#statusIfAny();
      if (status !== undefined && status.rejected > 0n) throw new Error("the broker has refused records");
      const progress = status?.epochs.find((each) => each.epoch === epoch);
      return progress !== undefined && this.#isAgreed(progress) ? Number(progress.digestAgreedMs) : undefined;
    });
  }

  #isAgreed({ published, digestAgreedMs }: EpochProgress): boolean {
    return Number(published) === this.#records && digestAgreedMs > 0n;
  }

  /** None while the node starts. */
  async #statusIfAny(): Promise<GetStatusResponse | undefined> {
    return await this.#federation.status(UNIT).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#federation[Symbol.asyncDispose]();
  }
}

type Programs = { readonly broker: ProfiledProgram; readonly node: ProfiledProgram };

async function until<T>(programs: Programs, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + WAIT_MS_MAX;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    for (const program of Object.values(programs)) program.assertRuns();
    if (performance.now() > deadline) throw new Error(`it does not come to an end:\n${programs.node.lastLines}`);
    await sleep(LOOK_MS);
  }
}

function rotationOf(of: {
  readonly span: Span;
  readonly broker: Profile;
  readonly node: Profile;
  readonly natsSeconds: number;
  readonly limit: number;
}): Rotation {
  const { span, broker, node, natsSeconds, limit } = of;
  const all = broker.allSeconds + node.allSeconds;
  const processorSeconds = all + natsSeconds;
  return {
    seconds: rounded((span.toMs - span.fromMs) / 1_000),
    parts: {
      node: inOrder(stagesOf(node, NODE_STAGES, span)),
      broker: inOrder(stagesOf(broker, BROKER_STAGES, span)),
      nats: rounded(natsSeconds),
    },
    processorSeconds: rounded(processorSeconds),
    freeCoresSeconds: rounded(Math.max(processorSeconds / 2, node.mainSeconds, broker.mainSeconds)),
    shareOfLimit: rounded(limit / all),
    load: rounded(loadavg()[0] as number),
  };
}

/** The largest first. */
function inOrder(stages: Stages): Stages {
  const sorted = Object.entries(stages).toSorted(([, a], [, b]) => b - a);
  return Object.fromEntries(sorted.map(([stage, seconds]) => [stage, rounded(seconds)]));
}

function report(say: BenchOptions["say"], rotation: Rotation): void {
  const { seconds, parts, processorSeconds, freeCoresSeconds, shareOfLimit, load } = rotation;
  say(
    `rotate: ${seconds} s at load ${load}; ${processorSeconds} s of processor time, so ${freeCoresSeconds} s on two free cores; ` +
      `bare hashes would take ${shareOfLimit} of it`,
  );
  for (const name of ["node", "broker"] as const) {
    const stages = Object.entries(parts[name]).map(([stage, of]) => `${stage} ${of}`);
    say(`  ${name}, seconds: ${stages.join(", ")}`);
  }
  say(`  nats-server, processor seconds: ${parts.nats}`);
}

/** Bytes that are hashed for a token or a confirmation key, for a tag, for a padding, and in a digest. */
const TOKEN_INPUT = randomBytes(91);
const TAG_INPUT = randomBytes(73);
const PADDING_INPUT = randomBytes(45);
const DIGEST_INPUT = randomBytes(40);
const KEY = randomBytes(32);

/**
 * Seconds of a core that the hashes of so many records take by themselves, at node and broker together: token, confirmation key and tag of
 * each real token, one of each padding, and one of each of both in the digests of both sides.
 */
export function limitSeconds(records: number): number {
  const places = CLASS_TOKENS.reduce((sum, count, i) => sum + paddedCount(TOKEN_CLASSES[i] as TokenClass, count), 0);
  const sampled = Math.min(records, 2_000);
  const seconds = coreSeconds(() => {
    for (let i = 0; i < sampled * TOKENS_PER_RECORD; i += 1) {
      sodium.crypto_generichash(16, TOKEN_INPUT, KEY);
      sodium.crypto_generichash(32, TOKEN_INPUT, KEY);
      sodium.crypto_generichash(16, TAG_INPUT, KEY);
    }
    for (let i = 0; i < sampled * (places - TOKENS_PER_RECORD); i += 1)
      sodium.crypto_generichash(24, PADDING_INPUT, KEY);
    for (let i = 0; i < sampled * places * 2; i += 1) sodium.crypto_generichash(32, DIGEST_INPUT, KEY);
  });
  return (seconds * records) / sampled;
}
