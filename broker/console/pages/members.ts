/** All members and how their nodes are. */
import { html } from "../../../shared/web/html.ts";
import { openEpochs } from "../../../shared/core/decisions.ts";
import type { Federation } from "../../../shared/core/directive.ts";
import type { EpochHealth } from "../../../shared/core/data-plane.ts";
import { commands } from "../commands.ts";
import type { MemberHealth } from "../console-data.ts";
import { concernsOf, outboxAgeMs, skewMs, skewWords } from "../member-health.ts";
import { memberPath } from "../names.ts";
import type { Membership, Standing } from "../../../shared/words/names.ts";
import type { Asked, Page } from "../page.ts";
import { command, link, live, named, table, tag, tags, time, worded } from "../../../shared/web/pieces.ts";
import type { Content, Html } from "../../../shared/web/html.ts";
import { capitalised, duration } from "../../../shared/words/figures.ts";
import { say } from "../../../shared/words/say.ts";

const COLUMNS = ["member", "state", "version", "lastPublication", "clock", "outbox", "digest", "testRecords"] as const;

export function membersPage({ data, names, nowMs }: Asked): Page {
  const { federation } = data.chain();
  const health = data.health();
  const present = names.members.filter(({ standing }) => standing !== "removed");
  const gone = names.members.filter(({ standing }) => standing === "removed");
  const row = (membership: Membership): Content[] => {
    const own = health.get(membership.admit.member);
    return memberRow(membership, own, federation, nowMs);
  };
  return {
    title: say("section.members"),
    section: "members",
    body: html`
      ${live(
        "members",
        table({
          caption: say("members.caption"),
          captionHidden: true,
          columns: COLUMNS.map((column) => say(`label.${column}`)),
          rows: present.map(row),
          dense: true,
          empty: say("members.none"),
        }),
      )}
      ${command(say("members.health"), commands.health())} ${command(say("members.invite"), commands.invite())}
      ${live(
        "removed",
        gone.length === 0
          ? ""
          : table({
              caption: say("members.removed"),
              columns: [say("label.member"), say("fact.mandate")],
              rows: gone.map(({ admit }) => [link(memberPath(admit), named(admit.name)), named(admit.mandate)]),
              empty: "",
            }),
      )}
    `,
  };
}

function memberRow(
  { admit, standing }: Membership,
  health: MemberHealth | undefined,
  federation: Federation,
  nowMs: number,
): Content[] {
  const name = link(memberPath(admit), named(admit.name));
  if (standing !== "active")
    return [name, standingTag(standing), ...Array.from({ length: COLUMNS.length - 2 }, () => "–")];
  const open = openEpochs(federation).map(({ epoch }) => epoch);
  const concerns = concernsOf(health, federation, nowMs).map((each) => tag(each.tag, each.colour));
  return [
    name,
    tags([standingTag(standing), ...concerns]),
    health?.statement?.version ?? "–",
    lastPublication(health),
    clockWords(health),
    outboxWords(health),
    perEpoch(health, open, digestWords),
    [canaryWords(health), perEpoch(health, open, canaryCount)],
  ];
}

export function standingTag(standing: Standing): Html {
  const colours = { active: "green", suspended: "orange", removed: "grey" } as const;
  return tag(say(`standing.${standing}`), colours[standing]);
}

export function lastPublication(health: MemberHealth | undefined): Content {
  return health === undefined || health.lastAppliedMs === 0 ? say("health.never") : time(health.lastAppliedMs);
}

export function clockWords(health: MemberHealth | undefined): Content {
  const skew = health === undefined ? undefined : skewMs(health);
  if (skew === undefined) return "–";
  return capitalised(skewWords(skew));
}

export function outboxWords(health: MemberHealth | undefined): Content {
  if (health?.statement === undefined) return "–";
  const waitedMs = outboxAgeMs(health.statement);
  if (waitedMs === undefined) return say("health.outboxEmpty");
  return waitedMs < 1_000 ? say("health.outboxInUse") : say("health.outboxWaited", { span: duration(waitedMs) });
}

/** One line for each open epoch that the node has spoken of. */
export function perEpoch(
  health: MemberHealth | undefined,
  open: readonly number[],
  words: (epoch: EpochHealth) => Content,
): Content {
  const told = (health?.statement?.epochs ?? []).filter(({ epoch }) => open.includes(epoch));
  if (told.length === 0) return "–";
  return told.map((each) => inEpoch(each.epoch, words(each)));
}

/** "Epoch 3: …", on a line of its own. */
export function inEpoch(epoch: number, what: Content): Html {
  return html`<div>${worded("health.inEpoch", { epoch, what: html`${what}` })}</div>`;
}

export function digestWords({ digestAgreedMs, obstacle }: EpochHealth): Content {
  if (obstacle !== "") return tag(say("digest.hindered"), "red");
  return digestAgreedMs === 0 ? tag(say("digest.open"), "yellow") : tag(say("digest.agreed"), "green");
}

export function canaryCount({ canariesMet, canariesExpected }: EpochHealth): Content {
  return say("testRecords.met", { met: canariesMet, expected: canariesExpected });
}

export function canaryWords(health: MemberHealth | undefined): Content {
  if (health?.statement === undefined) return "";
  const sinceMs = health.statement.canariesUnprovenSinceMs;
  return sinceMs === 0 ? "" : html`<div>${worded("health.unprovenSince", { since: time(sinceMs) })}</div>`;
}
