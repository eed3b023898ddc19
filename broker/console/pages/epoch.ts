/** One epoch: while it rotates, how far every member has come and what holds it up; afterwards, what was purged. */
import { html } from "../../../shared/web/html.ts";
import { toHex } from "../../../shared/core/bytes.ts";
import { activeEpoch } from "../../../shared/core/decisions.ts";
import type { DirectiveBody, Epoch } from "../../../shared/core/directive.ts";
import { commands } from "../commands.ts";
import { directiveType } from "../../../shared/words/directive.ts";
import { memberLink } from "../names.ts";
import type { Asked, Page } from "../page.ts";
import {
  several,
  bullets,
  command,
  day,
  facts,
  heading,
  hex,
  inset,
  link,
  live,
  paragraph,
  progress,
  table,
  tag,
  time,
  worded,
} from "../../../shared/web/pieces.ts";
import type { Content, Html } from "../../../shared/web/html.ts";
import { isMoving, isWaitedFor, progressIn, totals } from "../rotation.ts";
import type { MemberProgress } from "../rotation.ts";
import { hindranceWords } from "../../../shared/words/hindrance.ts";
import { count, listed, percent } from "../../../shared/words/figures.ts";
import { closing, epochTag, way } from "./epochs.ts";
import { canaryCount } from "./members.ts";
import { say } from "../../../shared/words/say.ts";

export function epochPage(asked: Asked): Page | undefined {
  const { data, parameter } = asked;
  const epoch = data.chain().federation.epochs.get(Number(parameter("epoch")));
  if (epoch === undefined) return undefined;
  return {
    title: say("epoch.title", epoch),
    section: "epochs",
    body: html`
      ${live("state", stateOf(asked, epoch))} ${live("commands", commandsFor(asked, epoch))}
      ${heading(say("epoch.about"))}
      ${facts([
        [say("fact.scheme"), epoch.scheme],
        [say("fact.generation"), count(epoch.generation)],
        [say("epoch.domains"), several(epoch.salts.map(({ domain }) => say(`domain.${domain}`)))],
        [say("fact.opens"), day(epoch.opensAtMs)],
        [say("fact.retires"), day(epoch.retiresAtMs)],
        [say("fact.openingDirective"), hex(toHex(epoch.openingHash))],
      ])}
      ${live("history", historyOf(asked, epoch))}
    `,
  };
}

function stateOf(asked: Asked, epoch: Epoch): Html {
  const all = progressIn(epoch.epoch, asked.data, asked.nowMs);
  switch (epoch.state) {
    case "staging":
      return html`${way("staging")} ${holdPoint(all, epoch.epoch)} ${progressTable(asked, all)}`;
    case "active":
      return html`${way("active")} ${progressTable(asked, all)}`;
    case "closing":
      return html`${way("closing")} ${waitingFor(asked, epoch)}`;
    case "retired":
      return html`${way("retired")} ${purge(asked, epoch.epoch)}`;
    case "aborted":
      return html`<p class="govuk-body">${epochTag(epoch)}</p>
        ${inset(say("epoch.aborted"))} ${purge(asked, epoch.epoch)}`;
  }
}

/** Where the board decides whether to go on (protocol section 4). */
function holdPoint(all: readonly MemberProgress[], epoch: number): Html {
  const waited = all.filter(isWaitedFor);
  const { records, published } = totals(all);
  const title = waited.length === 0 ? tag(say("epoch.ready"), "green") : tag(say("epoch.held"), "yellow");
  const words =
    waited.length === 0
      ? say("epoch.allThere")
      : say("epoch.waitsFor", { members: listed(waited.map(({ admit }) => admit.name)) });
  const figures = say("epoch.recordsAre", { published, records, share: percent(published, records) });
  return html`${heading(say("epoch.holdPoint"))}
    <p class="govuk-body">${title} ${words}</p>
    ${progress(say("epoch.recordsIn", { epoch }), published, records, figures, "wide")}`;
}

function progressTable({ names }: Asked, all: readonly MemberProgress[]): Html {
  const row = (member: MemberProgress): Content[] => {
    const { admit, told, why } = member;
    const heldUpBy = why.length === 0 ? "–" : hindranceWords(why);
    if (told === undefined) return [memberLink(names, admit.member), progressTag(member), "–", "–", "–", heldUpBy];
    const figures = say("epoch.recordsCarried", told);
    return [
      memberLink(names, admit.member),
      progressTag(member),
      progress(say("epoch.recordsOf", { member: admit.name }), told.published, told.records, figures),
      told.digestAgreedMs === 0 ? tag(say("digest.open"), "yellow") : tag(say("digest.agreed"), "green"),
      canaryCount(told),
      heldUpBy,
    ];
  };
  return table({
    caption: say("epoch.members"),
    columns: [
      say("label.member"),
      say("label.state"),
      say("label.records"),
      say("label.digest"),
      say("label.testRecords"),
      say("epoch.heldUpBy"),
    ],
    rows: all.map(row),
    empty: say("label.noMembers"),
  });
}

