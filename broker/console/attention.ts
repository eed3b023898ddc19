/** What needs an administrator now, the most urgent first. */
import { activeEpoch } from "../../shared/core/decisions.ts";
import type { Epoch, Federation, Freshness } from "../../shared/core/directive.ts";
import { isCausewayError } from "../../shared/core/errors.ts";
import { rootLife } from "../../shared/platform/tls.ts";
import type { Person } from "../../shared/web/session/people.ts";
import { tallyOf } from "../../shared/core/proposal.ts";
import type { ConsoleData } from "./console-data.ts";
import { describeDirective } from "../../shared/words/directive.ts";
import { FRESHNESS_SOON_MS } from "./limits.ts";
import { openEnrolments } from "./enrolments.ts";
import { concernsOf } from "./member-health.ts";
import { memberPath } from "./names.ts";
import type { Colour } from "../../shared/web/pieces.ts";
import { mayApprove, proposalPath } from "./proposals.ts";
import { isWaitedFor, progressIn } from "./rotation.ts";
import type { Names } from "../../shared/words/names.ts";
import { date, dateTime, duration, listed } from "../../shared/words/figures.ts";
import { say } from "../../shared/words/say.ts";

export type Item = {
  readonly tag: string;
  readonly colour: Extract<Colour, "red" | "yellow" | "blue">;
  readonly text: string;
  readonly href: string;
};

const DAY_MS = 86_400_000;
/** A rotation wants some weeks of notice. */
const RETIREMENT_SOON_MS = 30 * DAY_MS;
/** As long as a certificate lives. */
const ROOT_SOON_MS = 397 * DAY_MS;
const URGENCY = ["red", "blue", "yellow"] as const;

type Known = {
  readonly data: ConsoleData;
  readonly names: Names;
  readonly person: Person;
  readonly nowMs: number;
};

export function attention(known: Known): Item[] {
  const { data, nowMs } = known;
  const { federation } = data.chain();
  const items = [
    ...connectionItems(data),
    ...freshnessItems(data.freshness(), federation, nowMs),
    ...alarmItems(known),
    ...proposalItems(known),
    ...enrolmentItems(data),
    ...epochItems(known),
    ...rotationItems(federation),
    ...rootItems(federation, nowMs),
    ...memberItems(known),
  ];
  return items.sort((a, b) => URGENCY.indexOf(a.colour) - URGENCY.indexOf(b.colour));
}

function connectionItems(data: ConsoleData): Item[] {
  if (data.status().natsConnected) return [];
  return [{ tag: say("attentionTag.noConnection"), colour: "red", text: say("attention.noConnection"), href: "/" }];
}

function freshnessItems(freshness: Freshness | undefined, { head }: Federation, nowMs: number): Item[] {
  const href = "/directives";
  if (freshness === undefined || freshness.validUntilMs <= nowMs) {
    const text =
      freshness === undefined
        ? say("attention.unproven", head)
        : say("attention.unprovenSince", { since: dateTime(freshness.validUntilMs), number: head.number });
    return [{ tag: say("attentionTag.notFresh"), colour: "red", text, href }];
  }
  if (freshness.number !== head.number) {
    const text = say("attention.olderDirective", { stated: freshness.number, latest: head.number });
    return [{ tag: say("attentionTag.notFresh"), colour: "red", text, href }];
  }
  const leftMs = freshness.validUntilMs - nowMs;
  if (leftMs > FRESHNESS_SOON_MS) return [];
  const text = say("attention.freshnessEnds", { left: duration(leftMs) });
  return [{ tag: say("attentionTag.freshnessEnds"), colour: "yellow", text, href }];
}

function alarmItems({ data, names }: Known): Item[] {
  const open = data.alarms().filter(({ acknowledged }) => acknowledged === undefined);
  return open.map(({ id, kind, member, text }) => {
    const alarm = say(`alarm.${kind}`);
    return {
      tag: say("attentionTag.alarm"),
      colour: "red",
      text:
        member === undefined
          ? say("attention.alarm", { alarm, text })
          : say("attention.alarmOf", { alarm, text, member: names.member(member) }),
      href: `/alarms/${id}`,
    };
  });
}

