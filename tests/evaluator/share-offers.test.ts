/** The loop in which an evaluator offers key shares, with a broker that fails in every way that clients have. */
import { describe, expect, it } from "vitest";
import { offerShares } from "../../broker/evaluator/share-offers.ts";
import type { Preparations } from "../../broker/evaluator/ports.ts";
import type { Federation } from "../../shared/core/directive.ts";
import { CausewayError } from "../../shared/core/errors.ts";
import { signingKeyPair } from "../../shared/crypto/sign.ts";
import { FOREIGN_FAULTS, HandWorld } from "../support/hand-world.ts";

const ID = new Uint8Array(16).fill(1);
const FEDERATION = { id: ID, found: { generation: 1 }, epochs: new Map() } as unknown as Federation;

type Offering = {
  readonly world: HandWorld;
  readonly offers: Uint8Array[];
  readonly prepared: number[];
  /** Ends it, and fails unless it ends at once. */
  stop(): Promise<void>;
};

/** As the real one, a connection that its methods need. */
class Link implements Preparations {
  readonly #calls: Preparations;

  constructor(calls: Preparations) {
    this.#calls = calls;
  }

  async generation(signal: AbortSignal): Promise<number> {
    return await this.#calls.generation(signal);
  }

  async offer(offer: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#calls.offer(offer, signal);
  }
}

function offering(
  preparations: Partial<Preparations> = {},
  over: { readonly prepare?: () => Uint8Array } = {},
): Offering {
  const world = new HandWorld();
  const offers: Uint8Array[] = [];
  const prepared: number[] = [];
  const stopping = new AbortController();
  const prepare = (generation: number): Uint8Array => {
    prepared.push(generation);
    return new Uint8Array(32).fill(generation);
  };
  const running = offerShares(
    {
      name: "key-office",
      signer: signingKeyPair(new Uint8Array(32).fill(7)),
      federation: () => FEDERATION,
      shares: { prepare, ...over },
      preparations: new Link({
        generation: async () => 2,
        offer: async (offer) => void offers.push(offer),
        ...preparations,
      }),
      world,
    },
    stopping.signal,
  );
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
    expect(world.waiting).toBe(0);
  };
  return { world, offers, prepared, stop };
}

describe("an evaluator's offers", () => {
  it("are made once for the generation after the newest, and for no other", async () => {
    let asked = 2;
    const { world, offers, prepared, stop } = offering({ generation: async () => asked });
    await world.pass(10_000);
    expect(prepared).toEqual([2]);
    expect(offers).toHaveLength(1);
    for (asked of [3, 1, 0]) await world.pass(10_000);
    expect(prepared).toEqual([2]);
    await stop();
  });

  it.each(FOREIGN_FAULTS)("go on after %s, which stands in the log once", async (_name, thrown) => {
    let broken = true;
    const generation = async (): Promise<number> => {
      // oxlint-disable-next-line typescript/only-throw-error -- clients do
      if (broken) throw thrown;
      return 2;
    };
    const { world, offers, stop } = offering({ generation });
    await world.pass(60_000);
    expect(world.count("evaluator.shareNotOffered")).toBe(1);
    broken = false;
    await world.pass(2_000);
    expect(offers).toHaveLength(1);
    await stop();
  });

  it("go on after a broker that never answers, and end although it does not", async () => {
    let calls = 0;
    const silent = (): Promise<never> => new Promise(() => (calls += 1));
    const { world, stop } = offering({ generation: silent });
    await world.pass(60_000);
    expect(calls).toBeGreaterThan(3);
    expect(world.count("evaluator.shareNotOffered")).toBe(1);
    await stop();
  });

  it("go on after a disk that takes no key", async () => {
    let full = true;
    const prepare = (): Uint8Array => {
      if (full) throw new CausewayError("ENVIRONMENT", "the disk is full");
      return new Uint8Array(32).fill(2);
    };
    const { world, offers, stop } = offering({}, { prepare });
    await world.pass(10_000);
    expect(world.lines).toEqual([
      expect.objectContaining({ fields: expect.objectContaining({ error: "ENVIRONMENT" }) }),
    ]);
    full = false;
    await world.pass(2_000);
    expect(offers).toHaveLength(1);
    await stop();
  });
});
