/** Joining a federation that runs: invitation, keys, fingerprint, admission, collection. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../agency-node/config.ts";
import { collect, handIn, isJoining } from "../../shared/rpc/joining.ts";
import type { Asking } from "../../shared/rpc/joining.ts";
import { EnrolmentDoor } from "../../shared/rpc/enrolment-door.ts";
import { createNode } from "../../agency-node/program.ts";
import type { Registrar } from "../../agency-node/registrar/program.ts";
import { BoardStore } from "../../broker/board/store/board-store.ts";
import { Turnstile } from "../../broker/enrolment/core/turnstile.ts";
import { startGrpcServer, unprovenGrpcClient } from "../../shared/platform/grpc.ts";
import { enrolmentDoor } from "../../broker/enrolment/enrolment.ts";
import { toHex } from "../../shared/core/bytes.ts";
import type { Admit } from "../../shared/core/directive.ts";
import { toId } from "../../shared/core/ids.ts";
import type { MemberId } from "../../shared/core/ids.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { systemClock } from "../../shared/world/clock.ts";
import type { GrpcServer } from "../../shared/platform/grpc.ts";
import { readTls } from "../../shared/party/tls.ts";
import { partyFile } from "../../shared/party/files.ts";
import { initBroker, initNode } from "../../shared/party/new-party.ts";
import { invitationKeys, signInvitation } from "../../shared/wire/board.ts";
import type { InvitationCode } from "../../shared/wire/invitation-code.ts";
import { EnrolmentServiceDefinition } from "../../shared/wire/gen/causeway/v1/board.ts";
import type { GetChainResponse } from "../../shared/wire/gen/causeway/v1/board.ts";
import { readSigningKeys } from "../../shared/party/keys.ts";
import { TestFederation } from "../support/federation.ts";
import { BrokerStub } from "./broker-stub.ts";
import { eventually, registrarOf } from "./support.ts";
import { LONG_MS } from "../support/patience.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { silentLog } from "../../shared/world/log.ts";

let federation: TestFederation;
let broker: BrokerStub;
let registrar: Registrar;
let store: BoardStore;
let door: GrpcServer;

beforeAll(async () => {
  federation = await TestFederation.found();
  await federation.nats.start();
  broker = await BrokerStub.start(federation);
  registrar = registrarOf(federation);
  store = new BoardStore(join(federation.root, "board.sqlite"), federation.founded.federation.id);
  door = await openDoor();
}, LONG_MS);

afterAll(async () => {
  await door?.[Symbol.asyncDispose]();
  await registrar?.[Symbol.asyncDispose]();
  await broker?.[Symbol.asyncDispose]();
  store?.[Symbol.dispose]();
  await federation?.[Symbol.asyncDispose]();
}, LONG_MS);

async function openDoor(tls = readTls(federation.dir("broker"))): Promise<GrpcServer> {
  const door = enrolmentDoor({
    listen: "127.0.0.1:0",
    tls,
    directory: broker.directory,
    desk: {
      enrolments: store.enrolments,
      credentials: { ask: (_keyId, signed) => broker.ask(signed), issued: (keyId) => broker.credentialsOf(keyId) },
    },
    natsUrl: () => federation.natsUrl,
    world: systemWorld(silentLog),
    clock: systemClock,
    randomness: systemWorld(silentLog),
    log: federation.log.for("broker"),
    limits: {
      perAddress: { burst: 1_000, perSecond: 100 },
      together: { burst: 1_000, perSecond: 100 },
      addressesMax: 10,
    },
  });
  return await startGrpcServer(door);
}

/** What `admin invite` does. */
function invited(over: { readonly validMs?: number; readonly port?: number } = {}): InvitationCode {
  const { validMs = 3_600_000, port = door.port } = over;
  const code = {
    secret: randomBytes(16),
    fingerprint: federation.founded.fingerprint,
    address: `127.0.0.1:${port}`,
  };
  const invitation = {
    ...invitationKeys(code.secret),
    note: "Invented",
    validUntilMs: Date.now() + validMs,
  };
  const scope = { federation: federation.founded.federation.id, signer: readSigningKeys(federation.dir("chair")) };
  const signed = signInvitation(invitation, scope);
  store.enrolments.invite(invitation, { author: "aa", signed }, Date.now());
  return code;
}

