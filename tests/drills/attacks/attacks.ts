/** Attacks that have broken a promise before, each carried out against this code. What remains of each is said in SECURITY.md. */
import type { Attack, Options, Outcome } from "./attack.ts";
import { copyTokens, misname } from "./counterpart.ts";
import { enterNode, fillStream, floodWithCodes, forgeCertificates } from "./doors.ts";
import { guessTogether, spoilBatches } from "./metering.ts";
import { alignList, singleOut } from "./naming.ts";
import { askPlainly } from "./plain-questions.ts";
import { askPieceByPiece } from "./questions.ts";
import { connectIdly, saysNothing } from "./silence.ts";
import { disguise, multiply } from "./spelling.ts";
import { stallAndWithdraw } from "./stalling.ts";

/** In one process. */
export const PURE_ATTACKS: readonly Attack[] = [
  { name: "a list laid along the order of publication", carryOut: alignList },
  { name: "counts and shared tokens together", carryOut: singleOut },
  { name: "questions piece by piece", carryOut: askPieceByPiece },
  { name: "publish, stall, withdraw", carryOut: stallAndWithdraw },
  { name: "a broker that misnames the other side", carryOut: misname },
  { name: "copied tokens and lent tags", carryOut: copyTokens },
  { name: "bad elements in batches", carryOut: spoilBatches },
  { name: "a member and the broker guess together", carryOut: guessTogether },
  { name: "letters that hide or look alike", carryOut: disguise },
  { name: "dates times addresses", carryOut: multiply },
];

/** With real servers. */
export const SERVED_ATTACKS: readonly Attack[] = [
  { name: "questions piece by piece, at real servers", carryOut: askPlainly },
  { name: "the registrar's key at broker and evaluators", carryOut: forgeCertificates },
  { name: "the registrar's key at a unit's own door", carryOut: enterNode },
  { name: "an evaluator or broker that says nothing", carryOut: saysNothing },
  { name: "idle connections without a certificate", carryOut: connectIdly },
  { name: "wrong codes without end", carryOut: floodWithCodes },
  { name: "one unit's stream filled by a thief", carryOut: fillStream },
];

export type Report = {
  readonly drill: "attacks";
  readonly attacks: readonly ({ readonly name: string } & Outcome)[];
};

/** All of them, one after the other. */
export async function attackAll(options: Options, say: (line: string) => void): Promise<Report> {
  const attacks: ({ readonly name: string } & Outcome)[] = [];
  for (const { name, carryOut } of [...PURE_ATTACKS, ...SERVED_ATTACKS]) {
    const { held, figure } = await carryOut(options);
    say(`${held ? "held  " : "BROKEN"} ${name}: ${described(figure)}`);
    attacks.push({ name, held, figure });
  }
  return { drill: "attacks", attacks };
}

function described(figure: Outcome["figure"]): string {
  const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return Object.entries(figure)
    .map(([name, value]) => `${words(name)} ${Number(value.toFixed(4))}`)
    .join(", ");
}
