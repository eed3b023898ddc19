/** An administrator's command at work: a seat, a screen, and somebody to ask. */
import { createInterface } from "node:readline/promises";
import { toHex } from "../../shared/core/bytes.ts";
import type { DirectiveBody, Federation } from "../../shared/core/directive.ts";
import { CausewayError, isCausewayError } from "../../shared/core/errors.ts";
import { systemClock } from "../../shared/world/clock.ts";
import { createLog } from "../../shared/world/log.ts";
import { readPin } from "../../shared/party/pin.ts";
import { requireTls13 } from "../../shared/platform/tls.ts";
import { renewPartyIfDue } from "../../shared/rpc/membership-link.ts";
import { EXIT } from "../../shared/terminal/exit.ts";
import { attempt } from "../../shared/terminal/output.ts";
import type { Output } from "../../shared/terminal/output.ts";
import { printable } from "../../shared/terminal/printable.ts";
import { describeDirective } from "../../shared/words/directive.ts";
import type { DirectiveDescription } from "../../shared/words/directive.ts";
import { Names } from "../../shared/words/names.ts";
import { factText } from "../../shared/words/pieces.ts";
import { say, speaking } from "../../shared/words/say.ts";
import { ENGLISH } from "../../shared/words/language.ts";
import { readChain } from "./board.ts";
import { propose } from "./proposals.ts";
import type { Proposed } from "./proposals.ts";
import { officeInFolder } from "./folder-office.ts";
import { officeAtBroker } from "./rpc/broker-office.ts";
import { learnOutcome, takeSeat } from "./seat.ts";
import type { Seat } from "./seat.ts";
import { Waiting } from "./waiting.ts";
import { shortDigest } from "./digest.ts";
import { systemWorld } from "../../shared/world/world.ts";

export type Desk = {
  readonly seat: Seat;
  readonly output: Output;
  /** Puts a question to whoever sits here; undefined where nobody does. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
};

export type Common = { readonly json?: boolean; readonly unfresh?: boolean; readonly folder?: string };

/** What happens is said on the screen. */
const silent = createLog("admin", { write: () => undefined });
/** A registrar that runs answers within moments. */
const RENEWAL_MS = 5_000;

/** Takes the seat, brings the chain up to date, and acts. */
export async function withDesk(dir: string, flags: Common, act: (desk: Desk) => Promise<void>): Promise<void> {
  await attempt(
    flags.json === true,
    async (output) => {
      requireTls13();
      const nowMs = systemClock();
      const chain = readChain(dir, nowMs);
      const { folder } = flags;
      using office =
        folder === undefined
          ? officeAtBroker({ dir, federation: chain.federation, world: systemWorld(silent) })
          : officeInFolder(folder, chain, { pinnedFingerprint: readPin(dir), nowMs });
      const seat = await takeSeat(dir, office, nowMs);
      await orWait(output, () => act({ seat, output, ask: process.stdin.isTTY ? askTerminal : undefined }));
      if (folder === undefined) await keepCertificate(dir, seat, output);
    },
    say("desk.brokerAway"),
  );
}

/** An administrator has no program that runs all the time: each command looks whether its certificate is due for renewal. */
async function keepCertificate(dir: string, seat: Seat, output: Output): Promise<void> {
  const parts = { dir, federation: () => seat.federation, world: systemWorld(silent), onRenewed: () => undefined };
  try {
    if (await renewPartyIfDue(parts, AbortSignal.timeout(RENEWAL_MS))) return;
  } catch (error) {
    if (!isCausewayError(error)) throw error;
  }
  output.say(say("desk.certificateEnds"));
}

/** Says what others must do first, and leaves with an exit code of its own. */
async function orWait(output: Output, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Waiting)) throw error;
    output.json({ waiting: error.lines });
    for (const line of error.lines) output.say(printable(line));
    process.exitCode = EXIT.waiting;
  }
}

async function askTerminal(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

/** What a directive does, with every parameter. `federation`: as it is before the directive. */
export function sayWhat(output: Output, body: DirectiveBody, federation: Federation): void {
  const { headline, effect, facts } = described(body, federation);
  output.say(printable(headline));
  output.say(printable(effect));
  for (const fact of facts) output.say(`  ${printable(say("desk.fact", { label: fact.label, text: factText(fact) }))}`);
}

/** The same for programs, in English whatever is spoken: what they look for does not change with the language. */
export function whatItDoes(
  body: DirectiveBody,
  federation: Federation,
): { readonly headline: string; readonly effect: string; readonly parameters: Readonly<Record<string, string>> } {
  return speaking(ENGLISH, () => {
    const { headline, effect, facts } = described(body, federation);
    const parameters = Object.fromEntries(facts.map((fact) => [fact.label, factText(fact)]));
    return { headline, effect, parameters };
  });
}

function described(body: DirectiveBody, federation: Federation): DirectiveDescription {
  return describeDirective(body, { names: new Names({ federation }), boardBefore: federation.found.board });
}

/** Proposes, and says what the others are to do with it. */
export async function putForward(desk: Desk, body: DirectiveBody, { unfresh }: Common): Promise<Proposed> {
  const { seat, output } = desk;
  sayWhat(output, body, seat.federation);
  const proposed = await propose(seat, body, { unfresh });
  const digest = toHex(proposed.digest);
  output.json({ proposed: body.type, digest, short: shortDigest(proposed.digest), state: proposed.state });
  if (proposed.state === "accepted") {
    await learnOutcome(seat);
    output.say(say("desk.effective"));
    return proposed;
  }
  output.say(say("desk.proposed", { digest: shortDigest(proposed.digest) }));
  output.say(say("desk.approve", { command: `causeway admin approve DIR ${digest.slice(0, 16)}` }));
  return proposed;
}

/** `text` as a whole number of an epoch, or undefined if there is no text. Throws INVALID. */
export function epochOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9][0-9]{0,9}$/.test(text)) return Number(text);
  throw new CausewayError("INVALID", "an epoch is named by its number", { fields: ["epoch"] });
}
