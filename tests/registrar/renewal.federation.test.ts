/** Certificates and NATS users that run out while everything runs: real TLS, a real nats-server, lives of seconds. */
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
import { systemTimers } from "../../shared/world/world.ts";

/** Everything has to be up before it ends: whoever has let its certificate run out cannot ask for another. */
const LIFE_MS = 25_000;
const LIFE_DAYS = LIFE_MS / 86_400_000;
const HEADER = "reference,kind,role,first name,last name,birth date,phone";

/** As the registrar would have, a moment ago, for a short life. */
async function shorten(federation: TestFederation, party: string): Promise<void> {
  const dir = federation.dir(party);
  const keys = readRegistrarKeys(federation.founded.registrarDir);
  const { signingKey, tlsRequestPem = "", natsKey = "" } = readEnrolment(dir).enrolment;
  const state = federation.founded.federation;
  const listed = listedParties(state).get(toHex(keyId(signingKey)))!;
  const request = { tlsRequestPem, natsKey, requestedAtMs: Date.now() };
  const lives = { certificateMs: LIFE_MS, natsUserMs: LIFE_MS };
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
    const parties = ["ct", "broker", "key-office"];
    for (const party of parties) await shorten(federation, party);
    const ends = Math.max(...parties.map((party) => endOf(installedLives(federation.dir(party)))));
    await federation.nats.start();
    const short = registrarOf(federation, { certificateDays: LIFE_DAYS, natsUserDays: LIFE_DAYS });
    await federation.startBroker();
    await federation.startEvaluator();
    await federation.startNode("ct");
    await federation.import("ct", `${HEADER}\nR-1,person,suspect,Ilse,Invented,1980-02-03,+441632960001\n`);
    await federation.settled(["ct"]);
    // Until all of them live on what was issued after the first had ended.
    const begin = (party: string): number =>
      Math.min(...installedLives(federation.dir(party)).map(({ fromMs }) => fromMs));
    await eventually(() => parties.every((party) => begin(party) >= ends));
    // The server has ended the users of the first, and those who had them are back.
    const program = ({ program: name }: { readonly program: string }): string => name;
    const back = (): string[] => federation.log.lines("nats.reconnected").map(program);
    await eventually(() => back().includes("ct") && back().includes("broker"));
    // Whoever connects now is shown a certificate that holds, and shows one.
    using link = new MembershipLink({
      address: federation.founded.federation.found.broker.address,
      tls: () => readTls(federation.dir("ct")),
      world: systemTimers,
    });
    expect(await link.issued(AbortSignal.timeout(SOON.timeout))).toBeDefined();
    await short[Symbol.asyncDispose]();
    await using _ = registrarOf(federation);
    // The node's connections are old; a broker that restarts makes it show its certificate again.
    await federation.stop("broker");
    await federation.startBroker();
    await federation.import("ct", `${HEADER}\nR-2,person,suspect,Olaf,Invented,1981-03-04,+441632960002\n`);
    await federation.settled(["ct"]);
    const { policyUnprovenSinceMs, brokerConnected } = await federation.status("ct");
    expect([Number(policyUnprovenSinceMs), brokerConnected]).toEqual([0, true]);
  });
});
