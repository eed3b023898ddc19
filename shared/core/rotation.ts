/**
 * How far a rotation has come, and what one would cost (protocol section 4). Everything follows from the chain and from what members
 * say of themselves, signed: whoever judges verifies their statements first (`openHealth` in `shared/wire/data-plane.ts`), so that the
 * broker, which passes them on, can hold a statement back and cannot make one up. An old one is worth nothing.
 */
import { equalBytes } from "./bytes.ts";
import type { EpochHealth, Health } from "./data-plane.ts";
import { openEpochs } from "./decisions.ts";
import type { Federation } from "./directive.ts";
import type { MemberId } from "./ids.ts";

/** What is known of one member. */
export type MemberReport = {
  /** By the node, verified with the member's key; undefined before the first. */
  readonly statement?: Health | undefined;
  /** By the broker, which may err or lie: for figures, never for a decision. */
  readonly held: readonly { readonly epoch: number; readonly records: number; readonly tokens: number }[];
};

export type Reports = ReadonlyMap<MemberId, MemberReport>;

/** Why the others wait for a member. */
export type Hindrance =
  | { readonly kind: "neverHeard" }
  | { readonly kind: "silent"; readonly sinceMs: number }
  /** Under the same number its chain has another directive: somebody keeps two histories. */
  | { readonly kind: "otherHistory" }
  | { readonly kind: "notBegun" }
  | { readonly kind: "obstacle"; readonly obstacle: string }
  | { readonly kind: "records"; readonly missing: number }
  | { readonly kind: "digest" }
  /** `of`: the members with whose test records they have not met. */
  | { readonly kind: "canaries"; readonly missing: number; readonly of: readonly MemberId[] };

export type Readiness = { readonly member: MemberId; readonly ready: boolean; readonly why: readonly Hindrance[] };

/** A statement of a node that is older, by the node's clock, says nothing about now; nor does one from the future. */
export const STATEMENT_MS_MAX = 10 * 60_000;

/**
 * Tokens a second, padding included, from the cache to an agreed digest. `npm run bench -- rotate` makes 70,000: a million from the cache,
 * 1.6 million with their padding, in 22 s on two cores that others used too. Less is promised, for members' disks and lines.
 */
const TOKENS_PER_SECOND = 50_000;

type Known = { readonly federation: Federation; readonly reports: Reports; readonly nowMs: number };

/** Whether each member in good standing is ready for the epoch to become active, or for the one before it to be retired. */
export function readinessIn(epoch: number, { federation, reports, nowMs }: Known): Readiness[] {
  return [...federation.members.keys()].map((member) => {
    const why = hindrances(epoch, reports.get(member)?.statement, federation, nowMs);
    return { member, ready: why.length === 0, why };
  });
}

/**
 * Those who are not ready. Who is left behind (`without`, or all who are behind of their own) holds up nobody else: test records that are
 * missing with them count for nothing.
 */
export function laggardsIn(epoch: number, known: Known, without: readonly MemberId[] | "all" = []): Readiness[] {
  const behind = readinessIn(epoch, known).filter(({ ready }) => !ready);
  const left =
    without === "all" ? behind.filter(({ why }) => !why.every(isOfCanaries)).map(({ member }) => member) : without;
  return behind.filter(({ member, why }) => left.includes(member) || !why.every((each) => isOnlyWith(each, left)));
}

function isOfCanaries({ kind }: Hindrance): boolean {
  return kind === "canaries";
}

function isOnlyWith(why: Hindrance, members: readonly MemberId[]): boolean {
  return why.kind === "canaries" && why.of.length > 0 && why.of.every((member) => members.includes(member));
}

function hindrances(epoch: number, statement: Health | undefined, { head }: Federation, nowMs: number): Hindrance[] {
  if (statement === undefined) return [{ kind: "neverHeard" }];
  const why: Hindrance[] = [];
  const { nodeTimeMs, directiveNumber, directiveHash } = statement;
  if (Math.abs(nowMs - nodeTimeMs) > STATEMENT_MS_MAX) why.push({ kind: "silent", sinceMs: nodeTimeMs });
  if (directiveNumber === head.number && !equalBytes(directiveHash, head.hash)) why.push({ kind: "otherHistory" });
  const told = epochHealth(statement, epoch);
  return [...why, ...(told === undefined ? [{ kind: "notBegun" } as const] : epochHindrances(told))];
}

