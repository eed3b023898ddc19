/** `causeway admin epoch …`: the life of an epoch, from its announcement to its retirement (protocol section 4). */
import { toHex } from "../../../shared/core/bytes.ts";
import { activeEpoch, openEpochs } from "../../../shared/core/decisions.ts";
import { DOMAINS } from "../../../shared/core/domain.ts";
import type { Domain } from "../../../shared/core/domain.ts";
import type { Epoch, EpochOpen } from "../../../shared/core/directive.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import type { MemberId } from "../../../shared/core/ids.ts";
import { laggardsIn, lossesOf, readinessIn, rehearse } from "../../../shared/core/rotation.ts";
import type { Readiness } from "../../../shared/core/rotation.ts";
import { keyId } from "../../../shared/crypto/sign.ts";
import { table } from "../../../shared/terminal/output.ts";
import { printable } from "../../../shared/terminal/printable.ts";
import { assemble, combine, domainsNeeded, pledge, readCeremony, reveal } from "../ceremony.ts";
import { epochOf, putForward } from "../desk.ts";
import type { Common, Desk } from "../desk.ts";
import { newGenerationOf, nextEpoch, nextGeneration, offersFor, withMemberKeys } from "../openings.ts";
import { hindranceWords } from "../../../shared/words/hindrance.ts";
import { Names } from "../../../shared/words/names.ts";
import { verifiedReports } from "../reports.ts";
import { rotationDueWords } from "./history.ts";
import { memberBySlug } from "./membership.ts";
import { say } from "../../../shared/words/say.ts";

export type PrepareFlags = Common & { readonly newGeneration?: boolean };
export type PledgeFlags = Common & { readonly again?: boolean; readonly domain?: readonly Domain[] };
export type OpenFlags = PrepareFlags & { readonly days: string; readonly scheme?: string };
export type CutFlags = Common & { readonly force?: boolean; readonly without?: string };
export type AbortFlags = Common & { readonly reason: string };
export type RetireFlags = CutFlags & { readonly leaked?: boolean; readonly reason: string };

const DAY_MS = 86_400_000;
const DAYS_MAX = 3_653;

export async function rehearsal(desk: Desk): Promise<void> {
  const { seat, output } = desk;
  const { federation, nowMs } = seat;
  const figures = rehearse({ federation, reports: await verifiedReports(seat), nowMs });
  output.json({ ...figures, members: figures.members.map((each) => ({ ...each, slug: slugOf(desk, each.member) })) });
  output.say(say("cut.anew", figures));
  output.say(say("cut.leftBehind", { records: figures.leftBehind }));
  output.say(say("cut.time", { seconds: figures.expectedSeconds }));
  sayHindrances(desk, figures.members);
  if (federation.rotationDue !== undefined) output.say(rotationDueWords(federation.rotationDue));
}

export async function prepare(desk: Desk, text: string | undefined, flags: PrepareFlags): Promise<void> {
  const { seat, output } = desk;
  const epoch = epochOf(text) ?? nextEpoch(seat.federation);
  const generation = generationFor(desk, flags);
  const { memberKeys, shares } = await offersFor(seat, epoch, generation);
  const offered = memberKeys.map(({ member }) => member);
  const silent = [...seat.federation.members.keys()].filter((member) => !offered.includes(member));
  const evaluators = generation === 0 ? [] : seat.federation.found.evaluators.map(({ name }) => name);
  const missing = evaluators.filter((name) => !shares.has(name));
  const slugs = (members: readonly MemberId[]): string[] => members.map((member) => slugOf(desk, member));
  output.json({ epoch, generation, offered: slugs(offered), silent: slugs(silent), evaluatorsMissing: missing });
  output.say(say("cut.announced", { epoch }));
  output.say(printable(say("cut.offered", { members: slugs(offered).join(", ") || say("cut.offeredByNobody") })));
  if (silent.length > 0) output.say(printable(say("cut.silent", { members: slugs(silent).join(", ") })));
  if (missing.length > 0) output.say(printable(say("cut.sharesMissing", { evaluators: missing.join(", ") })));
  output.say(say("cut.pledgeNext", { command: `causeway admin epoch pledge DIR ${epoch}` }));
}

export async function pledgeFor({ seat, output }: Desk, text: string | undefined, flags: PledgeFlags): Promise<void> {
  const epoch = epochOf(text) ?? nextEpoch(seat.federation);
  const domains = [...new Set([...domainsNeeded(seat.federation), ...(flags.domain ?? [])])];
  const unknown = domains.filter((domain) => !DOMAINS.includes(domain));
  if (unknown.length > 0) throw new CausewayError("INVALID", "there is no such domain", { fields: ["domain"] });
  await pledge(seat, epoch, domains, flags.again === true);
  const { pledges } = await readCeremony(seat, epoch);
  const names = pledges.map(({ author }) => author.name);
  const { quorum } = seat.federation.found;
  output.json({ epoch, domains, pledged: names, quorum });
  const pledged = { domains: domains.join(", "), names: names.join(", "), quorum };
  output.say(printable(say("ceremony.pledged", pledged)));
  output.say(say("ceremony.revealNext", { command: `causeway admin epoch reveal DIR ${epoch}` }));
}

