/** The whole way of a unit, with the real broker, registrar and nats-server: invited, admitted, at work, removed, and back with all it had. */
import { callerIn } from "../support/callers.ts";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { officeAtBroker } from "../../agency-node/admin/rpc/broker-office.ts";
import { readConfig } from "../../agency-node/config.ts";
import { silentLog } from "../../shared/world/log.ts";
import { collect, handIn } from "../../shared/rpc/joining.ts";
import { createNode } from "../../agency-node/program.ts";
import { openBroker } from "../../broker/program.ts";
import { toHex } from "../../shared/core/bytes.ts";
import type { Admit } from "../../shared/core/directive.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { readNatsCredentials } from "../../shared/party/credentials.ts";
import { readTls } from "../../shared/party/tls.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { initNode } from "../../shared/party/new-party.ts";
import { MembershipLink } from "../../shared/rpc/membership-link.ts";
import { invitationKeys, signInvitation } from "../../shared/wire/board.ts";
import { decodeInvitationCode, encodeInvitationCode } from "../../shared/wire/invitation-code.ts";
import { TestFederation } from "../support/federation.ts";
import { freePort } from "../../deploy/demo/ports.ts";
import { eventually, isLetIn, natsAs, registrarOf } from "./support.ts";
import { CUT_OFF_MS, LONG_MS, SOON } from "../support/patience.ts";
import { systemWorld } from "../../shared/world/world.ts";

/** What `admin invite` does. */
async function invite(federation: TestFederation, door: string): Promise<string> {
  const dir = federation.dir("chair");
  const { id } = federation.founded.federation;
  using office = officeAtBroker({ dir, federation: federation.founded.federation, world: systemWorld(silentLog) });
  const secret = randomBytes(16);
  const invitation = {
    ...invitationKeys(secret),
    note: "Invented unit border",
    validUntilMs: Date.now() + 3_600_000,
  };
  await office.invite(signInvitation(invitation, { federation: id, signer: readSigningKeys(dir) }));
  return encodeInvitationCode({ secret, fingerprint: federation.founded.fingerprint, address: door });
}

describe("a unit", { timeout: LONG_MS }, () => {
  it("joins while everything runs, and is out within seconds with all it had", async () => {
    await using federation = await TestFederation.found();
    await federation.nats.start();
    const door = `127.0.0.1:${await freePort()}`;
    const config = { ...federation.configureBroker(), enrolment: { listen: door } };
    await using broker = await openBroker(config, systemWorld(federation.log.for("broker")));
    await broker.ready;
    await using _ = registrarOf(federation);
    const dir = join(federation.root, "border");
    const asking = { dir, world: systemWorld(silentLog), signal: AbortSignal.timeout(LONG_MS) };

    const { enrolment } = await initNode(dir, { name: "Invented unit border" });
    await handIn(asking, decodeInvitationCode(await invite(federation, door)));
    const joining = readFileSync(join(dir, "joining.json"));
    const like = federation.board.federation.members.get(federation.member("ct")) as Admit;
    const member = toId<MemberId>(toHex(randomBytes(16)));
    const { signingKey } = enrolment;
    const terms: Admit = {
      ...like,
      member,
      slug: "border",
      signingKey,
      sealingKey: enrolment.sealingKey as Uint8Array,
    };
    federation.decide({ type: "admit", ...terms, salts: await federation.board.saltsFor(terms) });
    const { natsUrl } = await eventually(() => collect(asking).catch(notNow));
    writeFileSync(join(dir, "node.json"), JSON.stringify({ natsUrl, workers: 1 }));
    await using node = await createNode(readConfig(dir), systemWorld(federation.log.for("border")));
    expect(node.workstationPort).toBeUndefined();
    const told = (event: string): number =>
      federation.log.lines(event).filter(({ program }) => program === "border").length;
    await eventually(() => told("policy.proven") > 0);

    // Everything it has, open and at hand: a NATS connection, a TLS session, certificate and credentials.
    const credentials = readNatsCredentials(dir);
    // The registrar tells the NATS server of the account in its own time.
    const live = await eventually(() => natsAs(federation, "ct", credentials).catch(() => undefined));
    const tls = readTls(dir);
    const { address } = federation.founded.federation.found.broker;
    const caller = callerIn(dir, federation.founded.federation);
    using session = new MembershipLink({ address, tls: () => tls, caller });
    await session.issued(AbortSignal.timeout(SOON.timeout));
    const began = Date.now();
    federation.decide({ type: "remove", member, reason: "Invented reason", forCause: false });
    await live.closed();
    await eventually(async () => (await refusalOf(session)) === "FORBIDDEN");
    expect(Date.now() - began).toBeLessThan(CUT_OFF_MS);
    expect(await isLetIn(federation, "ct", credentials)).toBe(false);
    using again = new MembershipLink({ address, tls: () => tls, caller });
    expect(await refusalOf(again)).toBe("FORBIDDEN");
    // Nor does the door know it any more, or show it what was decided since.
    writeFileSync(join(dir, "joining.json"), joining);
    await expect(collect(asking)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

async function refusalOf(link: MembershipLink): Promise<string> {
  try {
    await link.issued(AbortSignal.timeout(SOON.timeout));
    return "";
  } catch (error) {
    return (error as { readonly code?: string }).code ?? "";
  }
}

/** The registrar's statement about the new directive may be a moment behind. */
function notNow(error: unknown): undefined {
  if ((error as { readonly code?: string }).code !== "OUT_OF_SEQUENCE") throw error;
  return undefined;
}
