/**
 * Every party in turn is held for a while, and every link in turn swallows what is sent over it, while the others get records that meet:
 * everybody must still run, and both sides of every overlap must be proven, with whom to call, soon after.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { IMPORT_DEFAULTS, MEMBERS, REVIEW_DAYS } from "../../deploy/demo/plan.ts";
import type { MemberSlug } from "../../deploy/demo/plan.ts";
import type { MatchView, NodeClient } from "../../agency-node/cli/rpc/node-client.ts";
import { dayOf, isoDay } from "../../shared/core/days.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import { LINKS, LinkedPrograms, PARTIES } from "./linked-programs.ts";
import type { Link, Party } from "./linked-programs.ts";

/** The promise. */
const RIGHT_AGAIN_SECONDS = 10;
/** Beyond this it will not come by itself. */
const PATIENCE_MS = 180_000;
const LOOK_MS = 50;

/** How a cut link comes back: what was held back arrives, or every connection is reset. */
export type Ending = "healed" | "reset";

export type Pause = { readonly party: Party } | { readonly link: Link; readonly ending: Ending };

export type PauseReport = {
  readonly party?: Party;
  readonly link?: string;
  readonly ending?: Ending;
  readonly seconds: number;
  /** From the end of the pause until every overlap is proven on both sides; null: it was not in three minutes. */
  readonly rightAgainSeconds: number | null;
  /** Every program. */
  readonly running: boolean;
};

export type PausesReport = {
  readonly drill: "pauses";
  readonly pauses: readonly PauseReport[];
  /** As `LinkedPrograms.faults`. */
  readonly faults: readonly string[];
  readonly flawless: boolean;
};

const ALL_PAUSES: readonly Pause[] = [
  ...PARTIES.map((party) => ({ party })),
  ...LINKS.flatMap((link) => (["healed", "reset"] as const).map((ending) => ({ link, ending }))),
];

/** As in its report: `ct`, or `ct to broker healed`. */
const nameOf = (pause: Pause): string =>
  "party" in pause ? pause.party : `${pause.link.join(" to ")} ${pause.ending}`;

/** The pauses of these names, in their order. Throws for another name, with those that there are. */
export function pausesNamed(names: readonly string[]): readonly Pause[] {
  return names.map((name) => {
    const named = ALL_PAUSES.find((pause) => nameOf(pause) === name);
    if (named === undefined) throw new Error(`no pause "${name}": ${ALL_PAUSES.map(nameOf).join(", ")}`);
    return named;
  });
}

export async function pauses(options: {
  readonly seconds: number;
  readonly which?: readonly Pause[];
  readonly say: (line: string) => void;
}): Promise<PausesReport> {
  const { seconds, which = ALL_PAUSES, say } = options;
  await using programs = await LinkedPrograms.start();
  using records = new Records(programs.clients);
  await records.stock(which.length);
  if ((await records.untilRight(PATIENCE_MS)) === null) throw new Error("the federation is not right before any pause");
  const reports: PauseReport[] = [];
  for (const [i, pause] of which.entries()) {
    const report = await onePause(programs, records, pause, i, seconds);
    say(JSON.stringify(report));
    reports.push(report);
    if (!report.running) break;
  }
  const { faults } = programs;
  const prompt = ({ running, rightAgainSeconds }: PauseReport): boolean =>
    running && rightAgainSeconds !== null && rightAgainSeconds <= RIGHT_AGAIN_SECONDS;
  return { drill: "pauses", pauses: reports, faults, flawless: faults.length === 0 && reports.every(prompt) };
}

async function onePause(
  programs: LinkedPrograms,
  records: Records,
  pause: Pause,
  step: number,
  seconds: number,
): Promise<PauseReport> {
  const end = begin(programs, pause);
  const untilMs = performance.now() + seconds * 1_000;
  try {
    await records.meanwhile(step, "party" in pause ? pause.party : undefined);
    await sleep(Math.max(0, untilMs - performance.now()));
  } finally {
    end();
  }
  const rightAgainMs = await records.untilRight(PATIENCE_MS);
  return {
    ...("party" in pause ? pause : { link: pause.link.join(" to "), ending: pause.ending }),
    seconds,
    rightAgainSeconds: rightAgainMs === null ? null : Math.round(rightAgainMs / 10) / 100,
    running: programs.allRun,
  };
}