const asking = (unit: string): Asking => ({
  dir: federation.dir(unit),
  world: systemWorld(silentLog),
  signal: AbortSignal.timeout(LONG_MS),
});

/** What the door says to somebody who has no certificate. */
async function chainServed(request: { readonly secretHash: Uint8Array }): Promise<GetChainResponse[]> {
  using stranger = unprovenGrpcClient(EnrolmentServiceDefinition, `127.0.0.1:${door.port}`);
  const served: GetChainResponse[] = [];
  for await (const part of stranger.client.getChain(request)) served.push(part);
  return served;
}

async function newUnit(unit: string): Promise<Asking> {
  await initNode(federation.dir(unit), { name: `Invented unit ${unit}` });
  return asking(unit);
}

const refusal = (code: string) => expect.objectContaining({ code });

async function admit(unit: string): Promise<void> {
  const enrolment = store.enrolments.enrolments().at(-1)!.enrolment;
  const { signingKey, sealingKey } = JSON.parse(new TextDecoder().decode(enrolment)) as Record<string, string>;
  const like = federation.board.federation.members.get(federation.member("ct")) as Admit;
  const terms: Admit = {
    ...like,
    member: toId<MemberId>(toHex(randomBytes(16))),
    slug: unit,
    signingKey: new Uint8Array(Buffer.from(signingKey!, "hex")),
    sealingKey: new Uint8Array(Buffer.from(sealingKey!, "hex")),
  };
  federation.decide({ type: "admit", ...terms, salts: await federation.board.saltsFor(terms) });
  broker.directory.refresh();
}

