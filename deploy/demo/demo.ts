/**
 * The demonstration: founds a federation of three invented units, runs every program of it on this machine with the same keys,
 * certificates and permissions as anywhere else, loads records and shows what the units learn of each other.
 */
import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { MatchView, NodeClient } from "../../agency-node/cli/rpc/node-client.ts";
import { sentenceOf } from "../../agency-node/cli/wording.ts";
import { SCHEME } from "../../agency-node/linkage/scheme.ts";
import { dayOf } from "../../shared/core/days.ts";
import { aborted } from "../../shared/world/wait.ts";
import { requireTls13 } from "../../shared/platform/tls.ts";
import { VERSION } from "../../shared/platform/version.ts";
import { Children } from "./children.ts";
import { layFoundation } from "./foundation.ts";
import type { Foundation } from "./foundation.ts";
import { loadFile } from "./load.ts";
import { observe } from "./observe.ts";
import type { DemoOptions } from "./options.ts";
import { ADMINISTRATORS, QUORUM } from "./plan.ts";
import type { MemberSlug } from "./plan.ts";
import { natsServerPath, startPrograms } from "./programs.ts";
import { boardSteps, matchTable, nextSteps, overlapLines, summaryOf } from "./report.ts";
import type { Summary } from "./report.ts";
import { createScreen } from "./screen.ts";
import type { Screen } from "./screen.ts";
import { Stages } from "./stages.ts";
import { emptyState } from "./state.ts";
import type { DemoState } from "./state.ts";
import { natsVersion } from "./versions.ts";
import { openWorkplace } from "./workplace.ts";
import { say, wordFor } from "../../shared/words/say.ts";

const REFUSALS_SHOWN_MAX = 5;
/** A node that dies breaks a call first; its end is noticed soon after and says more. */
const BLAME_MS = 1_000;

/**
 * Runs until the signal aborts, or with `exit` until it is quiet. Rejects when a program dies; then directory and logs stay. Resolves
 * to whether it came as far as quiet.
 */
export async function runDemo(options: DemoOptions, signal: AbortSignal): Promise<boolean> {
  requireTls13();
  const nats = natsServerPath();
  const workplace = openWorkplace(options.dir);
  const demo = new Demo(options, new Children(workplace.logs));
  try {
    await demo.run(signal);
    if (demo.isDone && options.json) process.stdout.write(`${JSON.stringify(await demo.summary(nats))}\n`);
    if (!options.exit) await demo.untilStopped(signal);
  } finally {
    await demo.stop();
  }
  if (!options.keep) workplace.remove();
  return demo.isDone;
}

class Demo {
  readonly #state: DemoState = emptyState();
  readonly #stages = new Stages(() => performance.now());
  readonly #options: DemoOptions;
  readonly #children: Children;
  readonly #screen: Screen;
  readonly #stop = new AbortController();
  readonly #quiet = Promise.withResolvers<void>();
  readonly #clients: NodeClient[] = [];
  isDone = false;

  constructor(options: DemoOptions, children: Children) {
    this.#options = options;
    this.#children = children;
    this.#screen = createScreen(options.json ? process.stderr : process.stdout);
  }

  /** Resolves when all is loaded and quiet, or the signal aborts. A program that has died is named before what followed from it. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await Promise.race([this.#run(signal), this.#children.failed]);
    } catch (error) {
      if (signal.aborted) return;
      await Promise.race([this.#children.failed, pause(BLAME_MS)]);
      throw error;
    }
  }

  async untilStopped(signal: AbortSignal): Promise<void> {
    await Promise.race([aborted(signal), this.#children.failed]);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { dir } = this.#options;
    this.#screen.say(say("demo.founding", { dir, quorum: QUORUM, seats: ADMINISTRATORS.length }));
    const foundation = await layFoundation(dir, Date.now());
    this.#stages.end("found");
    if (signal.aborted) return;
    this.#screen.say(say("demo.starting", { fingerprint: foundation.fingerprint.slice(0, 16) }));
    const clients = await Promise.race([startPrograms(this.#children, foundation), aborted(signal)]);
    if (clients === undefined) return;
    this.#clients.push(...clients.values());
    this.#stages.end("start");
    const watching = this.#observe(clients, signal);
    await Promise.race([this.#load(clients), watching]);
    this.#stages.end("import");
    await Promise.race([this.#quiet.promise, watching]);
    if (signal.aborted) return;
    this.isDone = true;
    this.#report(foundation);
  }

  async summary(nats: string): Promise<Summary> {
    const own = { causeway: VERSION, node: process.version, scheme: SCHEME.name };
    return summaryOf(this.#state, this.#stages.seconds, { ...own, "nats-server": await natsVersion(nats) });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const client of this.#clients) client[Symbol.dispose]();
    await this.#children[Symbol.asyncDispose]();
  }

  async #observe(clients: ReadonlyMap<MemberSlug, NodeClient>, signal: AbortSignal): Promise<void> {
    const observer = {
      onMatch: (member: MemberSlug, match: MatchView) => {
        this.#stages.moved();
        if (this.isDone) this.#screen.say(say("demo.news", { member, sentence: sentenceOf(match) }));
      },
      onTick: (askedMs: number) => {
        this.#stages.update(this.#state, askedMs);
        if (!this.isDone) this.#screen.show(this.#state);
        if (this.#stages.isQuiet(this.#state)) this.#quiet.resolve();
      },
    };
    await observe(clients, this.#state, observer, AbortSignal.any([signal, this.#stop.signal]));
  }

  async #load(clients: ReadonlyMap<MemberSlug, NodeClient>): Promise<void> {
    const today = dayOf(Date.now());
    const files = [...this.#options.records];
    await Promise.all(
      files.map(([member, file]) => this.#loadOne(member, clients.get(member) as NodeClient, file, today)),
    );
  }

  async #loadOne(member: MemberSlug, client: NodeClient, file: string, today: number): Promise<void> {
    const { receipt, refusals } = await loadFile(client, file, today);
    this.#state[member].receipt = receipt;
    const { added, rows } = receipt;
    this.#screen.say(say("demo.imported", { member, added, rows, file: basename(file) }));
    for (const { line, field, text } of refusals.slice(0, REFUSALS_SHOWN_MAX)) {
      this.#screen.say(`  ${say("demo.refused", { line, field, text })}`);
    }
    const more = refusals.length - REFUSALS_SHOWN_MAX;
    if (more > 0) this.#screen.say(`  ${say("demo.more", { count: more })}`);
  }

  #nextSteps(foundation: Foundation): string[] {
    const units = nextSteps(foundation.nodeDirs, this.#state);
    return ["", ...units, "", ...boardSteps(foundation), "", say("demo.end")];
  }

  #report(foundation: Foundation): void {
    const { exit } = this.#options;
    this.#screen.end(this.#state);
    const stages = Object.entries(this.#stages.seconds).map(([stage, seconds]) =>
      say("demo.stageTime", { stage: wordFor("stage", stage), seconds }),
    );
    const lines = [
      "",
      ...overlapLines(this.#state),
      say("demo.bothSides"),
      ...matchTable(this.#state),
      "",
      say("demo.time", { stages: stages.join(", ") }),
      ...(exit ? [] : this.#nextSteps(foundation)),
    ];
    for (const line of lines) this.#screen.say(line);
  }
}
