/** (evaluator) Its calls of the broker about what the board prepares. */
import { grpcClient } from "../../../shared/platform/grpc.ts";
import type { GrpcConnection, GrpcTls, PartyAddress } from "../../../shared/platform/grpc.ts";
import type { Caller } from "../../../shared/platform/party-calls.ts";
import { MembershipServiceDefinition } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";
import type { Preparations } from "../ports.ts";

export class PreparationLink implements Preparations, Disposable {
  readonly #connection: GrpcConnection<typeof MembershipServiceDefinition>;

  constructor(of: { readonly address: PartyAddress; readonly tls: () => GrpcTls; readonly caller: Caller }) {
    this.#connection = grpcClient(MembershipServiceDefinition, { ...of, expected: { kind: "broker" } });
  }

  async generation(signal: AbortSignal): Promise<number> {
    return (await this.#connection.client.getPreparation({}, { signal })).generation;
  }

  async offer(offer: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#connection.client.offerShare({ offer: Signed.decode(offer) }, { signal });
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
