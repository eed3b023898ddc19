/** A broker that only serves the chain and passes on what registrar and parties say to each other. */
import { systemClock } from "../../shared/world/clock.ts";
import { chainOnDisk } from "../../broker/disk/chain-on-disk.ts";
import { Directory } from "../../broker/store/directory.ts";
import { directoryService } from "../../broker/rpc/directory-service.ts";
import { toHex } from "../../shared/core/bytes.ts";
import { silentLog } from "../../shared/world/log.ts";
import { systemWorld } from "../../shared/world/world.ts";
import { grpcService, peerOf, startGrpcServer } from "../../shared/platform/grpc.ts";
import type { GrpcServer } from "../../shared/platform/grpc.ts";
import { readTls } from "../../shared/party/tls.ts";
import { RegistrarServiceDefinition } from "../../shared/wire/gen/causeway/v1/board.ts";
import { readSignedFreshness } from "../../shared/wire/directive.ts";
import type { Credentials } from "../../shared/wire/gen/causeway/v1/board.ts";
import { Signed } from "../../shared/wire/gen/causeway/v1/signed.ts";
import type { TestFederation } from "../support/federation.ts";
import { eventually } from "./support.ts";

export class BrokerStub implements AsyncDisposable {
  readonly directory: Directory;
  /** By key id, hexadecimal. */
  readonly issued = new Map<string, Credentials>();
  readonly statements: Signed[] = [];
  readonly #requests: Signed[] = [];
  #more = Promise.withResolvers<void>();
  #server: GrpcServer | undefined;

  private constructor(federation: TestFederation) {
    this.directory = new Directory(chainOnDisk(federation.dir("broker")), systemWorld(silentLog));
  }

  static async start(federation: TestFederation): Promise<BrokerStub> {
    const stub = new BrokerStub(federation);
    stub.#server = await startGrpcServer({
      address: federation.founded.federation.found.broker.address,
      tls: readTls(federation.dir("broker")),
      services: [directoryService({ directory: stub.directory }), stub.#service()],
      recipient: { identity: { kind: "broker" }, federation: () => stub.directory.federation, clock: systemClock },
      world: systemWorld(federation.log.for("broker")),
      graceMs: 50,
    });
    return stub;
  }

  #service() {
    return grpcService(RegistrarServiceDefinition, {
      putFreshness: async ({ freshness }, context) => {
        if (peerOf(context).kind !== "registrar") throw new Error("only the registrar says what is fresh");
        const statement = Signed.fromPartial(freshness ?? {});
        this.directory.putFreshness(readSignedFreshness(statement));
        this.statements.push(statement);
        return {};
      },
      followRequests: (_request, context) => this.#follow(context.signal),
      putCredentials: async ({ keyId, credentials }) => {
        if (credentials !== undefined) this.issued.set(toHex(keyId), credentials);
        return {};
      },
    });
  }

  async *#follow(signal: AbortSignal): AsyncGenerator<{ request: Signed }> {
    for (let next = 0; !signal.aborted;) {
      const { promise } = this.#more;
      for (; next < this.#requests.length; next++) yield { request: this.#requests[next] as Signed };
      await promise;
    }
  }

  ask(signed: Uint8Array): void {
    this.#requests.push(Signed.decode(signed));
    this.#wake();
  }

  /** Nothing waits any more; call it while no registrar follows. */
  forgetRequests(): void {
    this.#requests.length = 0;
  }

  credentialsOf(keyId: string): (Omit<Credentials, "issuedAtMs"> & { readonly issuedAtMs: number }) | undefined {
    const issued = this.issued.get(keyId);
    return issued === undefined ? undefined : { ...issued, issuedAtMs: Number(issued.issuedAtMs) };
  }

  async issuedTo(keyId: string): Promise<Credentials> {
    return await eventually(() => this.issued.get(keyId));
  }

  #wake(): void {
    const { resolve } = this.#more;
    this.#more = Promise.withResolvers<void>();
    resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }
}
