/** All epochs, and what the next rotation would mean. */
import { html } from "../../../shared/web/html.ts";
import { activeEpoch, openEpochs } from "../../../shared/core/decisions.ts";
import type { Epoch } from "../../../shared/core/directive.ts";
import { lossesOf, rehearse } from "../../../shared/core/rotation.ts";
import type { Losses, MemberRehearsal } from "../../../shared/core/rotation.ts";
import { commands } from "../commands.ts";
import { memberLink } from "../names.ts";
import type { Asked, Page } from "../page.ts";
import {
  bullets,
  command,
  day,
  facts,
  heading,
  inset,
  link,
  live,
  paragraph,
  several,
  steps,
  table,
  tag,
  warning,
} from "../../../shared/web/pieces.ts";
import type { Step } from "../../../shared/web/pieces.ts";
import type { Content, Html } from "../../../shared/web/html.ts";
import { hindranceWords } from "../../../shared/words/hindrance.ts";
import { count, duration } from "../../../shared/words/figures.ts";
import { say } from "../../../shared/words/say.ts";

export function epochsPage(asked: Asked): Page {
  const { federation } = asked.data.chain();
  const newestFirst = [...federation.epochs.values()].sort((a, b) => b.epoch - a.epoch);
  const running = openEpochs(federation).find(({ state }) => state !== "active");
  return {
    title: "Epochs and rotation",
    section: "epochs",
    body: html`
      ${live(
        "epochs",
        table({
          caption: "Epochs",
          columns: ["Epoch", "State", "Linkage scheme", "Generation", "Opens", "To be retired by"],
          rows: newestFirst.map(epochRow),
          empty: "No epoch has been opened yet.",
        }),
      )}
      ${live("rotation", running === undefined ? rehearsal(asked) : runningWords(running))} ${live("leak", leak(asked))}
    `,
  };
}

function epochRow(epoch: Epoch): Content[] {
  return [
    link(`/epochs/${epoch.epoch}`, `Epoch ${epoch.epoch}`),
    epochTag(epoch),
    epoch.scheme,
    count(epoch.generation),
    day(epoch.opensAtMs),
    day(epoch.retiresAtMs),
  ];
}

export function epochTag({ state }: Pick<Epoch, "state">): Html {
  switch (state) {
    case "staging":
      return tag("Staging", "blue");
    case "active":
      return tag("Active", "green");
    case "closing":
      return tag("Closing", "yellow");
    case "retired":
      return tag("Retired", "grey");
    case "aborted":
      return tag("Aborted", "grey");
  }
}

const WAY = ["planned", "staging", "active", "closing", "retired"] as const;
const WAY_TEXT: Readonly<Record<(typeof WAY)[number], string>> = {
  planned: "Rehearsal: who lags, how long, what is lost",
  staging: "New salts; members publish in both epochs",
  active: "This epoch counts",
  closing: "A later one counts; this one waits for laggards",
  retired: "Purged, keys and salts destroyed",
};

/** Planned → staging → active → closing → retired, with the place where it is. */
export function way(at: (typeof WAY)[number]): Html {
  const here = WAY.indexOf(at);
  const step = (name: (typeof WAY)[number], index: number): Step => ({
    title: name.charAt(0).toUpperCase() + name.slice(1),
    text: WAY_TEXT[name],
    state: index < here ? "done" : index === here ? "now" : "next",
  });
  return steps("The life of an epoch", WAY.map(step));
}

function runningWords({ epoch, state }: Epoch): Html {
  const words = state === "staging" ? "is in staging" : "is closing";
  return html`${heading("Rotation")}
  ${inset(html`Epoch ${epoch} ${words}: see ${link(`/epochs/${epoch}`, `how far it has come`)}. Only one rotation runs at a time.`)}`;
}

