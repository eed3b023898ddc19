/** The tables of docs/events.md, made from the catalogues of events. `node tests/tools/event-tables.ts` writes the file anew. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { events as nodeEvents } from "../../agency-node/events.ts";
import { events as registrarEvents } from "../../agency-node/registrar/events.ts";
import { events as consoleEvents } from "../../broker/console/events.ts";
import { events as evaluatorEvents } from "../../broker/evaluator/events.ts";
import { events as brokerEvents } from "../../broker/events.ts";
import { events as journalEvents } from "../../broker/journal/events.ts";
import { siteEvents } from "../../shared/web/events.ts";
import type { EventForm } from "../../shared/world/events.ts";
import { sharedEvents } from "../../shared/world/shared-events.ts";

type Told = { readonly event: string; readonly form: EventForm };
type Nouns = Readonly<Record<string, Readonly<Record<string, Told>>>>;

const told = (nouns: Nouns): Told[] => Object.values(nouns).flatMap((noun) => Object.values(noun));
const onSite = (noun: string): Told[] =>
  Object.values(siteEvents).map(({ event, form }) => ({ event: `${noun}.${event}`, form }));

/** By the heading in docs/events.md. */
export const CATALOGUES: Readonly<Record<string, readonly Told[]>> = {
  "Every program": told(sharedEvents),
  Broker: [...told(brokerEvents), ...told(journalEvents)],
  "Console, in the broker's log": [...told(consoleEvents), ...onSite("console")],
  "Evaluator, also in the log of a broker that hosts one": told(evaluatorEvents),
  Node: told(nodeEvents),
  Registrar: told(registrarEvents),
};

const INTRODUCTION = `# Events in the logs

Made from the programs' catalogues by \`node tests/tools/event-tables.ts\`; a test compares. What an event means together with others, and what to
do about it step by step, is in [operations.md](operations.md).

An event is a noun and what became of it. A line has \`time\`, \`program\`, \`event\` and the fields below; those in brackets are not in every line. Of what
went wrong, a line of level error has \`error\` (a code, or a class), and \`message\` if the text is ours.
`;

export function eventsPage(): string {
  const sections = Object.entries(CATALOGUES).map(([title, events]) => `\n## ${title}\n\n${tableOf(events)}\n`);
  return INTRODUCTION + sections.join("");
}

function tableOf(events: readonly Told[]): string {
  const head = ["| Event | Level | Fields | It means | Do |", "|---|---|---|---|---|"];
  const rows = events.map(({ event, form: { level, fields = {}, means, act = "–" } }) => {
    const names = Object.entries(fields).map(([name, kind]) => (kind.endsWith("?") ? `[${name}]` : name));
    return `| \`${event}\` | ${level} | ${names.join(", ")} | ${means} | ${act} |`;
  });
  return [...head, ...rows].join("\n");
}

export const EVENTS_PAGE = join(import.meta.dirname, "..", "..", "docs", "events.md");

if (import.meta.main) writeFileSync(EVENTS_PAGE, eventsPage());
