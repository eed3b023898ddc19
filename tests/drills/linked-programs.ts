/** A demonstration's federation of real processes whose links can be cut one by one, and whose parties can be held. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { NodeClient } from "../../agency-node/cli/rpc/node-client.ts";
import { Children } from "../../deploy/demo/children.ts";
import type { Program } from "../../deploy/demo/children.ts";
import { layFoundation } from "../../deploy/demo/foundation.ts";
import type { Foundation } from "../../deploy/demo/foundation.ts";
import type { MemberSlug } from "../../deploy/demo/plan.ts";
import { startPrograms } from "../../deploy/demo/programs.ts";
import { CutLine } from "../support/cut-line.ts";

export const PARTIES = ["nats-server", "evaluator", "broker", "registrar", "ct", "thb", "wcu"] as const;
export type Party = (typeof PARTIES)[number];

/** Who calls whom. Of the nodes one: they are all alike. */
export const LINKS = [
  ["ct", "broker"],
  ["ct", "nats-server"],
  ["ct", "evaluator"],
  ["broker", "nats-server"],
  ["registrar", "broker"],
  ["registrar", "nats-server"],
  ["evaluator", "broker"],
] as const satisfies readonly (readonly [Party, Party])[];
export type Link = (typeof LINKS)[number];

const OWN_LINES = pathToFileURL(join(import.meta.dirname, "own-lines.ts")).href;
/** As pino writes it; what is above is worse. */
const LEVEL_ERROR = 50;

type LoggedLine = {
  readonly level: number;
  readonly program: string;
  readonly event: string;
  readonly error?: string;
  /** 0: NATS has not answered for long. */
  readonly natsCode?: number;
};

export class LinkedPrograms implements AsyncDisposable {
  readonly #root: string;
  readonly #children: LinkedChildren;
  readonly #lines: ReadonlyMap<string, CutLine>;
  readonly foundation: Foundation;
  readonly clients: ReadonlyMap<MemberSlug, NodeClient>;

  private constructor(of: {
    readonly root: string;
    readonly children: LinkedChildren;
    readonly lines: ReadonlyMap<string, CutLine>;
    readonly foundation: Foundation;
    readonly clients: ReadonlyMap<MemberSlug, NodeClient>;
  }) {
    this.#root = of.root;
    this.#children = of.children;
    this.#lines = of.lines;
    this.foundation = of.foundation;
    this.clients = of.clients;
  }

  /** Founds and starts all; resolves once every node is connected. */
  static async start(): Promise<LinkedPrograms> {
    const root = mkdtempSync(join(tmpdir(), "causeway-pauses-"));
    mkdirSync(join(root, "logs"));
    mkdirSync(join(root, "federation"), { mode: 0o700 });
    const foundation = await layFoundation(join(root, "federation"), Date.now());
    const ports = portsOf(foundation);
    const lines = new Map<string, CutLine>();
    for (const link of LINKS) lines.set(link.join(" "), await CutLine.to(ports[link[1]]));
    const children = new LinkedChildren(join(root, "logs"), (caller) => dialling(caller, ports, lines));
    try {
      const clients = await startPrograms(children, foundation);
      return new LinkedPrograms({ root, children, lines, foundation, clients });
    } catch (error) {
      // The directory stays: its logs say why.
      await children[Symbol.asyncDispose]();
      for (const line of lines.values()) line[Symbol.dispose]();
      throw error;
    }
  }

  line(link: Link): CutLine {
    return this.#lines.get(link.join(" ")) as CutLine;
  }

  /** As a machine that sleeps, or a debugger: its connections stay open, and nobody answers. */
  hold(party: Party): void {
    process.kill(-this.#children.groupOf(party), "SIGSTOP");
  }

  release(party: Party): void {
    process.kill(-this.#children.groupOf(party), "SIGCONT");
  }

  pidOf(party: Party): number {
    return this.#children.groupOf(party);
  }

  get allRun(): boolean {
    return PARTIES.every((party) => this.#children.runs(party));
  }

  /** Errors that programs have logged, as `program: event CODE`, but for those that only say that another party does not answer. */
  get faults(): string[] {
    return PARTIES.flatMap((party) => this.#logged(party))
      .filter(({ level, error, natsCode }) => level >= LEVEL_ERROR && error !== "UNAVAILABLE" && natsCode !== 0)
      .map(({ program, event, error }) => `${program}: ${event} ${error}`);
  }

  /** A line may be under way; nats-server's are no JSON. */
  #logged(party: Party): LoggedLine[] {
    return readFileSync(join(this.#root, "logs", `${party}.log`), "utf8")
      .split("\n")
      .filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map((line) => JSON.parse(line) as LoggedLine);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients.values()) client[Symbol.dispose]();
    for (const line of this.#lines.values()) line.heal();
    await this.#children[Symbol.asyncDispose]();
    for (const line of this.#lines.values()) line[Symbol.dispose]();
    rmSync(this.#root, { recursive: true, force: true });
  }
}

class LinkedChildren extends Children {
  readonly #envOf: (name: string) => Record<string, string>;

  constructor(logs: string, envOf: (name: string) => Record<string, string>) {
    super(logs);
    this.#envOf = envOf;
  }

  override async start(program: Program, ready?: (line: string) => boolean): Promise<void> {
    await super.start({ ...program, env: this.#envOf(program.name) }, ready);
  }

  runs(name: string): boolean {
    try {
      return this.groupOf(name) > 0;
    } catch {
      return false;
    }
  }
}

/** What a program must be told so that it dials its own lines; nothing if it has none. */
function dialling(
  caller: string,
  ports: Readonly<Record<string, number>>,
  lines: ReadonlyMap<string, CutLine>,
): Record<string, string> {
  const own = LINKS.filter(([from]) => from === caller);
  if (own.length === 0) return {};
  const dialled = own.map((link) => [ports[link[1]], lines.get(link.join(" "))?.port]);
  return { NODE_OPTIONS: `--import=${OWN_LINES}`, DRILL_LINES: JSON.stringify(Object.fromEntries(dialled)) };
}

function portsOf({ brokerDir, evaluatorDir }: Foundation): Record<"broker" | "evaluator" | "nats-server", number> {
  const broker = readJson(join(brokerDir, "broker.json"));
  const evaluator = readJson(join(evaluatorDir, "evaluator.json"));
  return {
    broker: portOf(broker["listen"]),
    evaluator: portOf(evaluator["listen"]),
    "nats-server": portOf(broker["natsUrl"]),
  };
}

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
}

/** Of host:port, with or without a scheme. */
function portOf(address: unknown): number {
  return Number(String(address).split(":").at(-1));
}