export async function revealFor({ seat, output }: Desk, text: string | undefined): Promise<void> {
  const epoch = epochOf(text) ?? nextEpoch(seat.federation);
  const names = (await reveal(seat, epoch)).map(({ name }) => name);
  output.json({ epoch, revealedTo: names });
  output.say(printable(say("ceremony.revealed", { names: names.join(", ") })));
  output.say(say("ceremony.openNext", { command: `causeway admin epoch open DIR ${epoch}` }));
}

export async function open(desk: Desk, text: string | undefined, flags: OpenFlags): Promise<void> {
  const { seat } = desk;
  const { federation, nowMs } = seat;
  const epoch = epochOf(text) ?? nextEpoch(federation);
  const generation = generationFor(desk, flags);
  const bare = await combine(seat, epoch);
  const offers = await offersFor(seat, epoch, generation);
  const { brokerSealingKey, memberKeys } = offers;
  const evaluators = generation === 0 ? [] : newGenerationOf(federation, offers);
  const body: EpochOpen = {
    epoch,
    salts: await assemble(withMemberKeys(federation, { memberKeys }), bare),
    scheme: flags.scheme ?? schemeOf(desk),
    generation: generation || federation.found.generation,
    brokerSealingKey,
    opensAtMs: nowMs,
    retiresAtMs: nowMs + daysOf(flags.days) * DAY_MS,
    evaluators,
    memberKeys,
  };
  await putForward(desk, { type: "epochOpen", ...body }, flags);
}

export async function status(desk: Desk, text: string | undefined): Promise<void> {
  const { seat, output } = desk;
  const { federation, nowMs } = seat;
  const reports = await verifiedReports(seat);
  const named = epochOf(text);
  for (const epoch of openEpochs(federation).filter((each) => named === undefined || each.epoch === named)) {
    const readiness = readinessIn(epoch.epoch, { federation, reports, nowMs });
    const losses = lossesOf(epoch.epoch, { federation, reports, nowMs });
    const members = readiness.map((each) => ({ ...each, slug: slugOf(desk, each.member) }));
    const { retiresAtMs, generation, scheme, state } = epoch;
    output.json({ epoch: epoch.epoch, state, generation, scheme, retiresAtMs, members, losses });
    output.say(say("cut.state", { epoch: epoch.epoch, state, at: new Date(retiresAtMs).toISOString() }));
    sayHindrances(desk, readiness);
  }
  await sayCeremony(desk, named ?? nextEpoch(federation));
  if (federation.rotationDue !== undefined) output.say(rotationDueWords(federation.rotationDue));
}

export async function activate(desk: Desk, text: string | undefined, flags: CutFlags): Promise<void> {
  const epoch = epochIn(desk, text, "staging");
  const laggards = await laggardsToName(desk, epoch.epoch, flags);
  await putForward(desk, { type: "epochActivate", epoch: epoch.epoch, laggards }, flags);
}

export async function abort(desk: Desk, text: string | undefined, flags: AbortFlags): Promise<void> {
  const { epoch, openingHash } = epochIn(desk, text, "staging");
  await putForward(desk, { type: "epochAbort", epoch, openingHash, reason: flags.reason }, flags);
}

export async function retire(desk: Desk, text: string | undefined, flags: RetireFlags): Promise<void> {
  const { seat } = desk;
  if (flags.leaked === true) {
    const { epoch } = leakedEpoch(desk, text);
    await sayLosses(desk, epoch);
    await putForward(desk, { type: "epochRetire", epoch, cause: "leaked", laggards: [], reason: flags.reason }, flags);
    return;
  }
  const { epoch } = epochIn(desk, text, "closing");
  const after = activeEpoch(seat.federation)?.epoch;
  const laggards = after === undefined ? [] : await laggardsToName(desk, after, flags);
  await putForward(desk, { type: "epochRetire", epoch, cause: "rotated", laggards, reason: flags.reason }, flags);
}

