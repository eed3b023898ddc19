/** One broker over a simulated world: no server, no file, no timer of the machine. Members, records and tokens are invented. */
import { describe, expect, it } from "vitest";
import { assemble, run } from "../../broker/assemble.ts";
import { inProcessEngines } from "../../broker/evaluator/engine.ts";
import type { BrokerPorts } from "../../broker/ports.ts";
import { concat, toHex, utf8 } from "../../shared/core/bytes.ts";
import type { Upsert } from "../../shared/core/data-plane.ts";
import { dayOf, monthEnd } from "../../shared/core/days.ts";
import { toId } from "../../shared/core/ids.ts";
import type { Handle } from "../../shared/core/ids.ts";
import { blake2b } from "../../shared/crypto/hash.ts";
import { sealingKeyPair } from "../../shared/crypto/seal.ts";
import { x25519PublicKey } from "../../shared/crypto/x25519.ts";
import type { SigningKeyPair } from "../../shared/crypto/sign.ts";
import { MemoryChain } from "../sim/memory-chain.ts";
import { memoryKeys } from "../sim/memory-keys.ts";
import { RawMember } from "../sim/raw-member.ts";
import { SimWorld } from "../sim/world.ts";
import { MemoryBusServer } from "../support/memory-bus.ts";
import { newSigner, PaperFederation } from "../trust/paper-federation.ts";
import { RecordedLog, STREAM_SIZES } from "./support.ts";

const DAY_MS = 86_400_000;
const TOKENS_PER_CLASS = 8;

/** A board, a bus and what a broker is made from, all of it from one seed. */
class Scene {
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

  /** A record with these tokens and padding. */
  record(owner: string, ...names: readonly string[]): Upsert {
    const { randomBytes, clock } = this.world.party(`records of ${owner}`);
    const padding = (count: number): Uint8Array => randomBytes(16 * count);
    const named = names.map((name) => blake2b(16, utf8(name)));
    return {
      operation: "upsert",
      handle: toId<Handle>(toHex(randomBytes(16))),
      domain: "target",
      handling: "open",
      reviewByDay: monthEnd(dayOf(clock()) + 60),
      conversationKey: x25519PublicKey(randomBytes(32)),
      tokens: {
        single: concat(...named, padding(TOKENS_PER_CLASS - names.length)),
        dateLevel: padding(TOKENS_PER_CLASS),
        yearLevel: padding(TOKENS_PER_CLASS),
      },
    };
  }

  /** Every message as it was put on the bus. */
  get messages(): string[] {
    return this.server.published.map(({ subject, data, messageId }) => `${subject} ${messageId} ${toHex(data)}`);
  }
}

/** Two units with a record each that have a token in common, from the broker's start to its end. The second joins while it runs. */
async function overlap(seed: string) {
  const scene = new Scene(seed);
  const { world } = scene;
  const harbour = await scene.join("harbour");
  const broker = assemble(scene.ports);
  const running = run(broker);
  const ready = [running.isReady()];
  await world.until(running.ready);
  ready.push(running.isReady());
  const border = await scene.join("border");
  await world.pass(1_000);
  const [ours, theirs] = [scene.record("harbour", "a passport", "a phone"), scene.record("border", "other", "a phone")];
  await world.until(harbour.publish(ours));
  await world.until(border.publish(theirs));
  await world.pass(5_000);
  const status = broker.desk.status();
  await broker[Symbol.asyncDispose]();
  ready.push(running.isReady());
  scene.leave();
  await world.settle();
  return { scene, harbour, border, ours, theirs, status, ready };
}

describe("a broker over a simulated world", () => {
  it("takes submissions, finds what two units have in common, and tells each its own positions", async () => {
    const { scene, harbour, border, ours, theirs, status, ready } = await overlap("a seed");
    expect(ready).toEqual([false, true, false]);
    expect([harbour, border].map(({ receipts }) => receipts.map(({ rejections }) => rejections))).toEqual([[[]], [[]]]);
    const meeting = { sequence: 1, positions: { single: [1] } };
    expect(harbour.events).toMatchObject([{ type: "matchOpened", handle: ours.handle, meeting }]);
    expect(border.events).toMatchObject([{ type: "matchOpened", handle: theirs.handle, meeting }]);
    const told = [...harbour.events, ...border.events].map((event) => "matchId" in event && event.matchId);
    expect(new Set(told).size).toBe(1);
    expect(status).toEqual({
      members: 2,
      records: 2,
      tokens: 2 * 3 * TOKENS_PER_CLASS,
      matchesOpened: 1,
      matchesOpen: 1,
      natsConnected: true,
    });
    expect(scene.recorded.count("broker.failed")).toBe(0);
  });

  it("puts the same bytes on the bus for the same seed, and no message of them for another", async () => {
    const [first, again, other] = [await overlap("a seed"), await overlap("a seed"), await overlap("another seed")];
    // Two submissions, two receipts, two notices.
    expect(first.scene.messages).toHaveLength(6);
    expect(again.scene.messages).toEqual(first.scene.messages);
    expect(other.scene.messages).toHaveLength(6);
    expect(other.scene.messages.filter((each) => first.scene.messages.includes(each))).toEqual([]);
  });

  it("leaves nothing behind that waits", async () => {
    const { scene } = await overlap("a seed");
    await scene.world.pass(DAY_MS);
    expect(scene.world.waiting).toBe(0);
  });
});
