/** Who has stolen the registrar's key, who floods a sign-in with wrong codes, and who has one unit's NATS user. All against real servers. */
import { freePort } from "../../../deploy/demo/ports.ts";
import { callAll, forgedFor, PARTIES, stolenFrom } from "../../node/forged-callers.ts";
import { TestFederation } from "../../support/federation.ts";
import { publishAfterFlood, FLOOD_ENDS_MS, floodable } from "../../system/flood.ts";
import { AT_ONCE_MS } from "../../support/patience.ts";
import { ANSWERS, answered, StolenRegistrar } from "../../trust/stolen-registrar.ts";
import type { Outcomes } from "../../trust/stolen-registrar.ts";
import { signInAmidFlood } from "../../web/flood.ts";
import { TestOrchard } from "../../web/orchard.ts";
import type { Options, Outcome } from "./attack.ts";

/** Every method of every service of broker and evaluator, with a forged certificate of every role; then with a strange key, then with the registrar's. */
export async function forgeCertificates(): Promise<Outcome> {
  await using stolen = await StolenRegistrar.start();
  const figure = { calls: 0, answered: 0, beyondWhatIsStated: 0 };
  for (const attempt of Object.values(stolen.attempts)) {
    const outcomes = await stolen.attack(attempt);
    figure.calls += Object.values(outcomes).flat().length;
    figure.answered += answered(outcomes);
    figure.beyondWhatIsStated += answersBeyond(outcomes, attempt.outcomes);
  }
  return { held: figure.beyondWhatIsStated === 0 && figure.answered > 0, figure };
}

/** A unit's own services, over the network, with every party's certificate, stolen and forged. */
export async function enterNode(): Promise<Outcome> {
  const listen = `127.0.0.1:${await freePort()}`;
  await using federation = await TestFederation.found({ workstations: { wcu: { listen } } });
  await federation.nats.start();
  await federation.startBroker();
  await federation.startNode("wcu");
  const outcomes: string[] = [];
  for (const party of PARTIES) {
    for (const tls of [stolenFrom(federation, party), await forgedFor(federation, party)]) {
      outcomes.push(...(await callAll(listen, tls)));
    }
  }
  const figure = {
    calls: outcomes.length,
    refused: outcomes.filter((outcome) => outcome === "FORBIDDEN").length,
    served: outcomes.filter((outcome) => outcome === "served").length,
  };
  return { held: figure.refused === figure.calls, figure };
}

function answersBeyond(outcomes: Outcomes, stated: Outcomes): number {
  return Object.entries(outcomes).flatMap(([method, row]) =>
    row.filter((outcome, role) => outcome === ANSWERS && stated[method]?.[role] !== ANSWERS),
  ).length;
}

/** Somebody tries codes without end; then somebody else comes with the right one, from the same address. */
export async function floodWithCodes(): Promise<Outcome> {
  await using tested = await TestOrchard.start();
  const ms = Math.round(await signInAmidFlood(tested));
  return { held: ms < AT_ONCE_MS, figure: { untilLetInMs: ms } };
}

/** A stream is filled to the last byte by somebody else while the broker is down. */
export async function fillStream({ long }: Options): Promise<Outcome> {
  await using federation = await floodable();
  const floods = [{ epoch: 1, day: "04" }, ...(long ? [{ epoch: 999, day: "05" }] : [])];
  const figure = { junk: 0, emptied: 0, met: 0, untilMetMs: 0 };
  for (const each of floods) {
    const { junk, emptied, met, ms } = await publishAfterFlood(federation, each);
    figure.junk += junk;
    figure.emptied += emptied;
    figure.met += met ? 1 : 0;
    figure.untilMetMs = Math.max(figure.untilMetMs, Math.round(ms));
  }
  return { held: figure.met === floods.length && figure.untilMetMs < FLOOD_ENDS_MS, figure };
}
