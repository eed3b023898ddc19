/** `causeway admin board-change`, `policy`, `never-correlate`, `release-shares`: the board itself, and the federation's rules. */
import { readPublicText } from "../../../shared/party/key-files.ts";
import { readJsonFile } from "../../../shared/platform/json-file.ts";
import { z } from "zod";
import { fromHex } from "../../../shared/core/bytes.ts";
import { DOMAINS } from "../../../shared/core/domain.ts";
import type { Domain } from "../../../shared/core/domain.ts";
import type { Administrator, Policy } from "../../../shared/core/directive.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import { check } from "../../../shared/wire/checks.ts";
import { table } from "../../../shared/terminal/output.ts";
import { printable } from "../../../shared/terminal/printable.ts";
import { listed } from "../../../shared/words/figures.ts";
import { epochOf, putForward } from "../desk.ts";
import type { Common, Desk } from "../desk.ts";
import { openRequests, releaseShares, sharesForBoard } from "../recovery.ts";
import { enrolmentOf, memberBySlug } from "./membership.ts";
import type { EnrolmentFlags } from "./membership.ts";
import { say } from "../../../shared/words/say.ts";

export type BoardFlags = Common & {
  readonly add: readonly string[];
  readonly fingerprint: readonly string[];
  readonly remove: readonly string[];
  readonly quorum?: string;
  readonly reason: string;
};
export type PolicyFlags = Common & { readonly file: string; readonly reason: string };
export type ListFlags = Common & { readonly tokens: string; readonly reason: string };
export type ReleaseFlags = Common & { readonly yes?: boolean };

export async function changeBoard(desk: Desk, flags: BoardFlags): Promise<void> {
  const { seat } = desk;
  const { found } = seat.federation;
  const unknown = flags.remove.filter((name) => !found.board.some((each) => each.name === name));
  if (unknown.length > 0)
    throw new CausewayError("NOT_FOUND", "no administrator has this name", { fields: ["remove"] });
  if (flags.add.length > 0 && flags.add.length !== flags.fingerprint.length) {
    throw new CausewayError("INVALID", "give one --fingerprint for each --add", { fields: ["fingerprint"] });
  }
  const joins = await Promise.all(
    flags.fingerprint.map((fingerprint, i) => newcomer(seat.office, { fingerprint, enrolment: flags.add[i] })),
  );
  const board = [...found.board.filter(({ name }) => !flags.remove.includes(name)), ...joins];
  const quorum = flags.quorum === undefined ? found.quorum : Number(flags.quorum);
  assertQuorum(board.length, quorum);
  const shares = await sharesForBoard(seat, { board, quorum }, "board-change");
  await putForward(desk, { type: "boardChange", board, quorum, shares, reason: flags.reason }, flags);
}

/** Said before shares are split, and before others release theirs. */
function assertQuorum(seats: number, quorum: number): void {
  if (Number.isInteger(quorum) && quorum >= 2 && 2 * quorum > seats && quorum <= seats) return;
  throw new CausewayError("INVALID", `of ${seats} administrators more than half must sign, and at least two`, {
    fields: ["quorum"],
  });
}

async function newcomer(office: Desk["seat"]["office"], flags: EnrolmentFlags): Promise<Administrator> {
  const { enrolment } = await enrolmentOf(office, flags, "administrator");
  const { name, signingKey, sealingKey } = enrolment;
  if (sealingKey === undefined) {
    throw new CausewayError("INVALID", "the enrolment names no sealing key", { fields: ["add"] });
  }
  return { name, signingKey, sealingKey };
}

const count = z.int().min(0);
const policySchema = z.strictObject({
  canaryBeatMinutes: count.optional(),
  canaryWithinMinutes: count.optional(),
  budgetAlarmPercent: count.optional(),
  overdueStatementsMax: count.optional(),
  allowances: z.record(z.string(), count).default({}),
});

export async function changePolicy(desk: Desk, flags: PolicyFlags): Promise<void> {
  const { federation } = desk.seat;
  const { allowances, ...changes } = check(policySchema, readJsonFile(flags.file), "policy");
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const policy: Policy = {
    ...federation.policy,
    ...given,
    allowances: Object.entries(allowances).map(([slug, perDay]) => ({
      member: memberBySlug(federation, slug).member,
      perDay,
    })),
    reason: flags.reason,
  };
  await putForward(desk, { type: "policy", ...policy }, flags);
}

export async function neverCorrelate(desk: Desk, epoch: string, domain: string, flags: ListFlags): Promise<void> {
  if (!DOMAINS.includes(domain as Domain))
    throw new CausewayError("INVALID", "there is no such domain", { fields: ["domain"] });
  const lines = readPublicText(flags.tokens)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const wrong = lines.flatMap((line, i) => (/^[0-9a-f]{32}$/.test(line) ? [] : [`tokens[${i}]`]));
  if (wrong.length > 0) throw new CausewayError("INVALID", "a token has 32 hexadecimal digits", { fields: wrong });
  const tokens = [...new Set(lines)].map(fromHex);
  const named = { epoch: epochOf(epoch) ?? 0, domain: domain as Domain, tokens, reason: flags.reason };
  await putForward(desk, { type: "neverCorrelate", ...named }, flags);
}

const SHARE_COLUMNS = ["id", "who", "purpose", "epochs", "askedAt"] as const;

export async function listRequests({ seat, output }: Desk): Promise<void> {
  const requests = await openRequests(seat);
  const rows = requests.map(({ id, author, body, writtenAtMs }) => {
    const askedAt = new Date(writtenAtMs).toISOString();
    output.json({ id, by: author.name, purpose: body.purpose, epochs: body.epochs, askedAt });
    return [id, author.name, body.purpose, body.epochs.join(", "), askedAt];
  });
  if (rows.length === 0) output.say(say("shares.nobodyAsks"));
  else for (const line of table([SHARE_COLUMNS.map((column) => say(`shares.${column}`)), ...rows])) output.say(line);
}

export async function release(desk: Desk, id: string, { yes }: ReleaseFlags): Promise<void> {
  const { seat, output, ask } = desk;
  const request = (await openRequests(seat)).find((each) => each.id === id);
  if (request === undefined) throw new CausewayError("NOT_FOUND", "nobody asks for salts under this id (any more)");
  const { author, body } = request;
  output.say(
    printable(
      say("shares.asks", { name: author.name, epochs: listed(body.epochs.map(String)), purpose: body.purpose }),
    ),
  );
  output.say(printable(say("shares.means", author)));
  if (yes !== true) {
    if (ask === undefined) throw new CausewayError("INVALID", "nobody is here to ask: give --yes", { fields: ["yes"] });
    const answer = await ask(`${printable(say("shares.question", author))} `);
    if (answer.trim().toLowerCase() !== "yes") throw new CausewayError("FORBIDDEN", "nothing was released");
  }
  await releaseShares(seat, request);
  output.json({ released: id, to: author.name, purpose: body.purpose });
  output.say(printable(say("shares.released", author)));
}
