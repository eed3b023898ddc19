/** A broker's surroundings over a simulated world: no server, no file, no timer of the machine. Members, records and tokens are invented. */
import { inProcessEngines } from "../../broker/evaluator/engine.ts";
import type { BrokerPorts } from "../../broker/ports.ts";
import { concat, toHex, utf8 } from "../../shared/core/bytes.ts";
import type { Upsert } from "../../shared/core/data-plane.ts";
import { dayOf, monthEnd } from "../../shared/core/days.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { MemoryChain } from "../sim/memory-chain.ts";
import { memoryKeys } from "../sim/memory-keys.ts";
import { RawMember } from "../sim/raw-member.ts";
import { SimWorld } from "../sim/world.ts";
import { MemoryBusServer } from "../support/memory-bus.ts";
import { newSigner, PaperFederation } from "../trust/paper-federation.ts";
import { RecordedLog, STREAM_SIZES, upsert } from "./support.ts";

export const DAY_MS = 86_400_000;
export const TOKENS_PER_CLASS = 8;

/** A board, a bus and what a broker is made from, all of it from one seed. */
export class Scene {
  readonly recorded = new RecordedLog();
  readonly world: SimWorld;
  readonly server: MemoryBusServer;
  readonly paper: PaperFederation;
  readonly chain: MemoryChain;
  readonly ports: BrokerPorts;
  readonly #left = new AbortController();

  constructor(seed: string) {
    this.world = new SimWorld(seed);
    this.server = new MemoryBusServer(this.world);
    const board = this.world.party("board");
    const broker = this.world.party("broker", this.recorded.log);
    const keys = memoryKeys(newSigner(broker.randomBytes), broker);
    this.paper = new PaperFederation({
      draw: board.randomBytes,
      nowMs: board.clock(),
      broker: { signingKey: keys.signer.publicKey, sharePublicKey: keys.shares.prepare(1) },
    });
    this.paper.rotate(1, { brokerSealingKey: keys.sealing.prepare(1), retiresAtMs: board.clock() + 90 * DAY_MS });
    this.chain = new MemoryChain(this.paper.fingerprint, this.paper.chain);
    this.ports = {
      world: broker,
      connectBus: (connection) => this.server.connect(connection),
      chain: this.chain,
      keys,
      databases: () => ":memory:",
      place: "an invented directory",
      startEngine: inProcessEngines(broker),
      settings: { streams: STREAM_SIZES },
    };
  }

  /** Admits a unit, which listens on the bus from now on. */
  async join(slug: string): Promise<RawMember> {
    const world = this.world.party(slug);
    const sealing = sealingKeyPair(world.randomBytes(32));
    const member = this.paper.admit(slug, ["target"], { sealingKey: sealing.publicKey });
    this.chain.replace(this.paper.chain);
    const signer = this.paper.signers.get(member) as SigningKeyPair;
    const bus = await this.world.until(this.server.connect({ signal: this.#left.signal }));
    const raw = new RawMember({ member, signer, sealing, federation: () => this.paper.state, bus, world });
    void raw.listen();
    return raw;
  }

  /** Everybody but the broker leaves the bus. */
  leave(): void {
    this.#left.abort();
  }

  /** A record with these tokens and padding; of the same owner always under the same handle. */
  record(owner: string, ...names: readonly string[]): Upsert {
    const { randomBytes, clock } = this.world.party(`records of ${owner}`);
    const padding = (count: number): Uint8Array => randomBytes(16 * count);
    const named = names.map((name) => blake2b(16, utf8(name)));
    const set = {
      single: concat(...named, padding(TOKENS_PER_CLASS - names.length)),
      opening: padding(TOKENS_PER_CLASS),
      support: padding(TOKENS_PER_CLASS),
    };
    return upsert(toId<Handle>(toHex(randomBytes(16))), set, { reviewByDay: monthEnd(dayOf(clock()) + 60) });
  }

  /** Every message as it was put on the bus. */
  get messages(): string[] {
    return this.server.published.map(({ subject, data, messageId }) => `${subject} ${messageId} ${toHex(data)}`);
  }
}