/** Answers with what ends it. */
function begin(programs: LinkedPrograms, pause: Pause): () => void {
  if ("party" in pause) {
    programs.hold(pause.party);
    return () => programs.release(pause.party);
  }
  const line = programs.line(pause.link);
  line.silence();
  return () => (pause.ending === "healed" ? line.heal() : line.cut());
}

type Side = { readonly at: MemberSlug; readonly reference: string };
/** Two records with the same passport. */
type Pair = readonly [Side, Side];

class Records implements Disposable {
  readonly #clients: ReadonlyMap<MemberSlug, NodeClient>;
  readonly #pairs: Pair[] = [];
  /** By unit and reference of the own record. */
  readonly #proven = new Set<string>();
  readonly #ended = new AbortController();

  constructor(clients: ReadonlyMap<MemberSlug, NodeClient>) {
    this.#clients = clients;
    for (const [member, client] of clients) void this.#watch(member, client);
  }

  /** Before any pause: one record at every unit for each, whose counterparts come later, and an overlap of all. */
  async stock(pauses: number): Promise<void> {
    const numbers = Array.from({ length: pauses }, (_, i) => i);
    for (const member of MEMBERS)
      await this.#import(
        member,
        numbers.map((i) => `S${member}${i}`),
      );
    await this.#meet("first", ["ct", "thb"]);
    await this.#meet("second", ["thb", "wcu"]);
  }

  /** Two units that can take in records get some that meet, and one of them what a unit that may be held has had all along. */
  async meanwhile(step: number, held: Party | undefined): Promise<void> {
    const free = MEMBERS.filter((member) => member !== held);
    await this.#meet(`M${step}`, [free[0] as MemberSlug, free[1] as MemberSlug]);
    const [giver, owner] = [free.at(-1) as MemberSlug, MEMBERS.find((member) => member === held) ?? "ct"];
    const number = `S${owner}${step}`;
    await this.#import(giver, [number]);
    this.#expect(number, [giver, owner]);
  }

  /** Milliseconds until both sides of every overlap are proven, with whom to call; null if that does not come. */
  async untilRight(patienceMs: number): Promise<number | null> {
    const startedMs = performance.now();
    while (!this.#isRight) {
      if (performance.now() - startedMs > patienceMs) return null;
      await sleep(LOOK_MS);
    }
    return performance.now() - startedMs;
  }

  get #isRight(): boolean {
    return this.#pairs.flat().every(({ at, reference }) => this.#proven.has(`${at} ${reference}`));
  }

  async #meet(number: string, [one, other]: readonly [MemberSlug, MemberSlug]): Promise<void> {
    await this.#import(one, [number]);
    await this.#import(other, [number]);
    this.#expect(number, [one, other]);
  }

  #expect(number: string, [one, other]: readonly [MemberSlug, MemberSlug]): void {
    this.#pairs.push([
      { at: one, reference: number },
      { at: other, reference: number },
    ]);
  }

  async #import(member: MemberSlug, numbers: readonly string[]): Promise<void> {
    const reviewBy = isoDay(dayOf(Date.now()) + REVIEW_DAYS);
    const options = { ...IMPORT_DEFAULTS, format: "ftm", dryRun: false, dateOrder: "", reviewBy, mapping: {} } as const;
    const client = this.#clients.get(member) as NodeClient;
    for await (const event of client.importRecords(options, persons(member, numbers))) {
      if (event.kind === "receipt" && event.added !== numbers.length) throw new Error(`${member} refuses records`);
    }
  }

  /** A node that is held drops even its own officers; all that there is comes first when it is asked anew. */
  async #watch(member: MemberSlug, client: NodeClient): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        for await (const { match } of client.watch("", signal)) if (match !== undefined) this.#hear(member, match);
      } catch (error) {
        if (!signal.aborted && !isCausewayError(error, "UNAVAILABLE")) throw error;
      }
      await sleep(LOOK_MS);
    }
  }

  #hear(member: MemberSlug, { reference, state, counterpart }: MatchView): void {
    const side = `${member} ${reference}`;
    if (state === "proven" && counterpart?.contact !== undefined) this.#proven.add(side);
    else this.#proven.delete(side);
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
  }
}

/** Invented people; whoever has the same number holds the same passport. */
async function* persons(unit: MemberSlug, numbers: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const number of numbers) {
    const properties = { name: [`Invented ${unit} ${number}`], passportNumber: [`ZX9${digits(number)}`] };
    yield new TextEncoder().encode(`${JSON.stringify({ id: number, schema: "Person", properties })}\n`);
  }
}

function digits(text: string): string {
  return String([...text].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003, 7)).padStart(
    7,
    "0",
  );
}
