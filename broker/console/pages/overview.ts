/** What needs an administrator now, and how the federation stands. */
import { html } from "../../../shared/web/html.ts";
import { activeEpoch } from "../../../shared/core/decisions.ts";
import type { Federation, Freshness } from "../../../shared/core/directive.ts";
import { toHex } from "../../../shared/core/bytes.ts";
import { attention } from "../attention.ts";
import type { Item } from "../attention.ts";
import { commands } from "../commands.ts";
import type { BrokerStatus } from "../console-data.ts";
import type { Asked, Page } from "../page.ts";
import {
  several,
  command,
  facts,
  fingerprint,
  heading,
  link,
  live,
  named,
  paragraph,
  tag,
  time,
  worded,
} from "../../../shared/web/pieces.ts";
import type { Content, Html } from "../../../shared/web/html.ts";
import { count } from "../../../shared/words/figures.ts";
import { say } from "../../../shared/words/say.ts";

export function overviewPage(asked: Asked): Page {
  const { data, nowMs } = asked;
  const { federation } = data.chain();
  return {
    title: say("section.overview"),
    section: "overview",
    body: html`
      ${live("needs", [heading(say("overview.needs")), needs(attention(asked))])}
      ${live("figures", [heading(say("overview.state")), figures(federation, data.status())])}
      ${live("facts", federationFacts(federation, data.freshness(), data.status(), nowMs))}
      ${heading(say("overview.check"))} ${command(say("overview.checkChain"), commands.showChain())}
    `,
  };
}

function needs(items: readonly Item[]): Html {
  if (items.length === 0) return paragraph(say("overview.needsNothing"));
  const item = ({ tag: word, colour, text, href }: Item): Html =>
    html`<li class="items__item">
      <span class="items__tag">${tag(word, colour)}</span> <span class="items__text">${link(href, text)}</span>
    </li>`;
  return html`<ul class="items">
    ${items.map(item)}
  </ul>`;
}

function figures({ members, suspended }: Federation, status: BrokerStatus): Html {
  const figure = (title: string, value: number): Html =>
    html`<div class="figures__figure">
      <dt>${title}</dt>
      <dd>${count(value)}</dd>
    </div>`;
  return html`<dl class="figures">
    ${figure(say("overview.activeMembers"), members.size)} ${figure(say("overview.suspendedMembers"), suspended.size)}
    ${figure(say("overview.records"), status.records)} ${figure(say("overview.tokens"), status.tokens)}
    ${figure(say("overview.matchesOpen"), status.matchesOpen)}
    ${figure(say("overview.matchesEver"), status.matchesOpened)}
  </dl>`;
}

function federationFacts(
  federation: Federation,
  freshness: Freshness | undefined,
  status: BrokerStatus,
  nowMs: number,
): Html {
  const { found, head, policy } = federation;
  const active = activeEpoch(federation);
  return facts([
    [say("fact.board"), several(found.board.map(({ name }) => named(name)))],
    [say("fact.quorum"), say("overview.quorum", { quorum: found.quorum, seats: found.board.length })],
    [
      say("overview.activeEpoch"),
      active === undefined
        ? tag(say("overview.noEpoch"), "red")
        : link(`/epochs/${active.epoch}`, say("epoch.title", active)),
    ],
    [say("overview.latestDirective"), link(`/directives/${head.number}`, say("directive.title", head))],
    [say("overview.itsFingerprint"), fingerprint(toHex(head.hash))],
    [say("overview.provenUntil"), freshnessWords(freshness, federation, nowMs)],
    [say("fact.broker"), say("overview.broker", { name: found.broker.name, version: status.version })],
    [
      say("overview.nats"),
      status.natsConnected ? tag(say("overview.connected"), "green") : tag(say("overview.notConnected"), "red"),
    ],
    [say("overview.secondCopy"), secondCopyWords(status)],
    [
      say("fact.evaluators"),
      several(
        found.evaluators.map(({ name, address }) => worded("overview.evaluator", { name: named(name), address })),
      ),
    ],
    [
      say("label.testRecords"),
      say("overview.testRecords", {
        beat: say("figures.minutes", { count: policy.canaryBeatMinutes }),
        within: say("figures.minutes", { count: policy.canaryWithinMinutes }),
      }),
    ],
  ]);
}

function secondCopyWords({ journal: { storedAtMs, refused } }: BrokerStatus): Content {
  if (refused !== undefined) return [tag(say("overview.notStored"), "red"), " ", time(refused.sinceMs)];
  return time(storedAtMs);
}

function freshnessWords(freshness: Freshness | undefined, { head }: Federation, nowMs: number): Content {
  if (freshness === undefined) return tag(say("overview.neverStated"), "red");
  const fresh = freshness.validUntilMs > nowMs && freshness.number === head.number;
  return [
    time(freshness.validUntilMs),
    " ",
    fresh ? tag(say("overview.fresh"), "green") : tag(say("overview.unproven"), "red"),
  ];
}
