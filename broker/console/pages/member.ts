/** One member: how its node is, the terms of its membership, what was decided about it, and what can be. */
import { html } from "../../../shared/web/html.ts";
import { openEpochs } from "../../../shared/core/decisions.ts";
import type { DirectiveBody, Federation } from "../../../shared/core/directive.ts";
import { toId } from "../../../shared/core/ids.ts";
import { recipientKeyOf } from "../../../shared/crypto/seal.ts";
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
import { capitalised } from "../../../shared/words/figures.ts";
import {
  canaryCount,
  canaryWords,
  clockWords,
  digestWords,
  inEpoch,
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
        removed === undefined
          ? ""
          : inset(say("member.removed", { forCause: removed.forCause ? "yes" : "no", reason: removed.reason })),
        standing === "active" ? healthOf(asked, membership) : "",
        alarmsOf(asked, admit.member),
      ])}
      ${heading(say("member.terms"))}
      ${facts([
        ...factRows(termsFacts(admit), names),
        [say("member.slug"), admit.slug],
        [say("fact.memberId"), hex(admit.member)],
        [say("fact.signingKey"), hex(toHex(admit.signingKey))],
        [say("fact.sealingKey"), hex(toHex(recipientKeyOf(admit.sealingKey)))],
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
  return html`${heading(say("health.title"))} ${concernList(health, federation, nowMs)}
  ${facts([
    [say("health.lastHeard"), health?.statement === undefined ? say("health.never") : time(health.receivedAtMs)],
    [say("label.lastPublication"), lastPublication(health)],
    [say("label.version"), health?.statement?.version ?? "–"],
    [say("label.clock"), clockWords(health)],
    [say("label.outbox"), outboxWords(health)],
    [say("health.directives"), directivesWords(health, federation)],
    [say("health.published"), perEpoch(health, open, (epoch) => say("epoch.recordsCarried", epoch))],
    [say("health.held"), heldWords(health, open)],
    [say("health.streamRoom"), roomWords(health)],
    [say("label.digest"), perEpoch(health, open, digestWords)],
    [say("label.testRecords"), [canaryWords(health), perEpoch(health, open, canaryCount)]],
  ])}`;
}

function concernList(health: MemberHealth | undefined, federation: Federation, nowMs: number): Html {
  const concerns = concernsOf(health, federation, nowMs);
  if (concerns.length === 0) return html`<p class="govuk-body">${tag(say("health.well"), "green")}</p>`;
  const item = (concern: Concern): Html =>
    html`<li>${tag(concern.tag, concern.colour)} ${capitalised(concern.text)}</li>`;
  return html`<ul class="govuk-list concerns">
    ${concerns.map(item)}
  </ul>`;
}

function directivesWords(health: MemberHealth | undefined, { head }: Federation): Content {
  if (health?.statement === undefined) return "–";
  return say("health.directivesAre", { proven: health.statement.directiveNumber, latest: head.number });
}

function heldWords(health: MemberHealth | undefined, open: readonly number[]): Content {
  const held = (health?.held ?? []).filter(({ epoch }) => open.includes(epoch));
  if (held.length === 0) return "–";
  return held.map((each) => inEpoch(each.epoch, say("health.heldAre", each)));
}

function roomWords(health: MemberHealth | undefined): Content {
  return health?.streamRoom === undefined ? "–" : say("health.streamRoomIs", health.streamRoom);
}

function alarmsOf({ data }: Asked, member: MemberId): Html {
  const open = data.alarms().filter((alarm) => alarm.member === member && alarm.acknowledged === undefined);
  if (open.length === 0) return html``;
  return html`${heading(say("member.alarms"))}
  ${bullets(open.map(({ id, kind, text }) => link(`/alarms/${id}`, say("attention.alarm", { alarm: say(`alarm.${kind}`), text }))))}`;
}

function historyOf({ data, names }: Asked, member: MemberId): Html {
  const about = data.chain().directives.filter(({ directive }) => isAbout(directive.body, member));
  return table({
    caption: say("member.directives"),
    columns: [say("label.directive"), say("label.decision"), say("label.issued"), say("fact.reason")],
    rows: about.map(({ directive }) => [
      link(`/directives/${directive.number}`, say("directive.title", directive)),
      describeDirective(directive.body, { names }).headline,
      time(directive.issuedAtMs),
      "reason" in directive.body ? directive.body.reason : "–",
    ]),
    empty: say("label.none"),
  });
}

function isAbout(body: DirectiveBody, member: MemberId): boolean {
  switch (body.type) {
    case "admit":
    case "memberChange":
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
  if (standing === "removed") return paragraph(say("member.gone"));
  const remove = html`${command(say("member.remove"), commands.remove(slug))}
  ${command(say("member.removeForCause"), commands.removeForCause(slug))}`;
  const change = command(say("member.change"), commands.memberChange(slug));
  const newKeys = command(say("member.newKeys"), commands.rotateKey(slug));
  if (standing === "suspended") {
    return html`${heading(say("label.whatToPropose"))} ${command(say("member.reinstate"), commands.reinstate(slug))}
    ${change} ${newKeys} ${remove}`;
  }
  return html`${heading(say("label.whatToPropose"))} ${command(say("member.suspend"), commands.suspend(slug))} ${change}
  ${newKeys} ${remove}`;
}
