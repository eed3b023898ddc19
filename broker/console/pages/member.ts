/** One member: how its node is, the terms of its membership, what was decided about it, and what can be. */
import { html } from "../../../shared/web/html.ts";
import { openEpochs } from "../../../shared/core/decisions.ts";
import type { DirectiveBody, Federation } from "../../../shared/core/directive.ts";
import { toId } from "../../../shared/core/ids.ts";
import type { MemberId } from "../../../shared/core/ids.ts";
import { toHex } from "../../../shared/core/bytes.ts";
import { commands } from "../commands.ts";
import type { MemberHealth } from "../console-data.ts";
import { describeDirective, termsFacts } from "../../../shared/words/directive.ts";
import { concernsOf } from "../member-health.ts";
import type { Concern } from "../member-health.ts";
import type { Membership } from "../../../shared/words/names.ts";
import { factRows } from "../names.ts";
import type { Asked, Page } from "../page.ts";
import {
  bullets,
  command,
  facts,
  heading,
  hex,
  inset,
  link,
  live,
  paragraph,
  table,
  tag,
  time,
} from "../../../shared/web/pieces.ts";
import type { Content, Html } from "../../../shared/web/html.ts";
import { count } from "../../../shared/words/figures.ts";
import {
  canaryCount,
  canaryWords,
  clockWords,
  digestWords,
  lastPublication,
  outboxWords,
  perEpoch,
  standingTag,
} from "./members.ts";
import { say } from "../../../shared/words/say.ts";

export function memberPage(asked: Asked): Page | undefined {
  const { names, data } = asked;
  const membership = membershipOf(asked);
  if (membership === undefined) return undefined;
  const { admit, standing } = membership;
  const removed = data.chain().federation.removed.get(admit.member);
  return {
    title: admit.name,
    section: "members",
    body: html`
      ${live("health", [
        html`<p class="govuk-body">${standingTag(standing)}</p>`,
        removed === undefined ? "" : inset(`Removed${removed.forCause ? " for cause" : ""}: ${removed.reason}`),
        standing === "active" ? healthOf(asked, membership) : "",
        alarmsOf(asked, admit.member),
      ])}
      ${heading("Terms of membership")}
      ${facts([
        ...factRows(termsFacts(admit), names),
        ["Short name", admit.slug],
        ["Member id", hex(admit.member)],
        ["Signing key", hex(toHex(admit.signingKey))],
        ["Sealing key", hex(toHex(admit.sealingKey))],
      ])}
      ${live("history", historyOf(asked, admit.member))} ${commandsFor(membership)}
    `,
  };

  function membershipOf({ parameter }: Asked): Membership | undefined {
    const id = parameter("member");
    return /^[0-9a-f]{32}$/.test(id) ? names.membership(toId<MemberId>(id)) : undefined;
  }
}

function healthOf({ data, nowMs }: Asked, { admit }: Membership): Html {
  const { federation } = data.chain();
  const health = data.health().get(admit.member);
  const open = openEpochs(federation).map(({ epoch }) => epoch);
  return html`${heading("Health of its node")} ${concernList(health, federation, nowMs)}
  ${facts([
    ["Last heard", health?.statement === undefined ? "Never" : time(health.receivedAtMs)],
    ["Last publication", lastPublication(health)],
    ["Version", health?.statement?.version ?? "–"],
    ["Clock", clockWords(health)],
    ["Outbox", outboxWords(health)],
    ["Directives proven", directivesWords(health, federation)],
    [
      "Records published",
      perEpoch(health, open, ({ published, records }) => `${count(published)} of ${count(records)}`),
    ],
    ["Held by the broker", heldWords(health, open)],
    ["Digest", perEpoch(health, open, digestWords)],
    ["Test records", [canaryWords(health), perEpoch(health, open, canaryCount)]],
  ])}`;
}

function concernList(health: MemberHealth | undefined, federation: Federation, nowMs: number): Html {
  const concerns = concernsOf(health, federation, nowMs);
  if (concerns.length === 0) return html`<p class="govuk-body">${tag("Well", "green")}</p>`;
  const item = (concern: Concern): Html => html`<li>${tag(concern.tag, concern.colour)} ${concern.text}</li>`;
  return html`<ul class="govuk-list concerns">
    ${concerns.map(item)}
  </ul>`;
}

function directivesWords(health: MemberHealth | undefined, { head }: Federation): Content {
  if (health?.statement === undefined) return "–";
  return `Up to ${health.statement.directiveNumber}; the latest is ${head.number}`;
}

function heldWords(health: MemberHealth | undefined, open: readonly number[]): Content {
  const held = (health?.held ?? []).filter(({ epoch }) => open.includes(epoch));
  if (held.length === 0) return "–";
  return held.map(
    ({ epoch, records, tokens }) =>
      html`<div>Epoch ${epoch}: ${count(records)} records, ${count(tokens)} tokens with padding</div>`,
  );
}

function alarmsOf({ data }: Asked, member: MemberId): Html {
  const open = data.alarms().filter((alarm) => alarm.member === member && alarm.acknowledged === undefined);
  if (open.length === 0) return html``;
  return html`${heading("Open alarms")}
  ${bullets(open.map(({ id, kind, text }) => link(`/alarms/${id}`, `${say(`alarm.${kind}`)}: ${text}`)))}`;
}

function historyOf({ data, names }: Asked, member: MemberId): Html {
  const about = data.chain().directives.filter(({ directive }) => isAbout(directive.body, member));
  return table({
    caption: "Directives about this member",
    columns: ["Directive", "Decision", "Issued", "Reason"],
    rows: about.map(({ directive }) => [
      link(`/directives/${directive.number}`, `Directive ${directive.number}`),
      describeDirective(directive.body, { names }).headline,
      time(directive.issuedAtMs),
      "reason" in directive.body ? directive.body.reason : "–",
    ]),
    empty: "None.",
  });
}

function isAbout(body: DirectiveBody, member: MemberId): boolean {
  switch (body.type) {
    case "admit":
    case "suspend":
    case "reinstate":
    case "remove":
      return body.member === member;
    case "rotateKey":
      return body.party.kind === "member" && body.party.member === member;
    case "policy":
      return body.allowances.some((each) => each.member === member);
    default:
      return false;
  }
}

function commandsFor({ admit: { slug }, standing }: Membership): Html {
  if (standing === "removed")
    return paragraph("A removal cannot be taken back. The unit can be invited again, as a new member.");
  const remove = html`${command("Remove it, on good terms", commands.remove(slug))}
  ${command("Remove it for cause: the evaluators' keys must then change too", commands.removeForCause(slug))}`;
  const newKeys = command("Give it new keys, such as after its node was lost or stolen", commands.rotateKey(slug));
  if (standing === "suspended") {
    return html`${heading("What you can propose")}
    ${command("Reinstate it: its records are matched again", commands.reinstate(slug))} ${newKeys} ${remove}`;
  }
  return html`${heading("What you can propose")}
  ${command("Suspend it: cut off within seconds, records hidden", commands.suspend(slug))} ${newKeys} ${remove}`;
}
