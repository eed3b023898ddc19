/** What the demonstration says at the end: the overlaps of each unit, what to try next, and the summary for programs. */
import { relative } from "node:path";
import { table } from "../../shared/terminal/output.ts";
import { sentenceOf } from "../../agency-node/cli/wording.ts";
import type { Foundation } from "./foundation.ts";
import { MEMBERS, TERMS } from "./plan.ts";
import type { MemberSlug } from "./plan.ts";
import { isOpen, jointState, refusedBy, sharedMatches } from "./state.ts";
import type { DemoState, MatchSide } from "./state.ts";
import { say, wordFor } from "../../shared/words/say.ts";

/** A list has thousands; a terminal has not. */
const MATCHES_SHOWN_MAX = 25;

const COLUMNS = ["unit", "records", "refusedCount", "tokens", "overlaps", "now"] as const;

/** One line a unit: how much it holds and publishes. */
export function memberLines(state: DemoState): string[] {
  const rows = MEMBERS.map((member) => {
    const { status, matches } = state[member];
    const open = [...matches.values()].filter(isOpen).length;
    const counts = [status?.records, refusedBy(state[member]), status?.tokens, open].map((count) =>
      String(count ?? "…"),
    );
    return [`  ${member}`, TERMS[member].name, ...counts, workOf(state, member)];
  });
  const [unit = "", ...figures] = COLUMNS.map((column) => say(`demo.${column}`));
  const titles = [`  ${unit}`, "", ...figures];
  return table([titles, ...rows]);
}

function workOf(state: DemoState, member: MemberSlug): string {
  const { status } = state[member];
  if (status === undefined) return say("demo.atStarting");
  if (status.hardening > 0) return say("demo.atHardening", { count: status.hardening });
  if (status.outbox > 0) return say("demo.atPublishing", { count: status.outbox });
  if (status.unprovenMatches > 0) return say("demo.atProving", { count: status.unprovenMatches });
  return say("demo.atRest");
}

/** What each unit sees, as its own inbox words it. */
export function overlapLines(state: DemoState): string[] {
  return MEMBERS.flatMap((member) => {
    const open = [...state[member].matches.values()]
      .filter(isOpen)
      .sort((a, b) => (a.reference < b.reference ? -1 : 1));
    const shown = open.slice(0, MATCHES_SHOWN_MAX).map((match) => `  ${sentenceOf(match)}`);
    const hidden = open.length - shown.length;
    const rest = hidden > 0 ? [`  ${say("demo.more", { count: hidden })}`] : [];
    const lines = open.length === 0 ? [`  ${say("inbox.none")}`] : [...shown, ...rest];
    return [say("demo.sees", { member, name: TERMS[member].name }), ...lines, ""];
  });
}

/** "ct CT-014" */
export function sideText({ member, match }: MatchSide): string {
  return say("demo.side", { member, reference: match.reference });
}

/** Both sides beside each other, which no unit sees. */
export function matchTable(state: DemoState): string[] {
  const matches = sharedMatches(state);
  const rows = matches.slice(0, MATCHES_SHOWN_MAX).map((shared) => {
    const [a, b] = shared.sides;
    const { grade, kind, reasons } = a.match;
    const words = [wordFor("grade", grade), wordFor("relation", kind), wordFor("matchState", jointState(shared))];
    return [`  ${sideText(a)}`, sideText(b), ...words, reasons[0] ?? ""];
  });
  const hidden = matches.length - rows.length;
  return [...table(rows), ...(hidden > 0 ? [`  ${say("demo.more", { count: hidden })}`] : [])];
}

/** Commands that work while the demonstration runs. */
export function nextSteps(dirs: Readonly<Record<MemberSlug, string>>, state: DemoState): string[] {
  const dir = (member: MemberSlug): string => relative(process.cwd(), dirs[member]) || ".";
  const met = sharedMatches(state)[0]?.sides[0];
  const withdrawal =
    met === undefined
      ? []
      : [`  causeway node withdraw ${met.match.reference} --reason "case closed" --dir ${dir(met.member)}`];
  return [
    say("demo.tryNext", { install: "npm run install-command", without: "npx --no -- causeway …" }),
    `  causeway node inbox --watch --dir ${dir("wcu")}`,
    `  causeway node records --dir ${dir("thb")}`,
    `  causeway node status --dir ${dir("ct")}`,
    ...withdrawal,
  ];
}

/** The same for the board: its console, and commands of its first administrator. */
export function boardSteps({
  consoleUrl,
  enrolmentAddress,
  administratorDirs,
}: Pick<Foundation, "consoleUrl" | "enrolmentAddress" | "administratorDirs">): string[] {
  const dir = relative(process.cwd(), administratorDirs[0] as string) || ".";
  return [
    say("demo.console", { url: consoleUrl }),
    `  causeway admin sign-in ${dir}`,
    `  causeway admin epoch rehearse ${dir}`,
    `  causeway admin suspend ${dir} wcu --reason "node stolen"`,
    `  causeway admin invite ${dir} --note "a fourth unit" --address ${enrolmentAddress}`,
  ];
}

export type Summary = {
  readonly members: readonly {
    readonly id: string;
    readonly mandate: string;
    readonly records: number;
    readonly tokens: number;
    /** Rows refused at import and records refused by the broker. */
    readonly rejected: number;
  }[];
  readonly matches: readonly {
    readonly id: string;
    readonly grade: string;
    readonly kind: string;
    readonly state: string;
    readonly sides: readonly { readonly member: string; readonly record: string }[];
  }[];
  readonly timings: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, string>>;
};

export function summaryOf(state: DemoState, timings: Summary["timings"], versions: Summary["versions"]): Summary {
  return {
    members: MEMBERS.map((member) => ({
      id: member,
      mandate: TERMS[member].mandate,
      records: state[member].status?.records ?? 0,
      tokens: state[member].status?.tokens ?? 0,
      rejected: refusedBy(state[member]),
    })),
    matches: sharedMatches(state).map((shared) => ({
      id: shared.id,
      grade: shared.sides[0].match.grade,
      kind: shared.sides[0].match.kind,
      state: jointState(shared),
      sides: shared.sides.map(({ member, match }) => ({ member, record: match.reference })),
    })),
    timings,
    versions,
  };
}
