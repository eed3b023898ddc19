/** (node) What a member asks of the broker about itself and the board's preparations. The broker is not believed in what matters. */
import type { MemberKey } from "../../shared/core/directive.ts";
import { grpcClient } from "../../shared/platform/grpc.ts";
import type { GrpcConnection, GrpcTls, PartyAddress } from "../../shared/platform/grpc.ts";
import type { Caller } from "../../shared/platform/party-calls.ts";
import { MembershipServiceDefinition } from "../../shared/wire/gen/causeway/v1/board.ts";
import type { BrokerDesk, BrokerStanding } from "../ports.ts";

export class MembershipClient implements BrokerDesk, Disposable {
  readonly #connection: GrpcConnection<typeof MembershipServiceDefinition>;

  /** Connects at the first call. */
  constructor(of: { readonly address: PartyAddress; readonly tls: () => GrpcTls; readonly caller: Caller }) {
    this.#connection = grpcClient(MembershipServiceDefinition, { ...of, expected: { kind: "broker" } });
  }

  /** The epoch that the board prepares; 0 for none. */
  async preparedEpoch(signal: AbortSignal): Promise<number> {
    return (await this.#connection.client.getPreparation({}, { signal })).epoch;
  }

  async offerKey({ payload, signature }: MemberKey, signal: AbortSignal): Promise<void> {
    await this.#connection.client.offerKey({ offer: { payload, signature } }, { signal });
  }

  /** Published tokens against the budget, and what was noticed. */
  async standing(signal: AbortSignal): Promise<BrokerStanding> {
    const standing = await this.#connection.client.getStanding({}, { signal });
    const { tokensUsed, tokensPerDay, tokensAvailable, alarms } = standing;
    return { used: Number(tokensUsed), perDay: Number(tokensPerDay), available: Number(tokensAvailable), alarms };
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