/** On its way, or somebody should ask. */
function progressTag(member: MemberProgress): Html {
  if (!isWaitedFor(member)) return tag(say("epoch.there"), "green");
  return isMoving(member) ? tag(say("epoch.carryingOver"), "blue") : tag(say("epoch.laggard"), "yellow");
}

/** Of an epoch that is closing: who is not all in the one that counts now. */
function waitingFor(asked: Asked, { epoch }: Epoch): Html {
  const next = activeEpoch(asked.data.chain().federation)?.epoch;
  if (next === undefined) return html``;
  const all = progressIn(next, asked.data, asked.nowMs);
  const waited = all.filter(isWaitedFor);
  if (waited.length === 0) {
    return inset(say("epoch.notNeeded", { next, epoch }));
  }
  const item = ({ admit, why }: MemberProgress): Content =>
    worded("hindrance.of", { member: memberLink(asked.names, admit.member), why: hindranceWords(why) });
  return html`${heading(say("epoch.laggards"))} ${paragraph(say("epoch.bothEpochs", { next }))}
  ${bullets(waited.map(item))} ${progressTable(asked, all)}`;
}

function purge({ data }: Asked, epoch: number): Html {
  const attestation = data.attestations().find((each) => each.epoch === epoch);
  if (attestation === undefined) {
    return html`${heading(say("purge.title"))}
      <p class="govuk-body">${tag(say("purge.missing"), "yellow")} ${say("purge.notStated")}</p>`;
  }
  const { directiveNumber, records, tokens, messages, purgedAtMs } = attestation;
  return html`${heading(say("purge.title"))} ${paragraph(say("purge.stated"))}
  ${facts([
    [say("purge.purged"), time(purgedAtMs)],
    [say("purge.after"), link(`/directives/${directiveNumber}`, say("directive.title", { number: directiveNumber }))],
    [say("purge.held"), say("purge.heldAre", { records, tokens })],
    [say("purge.removed"), say("figures.submissions", { count: messages })],
  ])}`;
}

function historyOf({ data, names }: Asked, { epoch }: Epoch): Html {
  const about = data.chain().directives.filter(({ directive }) => isAbout(directive.body, epoch));
  return table({
    caption: say("epoch.directives"),
    columns: [say("label.directive"), say("label.decision"), say("label.issued"), say("label.signedBy")],
    rows: about.map(({ directive, signatures }) => [
      link(`/directives/${directive.number}`, say("directive.title", directive)),
      directiveType(directive.body.type),
      time(directive.issuedAtMs),
      listed(signatures.map(({ keyId }) => names.administrator(keyId))),
    ]),
    empty: say("label.none"),
  });
}

function isAbout(body: DirectiveBody, epoch: number): boolean {
  return "epoch" in body && body.epoch === epoch;
}

function commandsFor({ data, nowMs }: Asked, { epoch, state }: Epoch): Html {
  const next = state === "closing" ? (activeEpoch(data.chain().federation)?.epoch ?? epoch) : epoch;
  const slugs = progressIn(next, data, nowMs)
    .filter(isWaitedFor)
    .map(({ admit }) => admit.slug);
  const leaked = html`${heading(say("leak.titleOfEpoch"))} ${closing(epoch, data, nowMs)}`;
  switch (state) {
    case "staging":
      return html`${heading(say("label.whatToPropose"))} ${command(say("epoch.status"), commands.epochStatus())}
      ${cutOver(epoch, slugs)} ${command(say("epoch.abort"), commands.abortEpoch(epoch))}`;
    case "active":
      return leaked;
    case "closing":
      return html`${heading(say("label.whatToPropose"))} ${retirement(epoch, slugs)} ${leaked}`;
    case "retired":
    case "aborted":
      return html``;
  }
}

function cutOver(epoch: number, slugs: readonly string[]): Html {
  if (slugs.length === 0) return command(say("epoch.activate"), commands.activateEpoch(epoch));
  return command(say("epoch.force", { slugs: listed(slugs) }), commands.forceEpoch(epoch, slugs));
}

function retirement(epoch: number, slugs: readonly string[]): Html {
  if (slugs.length === 0) return command(say("epoch.retire"), commands.retireEpoch(epoch));
  return command(say("epoch.forceRetirement", { slugs: listed(slugs) }), commands.forceRetirement(epoch, slugs));
}
