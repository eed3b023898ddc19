/**
 * (party without a certificate) The broker's enrolment service. Whoever answers there is a stranger until the chain is proven from the
 * fingerprint that came with the invitation, and learns a hash of its secret; from the chain come the roots under which the broker must
 * prove itself, and only then is anything else said to it.
 */
import type { Credentials, CredentialsRequest, InvitationKeys } from "../core/board.ts";
import type { SignedDirective } from "../core/directive.ts";
import { CausewayError } from "../core/errors.ts";
import type { SigningKeyPair } from "../crypto/sign.ts";
import { proveChain } from "../party/chain-file.ts";
import type { Chain } from "../party/chain-file.ts";
import { grpcClient, unprovenGrpcClient } from "../platform/grpc.ts";
import type { GrpcConnection } from "../platform/grpc.ts";
import { rootsPemOf } from "../party/install.ts";
import { within } from "../world/wait.ts";
import type { World } from "../world/world.ts";
import { invitationKeys, signCredentialsRequest } from "../wire/board.ts";
import { signCollectProof } from "../wire/collect.ts";
import type { InvitationCode } from "../wire/invitation-code.ts";
import { openChainPart } from "../wire/served-chain.ts";
import { EnrolmentServiceDefinition } from "../wire/gen/causeway/v1/board.ts";
import { Signed } from "../wire/gen/causeway/v1/signed.ts";

type DoorWorld = Pick<World, "after" | "clock">;
type Client = GrpcConnection<typeof EnrolmentServiceDefinition>;

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

  /**
   * Throws UNPROVEN if the chain is not that of the fingerprint, NOT_FOUND for an invitation that is unknown, out of date, or used by a
   * party that has no place any more, UNAVAILABLE. The broker proves itself at the first call after this.
   */
  static async open(
    { address, fingerprint, secret }: InvitationCode,
    world: DoorWorld,
    signal: AbortSignal,
  ): Promise<EnrolmentDoor> {
    using stranger = unprovenGrpcClient(EnrolmentServiceDefinition, address);
    const fetched = (limited: AbortSignal) => fetchChain(stranger, invitationKeys(secret), limited);
    const { directives, freshness } = await within(world, CALL_MS, signal, fetched);
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
    const { credentials, natsUrl, moreNatsUrls } = await within(this.#world, CALL_MS, signal, ask);
    if (credentials === undefined) throw new CausewayError("INVALID", "the broker answered without credentials");
    const servers = [natsUrl, ...moreNatsUrls].join(",");
    return { credentials: { ...credentials, issuedAtMs: Number(credentials.issuedAtMs) }, natsUrl: servers };
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}

async function fetchChain(
  { client }: Client,
  { secretHash, chainKey }: InvitationKeys,
  signal: AbortSignal,
): Promise<{ readonly directives: SignedDirective[]; readonly freshness: Uint8Array }> {
  const directives: SignedDirective[] = [];
  let freshness: Uint8Array = new Uint8Array();
  let bytes = 0;
  let place = 0;
  for await (const { sealed } of client.getChain({ secretHash }, { signal })) {
    bytes += sealed.length;
    if (place >= DIRECTIVES_MAX || bytes > CHAIN_BYTES_MAX) {
      throw new CausewayError("INVALID", "the chain that was sent is longer than any that is real");
    }
    const part = openChainPart(sealed, { chainKey, place });
    if ("directive" in part) directives.push(part.directive);
    else freshness = part.freshness;
    place += 1;
  }
  return { directives, freshness };
}