/** Who is to be named as left behind. Throws UNPROVEN for those whom nobody said to leave behind. */
async function laggardsToName(desk: Desk, epoch: number, { force, without }: CutFlags): Promise<MemberId[]> {
  const { seat, output } = desk;
  const { federation, nowMs } = seat;
  const allowed = (without ?? "").split(",").filter((slug) => slug !== "");
  const left = allowed.map((slug) => memberBySlug(federation, slug).member);
  const known = { federation, reports: await verifiedReports(seat), nowMs };
  const behind = laggardsIn(epoch, known, force === true ? "all" : left);
  output.json({ epoch, behind: behind.map((each) => ({ ...each, slug: slugOf(desk, each.member) })) });
  sayHindrances(desk, behind);
  const unexpected = behind.filter(({ member }) => !left.includes(member));
  if (unexpected.length > 0 && force !== true) {
    const slugs = unexpected.map(({ member }) => slugOf(desk, member));
    throw new CausewayError(
      "UNPROVEN",
      `not ready in epoch ${epoch}: ${slugs.join(", ")}. Wait, or leave them behind with --force`,
    );
  }
  return behind.map(({ member }) => member);
}

async function sayLosses(desk: Desk, epoch: number): Promise<void> {
  const { seat, output } = desk;
  const { federation, nowMs } = seat;
  const losses = lossesOf(epoch, { federation, reports: await verifiedReports(seat), nowMs });
  output.json({
    losses: { ...losses, members: losses.members.map((each) => ({ ...each, slug: slugOf(desk, each.member) })) },
  });
  output.say(
    losses.remains === undefined
      ? say("cut.nothingMatched")
      : say(losses.remainsActive ? "cut.staysOpen" : "cut.staysOpenInactive", { epoch: losses.remains }),
  );
  const names = new Names({ federation });
  const rows = losses.members.map(({ member, records, underWay, unheard }) => [
    names.slugged(member),
    String(records),
    [underWay ? say("cut.underWay") : "", unheard ? say("cut.unheard") : ""].filter((text) => text !== "").join(", "),
  ]);
  for (const line of table([[say("cut.member"), say("cut.unmatched"), ""], ...rows])) output.say(line);
  if (losses.neverCorrelate > 0) output.say(say("cut.neverCorrelate", { count: losses.neverCorrelate }));
}

async function sayCeremony({ seat, output }: Desk, epoch: number): Promise<void> {
  const { pledges, reveals } = await readCeremony(seat, epoch);
  if (pledges.length === 0) return;
  const rows = pledges.map(({ author }) => {
    const revealed = reveals.has(toHex(keyId(author.signingKey)));
    output.json({ ceremony: epoch, contributor: author.name, revealed });
    return [author.name, say(revealed ? "ceremony.hasRevealed" : "ceremony.hasPledged")];
  });
  output.say(say("ceremony.salts", { epoch }));
  for (const line of table(rows)) output.say(`  ${line}`);
}

function sayHindrances(desk: Desk, readiness: readonly Pick<Readiness, "member" | "why">[]): void {
  const { seat, output } = desk;
  const names = new Names({ federation: seat.federation });
  for (const { member, why } of readiness) {
    const words = why.length === 0 ? say("cut.ready") : hindranceWords(why);
    output.say(`  ${printable(say("hindrance.of", { member: names.slugged(member), why: words }))}`);
  }
}

/** 0: the generation in use goes on. */
function generationFor({ seat }: Desk, { newGeneration }: PrepareFlags): number {
  if (newGeneration === true) return nextGeneration(seat.federation);
  if (seat.federation.rotationDue?.newGeneration !== true) return 0;
  throw new CausewayError("INVALID", "a member was removed for cause: this epoch needs --new-generation", {
    fields: ["newGeneration"],
  });
}

function epochIn({ seat }: Desk, text: string | undefined, state: Epoch["state"]): Epoch {
  const named = epochOf(text);
  const found = openEpochs(seat.federation).find(
    (each) => each.state === state && (named === undefined || each.epoch === named),
  );
  if (found === undefined) throw new CausewayError("NOT_FOUND", `there is no such epoch in state ${state}`);
  return found;
}

/** What leaks is most likely the active one; both must be named where there are two. */
function leakedEpoch({ seat }: Desk, text: string | undefined): Epoch {
  const named = epochOf(text);
  const open = openEpochs(seat.federation).filter(({ state }) => state !== "staging");
  const [only, another] = named === undefined ? open : open.filter(({ epoch }) => epoch === named);
  if (only === undefined) throw new CausewayError("NOT_FOUND", "there is no such epoch to close; abort one in staging");
  if (another !== undefined) throw new CausewayError("INVALID", "say which epoch has leaked", { fields: ["epoch"] });
  return only;
}

function schemeOf({ seat }: Desk): string {
  const newest = [...seat.federation.epochs.values()].at(-1);
  if (newest === undefined) throw new CausewayError("INVALID", "name the linkage scheme", { fields: ["scheme"] });
  return newest.scheme;
}

function daysOf(text: string): number {
  const days = Number(text);
  if (days >= 1 && days <= DAYS_MAX) return days;
  throw new CausewayError("INVALID", "an epoch lasts from a day to ten years", { fields: ["days"] });
}

function slugOf({ seat }: Desk, member: MemberId): string {
  return seat.federation.members.get(member)?.slug ?? seat.federation.suspended.get(member)?.slug ?? member;
}
