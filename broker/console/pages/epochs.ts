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
  worded,
} from "../../../shared/web/pieces.ts";
import type { Colour, Step } from "../../../shared/web/pieces.ts";
import type { Content, Html } from "../../../shared/web/html.ts";
import { hindranceWords } from "../../../shared/words/hindrance.ts";
import { count, duration } from "../../../shared/words/figures.ts";
import { say } from "../../../shared/words/say.ts";

export function epochsPage(asked: Asked): Page {
  const { federation } = asked.data.chain();
  const newestFirst = [...federation.epochs.values()].sort((a, b) => b.epoch - a.epoch);
  const running = openEpochs(federation).find(({ state }) => state !== "active");
  return {
    title: say("epochs.title"),
    section: "epochs",
    body: html`
      ${live(
        "epochs",
        table({
          caption: say("epochs.caption"),
          columns: [
            say("fact.epoch"),
            say("label.state"),
            say("fact.scheme"),
            say("epochs.generation"),
            say("fact.opens"),
            say("fact.retires"),
          ],
          rows: newestFirst.map(epochRow),
          empty: say("epochs.none"),
        }),
      )}
      ${live("rotation", running === undefined ? rehearsal(asked) : runningWords(running))} ${live("leak", leak(asked))}
    `,
  };
}

function epochRow(epoch: Epoch): Content[] {
  return [
    link(`/epochs/${epoch.epoch}`, say("epoch.title", epoch)),
    epochTag(epoch),
    epoch.scheme,
    count(epoch.generation),
    day(epoch.opensAtMs),
    day(epoch.retiresAtMs),
  ];
}

const STATE_COLOURS = {
  staging: "blue",
  active: "green",
  closing: "yellow",
  retired: "grey",
  aborted: "grey",
} as const satisfies Record<Epoch["state"], Colour>;

export function epochTag({ state }: Pick<Epoch, "state">): Html {
  return tag(say(`epochStage.${state}`), STATE_COLOURS[state]);
}

const WAY = ["planned", "staging", "active", "closing", "retired"] as const;

/** Planned → staging → active → closing → retired, with the place where it is. */
export function way(at: (typeof WAY)[number]): Html {
  const here = WAY.indexOf(at);
  const step = (name: (typeof WAY)[number], index: number): Step => ({
    title: say(`epochStage.${name}`),
    text: say(`epochStage.${name}.means`),
    state: index < here ? "done" : index === here ? "now" : "next",
  });
  return steps(say("epochs.life"), WAY.map(step));
}

function runningWords({ epoch, state }: Epoch): Html {
  const howFar = link(`/epochs/${epoch}`, say("epochs.howFar"));
  return html`${heading(say("epochs.rotation"))}
  ${inset(worded(state === "staging" ? "epochs.staging" : "epochs.closing", { epoch, link: howFar }))}`;
}

function rehearsal({ data, names, nowMs }: Asked): Html {
  const { federation } = data.chain();
  const next = rehearse({ federation, reports: data.health(), nowMs });
  const held = next.members.filter(({ why }) => why.length > 0);
  const item = ({ member, why }: MemberRehearsal): Content =>
    worded("hindrance.of", { member: memberLink(names, member), why: hindranceWords(why) });
  const due = federation.rotationDue;
  return html`${heading(say("rehearsal.title", next))} ${way("planned")}
  ${due === undefined ? "" : warning(say("rehearsal.due", { newGeneration: due.newGeneration ? "yes" : "no" }))}
  ${facts([
    [say("rehearsal.records"), count(next.records)],
    [say("rehearsal.tokens"), say("rehearsal.tokensAre", { count: next.tokens })],
    [say("rehearsal.time"), say("rehearsal.timeIs", { span: duration(next.expectedSeconds * 1_000) })],
    [say("rehearsal.leftBehind"), leftBehindWords(next.leftBehind)],
    [say("rehearsal.heldUpBy"), held.length === 0 ? say("fact.nobody") : several(held.map(item))],
  ])}
  ${command(say("rehearsal.command"), commands.rehearse())} ${rotationCommands(next.epoch, due?.newGeneration === true)}`;
}

/** The broker cannot tell these apart; nodes make new test records for the new epoch, and carry over whatever is live. */
function leftBehindWords(records: number): string {
  return records === 0 ? say("rehearsal.leftBehindNone") : say("rehearsal.leftBehindAre", { records });
}

/** The order matters: a contribution is fixed before anybody's is revealed, so that nobody can choose the salts. */
function rotationCommands(epoch: number, newGeneration: boolean): Html {
  return html`${heading(say("rotate.title"))} ${paragraph(say("rotate.who"))}
  ${command(say("rotate.prepare"), commands.prepareEpoch(epoch, newGeneration))}
  ${command(say("rotate.pledge"), commands.pledge(epoch))} ${command(say("rotate.reveal"), commands.reveal(epoch))}
  ${command(say("rotate.open"), commands.openEpoch(epoch, newGeneration))}
  ${command(say("rotate.status"), commands.epochStatus())}
  ${newGeneration ? "" : paragraph(say("rotate.generation", { option: "--new-generation" }))}`;
}

/** At hand even if nothing is going on: whoever needs it is in a hurry. */
function leak({ data, nowMs }: Asked): Html {
  const active = activeEpoch(data.chain().federation);
  return active === undefined ? html`` : html`${heading(say("leak.title"))} ${closing(active.epoch, data, nowMs)}`;
}

/** What closing an epoch at once would lose, and the command. */
export function closing(epoch: number, data: Asked["data"], nowMs: number): Html {
  const losses = lossesOf(epoch, { federation: data.chain().federation, reports: data.health(), nowMs });
  const records = losses.members.reduce((sum, each) => sum + each.records, 0);
  const unsure = losses.members.filter(({ underWay, unheard }) => underWay || unheard).length;
  const lost = [
    records === 0 ? say("leak.noRecord") : say("leak.records", { records }),
    remainsWords(losses),
    ...(unsure === 0 ? [] : [say("leak.unsure", { members: unsure })]),
    ...(losses.neverCorrelate === 0 ? [] : [say("leak.neverCorrelate", { tokens: losses.neverCorrelate })]),
  ];
  return html`${paragraph(say("leak.means"))} ${bullets(lost)}
  ${command(say("leak.close", { epoch }), commands.closeLeakedEpoch(epoch))}`;
}

function remainsWords({ remains, remainsActive }: Losses): string {
  if (remains === undefined) return say("leak.noOther");
  return say(remainsActive ? "leak.otherActive" : "leak.otherStaging", { epoch: remains });
}
