/** What detectors have raised. None of them has stopped an officer. */
import { html } from "../../../shared/web/html.ts";
import type { Alarm } from "../../core/alarm.ts";
import { ROWS_PER_PAGE } from "../limits.ts";
import { pageOf } from "../../../shared/web/page.ts";
import type { Asked, Page } from "../page.ts";
import { link, live, named, pagination, paragraph, table, time } from "../../../shared/web/pieces.ts";
import type { Content } from "../../../shared/web/html.ts";
import type { Names } from "../../../shared/words/names.ts";
import { memberLink } from "../names.ts";
import { closedBy } from "./alarm.ts";
import { count } from "../../../shared/words/figures.ts";
import { say } from "../../../shared/words/say.ts";

export function alarmsPage({ data, names, query }: Asked): Page {
  const open = data.alarms().filter(({ acknowledged }) => acknowledged === undefined);
  const past = data.alarms().filter(({ acknowledged }) => acknowledged !== undefined);
  const shown = pageOf(past, query("page"), ROWS_PER_PAGE);
  return {
    title: say("section.alarms"),
    section: "alarms",
    body: html`
      ${paragraph(say("alarms.means"))}
      ${live(
        "open",
        table({
          caption: say("alarms.open"),
          columns: alarmColumns(),
          rows: open.map((alarm) => alarmRow(alarm, names)),
          empty: say("label.none"),
        }),
      )}
      ${live(
        "acknowledged",
        table({
          caption: say("alarms.acknowledged"),
          columns: [...alarmColumns(), say("alarms.by"), say("alarms.note")],
          dense: true,
          rows: shown.items.map((alarm) => [...alarmRow(alarm, names), ...acknowledgedCells(alarm, names)]),
          empty: say("label.none"),
        }),
      )}
      ${pagination({ path: "/alarms", ...shown })}
    `,
  };
}

function alarmColumns(): string[] {
  return [say("alarms.alarm"), say("label.member"), say("alarms.found"), say("alarms.times"), say("alarms.lastSeen")];
}

function alarmRow({ id, kind, member, text, count: times, lastSeenMs }: Alarm, names: Names): Content[] {
  return [
    link(`/alarms/${id}`, say(`alarm.${kind}`)),
    member === undefined ? "–" : memberLink(names, member),
    text,
    count(times),
    time(lastSeenMs),
  ];
}

function acknowledgedCells({ acknowledged }: Alarm, names: Names): Content[] {
  return acknowledged === undefined ? [] : [closedBy(acknowledged, names), named(acknowledged.note)];
}
