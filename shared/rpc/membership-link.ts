/** A member's, evaluator's or administrator's calls of the broker about its own certificate and NATS user. */
import type { Credentials } from "../core/board.ts";
import { grpcClient } from "../platform/grpc.ts";
import type { GrpcConnection, GrpcTls, PartyAddress } from "../platform/grpc.ts";
import type { Caller } from "../platform/party-calls.ts";
import { readSigningKeys } from "../party/keys.ts";
import { readTls } from "../party/tls.ts";
import { MembershipServiceDefinition } from "../wire/gen/causeway/v1/board.ts";
import { Signed } from "../wire/gen/causeway/v1/signed.ts";
import type { Randomness } from "../world/world.ts";
import { keepRenewed, renewIfDue } from "./credentials-renewal.ts";
import type { RenewalParts, RenewalPort } from "./credentials-renewal.ts";

/** Renews through the broker until the signal aborts, as `keepRenewed`. */
export async function keepPartyRenewed(parts: PartyRenewal, signal: AbortSignal): Promise<void> {
  using port = linkOf(parts);
  await keepRenewed({ ...parts, port }, signal);
}

/** Once, if it is due. Throws as `renewIfDue`. */
export async function renewPartyIfDue(parts: PartyRenewal, signal: AbortSignal): Promise<boolean> {
  using port = linkOf(parts);
  return await renewIfDue({ ...parts, port }, signal);
}

type PartyRenewal = Omit<RenewalParts, "port"> & { readonly world: Randomness };

function linkOf({ dir, federation, world }: PartyRenewal): MembershipLink {
  const { id } = federation();
  const address = (): string => federation().found.broker.address;
  const signer = readSigningKeys(dir);
  const caller = { federation: id, signer: () => signer, world };
  return new MembershipLink({ address, tls: () => readTls(dir), caller });
}

export class MembershipLink implements RenewalPort, Disposable {
  readonly #connection: GrpcConnection<typeof MembershipServiceDefinition>;

  /** Connects at the first call. */
  constructor(of: { readonly address: PartyAddress; readonly tls: () => GrpcTls; readonly caller: Caller }) {
    this.#connection = grpcClient(MembershipServiceDefinition, { ...of, expected: { kind: "broker" } });
  }

  async request(signed: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#connection.client.requestCredentials({ request: Signed.decode(signed) }, { signal });
  }

  async issued(signal: AbortSignal): Promise<Credentials | undefined> {
    const { credentials } = await this.#connection.client.getCredentials({}, { signal });
    return credentials === undefined ? undefined : { ...credentials, issuedAtMs: Number(credentials.issuedAtMs) };
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