function proposalItems({ data, names, person }: Known): Item[] {
  const { federation } = data.chain();
  const waiting = data.proposals().filter(({ state }) => state === "waiting");
  return waiting.map((proposal): Item => {
    const { headline } = describeDirective(proposal.signed.directive.body, { names });
    const { missing } = tallyOf(federation, proposal.signed).scarcest;
    const mine = person.role === "administrator" && mayApprove(proposal, federation, person.subject);
    const text = say("attention.proposal", { headline, missing, mine: mine ? "yes" : "no" });
    return { tag: say("attentionTag.proposal"), colour: mine ? "blue" : "yellow", text, href: proposalPath(proposal) };
  });
}

function enrolmentItems(data: ConsoleData): Item[] {
  return openEnrolments(data).map(({ enrolment }) => ({
    tag: say("attentionTag.enrolment"),
    colour: "blue",
    text: say("attention.enrolment", enrolment),
    href: "/joining",
  }));
}

function epochItems(known: Known): Item[] {
  const { federation } = known.data.chain();
  return [...federation.epochs.values()].flatMap((epoch) => epochItem(epoch, known) ?? []);
}

function epochItem(epoch: Epoch, { data, nowMs }: Known): Item | undefined {
  const { federation } = data.chain();
  const href = `/epochs/${epoch.epoch}`;
  const waitedForIn = (number: number): string[] =>
    progressIn(number, data, nowMs)
      .filter(isWaitedFor)
      .map(({ admit }) => admit.name);
  switch (epoch.state) {
    case "staging": {
      const members = waitedForIn(epoch.epoch);
      if (members.length === 0)
        return { tag: say("attentionTag.holdPoint"), colour: "blue", text: say("attention.epochReady", epoch), href };
      const text = say("attention.epochWaits", { epoch: epoch.epoch, members: listed(members) });
      return { tag: say("attentionTag.rotation"), colour: "yellow", text, href };
    }
    case "closing": {
      const next = activeEpoch(federation)?.epoch;
      const members = next === undefined ? [] : waitedForIn(next);
      if (members.length === 0)
        return {
          tag: say("attentionTag.rotation"),
          colour: "blue",
          text: say("attention.epochNotNeeded", epoch),
          href,
        };
      const text = say("attention.epochStaysOpen", { epoch: epoch.epoch, members: listed(members) });
      return { tag: say("attentionTag.rotation"), colour: "yellow", text, href };
    }
    case "active": {
      if (epoch.retiresAtMs - nowMs > RETIREMENT_SOON_MS) return undefined;
      const text = say("attention.epochEnds", { epoch: epoch.epoch, day: date(epoch.retiresAtMs) });
      const colour = epoch.retiresAtMs <= nowMs ? "red" : "yellow";
      return { tag: say("attentionTag.rotation"), colour, text, href: "/epochs" };
    }
    case "retired":
    case "aborted":
      return undefined;
  }
}

function rotationItems({ rotationDue }: Federation): Item[] {
  if (rotationDue === undefined) return [];
  const text = say("attention.rotationDue", { newGeneration: rotationDue.newGeneration ? "yes" : "no" });
  return [{ tag: say("attentionTag.rotationDue"), colour: "red", text, href: "/epochs" }];
}

/** The root that is issued under: from here on no certificate lives as long as it could, and in the end none is left. */
function rootItems({ found }: Federation, nowMs: number): Item[] {
  const untilMs = endOfRoot(found.tlsRoots.at(-1));
  if (untilMs === undefined || untilMs - nowMs > ROOT_SOON_MS) return [];
  const colour = untilMs - nowMs > RETIREMENT_SOON_MS ? "yellow" : "red";
  const text = say("attention.rootEnds", { day: date(untilMs) });
  return [{ tag: say("attentionTag.rootEnds"), colour, text, href: "/directives" }];
}

function endOfRoot(root: Uint8Array | undefined): number | undefined {
  try {
    return root === undefined ? undefined : rootLife(root).untilMs;
  } catch (error) {
    if (isCausewayError(error, "INVALID")) return undefined;
    throw error;
  }
}

function memberItems({ data, nowMs }: Known): Item[] {
  const { federation } = data.chain();
  const health = data.health();
  return [...federation.members.values()].flatMap((admit): Item[] => {
    const [gravest, ...others] = concernsOf(health.get(admit.member), federation, nowMs);
    if (gravest === undefined) return [];
    const text = say("attention.member", { member: admit.name, concern: gravest.text, more: others.length });
    return [{ tag: gravest.tag, colour: gravest.colour, text, href: memberPath(admit) }];
  });
}