function rehearsal({ data, names, nowMs }: Asked): Html {
  const { federation } = data.chain();
  const next = rehearse({ federation, reports: data.health(), nowMs });
  const held = next.members.filter(({ why }) => why.length > 0);
  const item = ({ member, why }: MemberRehearsal): Content => [memberLink(names, member), `: ${hindranceWords(why)}`];
  const due = federation.rotationDue;
  return html`${heading(`Rehearsal of epoch ${next.epoch}`)} ${way("planned")}
  ${due === undefined ? "" : warning(dueWords(due.newGeneration))}
  ${facts([
    ["Live records", count(next.records)],
    ["Tokens to make and publish again", `${count(next.tokens)}, padding included`],
    ["Expected time", `${duration(next.expectedSeconds * 1_000)}, once all members are there`],
    ["Not carried over", leftBehindWords(next.leftBehind)],
    ["Would hold it up", held.length === 0 ? "Nobody" : several(held.map(item))],
  ])}
  ${command("The same figures, from statements that your own machine verifies", commands.rehearse())}
  ${rotationCommands(next.epoch, due?.newGeneration === true)}`;
}

/** The broker cannot tell these apart; nodes make new test records for the new epoch, and carry over whatever is live. */
function leftBehindWords(records: number): string {
  if (records === 0) return "Nothing";
  return `${say("figures.records", { count: records })} that the broker holds and no member states as live: test records, records past review, or newer than their member's last word`;
}

/** The order matters: a contribution is fixed before anybody's is revealed, so that nobody can choose the salts. */
function rotationCommands(epoch: number, newGeneration: boolean): Html {
  return html`${heading("How to rotate")}
  ${paragraph("The salts are drawn by several administrators, a quorum at least, each on its own machine.")}
  ${command("1. Announce it, so that members, broker and evaluators make their keys", commands.prepareEpoch(epoch, newGeneration))}
  ${command("2. Every contributor: draw a contribution and leave a commitment to it", commands.pledge(epoch))}
  ${command("3. Every contributor, once all have pledged: reveal it to the others, sealed", commands.reveal(epoch))}
  ${command("4. One of them: propose to open the epoch", commands.openEpoch(epoch, newGeneration))}
  ${command("See who has pledged and revealed, and who is ready", commands.epochStatus())}
  ${newGeneration ? "" : paragraph("With new evaluator keys, add --new-generation to steps 1 and 4.")}`;
}

function dueWords(newGeneration: boolean): string {
  const keys = newGeneration ? "New salts and new evaluator keys are" : "New salts are";
  return `A rotation is due: a removed member still knows the salts in use. ${keys} needed.`;
}

/** At hand even if nothing is going on: whoever needs it is in a hurry. */
function leak({ data, nowMs }: Asked): Html {
  const active = activeEpoch(data.chain().federation);
  return active === undefined ? html`` : html`${heading("If a salt has leaked")} ${closing(active.epoch, data, nowMs)}`;
}

/** What closing an epoch at once would lose, and the command. */
export function closing(epoch: number, data: Asked["data"], nowMs: number): Html {
  const losses = lossesOf(epoch, { federation: data.chain().federation, reports: data.health(), nowMs });
  const records = losses.members.reduce((sum, each) => sum + each.records, 0);
  const unsure = losses.members.filter(({ underWay, unheard }) => underWay || unheard).length;
  const lost = [
    records === 0
      ? "No record: all stand in another epoch"
      : `${say("figures.records", { count: records })} can match nobody until they stand in another epoch`,
    remainsWords(losses),
    ...(unsure === 0
      ? []
      : [`${say("figures.members", { count: unsure })} may have more on the way, or have not been heard of late`]),
    ...(losses.neverCorrelate === 0
      ? []
      : [`${say("figures.tokens", { count: losses.neverCorrelate })} that mean nobody must be listed again`]),
  ];
  return html`${paragraph("Close the epoch at once. Open matches stay with both sides. What it loses, as things stand:")}
  ${bullets(lost)} ${command(`Close epoch ${epoch}: its salt has leaked`, commands.closeLeakedEpoch(epoch))}`;
}

function remainsWords({ remains, remainsActive }: Losses): string {
  if (remains === undefined) return "No other epoch is open: no new overlap is found until one is";
  return remainsActive
    ? `Epoch ${remains} is active and goes on`
    : `Epoch ${remains} is in staging: new overlaps are found in it, and it can be activated`;
}
