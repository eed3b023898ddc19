/**
 * (evaluator) Makes a key share for each generation that the board prepares, and offers its public half. The broker says what is being
 * prepared, and is not believed in more than that: a share that no directive lists is never used, and it makes one ahead at most.
 */
import type { Federation } from "../../../shared/core/directive.ts";
import { isCausewayError } from "../../../shared/core/errors.ts";
import type { SigningKeyPair } from "../../../shared/crypto/sign.ts";
import { grpcClient } from "../../../shared/platform/grpc.ts";
import type { GrpcTls } from "../../../shared/platform/grpc.ts";
import type { Log } from "../../../shared/world/log.ts";
import { pause } from "../../../shared/platform/retry.ts";
import { MembershipServiceDefinition } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";
import { offerShare } from "../shares.ts";

/** How often the broker is asked. An administrator waits for the answer. */
const ASK_MS = 2_000;

export type ShareOffering = {
  readonly dir: string;
  readonly name: string;
  readonly signer: SigningKeyPair;
  readonly federation: () => Federation;
  readonly tls: () => GrpcTls;
  readonly log: Log;
};

/** Until the signal aborts. */
export async function offerShares(parts: ShareOffering, signal: AbortSignal): Promise<void> {
  const { address } = parts.federation().found.broker;
  const to = { address, tls: parts.tls, expected: { kind: "broker" } } as const;
  using connection = grpcClient(MembershipServiceDefinition, to);
  let offered = 0;
  let trouble = "";
  while (!signal.aborted) {
    try {
      const { generation } = await connection.client.getPreparation({}, { signal });
      trouble = "";
      if (generation !== offered && isNext(parts.federation(), generation)) {
        const { dir, name, signer } = parts;
        const offer = offerShare(dir, { name, generation, federation: parts.federation().id, signer });
        await connection.client.offerShare({ offer: Signed.decode(offer) }, { signal });
        offered = generation;
        parts.log.info("evaluator.shareOffered", { generation });
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isCausewayError(error) || error.code === "ENVIRONMENT") throw error;
      // Once for each change: an outage of days is not a line every two seconds.
      if (error.code !== trouble) parts.log.warn("evaluator.shareNotOffered", { code: error.code });
      trouble = error.code;
    }
    await pause(ASK_MS, signal);
  }
}

function isNext({ found, epochs }: Federation, generation: number): boolean {
  const newest = Math.max(found.generation, ...[...epochs.values()].map((epoch) => epoch.generation));
  return generation === newest + 1;
}