describe("joining", { timeout: LONG_MS }, () => {
  it("goes from an invitation to a node that runs", async () => {
    const unit = await newUnit("border");
    expect(await handIn(unit, invited())).toBe("Invented federation");
    expect(isJoining(unit.dir)).toBe(true);
    // What the board sees is what the unit reads out.
    const { enrolment } = store.enrolments.enrolments().at(-1)!;
    expect(new TextDecoder().decode(enrolment)).toBe(readFileSync(partyFile(unit.dir, "enrolment"), "utf8"));
    expect(await collect(unit)).toBeUndefined();
    await admit("border");
    const collected = await eventually(() => collect(unit).catch(notNow));
    expect(collected.identity.kind).toBe("member");
    expect(collected.natsUrl).toBe(federation.natsUrl);
    expect(isJoining(unit.dir)).toBe(false);
    writeFileSync(join(unit.dir, "node.json"), JSON.stringify({ natsUrl: collected.natsUrl, workers: 1 }));
    await using node = await createNode(readConfig(unit.dir), systemWorld(federation.log.for("border")));
    expect(node.workstationPort).toBeUndefined();
    await eventually(() => federation.log.lines("policy.proven").some((line) => line.program === "border"));
  });

  it("takes each invitation once, and the same enrolment again after a lost answer", async () => {
    const code = invited();
    const first = await newUnit("once");
    await handIn(first, code);
    await handIn(first, code);
    const second = await newUnit("twice");
    await expect(handIn(second, code)).rejects.toThrow(refusal("NOT_FOUND"));
    expect(isJoining(second.dir)).toBe(false);
  });

  it("takes none that is out of date, or was never made", async () => {
    const unit = await newUnit("late");
    await expect(handIn(unit, invited({ validMs: -1 }))).rejects.toThrow(refusal("NOT_FOUND"));
    await expect(handIn(unit, { ...invited(), secret: randomBytes(16) })).rejects.toThrow(refusal("NOT_FOUND"));
  });

  it("shows the chain to whoever has the secret, and noise to whoever has heard its hash", async () => {
    const { secretHash } = invitationKeys(invited().secret);
    const named = [...federation.board.federation.members.values()].flatMap(({ name, contact }) => [
      name,
      contact.phone,
    ]);
    expect(named.length).toBeGreaterThan(4);
    const asked = await chainServed({ secretHash });
    expect(asked.length).toBeGreaterThan(4);
    const text = Buffer.concat(asked.map(({ sealed }) => sealed)).toString("latin1");
    expect(named.filter((each) => text.includes(each))).toEqual([]);
    for (const other of [randomBytes(32), invitationKeys(invited({ validMs: -1 }).secret).secretHash]) {
      await expect(chainServed({ secretHash: other })).rejects.toThrow(refusal("NOT_FOUND"));
    }
    await expect(chainServed({ secretHash: new Uint8Array() })).rejects.toThrow(refusal("INVALID"));
  });

  it("says nothing to a broker that is not the invitation's federation", async () => {
    const unit = await newUnit("wary");
    const code = invited();
    await expect(handIn(unit, { ...code, fingerprint: randomBytes(32) })).rejects.toThrow(refusal("UNPROVEN"));
    // The right chain, copied, under a certificate of another authority.
    const other = await TestFederation.found();
    try {
      await using impostor = await openDoor(readTls(other.dir("broker")));
      await expect(handIn(unit, { ...code, address: `127.0.0.1:${impostor.port}` })).rejects.toThrow(
        refusal("UNAVAILABLE"),
      );
      // Or of the right one, but another party's.
      await using member = await openDoor(readTls(federation.dir("ct")));
      await expect(handIn(unit, { ...code, address: `127.0.0.1:${member.port}` })).rejects.toThrow(
        refusal("UNAVAILABLE"),
      );
    } finally {
      await other[Symbol.asyncDispose]();
    }
    // The secret was not given away: it still serves.
    await handIn(unit, code);
  });

  it("is for keys that are proven, and for parties that are invited", async () => {
    const unit = await newUnit("forger");
    const code = invited();
    using open = await EnrolmentDoor.open(code, unit.world, unit.signal);
    const text = readFileSync(partyFile(unit.dir, "enrolment"), "utf8");
    const changed = new TextEncoder().encode(text.replace("Invented unit", "Imagined unit"));
    await expect(open.enrol(code.secret, changed, unit.signal)).rejects.toThrow(refusal("UNPROVEN"));
    await initBroker(join(federation.root, "second-broker"));
    const enrolment = new Uint8Array(readFileSync(partyFile(join(federation.root, "second-broker"), "enrolment")));
    await expect(open.enrol(code.secret, enrolment, unit.signal)).rejects.toThrow(refusal("INVALID"));
    const long = new Uint8Array(20_000);
    await expect(open.enrol(code.secret, long, unit.signal)).rejects.toThrow(refusal("INVALID"));
    const tooLong = new Uint8Array(100_000);
    await expect(open.enrol(code.secret, tooLong, unit.signal)).rejects.toThrow(refusal("EXHAUSTED"));
    await expect(collect(unit)).rejects.toThrow(refusal("NOT_FOUND"));
  });
});

describe("a crowd at the door", () => {
  it("is let in one after the other, each address and all together", () => {
    const turnstile = new Turnstile(
      { perAddress: { burst: 2, perSecond: 1 }, together: { burst: 5, perSecond: 1 }, addressesMax: 3 },
      0,
    );
    const at = (address: string, ms: number) => turnstile.lets(address, ms);
    expect([at("a", 0), at("a", 0), at("a", 0)]).toEqual([true, true, false]);
    expect([at("b", 0), at("b", 0), at("c", 0), at("c", 0)]).toEqual([true, true, true, false]);
    expect([at("a", 1_000), at("a", 1_000)]).toEqual([true, false]);
    // Whoever was forgotten begins anew, but all together do not.
    for (const address of ["d", "e", "f"]) expect(at(address, 1_000)).toBe(false);
  });
});

/** The registrar's statement about the new directive may be a moment behind. */
function notNow(error: unknown): undefined {
  if ((error as { readonly code?: string }).code !== "OUT_OF_SEQUENCE") throw error;
  return undefined;
}
