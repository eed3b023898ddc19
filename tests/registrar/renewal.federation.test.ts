/** Certificates and NATS users that run out while everything runs: real TLS, a real nats-server, lives of seconds. */
import { callerIn } from "../support/callers.ts";
import { describe, expect, it } from "vitest";
import { issueCredentials } from "../../agency-node/registrar/issue.ts";
import { readRegistrarKeys } from "../../agency-node/registrar/keys.ts";
import { listedParties } from "../../agency-node/registrar/parties.ts";
import { toHex } from "../../shared/core/bytes.ts";
import type { Life } from "../../shared/core/renewal.ts";
import { renewalDueMs } from "../../shared/core/renewal.ts";
import { keyId } from "../../shared/crypto/sign.ts";
import { installedLives } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import { readEnrolment } from "../../shared/party/enrolment.ts";
import { installCredentials } from "../../shared/party/install.ts";
import { MembershipLink } from "../../shared/rpc/membership-link.ts";
import { TestFederation } from "../support/federation.ts";
import { eventually, registrarOf } from "./support.ts";
import { LONG_MS, SOON } from "../support/patience.ts";

const LIFE_MS_MIN = 25_000;
/**
 * Everything has to be up, and renewed, before it ends: whoever has let its certificate run out cannot ask for another. So a life is as long
 * as this machine, as busy as it is, needs to start everything three times. Renewal begins after the second.
 */
const STARTS_IN_A_LIFE = 3;
const DAY_MS = 86_400_000;
const PARTIES = ["ct", "broker", "key-office"];
const HEADER = "reference,kind,role,first name,last name,birth date,phone";

const record = (reference: string, day: string): string =>
  `${HEADER}\n${reference},person,suspect,Ilse,Invented,1980-02-${day},+4416329600${day}\n`;

/** Starts all that has a certificate, and has a record published. */
async function startAll(federation: TestFederation, reference: string, day: string): Promise<void> {
  await federation.startBroker();
  await federation.startEvaluator();
  await federation.startNode("ct");
  await federation.import("ct", record(reference, day));
  await federation.settled(["ct"]);
}

/** How long that takes here and now. */
async function startTimeMs(federation: TestFederation): Promise<number> {
  const beganMs = performance.now();
  await using _ = registrarOf(federation);
  await startAll(federation, "R-0", "02");
  const tookMs = performance.now() - beganMs;
  for (const party of PARTIES) await federation.stop(party);
  return tookMs;
}

/** As the registrar would have, a moment ago, for a short life. */
async function shorten(federation: TestFederation, party: string, lifeMs: number): Promise<void> {
  const dir = federation.dir(party);
  const keys = readRegistrarKeys(federation.founded.registrarDir);
  const { signingKey, tlsRequestPem = "", natsKey = "" } = readEnrolment(dir).enrolment;
  const state = federation.founded.federation;
  const listed = listedParties(state).get(toHex(keyId(signingKey)))!;
  const request = { tlsRequestPem, natsKey, requestedAtMs: Date.now() };
  const lives = { certificateMs: lifeMs, natsUserMs: lifeMs };
  const issued = await issueCredentials({ keys, party: listed, request, lives, nowMs: Date.now() });
  installCredentials(dir, issued, state);
}

const endOf = (lives: readonly Life[]): number => Math.min(...lives.map(({ untilMs }) => untilMs));

describe("renewal", { timeout: LONG_MS }, () => {
  it("is due when a third of the life is left", () => {
    expect(renewalDueMs({ fromMs: 1_000, untilMs: 31_000 })).toBe(21_000);
  });

  it("carries node, evaluator and broker over the end of their first certificates and NATS users", async () => {
    await using federation = await TestFederation.found();
    await federation.nats.start();
    const lifeMs = Math.max(LIFE_MS_MIN, STARTS_IN_A_LIFE * (await startTimeMs(federation)));
    for (const party of PARTIES) await shorten(federation, party, lifeMs);
    const ends = Math.max(...PARTIES.map((party) => endOf(installedLives(federation.dir(party)))));
    const before = federation.log.lines("nats.reconnected").length;
    const lifeDays = lifeMs / DAY_MS;
    const short = registrarOf(federation, { certificateDays: lifeDays, natsUserDays: lifeDays });
    await startAll(federation, "R-1", "03");
    // Until all of them live on what was issued after the first had ended.
    const begin = (party: string): number =>
      Math.min(...installedLives(federation.dir(party)).map(({ fromMs }) => fromMs));
    await eventually(() => PARTIES.every((party) => begin(party) >= ends), lifeMs + SOON.timeout);
    // The server has ended the users of the first, and those who had them are back.
    const program = ({ program: name }: { readonly program: string }): string => name;
    const back = (): string[] => federation.log.lines("nats.reconnected").slice(before).map(program);
    await eventually(() => back().includes("ct") && back().includes("broker"));
    // Whoever connects now is shown a certificate that holds, and shows one.
    using link = new MembershipLink({
      address: federation.founded.federation.found.broker.address,
      tls: () => readTls(federation.dir("ct")),
      caller: callerIn(federation.dir("ct"), federation.founded.federation),
    });
    expect(await link.issued(AbortSignal.timeout(SOON.timeout))).toBeDefined();
    await short[Symbol.asyncDispose]();
    await using _ = registrarOf(federation);
    // The node's connections are old; a broker that restarts makes it show its certificate again.
    await federation.stop("broker");
    await federation.startBroker();
    await federation.import("ct", record("R-2", "04"));
    await federation.settled(["ct"]);
    const { policyUnprovenSinceMs, brokerConnected } = await federation.status("ct");
    expect([Number(policyUnprovenSinceMs), brokerConnected]).toEqual([0, true]);
  });
});
