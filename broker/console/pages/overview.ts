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
} from "../../../shared/web/pieces.ts";
import type { Content, Html } from "../../../shared/web/html.ts";
import { count } from "../../../shared/words/figures.ts";
import { say } from "../../../shared/words/say.ts";

export function overviewPage(asked: Asked): Page {
  const { data, nowMs } = asked;
  const { federation } = data.chain();
  return {
    title: "Overview",
    section: "overview",
    body: html`
      ${live("needs", [heading("What needs you now"), needs(attention(asked))])}
      ${live("figures", [heading("State of the federation"), figures(federation, data.status())])}
      ${live("facts", federationFacts(federation, data.freshness(), data.status(), nowMs))}
      ${heading("Check it yourself")}
      ${command("List and prove the chain of directives on your own machine", commands.showChain())}
    `,
  };
}

function needs(items: readonly Item[]): Html {
  if (items.length === 0)
    return paragraph("Nothing. All members are heard, nothing waits for approval, and no alarm is open.");
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
    ${figure("active members", members.size)} ${figure("suspended members", suspended.size)}
    ${figure("records, test records included", status.records)} ${figure("tokens, padding included", status.tokens)}
    ${figure("open matches, also of test records", status.matchesOpen)} ${figure("matches ever", status.matchesOpened)}
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
    ["Board", several(found.board.map(({ name }) => named(name)))],
    ["Quorum", `${found.quorum} of ${found.board.length} must sign`],
    [
      "Active epoch",
      active === undefined ? tag("None", "red") : link(`/epochs/${active.epoch}`, `Epoch ${active.epoch}`),
    ],
    ["Latest directive", link(`/directives/${head.number}`, `Directive ${head.number}`)],
    ["Its fingerprint", fingerprint(toHex(head.hash))],
    ["Policy proven until", freshnessWords(freshness, federation, nowMs)],
    ["Broker", `${found.broker.name}, version ${status.version}`],
    ["NATS", status.natsConnected ? tag("Connected", "green") : tag("Not connected", "red")],
    ["Evaluators", several(found.evaluators.map(({ name, address }) => [named(name), ` at ${address}`]))],
    [
      "Test records",
      `Every ${say("figures.minutes", { count: policy.canaryBeatMinutes })}; must meet within ${say("figures.minutes", { count: policy.canaryWithinMinutes })}`,
    ],
  ]);
}

function freshnessWords(freshness: Freshness | undefined, { head }: Federation, nowMs: number): Content {
  if (freshness === undefined) return tag("Never stated", "red");
  const fresh = freshness.validUntilMs > nowMs && freshness.number === head.number;
  return [time(freshness.validUntilMs), " ", fresh ? tag("Fresh", "green") : tag("Unproven", "red")];
}
