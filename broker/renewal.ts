/** The broker's own certificate and NATS user, renewed as every party's are; its request goes straight onto the board's desk. */
import { toHex } from "../shared/core/bytes.ts";
import type { Credentials } from "../shared/core/board.ts";
import { keyId } from "../shared/crypto/sign.ts";
import { keepRenewed } from "../shared/rpc/credentials-renewal.ts";
import type { RenewalParts } from "../shared/rpc/credentials-renewal.ts";

export type OwnRenewal = Omit<RenewalParts, "port"> & {
  readonly signingKey: Uint8Array;
  readonly credentials: {
    ask(keyId: string, signed: Uint8Array, requestedAtMs: number): void;
    issued(keyId: string): Credentials | undefined;
  };
};

/** Until the signal aborts, as `keepRenewed`. */
export async function keepOwnRenewed(
  { signingKey, credentials, ...parts }: OwnRenewal,
  signal: AbortSignal,
): Promise<void> {
  const own = toHex(keyId(signingKey));
  const port = {
    request: async (signed: Uint8Array): Promise<void> => credentials.ask(own, signed, parts.world.clock()),
    issued: async (): Promise<Credentials | undefined> => credentials.issued(own),
  };
  await keepRenewed({ ...parts, port }, signal);
}
