/**
 * (party without a certificate) The broker's enrolment service. Whoever answers there is a stranger until the chain is proven from the
 * fingerprint that came with the invitation; from the chain come the roots under which the broker must prove itself, and only then
 * is anything said to it.
 */
import type { Credentials, CredentialsRequest } from "../../../shared/core/board.ts";
import type { SignedDirective } from "../../../shared/core/directive.ts";
import { CausewayError } from "../../../shared/core/errors.ts";
import type { SigningKeyPair } from "../../../shared/crypto/sign.ts";
import { proveChain } from "../../../shared/party/chain-file.ts";
import type { Chain } from "../../../shared/party/chain-file.ts";
import { grpcClient, unprovenGrpcClient } from "../../../shared/platform/grpc.ts";
import type { GrpcConnection } from "../../../shared/platform/grpc.ts";
import { rootsPemOf } from "../../../shared/party/install.ts";
import { within } from "../../../shared/world/wait.ts";
import type { World } from "../../../shared/world/world.ts";
import { signCredentialsRequest } from "../../../shared/wire/board.ts";
import { signCollectProof } from "../../../shared/wire/collect.ts";
import { encodeSignedFreshness, readSignedDirective, readSignedFreshness } from "../../../shared/wire/directive.ts";
import { EnrolmentServiceDefinition } from "../../../shared/wire/gen/causeway/v1/board.ts";
import { Signed } from "../../../shared/wire/gen/causeway/v1/signed.ts";

type DoorWorld = Pick<World, "after" | "clock">;
type Client = GrpcConnection<typeof EnrolmentServiceDefinition>;

/** Where to go, and whom to believe. */
export type Joining = { readonly address: string; readonly fingerprint: Uint8Array };

/** The proven chain, with the latest freshness statement as `Signed` bytes. */
export type ServedChain = Chain & { readonly freshness: Uint8Array };

export type Issued = { readonly credentials: Credentials; readonly natsUrl: string };

/** A stranger may send without end. */
const DIRECTIVES_MAX = 100_000;
const CHAIN_BYTES_MAX = 256 * 1024 * 1024;
const CALL_MS = 30_000;

export class EnrolmentDoor implements Disposable {
  readonly chain: ServedChain;
  readonly #connection: Client;
  readonly #world: DoorWorld;

  private constructor(chain: ServedChain, connection: Client, world: DoorWorld) {
    this.chain = chain;
    this.#world = world;
    this.#connection = connection;
  }

  /** Throws UNPROVEN if the chain is not that of the fingerprint, UNAVAILABLE. The broker proves itself at the first call after this. */
  static async open({ address, fingerprint }: Joining, world: DoorWorld, signal: AbortSignal): Promise<EnrolmentDoor> {
    using stranger = unprovenGrpcClient(EnrolmentServiceDefinition, address);
    const { directives, freshness } = await within(world, CALL_MS, signal, (limited) => fetchChain(stranger, limited));
    const chain = proveChain(directives, { pinnedFingerprint: fingerprint, nowMs: world.clock() });
    const tls = { rootsPem: rootsPemOf(chain.federation) };
    const proven = grpcClient(EnrolmentServiceDefinition, { address, tls, expected: { kind: "broker" } });
    return new EnrolmentDoor({ ...chain, freshness }, proven, world);
  }

  /** Hands in `enrolment.json`. Throws NOT_FOUND for an invitation that is unknown, out of date or used by somebody else. */
  async enrol(secret: Uint8Array, enrolment: Uint8Array, signal: AbortSignal): Promise<void> {
    const { client } = this.#connection;
    await within(
      this.#world,
      CALL_MS,
      signal,
      async (limited) => await client.enrol({ secret, enrolment }, { signal: limited }),
    );
  }

  /** Throws NOT_FOUND until the board has admitted the signer, UNAVAILABLE until the registrar has answered. */
  async collect(request: CredentialsRequest, signer: SigningKeyPair, signal: AbortSignal): Promise<Issued> {
    const scope = { federation: this.chain.federation.id, signer };
    const proof = Signed.decode(signCollectProof(request.requestedAtMs, scope));
    const wanted = Signed.decode(signCredentialsRequest(request, scope));
    const { client } = this.#connection;
    const ask = async (limited: AbortSignal) => await client.collect({ proof, request: wanted }, { signal: limited });
    const { credentials, natsUrl } = await within(this.#world, CALL_MS, signal, ask);
    if (credentials === undefined) throw new CausewayError("INVALID", "the broker answered without credentials");
    return { credentials: { ...credentials, issuedAtMs: Number(credentials.issuedAtMs) }, natsUrl };
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}

async function fetchChain(
  { client }: Client,
  signal: AbortSignal,
): Promise<{ readonly directives: SignedDirective[]; readonly freshness: Uint8Array }> {
  const directives: SignedDirective[] = [];
  let freshness: Uint8Array = new Uint8Array();
  let bytes = 0;
  for await (const message of client.getChain({}, { signal })) {
    if (message.freshness !== undefined) freshness = encodeSignedFreshness(readSignedFreshness(message.freshness));
    if (message.directive === undefined) continue;
    const directive = readSignedDirective(message.directive);
    bytes += directive.payload.length;
    if (directives.length >= DIRECTIVES_MAX || bytes > CHAIN_BYTES_MAX) {
      throw new CausewayError("INVALID", "the chain that was sent is longer than any that is real");
    }
    directives.push(directive);
  }
  return { directives, freshness };
}
