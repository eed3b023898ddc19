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
} from "../../../shared/web/pieces.ts";
import type { Content, Html } from "../../../shared/web/html.ts";
import { isMoving, isWaitedFor, progressIn, totals } from "../rotation.ts";
import type { MemberProgress } from "../rotation.ts";
import { hindranceWords } from "../../../shared/words/hindrance.ts";
import { count, listed, percent } from "../../../shared/words/figures.ts";
import { closing, epochTag, way } from "./epochs.ts";
import { say } from "../../../shared/words/say.ts";

export function epochPage(asked: Asked): Page | undefined {
  const { data, parameter } = asked;
  const epoch = data.chain().federation.epochs.get(Number(parameter("epoch")));
  if (epoch === undefined) return undefined;
  return {
    title: `Epoch ${epoch.epoch}`,
    section: "epochs",
    body: html`
      ${live("state", stateOf(asked, epoch))} ${live("commands", commandsFor(asked, epoch))}
      ${heading("About this epoch")}
      ${facts([
        ["Linkage scheme", epoch.scheme],
        ["Generation of evaluator keys", count(epoch.generation)],
        ["Domains", several(epoch.salts.map(({ domain }) => say(`domain.${domain}`)))],
        ["Opens", day(epoch.opensAtMs)],
        ["To be retired by", day(epoch.retiresAtMs)],
        ["Opening directive", hex(toHex(epoch.openingHash))],
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
        ${inset("It never became active. Its number is not used again.")} ${purge(asked, epoch.epoch)}`;
  }
}

/** Where the board decides whether to go on (protocol section 4). */
function holdPoint(all: readonly MemberProgress[], epoch: number): Html {
  const waited = all.filter(isWaitedFor);
  const { records, published } = totals(all);
  const title = waited.length === 0 ? tag("Ready", "green") : tag("Held", "yellow");
  const words =
    waited.length === 0
      ? "Every member's records, digest and test records are there. The epoch can be activated."
      : `Waits for ${listed(waited.map(({ admit }) => admit.name))}.`;
  const figures = `${count(published)} of ${count(records)} records, ${percent(published, records)}`;
  return html`${heading("Hold point")}
    <p class="govuk-body">${title} ${words}</p>
    ${progress(`Records in epoch ${epoch}`, published, records, figures, "wide")}`;
}

function progressTable({ names }: Asked, all: readonly MemberProgress[]): Html {
  const row = (member: MemberProgress): Content[] => {
    const { admit, told, why } = member;
    const heldUpBy = why.length === 0 ? "–" : hindranceWords(why);
    if (told === undefined) return [memberLink(names, admit.member), progressTag(member), "–", "–", "–", heldUpBy];
    const figures = `${count(told.published)} of ${count(told.records)}`;
    return [
      memberLink(names, admit.member),
      progressTag(member),
      progress(`Records of ${admit.name}`, told.published, told.records, figures),
      told.digestAgreedMs === 0 ? tag("Open", "yellow") : tag("Agreed", "green"),
      `${told.canariesMet} of ${told.canariesExpected} met`,
      heldUpBy,
    ];
  };
  return table({
    caption: "Members in this epoch",
    columns: ["Member", "State", "Records", "Digest", "Test records", "Held up by"],
    rows: all.map(row),
    empty: "There are no members in good standing.",
  });
}

/** On its way, or somebody should ask. */
function progressTag(member: MemberProgress): Html {
  if (!isWaitedFor(member)) return tag("There", "green");
  return isMoving(member) ? tag("Carrying over", "blue") : tag("Laggard", "yellow");
}

/** Of an epoch that is closing: who is not all in the one that counts now. */
function waitingFor(asked: Asked, { epoch }: Epoch): Html {
  const next = activeEpoch(asked.data.chain().federation)?.epoch;
  if (next === undefined) return html``;
  const all = progressIn(next, asked.data, asked.nowMs);
  const waited = all.filter(isWaitedFor);
  if (waited.length === 0) {
    return inset(`Every member stands in epoch ${next}. Nobody needs epoch ${epoch} any more: it can be retired.`);
  }
  const item = ({ admit, why }: MemberProgress): Content => [
    memberLink(asked.names, admit.member),
    `: ${hindranceWords(why)}`,
  ];
  return html`${heading("Laggards")}
  ${paragraph(`New records still go to both epochs, because these members are not all in epoch ${next} yet:`)}
  ${bullets(waited.map(item))} ${progressTable(asked, all)}`;
}

function purge({ data }: Asked, epoch: number): Html {
  const attestation = data.attestations().find((each) => each.epoch === epoch);
  if (attestation === undefined) {
    return html`${heading("Attestation of purge")}
      <p class="govuk-body">
        ${tag("Missing", "yellow")} The broker has not stated yet that nothing of this epoch is left with it.
      </p>`;
  }
  const { directiveNumber, records, tokens, messages, purgedAtMs } = attestation;
  return html`${heading("Attestation of purge")}
  ${paragraph("By the broker, signed: nothing of this epoch is left in its memory, ledger or streams, and its sealing key is destroyed.")}
  ${facts([
    ["Purged", time(purgedAtMs)],
    ["After", link(`/directives/${directiveNumber}`, `Directive ${directiveNumber}`)],
    [
      "Held until then",
      `${say("figures.records", { count: records })}, ${say("figures.tokens", { count: tokens })} with padding`,
    ],
    ["Removed from streams", say("figures.submissions", { count: messages })],
  ])}`;
}

function historyOf({ data, names }: Asked, { epoch }: Epoch): Html {
  const about = data.chain().directives.filter(({ directive }) => isAbout(directive.body, epoch));
  return table({
    caption: "Directives about this epoch",
    columns: ["Directive", "Decision", "Issued", "Signed by"],
    rows: about.map(({ directive, signatures }) => [
      link(`/directives/${directive.number}`, `Directive ${directive.number}`),
      directiveType(directive.body.type),
      time(directive.issuedAtMs),
      listed(signatures.map(({ keyId }) => names.administrator(keyId))),
    ]),
    empty: "None.",
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
  const leaked = html`${heading("If its salt has leaked")} ${closing(epoch, data, nowMs)}`;
  switch (state) {
    case "staging":
      return html`${heading("What you can propose")}
      ${command("First see for yourself who is ready", commands.epochStatus())} ${cutOver(epoch, slugs)}
      ${command("Abort it, also if its salt has leaked: the active epoch goes on", commands.abortEpoch(epoch))}`;
    case "active":
      return leaked;
    case "closing":
      return html`${heading("What you can propose")} ${retirement(epoch, slugs)} ${leaked}`;
    case "retired":
    case "aborted":
      return html``;
  }
}

function cutOver(epoch: number, slugs: readonly string[]): Html {
  if (slugs.length === 0) return command("Activate the epoch", commands.activateEpoch(epoch));
  return command(`Force the cut-over, without ${listed(slugs)}`, commands.forceEpoch(epoch, slugs));
}

function retirement(epoch: number, slugs: readonly string[]): Html {
  if (slugs.length === 0) return command("Retire the epoch", commands.retireEpoch(epoch));
  return command(`Retire it all the same, without ${listed(slugs)}`, commands.forceRetirement(epoch, slugs));
}
