/** What needs an administrator now, the most urgent first. */
import { activeEpoch } from "../../shared/core/decisions.ts";
import type { Epoch, Federation, Freshness } from "../../shared/core/directive.ts";
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
    ...memberItems(known),
  ];
  return items.sort((a, b) => URGENCY.indexOf(a.colour) - URGENCY.indexOf(b.colour));
}

function connectionItems(data: ConsoleData): Item[] {
  if (data.status().natsConnected) return [];
  const text = "The broker is not connected to NATS: nothing is taken in and nobody is told anything";
  return [{ tag: "No connection", colour: "red", text, href: "/" }];
}

function freshnessItems(freshness: Freshness | undefined, { head }: Federation, nowMs: number): Item[] {
  const href = "/directives";
  if (freshness === undefined || freshness.validUntilMs <= nowMs) {
    const since = freshness === undefined ? "" : ` since ${dateTime(freshness.validUntilMs)}`;
    const text = `Policy unproven${since}: nodes refuse administrative acts until the registrar states that directive ${head.number} is the latest`;
    return [{ tag: "Not fresh", colour: "red", text, href }];
  }
  if (freshness.number !== head.number) {
    const text = `The freshness statement names directive ${freshness.number}, but ${head.number} is the latest`;
    return [{ tag: "Not fresh", colour: "red", text, href }];
  }
  const leftMs = freshness.validUntilMs - nowMs;
  if (leftMs > FRESHNESS_SOON_MS) return [];
  return [
    { tag: "Freshness ends", colour: "yellow", text: `The freshness statement ends in ${duration(leftMs)}`, href },
  ];
}

function alarmItems({ data, names }: Known): Item[] {
  const open = data.alarms().filter(({ acknowledged }) => acknowledged === undefined);
  return open.map(({ id, kind, member, text }) => {
    const about = member === undefined ? "" : ` at ${names.member(member)}`;
    return {
      tag: "Alarm",
      colour: "red",
      text: `${say(`alarm.${kind}`)}${about}: ${text}`,
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
    return { tag: "Proposal", colour: mine ? "blue" : "yellow", text, href: proposalPath(proposal) };
  });
}

function enrolmentItems(data: ConsoleData): Item[] {
  return openEnrolments(data).map(({ enrolment }) => ({
    tag: "Enrolment",
    colour: "blue",
    text: `${enrolment.name} has handed in its keys: compare the fingerprint by telephone`,
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
      const names = waitedForIn(epoch.epoch);
      return names.length === 0
        ? { tag: "Hold point", colour: "blue", text: `Epoch ${epoch.epoch} is ready to be activated`, href }
        : { tag: "Rotation", colour: "yellow", text: `Epoch ${epoch.epoch} waits for ${listed(names)}`, href };
    }
    case "closing": {
      const next = activeEpoch(federation)?.epoch;
      const names = next === undefined ? [] : waitedForIn(next);
      return names.length === 0
        ? {
            tag: "Rotation",
            colour: "blue",
            text: `Epoch ${epoch.epoch} can be retired: nobody needs it any more`,
            href,
          }
        : { tag: "Rotation", colour: "yellow", text: `Epoch ${epoch.epoch} stays open for ${listed(names)}`, href };
    }
    case "active": {
      if (epoch.retiresAtMs - nowMs > RETIREMENT_SOON_MS) return undefined;
      const text = `Epoch ${epoch.epoch} is to be retired by ${date(epoch.retiresAtMs)}: plan the next one`;
      return { tag: "Rotation", colour: epoch.retiresAtMs <= nowMs ? "red" : "yellow", text, href: "/epochs" };
    }
    case "retired":
    case "aborted":
      return undefined;
  }
}

function rotationItems({ rotationDue }: Federation): Item[] {
  if (rotationDue === undefined) return [];
  const keys = rotationDue.newGeneration ? " and evaluator keys" : "";
  const text = `A removed member still knows the salts in use: open an epoch with new salts${keys}`;
  return [{ tag: "Rotation due", colour: "red", text, href: "/epochs" }];
}

function memberItems({ data, nowMs }: Known): Item[] {
  const { federation } = data.chain();
  const health = data.health();
  return [...federation.members.values()].flatMap((admit): Item[] => {
    const [gravest, ...others] = concernsOf(health.get(admit.member), federation, nowMs);
    if (gravest === undefined) return [];
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    const text = `${admit.name}: ${gravest.text.charAt(0).toLowerCase()}${gravest.text.slice(1)}${more}`;
    return [{ tag: gravest.tag, colour: gravest.colour, text, href: memberPath(admit) }];
  });
}
