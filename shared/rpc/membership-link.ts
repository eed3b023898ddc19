/** A member's, evaluator's or administrator's calls of the broker about its own certificate and NATS user. */
import type { Credentials } from "../core/board.ts";
import { grpcClient } from "../platform/grpc.ts";
import type { GrpcConnection, GrpcTls } from "../platform/grpc.ts";
import { readTls } from "../party/tls.ts";
import { within } from "../world/wait.ts";
import type { World } from "../world/world.ts";
import { MembershipServiceDefinition } from "../wire/gen/causeway/v1/board.ts";
import { Signed } from "../wire/gen/causeway/v1/signed.ts";
import { keepRenewed, renewIfDue } from "./credentials-renewal.ts";
import type { RenewalParts, RenewalPort } from "./credentials-renewal.ts";

const CALL_MS = 10_000;

/** Renews through the broker until the signal aborts. Throws as `keepRenewed`. */
export async function keepPartyRenewed(parts: Omit<RenewalParts, "port">, signal: AbortSignal): Promise<void> {
  const { dir, federation, world } = parts;
  using port = new MembershipLink({ address: federation().found.broker.address, tls: () => readTls(dir), world });
  await keepRenewed({ ...parts, port }, signal);
}

/** Once, if it is due. Throws as `renewIfDue`. */
export async function renewPartyIfDue(parts: Omit<RenewalParts, "port">, signal: AbortSignal): Promise<boolean> {
  const { dir, federation, world } = parts;
  using port = new MembershipLink({ address: federation().found.broker.address, tls: () => readTls(dir), world });
  return await renewIfDue({ ...parts, port }, signal);
}

export class MembershipLink implements RenewalPort, Disposable {
  readonly #world: Pick<World, "after">;
  readonly #connection: GrpcConnection<typeof MembershipServiceDefinition>;

  constructor({
    world,
    ...of
  }: {
    readonly address: string;
    readonly tls: () => GrpcTls;
    readonly world: Pick<World, "after">;
  }) {
    this.#world = world;
    this.#connection = grpcClient(MembershipServiceDefinition, { ...of, expected: { kind: "broker" } });
  }

  async request(signed: Uint8Array, signal: AbortSignal): Promise<void> {
    const request = Signed.decode(signed);
    const { client } = this.#connection;
    await within(
      this.#world,
      CALL_MS,
      signal,
      async (limited) => await client.requestCredentials({ request }, { signal: limited }),
    );
  }

  async issued(signal: AbortSignal): Promise<Credentials | undefined> {
    const { client } = this.#connection;
    const get = async (limited: AbortSignal) => await client.getCredentials({}, { signal: limited });
    const { credentials } = await within(this.#world, CALL_MS, signal, get);
    return credentials === undefined ? undefined : { ...credentials, issuedAtMs: Number(credentials.issuedAtMs) };
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
