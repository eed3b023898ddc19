/** A party at several addresses: real servers, each under a certificate of one authority. */
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { CausewayError } from "../../shared/core/errors.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { createAuthority, createTlsRequest, issueCertificate } from "../../shared/platform/certificates.ts";
import { grpcClient, grpcService, startGrpcServer } from "../../shared/platform/grpc.ts";
import type { GrpcTls } from "../../shared/platform/grpc.ts";
import { evaluatorIdentity, memberIdentity } from "../../shared/platform/standing.ts";
import type { PeerIdentity } from "../../shared/platform/tls.ts";
import { DirectoryServiceDefinition } from "../../shared/wire/gen/causeway/v1/directory.ts";
import { systemClock } from "../../shared/world/clock.ts";
import { silentLog } from "../../shared/world/log.ts";
import { randomBytes } from "../../shared/world/random.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { freePort } from "../../deploy/demo/ports.ts";
import { admit, AMPLE, emptyFederation, newMember } from "../hardening/evaluators.ts";
import { callerWith } from "../support/callers.ts";

const BROKER = { kind: "broker" } as const;
const KEYS = signingKeyPair(randomBytes(32));
const MEMBER = newMember();
const terms = { ...admit(MEMBER, AMPLE), signingKey: KEYS.publicKey };
const federation: Federation = { ...emptyFederation(), members: new Map([[MEMBER, terms]]) };

type Party = (identity: PeerIdentity) => Promise<GrpcTls>;

async function authority(): Promise<Party> {
  const made = await createAuthority({ federation: new Uint8Array(16).fill(7), nowMs: Date.now() });
  return async (identity) => {
    const { privateKeyPem, requestPem } = await createTlsRequest();
    const facts = { authority: made, requestPem, identity, hosts: ["127.0.0.1"], nowMs: Date.now() };
    return { rootsPem: made.certificatePem, certificatePem: await issueCertificate(facts), privateKeyPem };
  };
}

/** Shows an empty chain to the member, or refuses it like a standby. */
class Machine implements AsyncDisposable {
  calls = 0;
  state: "active" | "standby" = "active";
  address = "";
  #server: AsyncDisposable | undefined;

  async serve(tls: GrpcTls, port: number): Promise<this> {
    const answer = (): void => {
      this.calls += 1;
      if (this.state === "standby") throw new CausewayError("UNAVAILABLE", "this broker stands by");
    };
    const service = grpcService(DirectoryServiceDefinition, {
      async getFreshness() {
        answer();
        return {};
      },
      async *listDirectives() {
        answer();
        yield {};
      },
    });
    const server = await startGrpcServer({
      address: `127.0.0.1:${port}`,
      tls,
      services: [service],
      recipient: { identity: BROKER, federation: () => federation, clock: systemClock },
      world: systemWorld(silentLog),
      graceMs: 0,
    });
    this.#server = server;
    this.address = `127.0.0.1:${server.port}`;
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = undefined;
  }
}

async function clientAt(party: Party, address: string | (() => string)) {
  const tls = await party(memberIdentity({ member: MEMBER, signingKey: KEYS.publicKey }));
  const caller = callerWith(KEYS, federation.id);
  return grpcClient(DirectoryServiceDefinition, { address, tls, expected: BROKER, caller });
}

describe("a party with several addresses", () => {
  it("is called where it is active, also by streams, and stays there", async () => {
    const party = await authority();
    const tls = await party(BROKER);
    await using first = await new Machine().serve(tls, 0);
    await using second = await new Machine().serve(tls, 0);
    first.state = "standby";
    using connection = await clientAt(party, [first, second].map(({ address }) => address).join(","));
    for await (const _ of connection.client.listDirectives({ fromNumber: 1n, follow: false }));
    await connection.client.getFreshness({});
    await connection.client.getFreshness({});
    expect([first.calls, second.calls]).toEqual([1, 3]);
    [first.state, second.state] = ["active", "standby"];
    await connection.client.getFreshness({});
    expect([first.calls, second.calls]).toEqual([2, 4]);
    first.state = "standby";
    await expect(connection.client.getFreshness({})).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("is found past addresses where nobody listens, says nothing, or is somebody else", async () => {
    const party = await authority();
    using closing = new DisposableStack();
    const mute = createServer((socket) => closing.defer(() => socket.destroy())).listen(0, "127.0.0.1");
    closing.defer(() => mute.close());
    await once(mute, "listening");
    const silent = `127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const other = evaluatorIdentity({ name: "key-office", signingKey: randomBytes(32) });
    await using stranger = await new Machine().serve(await party(other), 0);
    await using broker = await new Machine().serve(await party(BROKER), 0);
    const nobody = `127.0.0.1:${await freePort()}`;
    using connection = await clientAt(party, [nobody, silent, stranger.address, broker.address].join(","));
    await connection.client.getFreshness({});
    expect([stranger.calls, broker.calls]).toEqual([0, 1]);
  });

  it("is found again after it ended at one address and began at another", async () => {
    const party = await authority();
    const tls = await party(BROKER);
    const ports = [await freePort(), await freePort()] as const;
    const addresses = ports.map((port) => `127.0.0.1:${port}`);
    let named = addresses.join(",");
    using connection = await clientAt(party, () => named);
    const asked = async (): Promise<void> => void (await connection.client.getFreshness({}));
    await using first = await new Machine().serve(tls, ports[0]);
    await asked();
    await first[Symbol.asyncDispose]();
    await expect(asked()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await using second = await new Machine().serve(tls, ports[1]);
    await expect
      .poll(
        () =>
          asked().then(
            () => second.calls > 0,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true);
    // The list may change at any time; who stays on it is called where it is.
    await using third = await new Machine().serve(tls, 0);
    named = `${third.address},${second.address}`;
    await asked();
    expect(third.calls).toBe(0);
    named = third.address;
    await asked();
    expect(third.calls).toBe(1);
  });
});