function epochHindrances(told: EpochHealth): Hindrance[] {
  const { obstacle, records, published, digestAgreedMs, canariesMet, canariesExpected, canariesMissing } = told;
  if (obstacle !== "") return [{ kind: "obstacle", obstacle }];
  const why: Hindrance[] = [];
  // A record too many is one that should have been withdrawn.
  if (published !== records) why.push({ kind: "records", missing: Math.abs(records - published) });
  else if (digestAgreedMs === 0) why.push({ kind: "digest" });
  if (canariesMet !== canariesExpected) {
    why.push({ kind: "canaries", missing: canariesExpected - canariesMet, of: canariesMissing });
  }
  return why;
}

/** What opening the next epoch now would mean. */
export type Rehearsal = {
  /** The number that it would have. */
  readonly epoch: number;
  /** Live: made and published again. */
  readonly records: number;
  /** Padding included. */
  readonly tokens: number;
  /** Held by the broker and not stated as live: test records, those past review, and those newer than the statement. Not carried over, but for the last. */
  readonly leftBehind: number;
  readonly expectedSeconds: number;
  /** In the order of the chain. */
  readonly members: readonly MemberRehearsal[];
};

export type MemberRehearsal = {
  readonly member: MemberId;
  readonly records: number;
  readonly tokens: number;
  readonly leftBehind: number;
  /** What already keeps it back in the active epoch: it would keep the rotation up too. */
  readonly why: readonly Hindrance[];
};

/** `tokensPerSecond`: of the slower of one node and the broker. Nodes work side by side, the broker takes everything. */
export function rehearse(known: Known, tokensPerSecond = TOKENS_PER_SECOND): Rehearsal {
  const { federation, reports } = known;
  const current = openEpochs(federation).at(-1)?.epoch ?? 0;
  const members = readinessIn(current, known).map(({ member, why }): MemberRehearsal => {
    const report = reports.get(member);
    const held = report?.held.find(({ epoch }) => epoch === current);
    const records = epochHealth(report?.statement, current)?.records ?? held?.records ?? 0;
    const leftBehind = Math.max(0, (held?.records ?? 0) - records);
    const share = held === undefined || held.records === 0 ? 1 : Math.min(1, records / held.records);
    return { member, records, tokens: Math.ceil((held?.tokens ?? 0) * share), leftBehind, why };
  });
  const tokens = sum(members.map((each) => each.tokens));
  return {
    epoch: Math.max(0, ...federation.epochs.keys()) + 1,
    records: sum(members.map((each) => each.records)),
    tokens,
    leftBehind: sum(members.map((each) => each.leftBehind)),
    expectedSeconds: Math.ceil(tokens / tokensPerSecond),
    members,
  };
}

/** What closing an epoch at once loses, because its salt has leaked. */
export type Losses = {
  /** The open epoch that stays; undefined: nothing is matched until another is open. */
  readonly remains: number | undefined;
  /** Whether it counts for reports of "no match" already. */
  readonly remainsActive: boolean;
  readonly members: readonly MemberLosses[];
  /** Tokens listed as meaning nobody: to be listed again in the epoch that follows. */
  readonly neverCorrelate: number;
};

export type MemberLosses = {
  readonly member: MemberId;
  /** Records that can no longer match anybody, until they stand in another epoch. */
  readonly records: number;
  /** Something of this member is still on its way to the broker. */
  readonly underWay: boolean;
  /** It has not said how it stands of late: its figures are the broker's or old. */
  readonly unheard: boolean;
};

export function lossesOf(epoch: number, { federation, reports, nowMs }: Known): Losses {
  const rest = openEpochs(federation).find((each) => each.epoch !== epoch);
  const members = [...federation.members.keys()].map((member): MemberLosses => {
    const report = reports.get(member);
    const standing = (number: number): number =>
      epochHealth(report?.statement, number)?.published ??
      report?.held.find((each) => each.epoch === number)?.records ??
      0;
    const statement = report?.statement;
    return {
      member,
      records: Math.max(0, standing(epoch) - (rest === undefined ? 0 : standing(rest.epoch))),
      underWay: statement !== undefined && statement.outboxSinceMs !== 0,
      unheard: statement === undefined || Math.abs(nowMs - statement.nodeTimeMs) > STATEMENT_MS_MAX,
    };
  });
  const listed = [...(federation.epochs.get(epoch)?.neverCorrelate.values() ?? [])];
  return {
    remains: rest?.epoch,
    remainsActive: rest?.state === "active",
    members,
    neverCorrelate: sum(listed.map(({ size }) => size)),
  };
}

function epochHealth(statement: Health | undefined, epoch: number): EpochHealth | undefined {
  return statement?.epochs.find((each) => each.epoch === epoch);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
