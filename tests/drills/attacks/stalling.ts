/**
 * Publish, see whom it meets, say nothing, and withdraw: what the side that was hit is left with, what the board is told, and what comes of
 * the next question. Then the same unit answers after all.
 */
import type { SubmissionBody } from "../../../shared/core/data-plane.ts";
import { HIM, isStatement, listed, MINUTE_MS, tamperWith } from "../../sim/asking.ts";
import { foundInMemory } from "../../sim/federation.ts";
import type { MemoryFederation } from "../../sim/federation.ts";
import type { Outcome } from "./attack.ts";

const HER = { ...HIM, name: "Runa Aldous", birthDate: "1979-04-21", passportNumber: "N4177331" };
/** A statement is due after ten. */
const LATE_MS = 15 * MINUTE_MS;

export async function stallAndWithdraw(): Promise<Outcome> {
  await using federation = await foundInMemory({ seed: "stalling", units: { asker: ["target"], wcu: ["target"] } });
  const { policy } = federation.state;
  await federation.decide({ type: "policy", ...policy, overdueStatementsMax: 0, allowances: [], reason: "invented" });
  const kept: SubmissionBody[] = [];
  const isSilent = { value: true };
  tamperWith(federation, "asker", (body) => {
    if (!isSilent.value || !isStatement(body)) return body;
    kept.push(body);
    return undefined;
  });
  await federation.import("wcu", [
    { reference: "WCU-1", ...HIM },
    { reference: "WCU-2", ...HER },
  ]);
  await federation.settled();
  await federation.import("asker", [{ reference: "ASK-1", ...HIM }]);
  await federation.settled();
  federation.withdraw("asker", "ASK-1");
  await federation.settled();
  const shownAfterWithdrawal = listed(federation, "wcu").filter(({ status }) => status === "closed").length;
  await federation.advance(LATE_MS);
  const alarmsByName = alarms(federation, "asker");
  const shownLate = listed(federation, "wcu").filter(({ overdue }) => overdue?.otherStated === false).length;
  await federation.import("asker", [{ reference: "ASK-2", ...HER }]);
  await federation.settled();
  const answeredMeanwhile = federation.inbox("asker").length - 1;
  isSilent.value = false;
  const { outbox } = federation.unit("asker").node;
  for (const body of kept) outbox.append(body, [], 1);
  await federation.settled();
  await federation.advance(2 * MINUTE_MS);
  await federation.settled();
  const named = (slug: string): number => federation.inbox(slug).filter(({ unit }) => unit !== undefined).length;
  const figure = {
    shownAfterWithdrawal,
    shownLate,
    alarmsByName,
    alarmsOnTheOther: alarms(federation, "wcu"),
    answeredMeanwhile,
    namedToTheHitSideAfterAnswer: named("wcu"),
    namedToTheAskerAfterAnswer: named("asker"),
  };
  const expected = [1, 1, 2, 0, 0, 2, 2];
  return { held: Object.values(figure).every((value, i) => value === expected[i]), figure };
}

/** Open items of the board's oversight about a unit. */
function alarms(federation: MemoryFederation, slug: string): number {
  return federation.broker.ground.ledger.alarms.openOf(federation.unit(slug).admit.member).length;
}
