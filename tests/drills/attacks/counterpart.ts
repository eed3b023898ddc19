/** What a broker can make a node believe of the other side, and what a thief of tokens can. */
import { doubtOf } from "../../../agency-node/core/match.ts";
import { toId } from "../../../shared/core/ids.ts";
import type { MatchId } from "../../../shared/core/ids.ts";
import {
  binderAtNode,
  federationOf,
  matchesOf,
  meetingOf,
  OTHER,
  STRANGER,
  toldTo,
  UNTRUE_DISCLOSURES,
  WORTHLESS_TAGS,
} from "../../node/meeting.ts";
import { person, TestNode } from "../../node/support.ts";
import { foundInMemory } from "../../sim/federation.ts";
import { HIM, tamperWith, tamperWithRecords, withCopiedTokens } from "../../sim/asking.ts";
import type { Outcome } from "./attack.ts";

const MATCH = toId<MatchId>("d7".repeat(16));

/** A node of its own with one record, which is told of a meeting. */
function metNode() {
  const node = new TestNode();
  const met = meetingOf(node);
  const handle = node.put(person("R-1"));
  const matches = matchesOf(node, { federation: () => federationOf(OTHER, STRANGER) });
  const opened = (meeting: ReturnType<typeof met.with>) =>
    toldTo(node, matches, { type: "matchOpened", matchId: MATCH, handle, side: 0, meeting });
  return { node, met, handle, matches, opened, [Symbol.dispose]: () => node[Symbol.dispose]() };
}

/** A true match, and on the other side an invented unit and telephone, another's, or another record. */
export async function misname(): Promise<Outcome> {
  let refused = 0;
  for (const [, untrue] of UNTRUE_DISCLOSURES) {
    using at = metNode();
    const { statement } = at.opened(at.met.with(at.handle, OTHER));
    const disclosure = untrue({ matchId: MATCH, handle: at.handle, ownSignature: statement!.signature! });
    const state = toldTo(at.node, at.matches, { type: "counterpartDisclosed", matchId: MATCH, disclosure });
    if (doubtOf(state) === "misnamed" && at.matches.counterpartOf(state) === undefined) refused += 1;
  }
  const figure = { told: UNTRUE_DISCLOSURES.length, refused, trueOneBelieved: trueOneBelieved() };
  return { held: refused === figure.told && figure.trueOneBelieved === 1, figure };
}

function trueOneBelieved(): number {
  using at = metNode();
  at.opened(at.met.with(at.handle, OTHER));
  const disclosure = OTHER.disclosure(MATCH, binderAtNode(at.handle));
  const state = toldTo(at.node, at.matches, { type: "counterpartDisclosed", matchId: MATCH, disclosure });
  return at.matches.counterpartOf(state)?.name === OTHER.admit.name ? 1 : 0;
}

/** Tokens without their tags, or with a tag that was lent to another record: at a node, and in a federation. */
export async function copyTokens(): Promise<Outcome> {
  let worthless = 0;
  for (const [, tag] of WORTHLESS_TAGS) {
    using at = metNode();
    const state = at.opened(at.met.meeting(at.handle, OTHER.binder, { "person.document": tag() }));
    if (state.grading.grade === "none" && state.statement?.signature === undefined) worthless += 1;
  }
  await using federation = await foundInMemory({ seed: "copies", units: { thief: ["target"], wcu: ["target"] } });
  tamperWith(federation, "thief", (body) =>
    tamperWithRecords(body, (entry) => withCopiedTokens(entry, federation.world)),
  );
  await federation.import("wcu", [{ reference: "WCU-1", ...HIM }]);
  await federation.settled();
  await federation.import("thief", [{ reference: "T-1", ...HIM }]);
  await federation.settled();
  const figure = {
    tags: WORTHLESS_TAGS.length,
    worthless,
    shownToTheHitSide: federation.inbox("wcu").filter(({ state }) => state === "unproven").length,
    disclosed: federation.messages.filter(({ kind }) => kind.includes("counterpartDisclosed")).length,
  };
  return { held: worthless === figure.tags && figure.shownToTheHitSide === 1 && figure.disclosed === 0, figure };
}
