/** The console as a site of the web kit: its pages, who may see them, and the one form. */
import type { View as ViewOfSite } from "../../shared/web/page.ts";
import { command, paragraph } from "../../shared/web/pieces.ts";
import type { Site } from "../../shared/web/site.ts";
import type { Log } from "../../shared/world/log.ts";
import { acknowledge } from "./acknowledge.ts";
import { commands } from "./commands.ts";
import type { ConsoleData } from "./console-data.ts";
import { askedOf, SECTIONS } from "./page.ts";
import type { View } from "./page.ts";
import { alarmPage } from "./pages/alarm.ts";
import { alarmsPage } from "./pages/alarms.ts";
import { budgetsPage } from "./pages/budgets.ts";
import { directivePage } from "./pages/directive.ts";
import { directivesPage } from "./pages/directives.ts";
import { epochPage } from "./pages/epoch.ts";
import { epochsPage } from "./pages/epochs.ts";
import { joiningPage } from "./pages/joining.ts";
import { memberPage } from "./pages/member.ts";
import { membersPage } from "./pages/members.ts";
import { overviewPage } from "./pages/overview.ts";
import { proposalPage } from "./pages/proposal.ts";
import { proposalsPage } from "./pages/proposals.ts";
import { nameOf, ROLES } from "./seats.ts";
import { say } from "../../shared/words/say.ts";

const VIEWS: readonly (readonly [string, View])[] = [
  ["/", overviewPage],
  ["/members", membersPage],
  ["/members/:member", memberPage],
  ["/joining", joiningPage],
  ["/proposals", proposalsPage],
  ["/proposals/:digest", proposalPage],
  ["/epochs", epochsPage],
  ["/epochs/:epoch", epochPage],
  ["/budgets", budgetsPage],
  ["/alarms", alarmsPage],
  ["/alarms/:alarm", (asked) => alarmPage(asked)],
  ["/directives", directivesPage],
  ["/directives/:number", directivePage],
];

export function consoleSite(data: ConsoleData, log: Log): Site {
  const over =
    (view: View): ViewOfSite =>
    (asked) =>
      view(askedOf(asked, data));
  return {
    noun: "console",
    cookie: "causeway-session",
    product: "Causeway",
    name: () => data.chain().federation.found.name,
    version: () => data.status().version,
    roles: ROLES,
    nameOf: (identity) => nameOf(identity, data.chain().federation),
    sections: SECTIONS,
    pages: VIEWS.map(([path, view]) => [path, over(view)] as const),
    acts: [["/alarms/:alarm/acknowledge", (asked, field) => acknowledge(askedOf(asked, data), field("note"), log)]],
    get done() {
      return { acknowledged: say("console.acknowledged") };
    },
    get footer() {
      return { about: say("console.about"), data: say("console.data") };
    },
    get codeHelp() {
      return command(say("console.code"), commands.signIn());
    },
    get accessHelp() {
      return [paragraph(say("console.access")), command(say("console.ownCode"), commands.signIn())];
    },
    onChange: (listener) => data.onChange(listener),
  };
}
