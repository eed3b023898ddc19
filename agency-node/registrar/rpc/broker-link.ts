/** The registrar's calls of the broker, in plain values. It calls out only; the broker passes on and is believed in nothing. */
import { fromHex } from "../../../shared/core/bytes.ts";
import type { Credentials } from "../../../shared/core/board.ts";
import { grpcClient } from "../../../shared/platform/grpc.ts";
import type { GrpcConnection, GrpcTls, PartyAddress } from "../../../shared/platform/grpc.ts";
import type { Caller } from "../../../shared/platform/party-calls.ts";
import { signedBytes } from "../../../shared/wire/envelope.ts";
import { RegistrarServiceDefinition } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";
import type { BrokerPort } from "../ports.ts";

export class BrokerLink implements BrokerPort, Disposable {
  readonly #connection: GrpcConnection<typeof RegistrarServiceDefinition>;

  constructor(of: { readonly address: PartyAddress; readonly tls: () => GrpcTls; readonly caller: Caller }) {
    this.#connection = grpcClient(RegistrarServiceDefinition, { ...of, expected: { kind: "broker" } });
  }

  async putFreshness(statement: Uint8Array, signal: AbortSignal): Promise<void> {
    const freshness = Signed.decode(statement);
    await this.#connection.client.putFreshness({ freshness }, { signal });
  }

  async *requests(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const { request } of this.#connection.client.followRequests({}, { signal })) {
      if (request !== undefined) yield signedBytes(request);
    }
  }

  async putCredentials(keyId: string, credentials: Credentials, signal: AbortSignal): Promise<void> {
    const issuedAtMs = BigInt(credentials.issuedAtMs);
    const request = { keyId: fromHex(keyId), credentials: { ...credentials, issuedAtMs } };
    await this.#connection.client.putCredentials(request, { signal });
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
