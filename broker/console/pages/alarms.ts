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
import { count } from "../../../shared/words/figures.ts";
import { say } from "../../../shared/words/say.ts";

export function alarmsPage({ data, names, query }: Asked): Page {
  const open = data.alarms().filter(({ acknowledged }) => acknowledged === undefined);
  const past = data.alarms().filter(({ acknowledged }) => acknowledged !== undefined);
  const shown = pageOf(past, query("page"), ROWS_PER_PAGE);
  return {
    title: "Alarms",
    section: "alarms",
    body: html`
      ${paragraph("Each is a reason to ask, not a verdict. Nothing is blocked by an alarm. The member sees what is open about it.")}
      ${live(
        "open",
        table({
          caption: "Open",
          columns: ["Alarm", "Member", "Found", "Times", "Last seen"],
          rows: open.map((alarm) => alarmRow(alarm, names)),
          empty: "None.",
        }),
      )}
      ${live(
        "acknowledged",
        table({
          caption: "Acknowledged",
          columns: ["Alarm", "Member", "Found", "Times", "Last seen", "By", "Note"],
          dense: true,
          rows: shown.items.map((alarm) => [...alarmRow(alarm, names), ...acknowledgedCells(alarm, names)]),
          empty: "None.",
        }),
      )}
      ${pagination({ path: "/alarms", ...shown })}
    `,
  };
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
  return acknowledged === undefined ? [] : [named(names.administrator(acknowledged.by)), named(acknowledged.note)];
}
