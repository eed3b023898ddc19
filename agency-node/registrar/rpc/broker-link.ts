/** The registrar's calls of the broker, in plain values. It calls out only; the broker passes on and is believed in nothing. */
import { fromHex } from "../../../shared/core/bytes.ts";
import type { Credentials } from "../../../shared/core/board.ts";
import { grpcClient } from "../../../shared/platform/grpc.ts";
import type { GrpcConnection, GrpcTls } from "../../../shared/platform/grpc.ts";
import { within } from "../../../shared/platform/retry.ts";
import { RegistrarServiceDefinition } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";

const CALL_MS = 10_000;

export class BrokerLink implements Disposable {
  readonly #connection: GrpcConnection<typeof RegistrarServiceDefinition>;

  constructor(of: { readonly address: string; readonly tls: () => GrpcTls }) {
    this.#connection = grpcClient(RegistrarServiceDefinition, { ...of, expected: { kind: "broker" } });
  }

  /** `statement`: `Signed` bytes. Throws OUT_OF_SEQUENCE if the broker knows a later directive, or not yet this one. */
  async putFreshness(statement: Uint8Array, signal: AbortSignal): Promise<void> {
    const freshness = Signed.decode(statement);
    const { client } = this.#connection;
    await within(CALL_MS, signal, async (limited) => await client.putFreshness({ freshness }, { signal: limited }));
  }

  /** Requests that wait, then each as it comes, as `Signed` bytes. Ends or throws when the connection does. */
  async *requests(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const { request } of this.#connection.client.followRequests({}, { signal })) {
      if (request !== undefined) yield Signed.encode(Signed.fromPartial(request)).finish();
    }
  }

  /** `keyId`: of the party's signing key, hexadecimal. */
  async putCredentials(keyId: string, credentials: Credentials, signal: AbortSignal): Promise<void> {
    const issuedAtMs = BigInt(credentials.issuedAtMs);
    const request = { keyId: fromHex(keyId), credentials: { ...credentials, issuedAtMs } };
    const { client } = this.#connection;
    await within(CALL_MS, signal, async (limited) => await client.putCredentials(request, { signal: limited }));
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
